"""Inputs and weights of a case: the same numbers here and where real Keras is asked."""

import zlib

import numpy as np
from case import is_mask


def generator_of(case):
    """A random generator that depends on the case alone."""
    return np.random.RandomState(zlib.crc32(repr(case).encode()) % 2**32)


def inputs_of(case, batch):
    """Arrays of the case's input shapes with the given batch size; a list if the case has a list of shapes."""
    generator = generator_of(case)
    shapes = case.x if isinstance(case.x, list) else [case.x]
    arrays = []
    for shape in shapes:
        sizes = [batch if size is None else size for size in shape]
        if case.integers:
            arrays.append(generator.randint(0, case.integers, sizes).astype("int32" if case.weights else "float32"))
        else:
            arrays.append(generator.normal(size=sizes).astype("float32"))
    return arrays if isinstance(case.x, list) else arrays[0]


def weights_of(case, shapes):
    """Positive arrays of the given shapes: some of them are variances."""
    generator = generator_of(case)
    return [generator.uniform(0.2, 1.5, size=shape).astype("float32") for shape in shapes]


def masks(value):
    """A mask as an array; a tuple of them as a list."""
    if isinstance(value, tuple):
        return [None if mask is None else np.array(mask) for mask in value]
    return np.array(value)


def call_arguments_of(case, batch):
    """The call's keyword arguments, with arrays for masks and for further tensors."""
    generator = generator_of(case)

    def array(shape):
        return generator.normal(size=[batch if size is None else size for size in shape]).astype("float32")

    arguments = {key: masks(value) if is_mask(key, value) else value for key, value in case.call.items()}
    for name, shapes in case.more.items():
        arguments[name] = [array(shape) for shape in shapes] if isinstance(shapes, list) else array(shapes)
    return arguments
