"""Checks of the arguments of `fit`, `evaluate` and `predict`."""

import math
import numbers

import numpy as np


def check_positive_integer(value, name):
    """Returns `value` as an `int`, or `None`; raises a `ValueError` naming it otherwise."""
    if value is None or (type(value) is int and value > 0):
        return value
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value <= 0:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return int(value)


def check_natural_number(value, name):
    """Returns `value` as an `int` that is 0 or more."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral) or value < 0:
        raise ValueError(f"`{name}` must be an integer of 0 or more. Received: {name}={value!r}")
    return int(value)


def check_validation_split(value):
    """Returns the split as a `float` in `[0, 1)`."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or math.isnan(value) or not 0 <= value < 1:
        raise ValueError(
            f"`validation_split` must be a number in [0, 1). Received: validation_split={value!r}"
        )
    return float(value)


def check_validation_freq(value):
    """Checks that validation happens every so many epochs, or in listed epochs."""
    if isinstance(value, (list, tuple, set)):
        return
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError(
            "Expected `validation_freq` to be a list or int. "
            f"Received: validation_freq={value} of the type {type(value)}."
        )
    if value <= 0:
        raise ValueError(f"`validation_freq` must be positive. Received: validation_freq={value}")


def check_verbose(value):
    """Returns 0, 1 or 2."""
    if value == "auto" or value is True:
        return 1
    if value is False:
        return 0
    if value not in (0, 1, 2):
        raise ValueError(f'`verbose` must be "auto", 0, 1 or 2. Received: verbose={value!r}')
    return int(value)


def check_class_weight(class_weight):
    """Checks that class weights are a dict from integers to numbers."""
    if class_weight is None:
        return
    if not isinstance(class_weight, dict):
        raise ValueError(
            "`class_weight` must be a dict from class indices to weights. "
            f"Received: class_weight={str(class_weight)[:200]} of type {type(class_weight)}"
        )
    for key, weight in class_weight.items():
        if isinstance(key, bool) or not isinstance(key, numbers.Integral):
            raise ValueError(
                "`class_weight` must have integer keys (class indices). "
                f"Received: key {key!r} of type {type(key)}"
            )
        if not isinstance(weight, numbers.Real):
            raise ValueError(
                f"`class_weight` must have numbers as values. Received: {weight!r} for class {key}"
            )
