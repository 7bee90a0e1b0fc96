"""Bidirectional wrapper."""

import copy

from keraunos import ops, serialization
from keraunos.layers.layer import Layer

_MERGE_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Layer):
    """Runs two recurrent layers over a sequence, one of them backwards, and merges their outputs.

    The layers are made anew from the configuration of `layer`; they do not share its weights.

    Args:
        layer: A recurrent layer, or any layer on sequences with `go_backwards`, `return_sequences` and `return_state`.
        merge_mode: `"sum"`, `"mul"`, `"ave"`, `"concat"`, or `None` for both outputs apart.
        weights: Initial weights, those of the forward layer first.
        backward_layer: The layer that runs backwards, where it is not to be a copy of `layer`.

    Call arguments:
        sequences: Tensor `(batch, time, ...)`.
        initial_state: List of the states to begin with, those of the forward layer first.
        mask: Boolean tensor `(batch, time)`. Masked steps give zeros where whole sequences are returned.
        training: Handed to the layers.

    Shapes: those of `layer`, with twice the features for `"concat"`; with `return_state` the states of both follow.

    Raises:
        ValueError: for layers that do not fit together, and an unknown `merge_mode`.

    Example:

    >>> layer = keraunos.layers.Bidirectional(keraunos.layers.LSTM(4))
    >>> layer(keraunos.ops.ones((2, 5, 3))).shape
    (2, 8)
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Please initialize `Bidirectional` layer with a `keras.layers.Layer` instance. Received: {layer}"
            )
        if backward_layer is not None and not isinstance(backward_layer, Layer):
            raise ValueError(
                f"`backward_layer` need to be a `keras.layers.Layer` instance. Received: {backward_layer}"
            )
        if merge_mode not in _MERGE_MODES:
            raise ValueError(
                f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one of "
                '{"sum", "mul", "ave", "concat", None}'
            )
        super().__init__(**kwargs)
        self.forward_layer = _copy_of(layer, "forward_")
        self.backward_layer = _copy_of(layer, "backward_", go_backwards=True) if backward_layer is None else backward_layer
        if hasattr(layer, "use_cudnn"):  # not part of configurations
            self.forward_layer.use_cudnn = self.backward_layer.use_cudnn = layer.use_cudnn
        self._check_layers()
        for inner in (self.forward_layer, self.backward_layer):
            if getattr(inner, "zero_output_for_mask", None) is not None:
                inner.zero_output_for_mask = inner.return_sequences
        self.merge_mode = merge_mode
        if weights:
            half = len(weights) // 2
            self.forward_layer.__dict__["_initial_weights"] = weights[:half]
            self.backward_layer.__dict__["_initial_weights"] = weights[half:]
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def _check_layers(self):
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Forward layer and backward layer should have different `go_backwards` value. Received: "
                f"forward_layer.go_backwards {forward.go_backwards}, "
                f"backward_layer.go_backwards={backward.go_backwards}"
            )
        for name in ("stateful", "return_sequences", "return_state"):
            ours, theirs = getattr(forward, name), getattr(backward, name)
            if ours != theirs:
                raise ValueError(
                    f'Forward layer and backward layer are expected to have the same value for attribute "{name}", '
                    f'got "{ours}" for forward layer and "{theirs}" for backward layer'
                )

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        output = self.forward_layer.compute_output_shape(sequences_shape)
        states = ()
        if self.return_state:
            output, states = output[0], tuple(output[1:])
        output = tuple(output)
        if self.merge_mode == "concat":
            output = (*output[:-1], 2 * output[-1])
        if self.merge_mode is None:
            return (output, output, *states, *states)
        return (output, *states, *states) if self.return_state else output

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        kwargs = {}
        if self.forward_layer._call_has_training_arg:
            kwargs["training"] = training
        if self.forward_layer._call_has_mask_arg:
            kwargs["mask"] = mask
        forward_state = backward_state = None
        if initial_state is not None:
            half = len(initial_state) // 2
            forward_state, backward_state = initial_state[:half], initial_state[half:]
        forward = self.forward_layer(sequences, initial_state=forward_state, **kwargs)
        backward = self.backward_layer(sequences, initial_state=backward_state, **kwargs)
        states = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        forward = ops.cast(forward, self.compute_dtype)
        backward = ops.cast(backward, self.compute_dtype)
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        if self.merge_mode is None:
            return (forward, backward, *states)
        merged = self._merge(forward, backward)
        return (merged, *states) if self.return_state else merged

    def _merge(self, forward, backward):
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "mul":
            return forward * backward
        total = forward + backward
        return total / 2 if self.merge_mode == "ave" else total

    def compute_mask(self, _, mask):
        mask = mask[0] if isinstance(mask, list) else mask
        mask = mask if self.return_sequences else None
        outputs = (mask, mask) if self.merge_mode is None else (mask,)
        if self.return_state:
            return (*outputs, *(None for _ in range(2 * len(self.forward_layer.state_size))))
        return outputs if self.merge_mode is None else mask

    @property
    def states(self):
        """The states of both layers, or `None` while there are none."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return tuple(forward + backward) if forward and backward else None

    def reset_states(self):
        """The same as `reset_state`."""
        self.reset_state()

    def reset_state(self):
        """Sets the states of both layers to zero.

        Raises:
            AttributeError: for a layer that is not stateful.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def get_config(self):
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialization.serialize_keras_object(self.forward_layer),
            "backward_layer": serialization.serialize_keras_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for name in ("layer", "backward_layer"):
            if config.get(name) is not None:
                config[name] = serialization.deserialize_keras_object(
                    copy.deepcopy(config[name]), custom_objects=custom_objects
                )
        return cls(**config)


def _copy_of(layer, prefix, **changes):
    """A layer of the same configuration, with the prefix before its name."""
    config = serialization.serialize_keras_object(layer)
    name = layer.name if layer.name.startswith(prefix) else prefix + layer.name
    config["config"].update(name=name, **changes)
    return serialization.deserialize_keras_object(config)
