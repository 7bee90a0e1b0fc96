"""Checks of constructor arguments that many layers share."""

import numbers


def as_positive_integer(value):
    """Returns `value` as an `int` if it is a whole number above zero (NumPy integers too), else `None`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value <= 0:
        return None
    return int(value)


def standardize_tuple(value, n, name, allow_zero=False):
    """Returns `value` as a tuple of `n` integers; a single integer is repeated.

    Raises:
        ValueError: naming the argument, the wanted length and the value.
    """
    rule = f"The `{name}` argument must be a tuple of {n} integers. Received {name}={value}"
    if isinstance(value, numbers.Integral):
        sizes = (int(value),) * n
    else:
        try:
            sizes = tuple(value)
        except TypeError:
            raise ValueError(rule) from None
        if len(sizes) != n:
            raise ValueError(rule)
        for size in sizes:
            try:
                int(size)
            except (ValueError, TypeError):
                raise ValueError(f"{rule} including element {size} of type {type(size)}") from None
        sizes = tuple(int(size) for size in sizes)
    smallest = 0 if allow_zero else 1
    wrong = {size for size in sizes if size < smallest}
    if wrong:
        requirement = ">= 0" if allow_zero else "> 0"
        raise ValueError(f"{rule}, including values {wrong} that do not satisfy `value {requirement}`")
    return sizes


def check_rate(rate, name="rate"):
    """Raises unless `0 <= rate <= 1`."""
    if not 0 <= rate <= 1:
        raise ValueError(
            f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. "
            f"Received: {name}={rate}"
        )


def check_axes_in_shape(axes, shape):
    """Raises unless every axis exists in `shape`. `axes` is an integer or a list of them."""
    for axis in [axes] if isinstance(axes, int) else axes:
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"Axis {axis} is out of bounds for input shape {shape}. Received: axis={axes}")
