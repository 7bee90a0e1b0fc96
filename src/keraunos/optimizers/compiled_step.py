"""An optimizer's step outside of tapes and traces as one native call."""

from keraunos.naming import state
from keraunos.tracing import CallTable, Function, is_own
from keraunos.variable import Variable


class CompiledStep:
    """The native step of one optimizer, as long as its attributes stay what they are.

    For optimizers of keraunos's own, when gradients of all its variables come, of the same dtypes and shapes as before.

    Args:
        optimizer: The optimizer, built.
    """

    def __init__(self, optimizer):
        self._table = CallTable()
        self._seen = set()
        self._variables = optimizer._trainable_variables
        rate = optimizer._learning_rate
        self._is_possible = is_own(type(optimizer)) and is_own(rate) and all(type(v) is Variable for v in self._variables)
        # Attributes of a schedule may change, and nothing tells.
        self._schedule = None if not self._is_possible or type(rate) is Variable else dict(vars(rate))

    def __call__(self, optimizer, grads, variables):
        """Returns whether the step was done."""
        if not self._is_possible or state.stateless_scope is not None or state.autocast_scope is not None:
            return False
        if not self._are_plain(variables) or any(gradient is None for gradient in grads):
            return False
        if self._schedule is not None and self._schedule != vars(optimizer._learning_rate):
            return False
        grads = tuple(grads)
        found = self._table.run(grads, {}, None, None)
        if found is None:
            found = self._learn(optimizer, grads)
        return found is not NotImplemented

    def _are_plain(self, variables):
        """Whether these are all variables of the optimizer, in order, and none has a constraint or wants its gradient."""
        if len(variables) != len(self._variables):
            return False
        for variable, own in zip(variables, self._variables):
            if variable is not own or variable.constraint is not None or variable.overwrite_with_gradient:
                return False
        return True

    def _learn(self, optimizer, grads):
        signature = self._table.signature(grads, {}, None, None)
        if signature is None or signature not in self._seen:
            self._seen.add(signature)
            return NotImplemented

        def step(*grads):
            optimizer._step(grads, self._variables)
            # What a native call gives is never looked at; but it must give something.
            return optimizer._iterations.value

        try:
            concrete, tensors = Function(step, optimizer.name).concrete_for(grads)
        except Exception:
            self._table.refuse(signature)
            return NotImplemented
        self._table.add(signature, concrete.native, tensors, None)
        return concrete.native.call(tensors)
