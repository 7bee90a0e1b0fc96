"""Python's operators for tensors, variables and KerasTensors, in terms of the ops."""

from __future__ import annotations

import numpy as np

from keraunos import dtypes
from keraunos.ops._arguments import with_dtype
from keraunos.ops import _dims
from keraunos.ops.numpy import arithmetic, bits, comparisons, elementwise, indexing, joining, linear, shaping
from keraunos.tensor import KerasTensor, Tensor, execute, scalar
from keraunos.variable import Variable

_BINARY = {
    "add": arithmetic.add,
    "sub": arithmetic.subtract,
    "mul": arithmetic.multiply,
    "truediv": arithmetic.true_divide,
    "floordiv": arithmetic.floor_divide,
    "mod": arithmetic.mod,
    "pow": arithmetic.power,
    "matmul": linear.matmul,
}
_LOGIC = {
    "and": (bits.bitwise_and, comparisons.logical_and),
    "or": (bits.bitwise_or, comparisons.logical_or),
    "xor": (bits.bitwise_xor, comparisons.logical_xor),
}
_COMPARISONS = {
    "eq": comparisons.equal,
    "ne": comparisons.not_equal,
    "lt": comparisons.less,
    "le": comparisons.less_equal,
    "gt": comparisons.greater,
    "ge": comparisons.greater_equal,
}
# Operands of one dtype go straight to the core.
_DIRECT = {"add": "add", "sub": "subtract", "mul": "multiply"}
_FLOATS = dtypes.FLOATS
_FOREIGN = (str, bytes, dict, set)


def _attach(cls, name, function):
    function.__name__ = f"__{name}__"
    function.__qualname__ = f"{cls.__name__}.__{name}__"
    setattr(cls, f"__{name}__", function)


def _binary_of_tensor(name, op):
    direct = _DIRECT.get(name)
    if direct is None:

        def forward(self, other):
            return NotImplemented if other is None or isinstance(other, _FOREIGN) else op(self, other)

    else:

        def forward(self, other):
            kind = type(other)
            dtype = self.dtype
            if kind is Tensor:
                if dtype == other.dtype and dtype != "bool":
                    return execute(direct, [self, other], {})
            elif (kind is float or kind is int) and dtype in _FLOATS:
                return execute(direct, [self, scalar(other, dtype)], {})
            return NotImplemented if other is None or isinstance(other, _FOREIGN) else op(self, other)

    def backward(self, other):
        return NotImplemented if other is None or isinstance(other, _FOREIGN) else op(other, self)

    return forward, backward


def _attach_to_tensor():
    for name, op in {**_BINARY, **{name: pair[0] for name, pair in _LOGIC.items()}}.items():
        forward, backward = _binary_of_tensor(name, op)
        _attach(Tensor, name, forward)
        _attach(Tensor, "r" + name, backward)
    for name, op in _COMPARISONS.items():
        _attach(Tensor, name, _binary_of_tensor("", op)[0])
    _attach(Tensor, "neg", lambda self: elementwise.negative(self))
    _attach(Tensor, "pos", lambda self: self)
    _attach(Tensor, "abs", lambda self: elementwise.absolute(self))
    _attach(Tensor, "invert", lambda self: bits.bitwise_not(self))
    _attach(Tensor, "getitem", lambda self, key: indexing.get_item(self, key))
    _attach(Tensor, "round", lambda self, digits=None: elementwise.round(self, digits or 0))
    _attach(Tensor, "len", _length)
    _attach(Tensor, "iter", _rows)
    _attach(Tensor, "index", _index)
    _attach(Tensor, "repr", _repr)
    _attach(Tensor, "format", _format)
    _attach(Tensor, "reduce", lambda self: (Tensor, (self.numpy(),)))
    _attach(Tensor, "contains", lambda self, item: bool(np.isin(np.asarray(item), self.numpy()).all()))
    Tensor.__array_priority__ = 1000
    Tensor.tolist = lambda self: self.numpy().tolist()
    Tensor.astype = lambda self, dtype: with_dtype(self, dtypes.standardize_dtype(dtype))
    Tensor.reshape = lambda self, *shape: shaping.reshape(self, shape[0] if len(shape) == 1 else shape)
    Tensor.T = property(lambda self: shaping.transpose(self))
    Tensor.size = property(_element_count)


