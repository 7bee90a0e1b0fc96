"""Checks of arguments shared by many layers."""


def standardize_tuple(value, n, name, allow_zero=False):
    """Turns an integer or `n` integers into a tuple of `n` integers.

    Args:
        value: integer, or iterable of `n` integers.
        n: length of the result.
        name: name of the argument, for messages.
        allow_zero: whether 0 is allowed.

    Raises:
        ValueError: naming the argument and the value.
    """
    message = f"The `{name}` argument must be a tuple of {n} integers. Received {name}={value}"
    if isinstance(value, int):
        result = (value,) * n
    else:
        try:
            result = tuple(value)
        except TypeError:
            raise ValueError(message) from None
        if len(result) != n:
            raise ValueError(message)
        for item in result:
            try:
                int(item)
            except (ValueError, TypeError):
                raise ValueError(f"{message}, including element {item} of type {type(item)}") from None
    bad = {item for item in result if item < 0 or (item == 0 and not allow_zero)}
    if bad:
        rule = ">= 0" if allow_zero else "> 0"
        raise ValueError(f"{message}, including values {bad} that do not satisfy `value {rule}`")
    return result


def standardize_padding(value, allow_causal=False):
    """Returns a padding word in lower case, or the given list of paddings."""
    if isinstance(value, (list, tuple)):
        return value
    allowed = {"valid", "same", "causal"} if allow_causal else {"valid", "same"}
    padding = value.lower()
    if padding not in allowed:
        raise ValueError(
            f"The `padding` argument must be a list/tuple or one of {allowed}. Received: {padding}"
        )
    return padding


def validate_string_arg(
    value, allowable_strings, caller_name, arg_name, allow_none=False, allow_callables=False
):
    """Raises a `ValueError` unless `value` is one of the allowed strings."""
    if allow_none and value is None:
        return
    if allow_callables and callable(value):
        return
    if isinstance(value, str) and value in allowable_strings:
        return
    raise ValueError(
        f"Unknown value for `{arg_name}` argument of {caller_name}. "
        f"Allowed values are: {allowable_strings}. Received: {arg_name}={value}"
    )
