"""Building of layers, losses, metrics and optimizer from the first batch."""

from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor, convert_to_tensor
from keraunos.tracing import TraceError
from keraunos.training.compilation import Compilation
from keraunos.training.data_adapters.array_data_adapter import ArrayDataAdapter
from keraunos.training.packing import unpack_x_y_sample_weight
from keraunos.training.structure import map_leaves
from keraunos.training.training_steps import TrainingSteps


class Building(Compilation):
    """The part of `Trainer` that makes variables as soon as shapes are known."""

    def _symbolic_build(self, iterator=None, data_batch=None):
        """Builds layers, losses, metrics and optimizer as far as they are not built.

        Args:
            iterator: `EpochIterator` to take the first batch from, or
            data_batch: the batch itself.
        """
        if self._is_ready:
            return
        if not self._is_fully_built():
            if data_batch is None:
                data_batch = first_batch(iterator)
            self._build_from_batch(data_batch)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        self._post_build()
        self._set("_is_ready", self._is_fully_built())

    def _is_fully_built(self):
        parts = (self._compile_metrics, self._compile_loss)
        return all(part is None or part.built for part in parts) and all(
            layer.built for layer in self._flatten_layers()
        )

    def _build_from_batch(self, data_batch):
        x, y, sample_weight = unpack_x_y_sample_weight(map_leaves(as_keras_tensor, data_batch))
        has_own_step = type(self).train_step is not TrainingSteps.train_step
        try:
            y_pred = self._predict_spec(x, unpack_x_y_sample_weight(data_batch)[0])
        except Exception:
            if has_own_step:
                # The step may use the model otherwise than by calling it on its data, as a GAN does.
                return
            raise
        if y is None and has_own_step:
            # A step of its own may well do without targets.
            return
        if self._compile_loss is not None and not self._compile_loss.built:
            if type(self).compute_loss is TrainingSteps.compute_loss:
                if y is None:
                    raise ValueError(
                        "`y` is required: the loss given to `compile()` needs targets. "
                        "Received: y=None"
                    )
                self._compile_loss.build(y, y_pred)
            else:
                compute_output_spec(
                    self._compute_loss,
                    x,
                    y,
                    y_pred,
                    sample_weight=sample_weight,
                    training=False,
                )
        if self._compile_metrics is not None and not self._compile_metrics.built:
            if type(self).compute_metrics is TrainingSteps.compute_metrics:
                self._compile_metrics.build(y, y_pred)
            else:
                compute_output_spec(
                    self.compute_metrics, x, y, y_pred, sample_weight=sample_weight
                )

    def _predict_spec(self, x, values):
        """Returns the outputs for inputs without values; builds the layers by the way."""
        try:
            return compute_output_spec(self, x, training=False)
        except TraceError:
            # `call` needs values: build with a real batch.
            y_pred = self(map_leaves(convert_to_tensor, values), training=False)
            return map_leaves(as_keras_tensor, y_pred)
        except (ValueError, KeyError, IndexError, MemoryError):
            raise
        except Exception as error:
            raise RuntimeError(
                "Unable to automatically build the model. Please build it yourself before calling "
                "fit/evaluate/predict. A model is 'built' when its variables have been created and "
                "its `self.built` attribute is True. Usually, calling the model on a batch of data "
                f"is the right way to build it.\nException encountered:\n'{error}'"
            ) from error


def first_batch(iterator):
    """Returns the first batch of an `EpochIterator` without using it up."""
    adapter = iterator.data_adapter
    if isinstance(adapter, ArrayDataAdapter) and adapter.is_dense:
        return map_leaves(lambda leaf: leaf[: adapter.batch_size], adapter.data)
    batch = iterator.peek()
    if batch is None:
        raise ValueError("The data must have at least one batch. Received: a data set without any")
    return batch


def as_keras_tensor(leaf):
    """Returns a `KerasTensor` like an array or tensor."""
    dtype = leaf.dtype
    return KerasTensor(leaf.shape, dtype if isinstance(dtype, str) else dtype.name)
