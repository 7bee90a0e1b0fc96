"""Parts of arrays and what surrounds them."""

from keraunos.export.onnx_ops.table import translation


@translation("slice")
def slice_(c, x):
    begin, end, strides = (c.attributes[key] for key in ("begin", "end", "strides"))
    if not begin:
        return x
    return c.op("Slice", x, c.ints(begin), c.ints(end), c.ints(range(len(begin))), c.ints(strides))


@translation("flip")
def flip(c, x):
    axes = c.attributes["axes"]
    if not axes:
        return x
    first, before_first = [-1] * len(axes), [-(2**62)] * len(axes)
    return c.op("Slice", x, c.ints(first), c.ints(before_first), c.ints(axes), c.ints(first))


@translation("pad", widens=True)
def pad(c, x, value):
    return c.op("Pad", x, c.ints([*c.attributes["low"], *c.attributes["high"]]), value) if x.rank else x


def moved_inside(c, starts, whole, part):
    """Starts moved so that the part lies inside; `part` is a vector of its sizes."""
    last = c.op("Sub", c.shape_of(whole), part)
    return c.op("Max", c.op("Min", c.cast(starts, "int64"), last), c.ints([0]))


@translation("dynamic_slice")
def dynamic_slice(c, x, starts, *sizes):
    if not x.rank:
        return x
    part = c.sizes(c.attributes["sizes"], sizes)
    begin = moved_inside(c, starts, x, part)
    return c.op("Slice", x, begin, c.op("Add", begin, part), c.ints(range(x.rank)))


@translation("dynamic_update_slice", widens=True)
def dynamic_update_slice(c, x, update, starts):
    if not x.rank:
        return update
    part = c.shape_of(update)
    begin = moved_inside(c, starts, x, part)
    after = c.op("Sub", c.shape_of(x), c.op("Add", begin, part))
    borders = c.op("Concat", begin, after, axis=0)
    inside = c.op("Pad", c.op("Expand", c.number(1, "int32"), part), borders, c.number(0, "int32"))
    return c.op("Where", c.cast(inside, "bool"), c.op("Pad", update, borders, c.number(0, x.dtype)), x)
