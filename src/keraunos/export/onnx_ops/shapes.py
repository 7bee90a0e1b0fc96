"""The same elements under another shape or order, and facts about shapes."""

from keraunos.export.onnx_ops.table import translation


@translation("reshape")
def reshape(c, x, *sizes):
    shape = c.attributes["shape"]
    # A 0 must mean no elements, not "as before"; ONNX does not take that together with -1.
    return c.op("Reshape", x, c.sizes(shape, sizes), allowzero=int(-1 not in shape))


@translation("reshape_like")
def reshape_like(c, x, reference):
    return c.op("Reshape", x, c.shape_of(reference), allowzero=1)


@translation("expand_dims")
def expand_dims(c, x):
    return c.op("Unsqueeze", x, c.ints(c.attributes["axes"]))


@translation("squeeze")
def squeeze(c, x):
    return c.op("Squeeze", x, c.ints(c.attributes["axes"])) if c.attributes["axes"] else x


@translation("transpose")
def transpose(c, x):
    return c.op("Transpose", x, perm=c.attributes["axes"]) if x.rank > 1 else x


@translation("broadcast_to", widens=True)
def broadcast_to(c, x, *sizes):
    return c.op("Expand", x, c.sizes(c.attributes["shape"], sizes))


@translation("broadcast_like", widens=True)
def broadcast_like(c, x, reference):
    return c.op("Expand", x, c.shape_of(reference))


@translation("concatenate")
def concatenate(c, *parts):
    return c.op("Concat", *parts, axis=c.attributes["axis"])


@translation("dim")
def dim(c, x):
    axis = c.attributes["axis"]
    if x.shape[axis] is not None:
        return c.number(x.shape[axis], "int32")
    size = c.op("Shape", x, start=axis, end=axis + 1)
    return c.cast(c.op("Squeeze", size, c.ints([0])), "int32")


@translation("size_ratio")
def size_ratio(c, x, y):
    over, under = (c.cast(c.op("Size", value), "float32") for value in (x, y))
    zero, one = c.number(0, "float32"), c.number(1, "float32")
    is_empty = c.op("Equal", under, zero)
    return c.op("Where", is_empty, one, c.op("Div", over, c.op("Where", is_empty, one, under)))
