"""The state of an optimizer in the order in which older versions of Keras stored it."""

import warnings

from keraunos.errors import ModelFormatError

# A name that starts with this is of tf.keras 2.11 to 2.15; one that ends with a number after a colon, of any tf.keras.
_NEW_TF_KERAS = "iteration:"


def load_optimizer(optimizer, names, values):
    """Sets the variables of a built optimizer. A state that does not fit leaves it fresh, with a warning.

    Args:
        optimizer: The optimizer.
        names: The names that the file has for the arrays.
        values: The arrays, in the same order.
    """
    targets = _targets(optimizer, names, values)
    if targets is None:
        warnings.warn(
            f"The saved state of the optimizer '{optimizer.name}' does not fit; it starts afresh.", stacklevel=6
        )
        return
    for variable, value in zip(targets, values):
        variable.assign(value)


def _targets(optimizer, names, values):
    """The variables that the arrays belong to, in the order of the arrays, or `None`."""
    own = list(optimizer.variables)
    without_rate = [variable for variable in own if variable is not optimizer._learning_rate]
    is_grouped = bool(names) and ":" in names[-1] and not names[0].startswith(_NEW_TF_KERAS)
    if is_grouped:
        # Up to tf.keras 2.10: the step count, then all slots of one kind for all variables, then those of the next.
        slots = _slots_by_kind(optimizer, without_rate[1:])
        candidates = [[without_rate[0], *slots], slots, without_rate, own]
    else:
        candidates = [own, without_rate, without_rate[1:]]
    shapes = [tuple(value.shape) for value in values]
    for candidate in candidates:
        expected = [tuple(variable.shape) for variable in candidate]
        # Keras 2 kept a placeholder of one number per variable for an unused third moment.
        spare = shapes[len(expected) :]
        if shapes[: len(expected)] == expected and candidate and all(shape in ((1,), ()) for shape in spare):
            return candidate
    return None


def _slots_by_kind(optimizer, variables):
    """The slots of an optimizer, sorted by kind, each kind in the order of the model's variables."""
    prefixes = sorted(
        {_as_name(variable.path) for variable in optimizer._trainable_variables or ()}, key=len, reverse=True
    )
    kinds = {}
    for variable in variables:
        prefix = next((prefix for prefix in prefixes if variable.name.startswith(f"{prefix}_")), "")
        kinds.setdefault(variable.name.removeprefix(prefix), []).append(variable)
    return [variable for members in kinds.values() for variable in members]


def _as_name(path):
    return path.replace("/", "_")


def entries_for(optimizer, store):
    """The arrays of `optimizer/vars` in a `.keras` file by the numbers that this optimizer uses.

    tf.keras 2.12 to 2.15 kept the learning rate in the config: one array less, and every number behind it one lower.

    Raises:
        ModelFormatError: when an array is missing.
    """
    own = list(optimizer.variables)
    rates = [index for index, variable in enumerate(own) if variable is optimizer._learning_rate]
    if not rates or len(store) != len(own) - 1:
        return store
    rate = rates[0]
    if any(str(index) not in store for index in range(len(store))):
        raise ModelFormatError(f"The saved state of the optimizer '{optimizer.name}' is not numbered from 0.")
    numbers = [index for index in range(len(own)) if index != rate]
    arrays = {str(number): store[str(index)] for index, number in enumerate(numbers)}
    return {**arrays, str(rate): own[rate].numpy()}
