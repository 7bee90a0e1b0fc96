"""Ways to read data: which one fits a given object."""

import numbers
import types
import warnings

from keraunos.training.data_adapters.array_data_adapter import ArrayDataAdapter
from keraunos.training.data_adapters.arrays import all_array_like
from keraunos.training.data_adapters.data_adapter import DataAdapter
from keraunos.training.data_adapters.generator_data_adapter import GeneratorDataAdapter
from keraunos.training.data_adapters.iterable_data_adapter import IterableDataAdapter
from keraunos.training.data_adapters.py_dataset import PyDataset
from keraunos.training.data_adapters.py_dataset_adapter import PyDatasetAdapter

_NOT_DATASETS = (str, bytes, bytearray, set, frozenset, list, tuple, dict, range, numbers.Number)


def get_data_adapter(
    x,
    y=None,
    sample_weight=None,
    batch_size=None,
    steps_per_epoch=None,
    shuffle=False,
    class_weight=None,
):
    """Returns the `DataAdapter` for the data given to `fit`, `evaluate` or `predict`.

    Raises:
        ValueError: if the data is of no known kind, or an argument does not go with this kind.
    """
    if isinstance(x, DataAdapter):
        return x
    if x is None:
        raise ValueError("`x` must be provided. Received: x=None")
    if all_array_like((x, y, sample_weight)):
        return ArrayDataAdapter(
            x,
            y,
            sample_weight=sample_weight,
            class_weight=class_weight,
            shuffle=shuffle,
            batch_size=batch_size,
            steps=steps_per_epoch,
        )
    kind = _kind_of(x)
    if kind is None:
        raise ValueError(f"Unrecognized data type: x={str(x)[:200]} (of type {type(x)})")
    _refuse_argument("y", y, "the targets", kind)
    _refuse_argument("sample_weights", sample_weight, "the sample weights", kind)
    if kind == "PyDataset":
        if shuffle and getattr(x, "num_batches", None) is None:
            _warn_no_shuffle("an infinite PyDataset")
        return PyDatasetAdapter(x, class_weight=class_weight, shuffle=shuffle)
    if shuffle:
        _warn_no_shuffle(f"a {kind}")
    if kind == "generator":
        if class_weight is not None:
            raise ValueError(
                "Argument `class_weight` is not supported for Python generator inputs. "
                f"Received: class_weight={class_weight}"
            )
        return GeneratorDataAdapter(x)
    return IterableDataAdapter(x, class_weight=class_weight)


def _kind_of(x):
    if isinstance(x, PyDataset):
        return "PyDataset"
    if isinstance(x, types.GeneratorType):
        return "generator"
    if isinstance(x, _NOT_DATASETS) or isinstance(x, type) or not hasattr(x, "__iter__"):
        return None
    return "generator" if hasattr(x, "__next__") else type(x).__name__


def _refuse_argument(name, value, description, kind):
    if value is not None:
        raise ValueError(
            f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, "
            f"{description} should be included as part of the {kind}."
        )


def _warn_no_shuffle(what):
    warnings.warn(
        f"`shuffle=True` was passed, but will be ignored since the data `x` was provided as "
        f"{what}. It is expected to be shuffled already.",
        # The line that called `fit`.
        stacklevel=5,
    )
