"""Sizes of what windows moving over images give; sizes may be `None`."""


def with_spatial(input_shape, spatial, channels, data_format):
    """`input_shape` with other spatial sizes and channels."""
    if data_format == "channels_last":
        return (input_shape[0], *spatial, channels)
    return (input_shape[0], channels, *spatial)


def spatial_of(input_shape, data_format):
    """The spatial sizes of images."""
    return tuple(input_shape[1:-1] if data_format == "channels_last" else input_shape[2:])


def channels_of(input_shape, data_format):
    """The number of channels of images."""
    return input_shape[-1 if data_format == "channels_last" else 1]


def window_counts(sizes, window, strides, padding, evidence):
    """The number of windows along each axis; raises with `evidence` when an image is smaller than its window."""
    if padding not in ("valid", "same", "causal"):
        raise ValueError(f"`padding` must be either `'valid'` or `'same'`. Received: padding={padding}")
    counts = []
    for size, extent, stride in zip(sizes, window, strides):
        if size is None:
            counts.append(None)
            continue
        count = (size - extent) // stride + 1 if padding == "valid" else -(-size // stride)
        if count <= 0 and padding == "valid":
            raise ValueError(f"Computed output size would be zero or negative. Received: {evidence}")
        counts.append(count)
    return tuple(counts)


def transposed_sizes(sizes, kernel_size, strides, padding, output_padding, dilation_rate):
    """The sizes that a transposed convolution gives."""
    result = []
    for axis, (size, kernel, stride, rate) in enumerate(zip(sizes, kernel_size, strides, dilation_rate)):
        if size is None:
            result.append(None)
            continue
        window = (kernel - 1) * rate + 1
        extra = None if output_padding is None else output_padding[axis]
        if padding == "valid":
            extra = max(window, stride) - window if extra is None else extra
            result.append((size - 1) * stride + window + extra)
        else:
            result.append(size * stride if extra is None else (size - 1) * stride + window % 2 + extra)
    return tuple(result)
