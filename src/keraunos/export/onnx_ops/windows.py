"""Convolution and pooling. Images have their channels last here and first in ONNX; runtimes drop transposes that meet."""

from keraunos.export.onnx_ops.table import in_float32
from keraunos.export.onnx_ops.table import translation


def channels_first(c, x):
    return c.op("Transpose", x, perm=[0, x.rank - 1, *range(1, x.rank - 1)])


def channels_last(c, name, rank):
    return c.op("Transpose", name, perm=[0, *range(2, rank), 1])


def kernel_first(c, kernel):
    """[spatial..., in, out] as [out, in, spatial...]."""
    return c.op("Transpose", kernel, perm=[kernel.rank - 1, kernel.rank - 2, *range(kernel.rank - 2)])


class Windows:
    """The node's windows: sizes, strides, dilations and padding of each spatial axis.

    Args:
        c: The `Call`.
        sizes: The sizes of a window.
    """

    def __init__(self, c, sizes):
        count = len(sizes)
        self.sizes = list(sizes)
        self.strides = list(c.attributes.get("strides") or [1] * count)
        self.dilations = list(c.attributes.get("dilations") or [1] * count)
        self.low = list(c.attributes.get("low") or [0] * count)
        self.high = list(c.attributes.get("high") or [0] * count)
        self.is_same = c.attributes.get("same", False)

    @property
    def extents(self):
        """Sizes of a window with the gaps of its dilation."""
        return [(size - 1) * dilation + 1 for size, dilation in zip(self.sizes, self.dilations)]

    def resolve_same(self, image):
        """Turns "same" into numbers where they do not depend on an open size, and returns whether that worked."""
        if not self.is_same:
            return True
        low, high = [], []
        for size, stride, extent in zip(image, self.strides, self.extents):
            if size is None and stride != 1:
                return False
            missing = extent - 1 if stride == 1 else max(0, (-(-size // stride) - 1) * stride + extent - size)
            low.append(missing // 2)
            high.append(missing - missing // 2)
        self.low, self.high, self.is_same = low, high, False
        return True

    def padding(self):
        """ONNX's attributes for the padding."""
        return {"auto_pad": "SAME_UPPER"} if self.is_same else {"pads": [*self.low, *self.high]}


def padded(c, x, low, high):
    """Borders of zeros around the spatial axes; negative ones cut."""
    return c.op("Pad", x, c.ints([0, *low, 0, 0, *high, 0]), c.number(0, x.dtype))


@translation("conv", widens=True)
@in_float32
def conv(c, x, kernel):
    if None in kernel.shape[:-1]:
        raise c.cannot("a convolution needs a kernel of known sizes")
    windows = Windows(c, kernel.shape[:-2])
    windows.resolve_same(x.shape[1:-1])
    if min([*windows.low, *windows.high]) < 0:
        x = type(x)(padded(c, x, windows.low, windows.high), x.dtype, (x.shape[0], *[None] * len(windows.sizes), x.shape[-1]))
        windows.low = windows.high = [0] * len(windows.sizes)
    if x.shape[-1] is None:
        raise c.cannot("a convolution needs a known number of channels")
    groups = x.shape[-1] // kernel.shape[-2]
    y = c.op(
        "Conv",
        channels_first(c, x),
        kernel_first(c, kernel),
        kernel_shape=windows.sizes,
        strides=windows.strides,
        dilations=windows.dilations,
        group=groups,
        **windows.padding(),
    )
    return channels_last(c, y, x.rank)


@translation("conv_input_grad", widens=True)
@in_float32
def transposed_convolution(c, g, kernel, *image):
    if None in kernel.shape[:-1] or (image and image[0].shape[-1] is None):
        raise c.cannot("a transposed convolution needs known channels and a kernel of known sizes")
    windows = Windows(c, kernel.shape[:-2])
    spatial = list(range(1, g.rank - 1))
    sizes = [image[0].shape[axis] for axis in spatial] if image else [None] * len(spatial)
    groups = image[0].shape[-1] // kernel.shape[-2] if image else 1
    full = c.op(
        "ConvTranspose",
        channels_first(c, g),
        kernel_first(c, kernel),
        kernel_shape=windows.sizes,
        strides=windows.strides,
        dilations=windows.dilations,
        group=groups,
    )
    full = channels_last(c, full, g.rank)
    if not image:
        cut = [[-size for size in side] for side in (windows.low, windows.high)]
        if not any(cut[0] + cut[1]):
            return full
        return c.op("Pad", full, c.ints([0, *cut[0], 0, 0, *cut[1], 0]), c.number(0, "float32"))
    whole = c.op("Shape", full, start=1, end=g.rank - 1)
    wanted = c.vector([c.size(image[0], axis) for axis in spatial])
    low = c.ints(windows.low)
    if not windows.resolve_same(sizes):
        low = c.op("Div", c.op("Max", c.op("Sub", whole, wanted), c.ints([0])), c.ints([2]))
    elif any(windows.low):
        low = c.ints(windows.low)
    # The image's places lie at `low` of the full result; strides may leave some at its end without any window.
    high = c.op("Sub", c.op("Add", wanted, low), whole)
    borders = c.op("Concat", c.ints([0]), c.op("Neg", low), c.ints([0, 0]), high, c.ints([0]), axis=0)
    return c.op("Pad", full, borders, c.number(0, "float32"))


# ------------------------------------------------------------------ pooling


def pooling(op, onnx_op, onnx_reduction, **options):
    @translation(op, widens=True)
    @in_float32
    def translate(c, x):
        if c.attributes.get("places"):
            return evenly_covered(c, x, onnx_reduction)
        windows = Windows(c, c.attributes["sizes"])
        windows.resolve_same(x.shape[1:-1])
        y = c.op(onnx_op, channels_first(c, x), kernel_shape=windows.sizes, strides=windows.strides, **windows.padding(), **options)
        return channels_last(c, y, x.rank)


pooling("max_pool", "MaxPool", "ReduceMax")
pooling("average_pool", "AveragePool", "ReduceMean", count_include_pad=0)


def evenly_covered(c, x, onnx_reduction):
    """So many windows that they cover each axis evenly: place i of n takes in elements floor(i s / n) to ceil((i + 1) s / n)."""
    for axis, count in enumerate(c.attributes["places"], 1):
        size = x.shape[axis]
        if size is None and count > 1:
            raise c.cannot("adaptive pooling into more than one place needs known sizes")
        parts = []
        for i in range(count):
            part = x
            if count > 1:
                begin, end = i * size // count, -(-(i + 1) * size // count)
                part = c.op("Slice", x, c.ints([begin]), c.ints([end]), c.ints([axis]))
            parts.append(c.op(onnx_reduction, part, c.ints([axis]), keepdims=1))
        name = c.op("Concat", *parts, axis=axis) if count > 1 else parts[0]
        x = type(x)(name, x.dtype, (*x.shape[:axis], count, *x.shape[axis + 1 :]))
    return x
