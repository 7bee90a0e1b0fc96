"""All variables of an object and of the objects in its attributes, by path."""

from keraunos.saving.walk import is_saveable, walk_saveable


def map_saveable_variables(saveable, store, visited):
    """Adds the variables of an object to `store`.

    Args:
        saveable: Layer, optimizer or metric.
        store: Dictionary from path to variable, which is added to.
        visited: Set of the ids of objects that have been seen.

    Raises:
        ValueError: when two variables have the same path.
    """
    if id(saveable) in visited:
        return
    visited.add(id(saveable))
    for variable in _own_variables(saveable):
        if variable.path in store:
            raise ValueError(
                "The model contains two variables with a duplicate path: "
                f"path='{variable.path}' appears at least twice. In order to get a variable map, make sure to "
                "use unique paths/names for each variable."
            )
        store[variable.path] = variable
    for _, child in walk_saveable(saveable):
        items = child.values() if isinstance(child, dict) else child
        for item in items if isinstance(child, (list, dict, tuple, set)) else (child,):
            if is_saveable(item):
                map_saveable_variables(item, store, visited)


def _own_variables(saveable):
    if hasattr(saveable, "_trainable_variables") and hasattr(saveable, "_non_trainable_variables"):
        return [*saveable._trainable_variables, *saveable._non_trainable_variables]
    return list(getattr(saveable, "_variables", ()))
