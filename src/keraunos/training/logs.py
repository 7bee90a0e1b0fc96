"""Logs: dicts from names to numbers, as callbacks see them."""


def pythonify_logs(logs):
    """Returns logs as a flat dict of Python floats, sorted by name.

    Args:
        logs: dict (or `None`) whose values are numbers, scalar tensors or such dicts. Values that
            are no single number stay as they are.
    """
    result = {}
    if not logs:
        return result
    for name in sorted(logs):
        value = logs[name]
        if type(value) is float:
            result[name] = value
        elif isinstance(value, dict):
            result.update(pythonify_logs(value))
        else:
            try:
                result[name] = float(value)
            except (TypeError, ValueError, RuntimeError):
                result[name] = value
    return result
