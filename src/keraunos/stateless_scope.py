"""Scopes that keep variables from changing, and that mark shape inference."""

from __future__ import annotations

from keraunos.naming import state


class StatelessScope:
    """Inside, variables have the values of `state_mapping`, and assignments go to the scope instead of the variable.

    Args:
        state_mapping: pairs `(variable, value)`.
        collect_losses: whether layers put their losses into the scope's `losses`.
        initialize_variables: whether variables made inside get their values when the scope ends.

    Example:

    >>> import keraunos
    >>> v = keraunos.Variable(1.0)
    >>> with keraunos.StatelessScope([(v, 5.0)]) as scope:
    ...     v.assign(v + 1.0) is not None
    True
    >>> float(scope.get_current_value(v)), float(v.value)
    (6.0, 1.0)
    """

    def __init__(self, state_mapping=None, collect_losses=False, initialize_variables=True):
        from keraunos import ops
        from keraunos.variable import Variable

        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses = []
        self.state_mapping = {}
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: all keys in argument `mapping` must be Variable "
                    f"instances. Received instead: {variable}"
                )
            value = ops.convert_to_tensor(value, dtype=variable.dtype)
            if tuple(variable.shape) != tuple(value.shape):
                raise ValueError(
                    "Invalid variable value in StatelessScope: all values in argument `mapping` must be tensors with "
                    "a shape that matches the corresponding variable shape. "
                    f"For variable {variable.path} of shape {variable.shape}, received a value of shape {value.shape}."
                )
            self.state_mapping[id(variable)] = value

    def __enter__(self):
        self.original_scope = state.stateless_scope
        state.stateless_scope = self
        return self

    def __exit__(self, *exception):
        state.stateless_scope = self.original_scope
        if self.original_scope is None and self.initialize_variables and state.uninitialized_variables:
            from keraunos.variable import initialize_all_variables

            initialize_all_variables()

    def add_loss(self, loss):
        """Keeps a loss that a layer added inside the scope."""
        self.losses.append(loss)

    def add_update(self, update):
        """Takes `(variable, new value)`."""
        variable, value = update
        self.state_mapping[id(variable)] = value

    def get_current_value(self, variable):
        """The value of `variable` inside the scope, or `None` when neither mapped nor assigned."""
        return self.state_mapping.get(id(variable))


def in_stateless_scope():
    """Whether a `StatelessScope` is open in this thread."""
    return state.stateless_scope is not None


def get_stateless_scope():
    """The innermost open `StatelessScope`, or `None`."""
    return state.stateless_scope


class SymbolicScope:
    """Marks that code runs to infer shapes, on tensors without values."""

    def __enter__(self):
        self.original_scope = state.symbolic_scope
        state.symbolic_scope = self
        return self

    def __exit__(self, *exception):
        state.symbolic_scope = self.original_scope


def in_symbolic_scope():
    """Whether shapes are being inferred in this thread."""
    return state.symbolic_scope is not None


def get_symbolic_scope():
    """The innermost open `SymbolicScope`, or `None`."""
    return state.symbolic_scope
