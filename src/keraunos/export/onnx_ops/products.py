"""Matrix products and softmax."""

from keraunos.export.onnx_ops.table import translation


@translation("matmul", widens=True)
def matmul(c, a, b):
    if c.attributes["transpose_a"]:
        a = last_two_swapped(c, a)
    if c.attributes["transpose_b"]:
        b = last_two_swapped(c, b)
    return c.op("MatMul", a, b)


def last_two_swapped(c, x):
    """The transpose of every matrix."""
    return c.op("Transpose", x, perm=[*range(x.rank - 2), x.rank - 1, x.rank - 2])


@translation("softmax", widens=True)
def softmax(c, x):
    return c.op("Softmax", x, axis=c.attributes["axis"])


@translation("log_softmax", widens=True)
def log_softmax(c, x):
    return c.op("LogSoftmax", x, axis=c.attributes["axis"])
