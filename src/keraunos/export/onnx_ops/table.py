"""What a translation is, and the table of them."""

import dataclasses
from collections.abc import Callable

from keraunos.export.onnx_value import WIDER
from keraunos.export.onnx_value import Value

TRANSLATIONS = {}


@dataclasses.dataclass(frozen=True)
class Translation:
    """How one primitive op is said in ONNX.

    Attributes:
        function: Called with a `Call` and the operands (`Value`s); returns a name, a `Value`, or a list of them.
        widens: Whether operands of short dtypes are cast to wider ones first, and results back.
        gives_bool: Whether the results are bool whatever the operands are.
    """

    function: Callable
    widens: bool
    gives_bool: bool

    def apply(self, call, operands):
        """Appends the nodes and returns a `Value` for each output."""
        if self.widens:
            operands = [
                Value(call.cast(value, WIDER[value.dtype]), WIDER[value.dtype], value.shape) if value.dtype in WIDER else value
                for value in operands
            ]
        results = self.function(call, *operands)
        results = results if isinstance(results, list) else [results]
        values = []
        for result, (dtype, shape) in zip(results, call.specs):
            name = getattr(result, "name", result)
            if name and self.widens and not self.gives_bool and dtype in WIDER:
                name = call.cast(name, dtype)
            values.append(Value(name, dtype, shape))
        return values


def in_float32(function):
    """For ops that onnxruntime has in float32 only: float64 operands make the round trip."""

    def narrow(call, value):
        return Value(call.cast(value, "float32"), "float32", value.shape) if value.dtype == "float64" else value

    def translate(call, *operands):
        results = function(call, *(narrow(call, value) for value in operands))
        if not any(value.dtype == "float64" for value in operands):
            return results
        names = results if isinstance(results, list) else [results]
        return [call.cast(name, "float64") if name else name for name in names]

    return translate


def translation(*ops, widens=False, gives_bool=False):
    """Enters a function into the table under the names of the ops that it translates."""

    def enter(function):
        for op in ops:
            TRANSLATIONS[op] = Translation(function, widens, gives_bool)
        return function

    return enter


def direct(op, onnx_op, widens=True, gives_bool=False):
    """Enters an op that ONNX has under another name, operand for operand."""
    TRANSLATIONS[op] = Translation(lambda call, *operands: call.op(onnx_op, *operands), widens, gives_bool)
