"""Weights of one layer as older versions of Keras stored them, brought into the order and shapes of Keras 3.

What Keras 1 and the fused layers of cuDNN stored, and how it is turned, stands in section 11 of the description of
the formats (docs/formats.md) and is told here layer by layer, by class name: a layer that is not there yet needs
nothing here when it comes.
"""

import numpy as np

from keraunos.errors import ModelFormatError

SEEDS = "seed_generators"

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_CONV_LSTM = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def legacy_weights(layer):
    """The weights of a layer in the order of the `.h5` layout: the trainable ones first, however deep they lie."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def top_level_weights(model):
    """The weights that belong to the model itself and to none of its layers."""
    return [*model._trainable_variables, *model._non_trainable_variables]


def seed_states(model):
    """The states of all random generators of a model. Keras passes over the group `SEEDS` that holds them."""
    generators = [generator for layer in model._flatten_layers() for generator in layer._seed_generators]
    return list({id(generator): generator.state for generator in generators}.values())


class WeightsOfVersion:
    """Converts the stored weights of layers.

    Args:
        keras_version: Text of the file's version, or `None` for files before there was one.
        backend: The backend that wrote the file, or `None`.
    """

    def __init__(self, keras_version, backend):
        self._is_keras_1 = keras_version is None or keras_version.startswith("1")
        self._is_keras_3 = keras_version is not None and keras_version[0].isdecimal() and keras_version[0] > "2"
        self._is_flipped = backend == "theano" and not self._is_keras_3

    def convert(self, layer, values):
        """The values for `legacy_weights(layer)`, as far as they can be told; a wrong count is left to the caller."""
        if self._is_keras_3 or not values:
            return values
        kind = type(layer).__name__
        if kind == "Bidirectional":
            return self._bidirectional(layer, values)
        if kind == "TimeDistributed":
            return self.convert(layer.layer, values)
        if hasattr(layer, "layers"):
            return self._nested(layer, values)
        try:
            if self._is_keras_1:
                values = _from_keras_1(layer, kind, values)
            if self._is_flipped and kind in _CONVOLUTIONS + _CONV_LSTM:
                kernels = 2 if kind in _CONV_LSTM else 1
                values = [_flipped(value) if index < kernels else value for index, value in enumerate(values)]
            return _from_cudnn(layer, kind, values)
        except (ValueError, IndexError) as error:
            if isinstance(error, ModelFormatError):
                raise
            raise ModelFormatError(f"The weights of layer '{layer.name}' of class {kind} cannot be read: {error}") from None

    def _bidirectional(self, layer, values):
        half = len(values) // 2
        forward = self.convert(layer.forward_layer, values[:half])
        return [*forward, *self.convert(layer.backward_layer, values[half:])]

    def _nested(self, model, values):
        """All trainable weights of all layers stand before all others."""
        trainable = list(values)
        others = []
        result = ([], [])
        counts = [(len(layer.trainable_weights), len(layer.non_trainable_weights)) for layer in model.layers]
        if not self._is_keras_1 or sum(map(sum, counts)) == len(values):
            split = sum(count for count, _ in counts)
            trainable, others = list(values[:split]), list(values[split:])
        for layer, (first, second) in zip(model.layers, counts):
            own = self.convert(layer, [*trainable[:first], *others[:second]])
            del trainable[:first], others[:second]
            result[0].extend(own[:first])
            result[1].extend(own[first:])
        return [*result[0], *result[1], *trainable, *others]


# ---------------------------------------------------------------------------------------------------------
# Keras 1


def _from_keras_1(layer, kind, values):
    is_channels_first = getattr(layer, "data_format", None) == "channels_first"
    kernel, rest = values[0], list(values[1:])
    if kind == "Conv1D" and kernel.ndim == 4:
        size, filters = layer.kernel_size[0], layer.filters
        if kernel.shape[:2] != (size, 1) or kernel.shape[3] != filters:
            kernel = np.transpose(kernel, (2, 3, 1, 0))
        return [kernel[:, 0, :, :], *rest]
    if kind == "Conv2D" and is_channels_first:
        return [np.transpose(kernel, (2, 3, 1, 0)), *rest]
    if kind == "Conv3D" and is_channels_first:
        return [np.transpose(kernel, (2, 3, 4, 1, 0)), *rest]
    if kind == "Conv2DTranspose":
        return [np.transpose(kernel, (2, 3, 0, 1) if is_channels_first else (0, 1, 3, 2)), *rest]
    if kind == "LSTM" and len(values) == 12:
        return _joined_gates(values, (0, 2, 1, 3))
    if kind == "GRU" and len(values) == 9:
        return _joined_gates(values, (0, 1, 2))
    if kind == "ConvLSTM2D" and len(values) == 12:
        joined = _joined_gates(values, (0, 2, 1, 3))
        if is_channels_first:
            joined[:2] = [np.transpose(value, (2, 3, 1, 0)) for value in joined[:2]]
        return joined
    return list(values)


def _joined_gates(values, order):
    """Three arrays for each gate (kernel, recurrent kernel, bias) become three arrays with the gates in `order`."""
    return [np.concatenate([values[3 * gate + part] for gate in order], axis=-1) for part in range(3)]


def _flipped(kernel):
    """Theano turns kernels around: all spatial axes are reversed."""
    return kernel[tuple([slice(None, None, -1)] * (kernel.ndim - 2))]


# ---------------------------------------------------------------------------------------------------------
# cuDNN


def _from_cudnn(layer, kind, values):
    gates = {"LSTM": 4, "GRU": 3}.get(kind)
    if gates is None or len(values) != 3 or values[1].ndim != 2:
        return values
    kernel, recurrent_kernel, bias = values
    units = recurrent_kernel.shape[0]
    if bias.shape != (2 * units * gates,):
        return values
    if kind == "GRU" and not layer.reset_after:
        raise ModelFormatError(f"Layer '{layer.name}' has weights of CuDNNGRU, which need `reset_after=True`.")
    kernel = _each_gate(kernel, gates, lambda block: block.T.reshape(block.shape, order="F"))
    recurrent_kernel = _each_gate(recurrent_kernel, gates, np.transpose)
    bias = bias.reshape(2, -1)
    return [kernel, recurrent_kernel, bias if kind == "GRU" else bias.sum(axis=0)]


def _each_gate(kernel, gates, function):
    return np.hstack([function(block) for block in np.hsplit(kernel, gates)])
