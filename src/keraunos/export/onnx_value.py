"""Values of an ONNX graph, and the dtypes that its arithmetic runs in."""

import dataclasses

# Arithmetic in these runs in the wider one: 16-bit floats are storage, and few runtimes have kernels for short integers.
WIDER = {
    "float16": "float32",
    "bfloat16": "float32",
    "int8": "int32",
    "int16": "int32",
    "uint8": "int32",
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
    "bool": "int32",
}


@dataclasses.dataclass(frozen=True)
class Value:
    """A value of the ONNX graph.

    Attributes:
        name: Its name there.
        dtype: Its dtype.
        shape: Its sizes; `None` is an open size.
    """

    name: str
    dtype: str
    shape: tuple

    @property
    def rank(self):
        """How many axes it has."""
        return len(self.shape)

    @property
    def is_known(self):
        """Whether every size is known."""
        return None not in self.shape

    @property
    def is_floating(self):
        """Whether its dtype is a floating one."""
        return "float" in self.dtype