def _length(self):
    if not self.shape:
        raise TypeError("len() of a tensor of rank 0")
    if self.shape[0] is None:
        raise TypeError("len() of a tensor whose first size is only known when the traced function runs")
    return self.shape[0]


def _rows(self):
    if not self.shape:
        raise TypeError("iteration over a tensor of rank 0")
    return iter([joining.slice_axis(self, 0, i, i + 1, squeeze_axis=True) for i in range(_length(self))])


def _index(self):
    if self.dtype == "bool" or self.dtype not in dtypes.INTS or self.shape:
        raise TypeError(f"only integer tensors of rank 0 can be converted to an index. Received: {self.dtype} {self.shape}")
    return int(self.numpy())


def _element_count(self):
    total = _dims.product(_dims.shape_of(self))
    return total


def _repr(self):
    if self.is_symbolic:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, traced>"
    text = np.array2string(self.numpy(), separator=", ", prefix="Tensor(", threshold=200)
    return f"Tensor({text}, dtype={self.dtype})"


def _format(self, spec):
    if spec and not self.shape:
        return format(self.item(), spec)
    return format(str(self), spec)


def _attach_to_keras_tensor():
    for name, op in {**_BINARY, "div": arithmetic.divide, **{n: pair[1] for n, pair in _LOGIC.items()}}.items():
        _attach(KerasTensor, name, lambda self, other, op=op: op(self, other))
        _attach(KerasTensor, "r" + name, lambda self, other, op=op: op(other, self))
    for name, op in _COMPARISONS.items():
        if name != "eq":  # identity: KerasTensors are keys of dicts
            _attach(KerasTensor, name, lambda self, other, op=op: op(self, other))
    _attach(KerasTensor, "neg", lambda self: elementwise.negative(self))
    _attach(KerasTensor, "pos", lambda self: self)
    _attach(KerasTensor, "abs", lambda self: elementwise.absolute(self))
    _attach(KerasTensor, "invert", lambda self: comparisons.logical_not(self))
    _attach(KerasTensor, "getitem", lambda self, key: indexing.get_item(self, key))
    _attach(KerasTensor, "round", lambda self, ndigits=None: elementwise.round(self, decimals=ndigits or 0))


def _attach_to_variable():
    for name, op in {**_BINARY, **{n: pair[1] for n, pair in _LOGIC.items()}}.items():
        _attach(Variable, name, lambda self, other, op=op: op(self.value, _value(other)))
        _attach(Variable, "r" + name, lambda self, other, op=op: op(_value(other), self.value))
    for name, op in _COMPARISONS.items():
        _attach(Variable, name, lambda self, other, op=op: NotImplemented if other is None else op(self.value, _value(other)))
    _attach(Variable, "neg", lambda self: elementwise.negative(self.value))
    _attach(Variable, "abs", lambda self: elementwise.absolute(self.value))
    _attach(Variable, "invert", lambda self: bits.bitwise_not(self.value))
    _attach(Variable, "getitem", lambda self, key: indexing.get_item(self.value, key))
    _attach(Variable, "round", lambda self, ndigits=None: elementwise.round(self.value, decimals=ndigits or 0))
    _attach(Variable, "len", lambda self: _length(self.value))
    _attach(Variable, "iter", lambda self: _rows(self.value))
    _attach(Variable, "index", lambda self: _index(self.value))
    Variable.__hash__ = object.__hash__


def _value(other):
    return other.value if isinstance(other, Variable) else other


_attach_to_tensor()
_attach_to_keras_tensor()
_attach_to_variable()
