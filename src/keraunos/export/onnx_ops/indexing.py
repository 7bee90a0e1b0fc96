"""Reading and writing at indices."""

from keraunos.export.onnx_ops.table import translation
from keraunos.export.onnx_value import Value


@translation("gather")
def gather(c, x, indices):
    return c.op("Gather", x, c.as_indices(indices), axis=c.attributes["axis"])


@translation("take_along_axis", widens=True)
def take_along_axis(c, x, indices):
    axis = c.attributes["axis"]
    return c.op("GatherElements", widened_to(c, x, indices, axis), c.as_indices(widened_to(c, indices, x, axis)), axis=axis)


def widened_to(c, value, other, axis):
    """`value` with its axes repeated as often as `other` has entries there, except along `axis`."""
    def is_stretched(i):
        return i != axis and other.shape[i] != 1 and (value.shape[i] is None or value.shape[i] != other.shape[i])

    stretched = [i for i in range(value.rank) if is_stretched(i)]
    if not stretched:
        return value
    sizes = c.vector([c.size(other, i) if i in stretched else 1 for i in range(value.rank)])
    return Value(c.op("Expand", value, sizes), value.dtype, tuple(None if i in stretched else size for i, size in enumerate(value.shape)))


@translation("gather_nd")
def gather_nd(c, x, indices):
    return c.op("GatherND", x, c.cast(indices, "int64"))


@translation("scatter_add", widens=True)
def scatter_add(c, x, indices, updates):
    return c.op("ScatterND", x, c.cast(indices, "int64"), updates, reduction="add")


@translation("scatter_update")
def scatter_update(c, x, indices, updates):
    return c.op("ScatterND", x, c.cast(indices, "int64"), updates)
