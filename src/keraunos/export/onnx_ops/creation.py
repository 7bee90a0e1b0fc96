"""Arrays made from sizes."""

import numpy as np

from keraunos.export.onnx_ops.table import translation


@translation("fill", widens=True)
def fill(c, value, *sizes):
    return c.op("Expand", value, c.sizes(c.attributes["shape"], sizes))


def constant_like(op, number):
    @translation(op)
    def translate(c, x):
        short = {"bfloat16": "float32"}.get(x.dtype, x.dtype)
        if x.is_known and short == x.dtype:
            return c.builder.constant(np.full(x.shape, number, short))
        filled = c.op("Expand", c.number(number, "float32"), c.shape_of(x))
        return c.cast(filled, x.dtype)


constant_like("zeros_like", 0)
constant_like("ones_like", 1)


@translation("iota")
def iota(c, *size):
    dtype = c.attributes["dtype"]
    if not size:
        counted = c.ints(range(c.attributes["size"]))
    else:
        end = c.op("Squeeze", c.as_vector(size[0]), c.ints([0]))
        counted = c.op("Range", c.number(0, "int64"), end, c.number(1, "int64"))
    return c.cast(c.cast(counted, "float32") if dtype == "bfloat16" else counted, dtype)


@translation("one_hot")
def one_hot(c, indices):
    # ONNX's OneHot counts negative indices from the end; here they give zeros.
    places = c.op("Unsqueeze", c.cast(indices, "int64"), c.ints([-1]))
    hits = c.op("Equal", places, c.ints(range(c.attributes["depth"])))
    dtype = c.attributes["dtype"]
    return c.cast(c.cast(hits, "float32") if dtype == "bfloat16" else hits, dtype)
