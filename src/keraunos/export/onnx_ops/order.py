"""Sorting and searching."""

from keraunos.export.onnx_ops.table import translation


def top(c, x, count, axis, largest, is_sorted=True):
    """ONNX's TopK: values and int64 indices; of equal elements the first comes first."""
    return c.op("TopK", x, c.vector([count]), outputs=2, axis=axis, largest=int(largest), sorted=int(is_sorted))


def ranked(c, x):
    axis = c.attributes["axis"]
    return top(c, x, c.size(x, axis), axis, c.attributes["descending"])


@translation("sort", widens=True)
def sort(c, x):
    return ranked(c, x)[0]


@translation("argsort", widens=True)
def argsort(c, x):
    return c.cast(ranked(c, x)[1], "int32")


@translation("top_k", widens=True)
def top_k(c, x):
    values, indices = top(c, x, c.attributes["k"], -1, True, c.attributes["sorted"])
    return [values, c.cast(indices, "int32")]


@translation("searchsorted", widens=True)
def searchsorted(c, ordered, values):
    # The place of a value is the number of elements before it.
    is_before = "Less" if c.attributes["side"] == "left" else "LessOrEqual"
    before = c.op(is_before, c.op("Unsqueeze", ordered, c.ints([-2])), c.op("Unsqueeze", values, c.ints([-1])))
    return c.op("ReduceSum", c.cast(before, "int32"), c.ints([-1]), keepdims=0)
