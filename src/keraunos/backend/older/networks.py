"""What layers and losses of older scripts are made of."""

from keraunos import losses, ops
from keraunos import random as draws
from keraunos.config import image_data_format


def dropout(x, level, noise_shape=None, seed=None):
    """`x` with a share `level` of its elements set to 0, the others scaled up."""
    return draws.dropout(x, level, noise_shape=noise_shape, seed=seed)


def hard_sigmoid(x):
    """The piecewise linear sigmoid of Keras 2: `clip(0.2 x + 0.5, 0, 1)`."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """Normalizes with given statistics, scales by `gamma` and shifts by `beta`."""
    flat = [None if each is None else ops.reshape(each, (-1,)) for each in (mean, var, beta, gamma)]
    return ops.batch_normalization(x, flat[0], flat[1], axis, offset=flat[2], scale=flat[3], epsilon=epsilon)


def bias_add(x, bias, data_format=None):
    """Adds a vector along the channels, or a tensor to every row."""
    x, bias = ops.convert_to_tensor(x), ops.convert_to_tensor(bias)
    rank, has_channels_first = len(x.shape), (data_format or image_data_format()) == "channels_first" and len(x.shape) > 2
    if len(bias.shape) not in (1, rank - 1):
        raise ValueError(
            f"bias_add: the bias must be a vector or have all axes of a row. Received: shapes {tuple(x.shape)} and {tuple(bias.shape)}"
        )
    if has_channels_first and len(bias.shape) == 1:
        bias = ops.reshape(bias, (1, -1, *[1] * (rank - 2)))
    elif has_channels_first:
        bias = ops.transpose(bias, (rank - 2, *range(rank - 2)))
    return ops.add(x, bias)


def in_top_k(predictions, targets, k):
    """Whether each target is among the k highest predictions."""
    return ops.in_top_k(targets, predictions, k)


def binary_crossentropy(target, output, from_logits=False):
    """`-(t log p + (1 - t) log(1 - p))` for each element."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-sum(t log p)` along an axis."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1, ignore_class=None):
    """`-log p[t]` along an axis; rows of the class to ignore give 0."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis, ignore_class=ignore_class)


def binary_focal_crossentropy(target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False):
    """Crossentropy of each element, less for what is predicted well (Lin et al., 2018)."""
    output = ops.convert_to_tensor(output)
    target = ops.cast(target, output.dtype)
    p = ops.sigmoid(output) if from_logits else output
    right = target * p + (1 - target) * (1 - p)
    loss = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(target, p)
    return loss * (target * alpha + (1 - target) * (1 - alpha)) if apply_class_balancing else loss


def categorical_focal_crossentropy(target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1):
    """Crossentropy along an axis, less for what is predicted well (Lin et al., 2018)."""
    return losses.categorical_focal_crossentropy(target, output, alpha=alpha, gamma=gamma, from_logits=from_logits, axis=axis)


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution along one axis; `padding` may be "causal"."""
    kernel = ops.convert_to_tensor(kernel)
    if padding == "causal":
        left = (kernel.shape[0] - 1) * dilation_rate
        is_first = (data_format or image_data_format()) == "channels_first"
        x = ops.pad(x, [(0, 0), (0, 0), (left, 0)] if is_first else [(0, 0), (left, 0), (0, 0)])
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of images."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    """Convolution of volumes."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """The convolution of images turned round. `output_shape` (batch, ...) says which of the possible sizes is meant."""
    data_format = data_format or image_data_format()
    kernel = ops.convert_to_tensor(kernel)
    first = 2 if data_format == "channels_first" else 1
    extra = []
    for axis in range(2):
        size, wanted = ops.shape(x)[first + axis], output_shape[first + axis]
        reach = (kernel.shape[axis] - 1) * dilation_rate[axis] + 1
        before = reach // 2 if padding == "same" else 0
        extra.append(wanted - ((size - 1) * strides[axis] + reach - 2 * before))
    return ops.conv_transpose(x, kernel, strides, padding, tuple(extra), data_format, dilation_rate)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of each channel by itself."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of each channel by itself, then of the channels at each place."""
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def _pool(x, pool_size, strides, padding, data_format, pool_mode):
    kinds = {"max": ops.max_pool, "avg": ops.average_pool}
    if pool_mode not in kinds:
        raise ValueError(f"Invalid pooling mode: it must be 'max' or 'avg'. Received: pool_mode={pool_mode}")
    return kinds[pool_mode](x, pool_size, strides, padding, data_format)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest element or the mean of each window of images."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest element or the mean of each window of volumes."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """The loss of connectionist temporal classification for each row, `(batch, 1)`; the last class is the blank."""
    y_pred = ops.convert_to_tensor(y_pred)
    lengths = [ops.cast(ops.reshape(each, (-1,)), "int32") for each in (label_length, input_length)]
    logits = ops.log(y_pred + 1e-7)
    return ops.expand_dims(ops.ctc_loss(ops.cast(y_true, "int32"), logits, *lengths, mask_index=y_pred.shape[-1] - 1), 1)


def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1):
    """The most likely sequences of labels and their scores; the last class is the blank."""
    y_pred = ops.convert_to_tensor(y_pred)
    strategy = "greedy" if greedy else "beam_search"
    paths, scores = ops.ctc_decode(
        ops.log(y_pred + 1e-7),
        ops.cast(input_length, "int32"),
        strategy=strategy,
        beam_width=beam_width,
        top_paths=top_paths,
        mask_index=y_pred.shape[-1] - 1,
    )
    return [paths[i] for i in range(paths.shape[0])], scores
