"""Names of dtypes, and the type that an operation on several of them has.

The promotion lattice is the one that Keras shares with JAX. Python scalars are weak: an `int` or `float`
takes over the width of the tensor that it meets.
"""

from __future__ import annotations

import functools

from keraunos import config

BOOL_TYPES = ("bool",)
INT_TYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
FLOAT8_TYPES = ("float8_e4m3fn", "float8_e5m2")
COMPLEX_TYPES = ("complex64", "complex128")
WEAK_TYPES = ("int", "float")

ALLOWED_DTYPES = BOOL_TYPES + INT_TYPES + FLOAT_TYPES + FLOAT8_TYPES + COMPLEX_TYPES + ("string",)

INTS = frozenset(INT_TYPES)
FLOATS = frozenset(FLOAT_TYPES)
COMPUTABLE = frozenset(BOOL_TYPES + INT_TYPES + FLOAT_TYPES)

# Keras keeps everything in 32 bits unless 64 bits are asked for.
_NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}

# Each type and the next wider ones.
_WIDER = {
    "bool": ("int",),
    "int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}

# `dtype_of(value)` in one look-up for everything that usually comes.
_STANDARD = {name: name for name in ALLOWED_DTYPES}
_STANDARD.update({bool: "bool", int: "int32", float: "float32", complex: "complex64", str: "string", "int": "int32"})


def standardize_dtype(dtype):
    """The name of a dtype given as a name, a Python type, a NumPy dtype or another framework's dtype.

    `None` means `config.floatx()`. Raises `ValueError` for anything else.

    >>> standardize_dtype(float)
    'float32'
    """
    try:
        known = _STANDARD.get(dtype)
    except TypeError:
        known = None
    if known is not None:
        return known
    if dtype is None:
        return config.floatx()
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    if name is None:
        name = str(dtype)
        if name.startswith(("torch.", "jax.numpy.")):
            name = name.rsplit(".", 1)[-1]
    if isinstance(name, str) and name in _STANDARD and name != "int":
        try:
            _STANDARD[dtype] = name
        except TypeError:
            pass
        return name
    if getattr(dtype, "kind", None) in ("U", "S"):
        return "string"
    raise ValueError(f"Invalid dtype: {name}")


def is_float_dtype(dtype):
    """Whether `dtype` is a floating-point type (bfloat16 and float8 included)."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


def is_int_dtype(dtype):
    """Whether `dtype` is a signed or unsigned integer type (bool is not)."""
    return standardize_dtype(dtype).startswith(("int", "uint"))


@functools.cache
def _bounds(name):
    """`name` and every wider type."""
    found = {name}
    for wider in _WIDER[name]:
        found |= _bounds(wider)
    return frozenset(found)


@functools.cache
def _join(names):
    """The narrowest type (or weak type) that holds every one of the set `names`."""
    for name in names:
        if name not in _WIDER:
            raise ValueError(f"dtype={name!r} is not a valid dtype for Keras type promotion.")
    common = frozenset.intersection(*map(_bounds, names))
    if not common:
        raise ValueError(
            f"Input dtypes {tuple(sorted(names))} have no available implicit dtype promotion path. "
            "Try explicitly casting inputs to the desired output type."
        )
    return max(common, key=lambda name: len(_bounds(name)))


def _of_weak(weak):
    """The strong type behind a weak `int` or `float`: as wide as `floatx`."""
    return weak + config.floatx()[-2:]


def _lattice_type(arguments):
    weak = [argument is int or argument is float for argument in arguments]
    if all(weak):
        return _of_weak("float" if float in arguments else "int")
    names = frozenset(
        ("float" if argument is float else "int") if is_weak else standardize_dtype(argument)
        for argument, is_weak in zip(arguments, weak)
    )
    if len(names) == 1:
        return next(iter(names))
    joined = _join(names)
    return _of_weak(joined) if joined in WEAK_TYPES else joined


def result_type(*dtypes):
    """The dtype of an operation on operands of these dtypes, by Keras's promotion rules.

    Arguments are dtypes, or the Python types `int` and `float` for weak scalars. `None` means `floatx`.
    64-bit results are narrowed to 32 bits, as in Keras. Raises `ValueError` for float8.

    >>> result_type("int32", float)
    'float32'
    >>> result_type("bfloat16", int)
    'bfloat16'
    """
    if not dtypes:
        return config.floatx()
    for dtype in dtypes:
        if isinstance(dtype, str) and dtype in FLOAT8_TYPES:
            raise ValueError(
                "There is no implicit conversions from float8 dtypes to others. "
                f"You must cast it internally. Received: {dtypes}"
            )
    joined = _lattice_type(tuple(config.floatx() if dtype is None else dtype for dtype in dtypes))
    return _NARROW.get(joined, joined)


_PROMOTED = {}


def promoted(*dtypes):
    """As `result_type`, but 64-bit operands keep their width: float64 tensors compute in float64."""
    key = (config._floatx, dtypes)
    found = _PROMOTED.get(key)
    if found is None:
        joined = _lattice_type(dtypes)
        found = joined if joined in dtypes else _NARROW.get(joined, joined)
        _PROMOTED[key] = found
    return found


def to_float(dtype):
    """The dtype in which a float function of a `dtype` operand computes: itself, or `floatx` for ints and bools."""
    return dtype if dtype in FLOATS else promoted(dtype, float)
