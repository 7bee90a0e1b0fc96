"""The part of `Layer` that collects losses: `add_loss`, activity and weight regularization."""

import weakref

from keraunos import ops, tree
from keraunos.layers.compiled_call import note_change
from keraunos.stateless_scope import (
    get_stateless_scope,
    in_stateless_scope,
    in_symbolic_scope,
)
from keraunos.tensor import is_tensor
from keraunos.tracing import is_tracing

# The layers that hold a loss, by their `id`: mostly none, and then a call has nothing to clear in a tree of layers.
_holders = weakref.WeakValueDictionary()


class LayerLosses:
    """Mix-in of `Layer`."""

    def add_loss(self, loss):
        """Adds a scalar tensor, or a structure of them, to `losses`. To be called inside `call()`.

        Raises:
            ValueError: for anything that is not a tensor.
        """
        losses = tree.flatten(loss)
        for x in losses:
            if not is_tensor(x):
                raise ValueError(
                    "`add_loss()` can only be called from inside `build()` or `call()`, on a tensor input. "
                    f"Received invalid value: {x}"
                )
        _holders[id(self)] = self
        if not in_stateless_scope():
            self._losses.extend(losses)
            # The next call has to clear them, which a native one does not.
            note_change(self)
            return
        scope = get_stateless_scope()
        if scope.collect_losses:
            for x in losses:
                scope.add_loss(x)
                self._loss_ids.add(id(x))

    def _add_activity_loss(self, outputs):
        for output in tree.flatten(outputs):
            if not is_tensor(output):
                continue
            loss = self.activity_regularizer(output)
            if output.ndim > 0:
                batch_size = ops.cast(ops.shape(output)[0], dtype=loss.dtype)
                loss = ops.divide_no_nan(loss, batch_size)
            self.add_loss(loss)

    def _get_own_losses(self):
        if in_stateless_scope():
            return [loss for loss in get_stateless_scope().losses if id(loss) in self._loss_ids]
        if self._losses and not is_tracing():
            # What a finished trace left behind has no value.
            return [loss for loss in self._losses if not loss.is_symbolic]
        return self._losses[:]

    def _get_regularization_losses(self):
        losses = []
        for variable in self.trainable_weights:
            if variable.regularizer is None:
                continue
            value = variable
            if in_stateless_scope() and not in_symbolic_scope():
                mapped = get_stateless_scope().get_current_value(variable)
                value = variable if mapped is None else mapped
            losses.append(variable.regularizer(value))
        return losses

    @property
    def losses(self):
        """Scalar losses of the last call: `add_loss`, activity regularizers, then weight regularizers."""
        if self._losses_override:
            return self._losses_override
        losses = self._get_own_losses()
        for layer in self._flatten_layers(include_self=False):
            losses.extend(layer._get_own_losses())
        losses.extend(self._get_regularization_losses())
        return losses

    def _clear_losses(self):
        """Forgets the losses of the last call, here and in all layers inside."""
        if _holders:
            self._clear_held_losses()

    def _clear_held_losses(self):
        if in_stateless_scope():
            scope = get_stateless_scope()
            if scope.collect_losses and scope.losses:
                scope.losses[:] = [loss for loss in scope.losses if id(loss) not in self._loss_ids]
        if self._losses:
            self._losses.clear()
        if self._loss_ids:
            self._loss_ids.clear()
        _holders.pop(id(self), None)
        for layer in self._layers:
            layer._clear_held_losses()
