"""Checks of optimizer arguments."""

import math
import numbers

import numpy as np


def check_learning_rate(value):
    """Raises a `ValueError` unless `value` is a finite float that is not negative."""
    if not isinstance(value, (float, np.floating)):
        raise ValueError(
            "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable (that "
            "takes in the current iteration value and returns the corresponding learning rate value). "
            f"Received instead: learning_rate={value}"
        )
    if not math.isfinite(value) or value < 0:
        raise ValueError(
            f"Argument `learning_rate` must be finite and not negative. Received: learning_rate={value}"
        )


def check_not_negative(**arguments):
    """Raises a `ValueError` for arguments that are numbers below 0 or NaN; `None` passes."""
    for name, value in arguments.items():
        if isinstance(value, numbers.Real) and not value >= 0:
            raise ValueError(f"Argument `{name}` must not be negative. Received: {name}={value}")


def check_decay_rates(**arguments):
    """Raises a `ValueError` for arguments that are numbers outside [0, 1)."""
    for name, value in arguments.items():
        if isinstance(value, numbers.Real) and not 0 <= value < 1:
            raise ValueError(f"Argument `{name}` must be in the range [0, 1). Received: {name}={value}")


def check_shares(**arguments):
    """Raises a `ValueError` for arguments that are numbers outside [0, 1]."""
    for name, value in arguments.items():
        if isinstance(value, numbers.Real) and not 0 <= value <= 1:
            raise ValueError(f"Argument `{name}` must be in the range [0, 1]. Received: {name}={value}")


def check_names(kwargs):
    """Raises a `ValueError` for leftover keyword arguments, with a hint for names of older Keras versions."""
    if not kwargs:
        return
    message = f"Argument(s) not recognized: {kwargs}"
    if "lr" in kwargs:
        message += ". Use `learning_rate` instead of `lr`"
    raise ValueError(message)
