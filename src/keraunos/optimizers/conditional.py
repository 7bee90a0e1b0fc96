"""Assigning variables one way or another, depending on a value that may only be known when the graph runs."""

from keraunos import ops
from keraunos.stateless_scope import StatelessScope


def run_either(predicate, then, otherwise, variables):
    """Runs `then()` if `predicate` is true, else `otherwise()`; both may only assign `variables`.

    With a concrete predicate only one of them runs. In a trace both are recorded, and every variable takes the value of
    the chosen one: a selection per element, which fuses with the update instead of branching.
    """
    if not getattr(predicate, "is_symbolic", False):
        if bool(predicate):
            then()
        else:
            otherwise()
        return
    before = [(variable, variable.value) for variable in variables]
    chosen, other = _values_after(then, before), _values_after(otherwise, before)
    for variable, if_true, if_false in zip(variables, chosen, other):
        if if_true is not if_false:
            variable.assign(ops.where(predicate, if_true, if_false))


def _values_after(function, before):
    with StatelessScope(state_mapping=before) as scope:
        function()
    return [scope.get_current_value(variable) for variable, _ in before]
