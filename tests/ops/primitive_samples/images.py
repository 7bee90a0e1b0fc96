"""Convolution and pooling."""

import itertools

import numpy as np
from primitive_sample import numbers, sample


def taps(x_shape, kernel_sizes, y_shape, strides, dilations, low):
    """(input pixel, tap, output pixel) wherever a tap of a window lies inside the image."""
    rank = len(kernel_sizes)
    for out in itertools.product(*(range(size) for size in y_shape[1 : 1 + rank])):
        for tap in itertools.product(*(range(size) for size in kernel_sizes)):
            place = tuple(o * s + t * d - p for o, s, t, d, p in zip(out, strides, tap, dilations, low, strict=True))
            if all(0 <= at < size for at, size in zip(place, x_shape[1:], strict=False)):
                yield place, tap, out


class Convolution:
    """The sizes of one convolution and the sums that define it and its gradients."""

    def __init__(self, x, w, strides, dilations=None, low=None, high=None, same=False):
        rank = len(x) - 2
        self.x, self.w, self.strides = x, w, strides
        self.dilations = dilations or [1] * rank
        self.low, high = low or [0] * rank, high or [0] * rank
        extents = [(k - 1) * d + 1 for k, d in zip(w[:-2], self.dilations, strict=True)]
        if same:
            places = [-(-size // s) for size, s in zip(x[1:-1], strides, strict=True)]
            pads = [max(0, (n - 1) * s + e - size) for n, s, e, size in zip(places, strides, extents, x[1:-1], strict=True)]
            self.low = [pad // 2 for pad in pads]
        else:
            places = [(size + lo + hi - e) // s + 1 for size, lo, hi, e, s in zip(x[1:-1], self.low, high, extents, strides, strict=True)]
        self.y = (x[0], *places, w[-1])
        self.groups = x[-1] // w[-2]

    def parts(self):
        """Pairs of pixels joined by a tap, and for each group its channels of x and of y."""
        ins, outs = self.w[-2], self.w[-1] // self.groups
        for place, tap, out in taps(self.x, self.w[:-2], self.y, self.strides, self.dilations, self.low):
            for group in range(self.groups):
                one, two = slice(group * ins, (group + 1) * ins), slice(group * outs, (group + 1) * outs)
                yield (slice(None), *place, one), (*tap, slice(None), two), (slice(None), *out, two)

    def forward(self, x, w):
        y = np.zeros(self.y)
        for place, tap, out in self.parts():
            y[out] += x[place] @ w[tap]
        return y

    def input_grad(self, g, w, *_):
        x = np.zeros(self.x)
        for place, tap, out in self.parts():
            x[place] += g[out] @ w[tap].T
        return x

    def weight_grad(self, x, g, *_):
        w = np.zeros(self.w)
        for place, tap, out in self.parts():
            w[tap] += x[place].T @ g[out]
        return w


for shape, kernel, attributes in [
    ((2, 5, 3), (2, 3, 2), {"strides": [1]}),
    ((2, 7, 2), (3, 2, 3), {"strides": [2], "low": [2], "high": [1]}),
    ((2, 6, 4), (2, 2, 4), {"strides": [1], "dilations": [3], "same": True}),
    ((2, 4, 5, 2), (3, 3, 2, 3), {"strides": [1, 1], "same": True}),
    ((1, 5, 6, 4), (2, 3, 2, 6), {"strides": [2, 1], "low": [1, 0], "high": [0, 2]}),
    ((2, 3, 4, 3), (1, 1, 3, 2), {"strides": [1, 1]}),
    ((2, 4, 3, 4), (3, 2, 1, 4), {"strides": [1, 1], "same": True}),
    ((1, 4, 5, 2), (3, 2, 1, 4), {"strides": [2, 2], "same": True}),
    ((1, 3, 4, 3, 2), (2, 2, 2, 2, 2), {"strides": [1, 2, 1], "dilations": [1, 1, 2], "low": [1, 1, 1], "high": [0, 1, 1]}),
    ((1, 4, 4, 1), (2, 2, 1, 2), {"strides": [3, 3], "low": [0, 0], "high": [-1, 0]}),
    ((7, 3, 3, 2), (2, 2, 2, 3), {"strides": [1, 1], "same": True}),
]:
    sums = Convolution(shape, kernel, **attributes)
    x, w, g = numbers(*shape), numbers(*kernel), numbers(*sums.y)
    sample("conv", [x, w], sums.forward, **attributes)
    bias = numbers(kernel[-1])
    for activation, function in [("linear", lambda y: y), ("relu", lambda y: np.maximum(y, 0))]:
        truth = lambda x, w, b, sums=sums, function=function: function(sums.forward(x, w) + b)
        sample("biased_conv", [x, w, bias], truth, activation=activation, **attributes)
    sample("conv_input_grad", [g, w, x], sums.input_grad, differentiable=(0, 1), **attributes)
    sample("conv_weight_grad", [x, g, w], sums.weight_grad, differentiable=(0, 1), **attributes)
    both = lambda x, g, w, sums=sums: (sums.weight_grad(x, g, w), g.reshape(-1, g.shape[-1]).sum(0))
    sample("biased_conv_weight_grad", [x, g, w], both, differentiable=(0, 1), **attributes)
transposed = Convolution((2, 6, 3), (3, 3, 2), [2], low=[1], high=[0])
sample("conv_input_grad", [numbers(*transposed.y), numbers(3, 3, 2)], transposed.input_grad, strides=[2], low=[1], high=[0])
sample("conv", [numbers(0, 4, 3), numbers(2, 3, 2)], lambda x, w: np.zeros((0, 3, 2)), strides=[1])
sample("conv_weight_grad", [numbers(0, 4, 3), numbers(0, 3, 2), numbers(2, 3, 2)], lambda *_: np.zeros((2, 3, 2)), differentiable=(0, 1), strides=[1])


def ranges(size, window=None, stride=None, same=False, places=None):
    """Begin and end of each window along one axis, inside the image."""
    if places is not None:
        return [(i * size // places, -(-(i + 1) * size // places)) for i in range(places)]
    count = -(-size // stride) if same else (size - window) // stride + 1
    low = max(0, (count - 1) * stride + window - size) // 2 if same else 0
    return [(max(0, i * stride - low), min(size, i * stride - low + window)) for i in range(count)]


def windows(x, attributes):
    """(output pixel, window) of each window; the window is an index of x."""
    lists = []
    for axis, size in enumerate(x.shape[1:-1]):
        places = attributes.get("places")
        if places:
            lists.append(ranges(size, places=places[axis]))
        else:
            lists.append(ranges(size, attributes["sizes"][axis], attributes["strides"][axis], attributes.get("same", False)))
    for out in itertools.product(*(range(len(one)) for one in lists)):
        yield out, tuple(slice(*one[at]) for one, at in zip(lists, out, strict=True))


def pooled(attributes, reduce):
    def truth(x):
        shape = [max(places) + 1 for places in zip(*(out for out, _ in windows(x, attributes)), strict=True)]
        y = np.zeros((x.shape[0], *shape, x.shape[-1]))
        axes = tuple(range(1, x.ndim - 1))
        for out, window in windows(x, attributes):
            y[(slice(None), *out)] = reduce(x[(slice(None), *window)], axes)
        return y

    return truth


def each_largest(x, attributes):
    """(output element, place of its largest element)."""
    for out, window in windows(x, attributes):
        for image, channel in itertools.product(range(x.shape[0]), range(x.shape[-1])):
            part = x[(image, *window, channel)]
            place = np.unravel_index(np.argmax(part), part.shape)
            yield (image, *out, channel), (image, *(p + one.start for p, one in zip(place, window, strict=True)), channel)


def max_grad(attributes):
    def truth(g, x):
        result = np.zeros_like(x)
        for out, place in each_largest(x, attributes):
            result[place] += g[out]
        return result

    return truth


def max_pick(attributes):
    def truth(h, x):
        y = np.zeros_like(pooled(attributes, np.max)(x))
        for out, place in each_largest(x, attributes):
            y[out] = h[place]
        return y

    return truth


def average_grad(attributes):
    def truth(g, x):
        result = np.zeros_like(x)
        for out, window in windows(x, attributes):
            part = result[(slice(None), *window)]
            part += np.expand_dims(g[(slice(None), *out)], tuple(range(1, x.ndim - 1))) / np.prod(part.shape[1:-1])
        return result

    return truth


for shape, attributes in [
    ((2, 5, 3), {"sizes": [2], "strides": [2]}),
    ((2, 5, 2), {"sizes": [3], "strides": [1], "same": True}),
    ((2, 4, 5, 9), {"sizes": [2, 2], "strides": [2, 2]}),
    ((1, 5, 6, 2), {"sizes": [3, 2], "strides": [2, 1], "same": True}),
    ((1, 7, 4, 2), {"sizes": [2, 1], "strides": [3, 2]}),
    ((1, 3, 4, 3, 2), {"sizes": [2, 2, 2], "strides": [1, 2, 1]}),
    ((2, 7, 5, 1), {"places": [3, 5]}),
    ((1, 4, 2), {"places": [6]}),
]:
    x = numbers(*shape)
    g = numbers(*pooled(attributes, np.max)(x).shape)
    sample("max_pool", [x], pooled(attributes, np.max), **attributes)
    sample("max_pool_grad", [g, x], max_grad(attributes), **attributes)
    sample("max_pool_grad", [g, x], lambda g, x, a=attributes: max_grad(a)(g, x) * (x > 0), differentiable=(), relu=True, **attributes)
    sample("max_pool_pick", [numbers(*shape, low=-1, high=3), x], max_pick(attributes), **attributes)
    sample("average_pool", [x], pooled(attributes, np.mean), **attributes)
    sample("average_pool_grad", [g, x], average_grad(attributes), differentiable=(0,), **attributes)
