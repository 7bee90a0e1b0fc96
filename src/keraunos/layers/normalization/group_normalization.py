"""GroupNormalization layer."""

from keraunos import constraints, initializers, ops, regularizers
from keraunos.dtypes import result_type
from keraunos.layers.arguments import check_axes_in_shape
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer


class GroupNormalization(Layer):
    """Shifts and scales groups of channels of each sample to mean 0 and variance 1 (Wu and He, 2018).

    Args:
        groups: Number of groups, a divisor of the number of channels; -1 for one group per channel.
        axis: The axis of the channels.
        epsilon: Number that keeps the division finite.
        center: Whether there is a `beta`.
        scale: Whether there is a `gamma`.
        beta_initializer, gamma_initializer: Initializers.
        beta_regularizer, gamma_regularizer: Penalties.
        beta_constraint, gamma_constraint: Projections after each update.

    Raises:
        ValueError: for a number of groups that does not fit.

    Example:

    >>> keraunos.layers.GroupNormalization(groups=2)(keraunos.ops.ones((2, 3, 4))).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance "
                f"normalization). Received: groups={groups}"
            )
        super().__init__(**kwargs)
        self.supports_masking = True
        self.autocast = False
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape):
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input "
                f"with shape {input_shape}."
            )
        if self.groups == -1:
            self.groups = size
        if size < self.groups:
            raise ValueError(f"Number of groups ({self.groups}) cannot be more than the number of channels ({size}).")
        if size % self.groups != 0:
            raise ValueError(f"Number of groups ({self.groups}) must be a multiple of the number of channels ({size}).")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape=(size,),
                name="gamma",
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
            )
        if self.center:
            self.beta = self.add_weight(
                shape=(size,),
                name="beta",
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
            )
        super().build(input_shape)

    def call(self, inputs):
        channels = self.axis % len(inputs.shape)
        shape = ops.shape(inputs)
        size = inputs.shape[channels] // self.groups
        grouped_shape = (*shape[:channels], self.groups, size, *shape[channels + 1 :])
        dtype = result_type(inputs.dtype, "float32")
        x = ops.cast(ops.reshape(inputs, grouped_shape), dtype)
        # Everything but the batch and the groups.
        axes = [axis for axis in range(1, len(grouped_shape)) if axis != channels]
        mean, variance = ops.moments(x, axes=axes, keepdims=True)
        scale = ops.rsqrt(variance + self.epsilon)
        per_channel = [1] * len(grouped_shape)
        per_channel[channels : channels + 2] = [self.groups, size]
        if self.gamma is not None:
            scale = scale * ops.cast(ops.reshape(self.gamma, per_channel), dtype)
        outputs = (x - mean) * scale
        if self.beta is not None:
            outputs = outputs + ops.cast(ops.reshape(self.beta, per_channel), dtype)
        return ops.cast(ops.reshape(outputs, shape), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        check_axes_in_shape(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "groups": self.groups,
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
