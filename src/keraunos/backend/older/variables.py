"""Variables, read and assigned to by functions."""

from keraunos import ops
from keraunos import random as draws
from keraunos.config import floatx
from keraunos.variable import Variable


def variable(value, dtype=None, name=None, constraint=None):
    """A variable with a first value."""
    made = Variable(ops.convert_to_numpy(value), dtype=dtype or floatx(), name=name)
    made.constraint = constraint
    return made


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable drawn from a normal distribution."""
    return variable(draws.normal(shape, mean, scale, dtype=dtype or floatx(), seed=seed), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable drawn evenly from a range."""
    return variable(draws.uniform(shape, low, high, dtype=dtype or floatx(), seed=seed), dtype, name)


def get_value(x):
    """The value as a NumPy array."""
    return ops.convert_to_numpy(x)


def set_value(x, value):
    """Assigns an array to a variable."""
    x.assign(ops.cast(value, x.dtype))


def batch_get_value(tensors):
    """The values of several variables as NumPy arrays."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples):
    """Assigns to several variables, given as pairs `(variable, value)`."""
    for x, value in tuples:
        set_value(x, value)


def update(x, new_x):
    """Assigns a value to a variable and returns it."""
    return x.assign(new_x)


def update_add(x, increment):
    """Adds to a variable and returns its new value."""
    return x.assign_add(increment)


def update_sub(x, decrement):
    """Subtracts from a variable and returns its new value."""
    return x.assign_sub(decrement)


def moving_average_update(x, value, momentum):
    """Moves a running mean: `x = momentum * x + (1 - momentum) * value`."""
    return x.assign(x * momentum + ops.cast(value, x.dtype) * (1 - momentum))
