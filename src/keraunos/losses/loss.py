"""Base class of all losses."""

import numbers

from keraunos import config, dtype_policies, ops, tree
from keraunos.losses.reduction import reduce_weighted_values, standardize_reduction
from keraunos.masking import get_keras_mask
from keraunos.naming import auto_name, name_scope
from keraunos.tensor import Tensor, convert_to_tensor


class Loss:
    """Turns targets and predictions into a number to minimize.

    Subclasses write `call(y_true, y_pred)`, which returns one value per sample (or per position).

    Arguments:
        name: optional name.
        reduction: `"sum_over_batch_size"` (the mean), `"mean"`, `"sum"`, `"mean_with_sample_weight"` (divides by the
            sum of the weights), `"none"` or `None`.
        dtype: dtype (or policy) of the computation; `keraunos.config.floatx()` by default.

    ```python
    class SquaredError(keraunos.losses.Loss):
        def call(self, y_true, y_pred):
            return keraunos.ops.square(y_true - y_pred)

    float(SquaredError()([0.0, 1.0], [1.0, 1.0]))  # 0.5
    ```
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or auto_name(self.__class__.__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = dtype_policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype

    @property
    def dtype(self):
        """Dtype of the computation, as a string."""
        return self._dtype

    def __call__(self, y_true, y_pred, sample_weight=None):
        in_mask = get_keras_mask(y_pred)
        with name_scope(self.name.replace("/", ">")):
            y_pred, y_true = self._to_tensors(y_pred), self._to_tensors(y_true)
            losses = self.call(y_true, y_pred)
            if losses is None:
                raise ValueError(
                    f"Loss '{self._function_name()}' must return a tensor of loss values. Received: None. "
                    "Did you forget a `return`?"
                )
            mask = _both(in_mask, get_keras_mask(losses))
            return reduce_weighted_values(
                losses, sample_weight=sample_weight, mask=mask, reduction=self.reduction, dtype=self.dtype
            )

    def call(self, y_true, y_pred):
        """Loss values; to be written by subclasses."""
        raise NotImplementedError

    def get_config(self):
        """Dictionary of the constructor arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        """Makes a loss from what `get_config` returned."""
        return cls(**config)

    def _to_tensors(self, x):
        """Tensors in the structure of `x`; lists of numbers are one tensor, not a structure of scalars."""
        if type(x) is Tensor:
            return convert_to_tensor(x, self.dtype)
        if isinstance(x, (list, tuple)) and all(isinstance(leaf, numbers.Number) for leaf in tree.flatten(x)):
            return ops.convert_to_tensor(x, dtype=self.dtype)
        return tree.map_structure(lambda leaf: ops.convert_to_tensor(leaf, dtype=self.dtype), x)

    def _function_name(self):
        return self.name

    def _obj_type(self):
        return "Loss"


def _both(mask1, mask2):
    if mask1 is None or mask2 is None:
        return mask1 if mask2 is None else mask2
    return ops.logical_and(mask1, mask2)
