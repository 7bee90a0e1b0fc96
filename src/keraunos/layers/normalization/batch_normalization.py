"""BatchNormalization layer."""

from keraunos import config as settings
from keraunos import constraints, initializers, ops, regularizers
from keraunos.dtypes import result_type
from keraunos.layers.arguments import check_axes_in_shape
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.layers.normalization.batch_renormalization import BatchRenormalization, checked_clipping
from keraunos.ops.nn.normalization import batch_normalization_in_training


class BatchNormalization(BatchRenormalization, Layer):
    """Shifts and scales each feature to mean 0 and variance 1 over the batch (Ioffe and Szegedy, 2015).

    While training the batch's own mean and variance are used, and moving averages of them are kept; otherwise those
    averages are used: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`.

    Args:
        axis: The axis of the features.
        momentum: Part of the moving averages that is kept at each step, between 0 and 1.
        epsilon: Positive number that keeps the division finite.
        center: Whether there is a `beta`.
        scale: Whether there is a `gamma`.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: Initializers.
        beta_regularizer, gamma_regularizer: Penalties.
        beta_constraint, gamma_constraint: Projections after each update.
        renorm: Whether the batch's statistics are corrected towards running ones while training (Ioffe, 2017).
        renorm_clipping: Limits of the correction: a dictionary with any of `rmin`, `rmax` and `dmax`.
        renorm_momentum: Part of the running statistics of `renorm` that is kept at each step.
        synchronized: Not offered: must be left alone.

    Call arguments:
        inputs: Tensor.
        training: Whether the batch's own statistics are used. A layer with `trainable=False` never does.
        mask: Boolean tensor of the inputs' shape without the last axis; false entries do not count.

    Raises:
        ValueError: for a momentum or epsilon out of range and an axis that the inputs do not have.

    Example:

    >>> y = keraunos.layers.BatchNormalization()(keraunos.ops.arange(6.0).reshape((3, 2)), training=True)
    >>> abs(float(keraunos.ops.mean(y))) < 1e-6
    True
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # Older files hold the axis as a list of one.
        if isinstance(axis, (list, tuple)) and len(axis) == 1:
            axis = axis[0]
        self.axis = int(axis)
        if synchronized:
            raise ValueError("Argument synchronized=True is only supported with the TensorFlow backend.")
        if not 0 <= float(momentum) <= 1:
            raise ValueError(f"BatchNormalization: `momentum` must be between 0 and 1. Received: momentum={momentum}")
        if not float(epsilon) > 0:
            raise ValueError(f"BatchNormalization: `epsilon` must be positive. Received: epsilon={epsilon}")
        self.synchronized = synchronized
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm = renorm
        self.renorm_clipping = checked_clipping(renorm_clipping) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.supports_masking = True
        self.gamma = None
        self.beta = None
        self.moving_mean = None
        self.moving_variance = None
        self._reduction_axes = None

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"BatchNormalization: `axis` must be an axis of the inputs, which have rank {rank}. "
                f"Received: axis={self.axis}, input_shape={input_shape}"
            )
        size = input_shape[self.axis]
        if self.scale:
            self.gamma = self._add_feature_weight(
                "gamma", size, self.gamma_initializer, True, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center:
            self.beta = self._add_feature_weight(
                "beta", size, self.beta_initializer, True, self.beta_regularizer, self.beta_constraint
            )
        self.moving_mean = self._add_feature_weight("moving_mean", size, self.moving_mean_initializer, False)
        self.moving_variance = self._add_feature_weight(
            "moving_variance", size, self.moving_variance_initializer, False
        )
        if self.renorm:
            self._build_renorm(size)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})
        self._reduction_axes = [axis for axis in range(rank) if axis != self.axis % rank]

    def _add_feature_weight(self, name, size, initializer, trainable, regularizer=None, constraint=None):
        return self.add_weight(
            shape=(size,),
            name=name,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
            trainable=trainable,
            autocast=False,
        )

    def call(self, inputs, training=None, mask=None):
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                "The mask provided should be one dimension less than the inputs. "
                f"Received: mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        # Statistics are never computed in half precision.
        dtype = result_type(inputs.dtype, "float32")
        inputs = ops.cast(inputs, dtype)
        gamma = None if self.gamma is None else ops.cast(self.gamma, dtype)
        beta = None if self.beta is None else ops.cast(self.beta, dtype)
        is_training = training and self.trainable
        if is_training and mask is None and not self.renorm:
            outputs, mean, variance = batch_normalization_in_training(inputs, self.axis, beta, gamma, self.epsilon)
            self._update(self.moving_mean, mean, None, self.momentum)
            self._update(self.moving_variance, variance, None, self.momentum)
            return ops.cast(outputs, self.compute_dtype)
        if is_training:
            mean, variance, has_data = self._moments(inputs, mask)
            if self.renorm:
                gamma, beta = self._renormed_transform(mean, variance, gamma, beta)
                self._update_renorm(mean, variance, has_data)
            else:
                self._update(self.moving_mean, mean, has_data, self.momentum)
                self._update(self.moving_variance, variance, has_data, self.momentum)
        else:
            mean = ops.cast(self.moving_mean, dtype)
            variance = ops.cast(self.moving_variance, dtype)
        outputs = ops.batch_normalization(
            x=inputs, mean=mean, variance=variance, axis=self.axis, offset=beta, scale=gamma, epsilon=self.epsilon
        )
        return ops.cast(outputs, self.compute_dtype)

    def _update(self, variable, batch, has_data, momentum):
        """Moves an average towards the batch's value, where there is one. Returns the new average."""
        moving = ops.cast(variable, batch.dtype)
        new = moving * momentum + batch * (1.0 - momentum)
        new = new if has_data is None else ops.where(has_data, new, moving)
        variable.assign(new)
        return new

    def _moments(self, inputs, mask):
        """Mean and variance over all but the feature axis, in two passes; and whether there was any unmasked entry."""
        axes = self._reduction_axes
        if mask is None:
            mean = ops.mean(inputs, axis=axes, keepdims=True)
            variance = ops.mean(ops.square(inputs - mean), axis=axes)
            return ops.squeeze(mean, axis=axes), variance, None
        mask = ops.cast(ops.broadcast_to(ops.expand_dims(mask, axis=-1), ops.shape(inputs)), "bool")
        count = ops.sum(ops.cast(mask, inputs.dtype), axis=axes, keepdims=True)
        divisor = count + settings.epsilon()
        mean = ops.sum(ops.where(mask, inputs, ops.zeros_like(inputs)), axis=axes, keepdims=True) / divisor
        difference = ops.where(mask, inputs - mean, ops.zeros_like(inputs))
        variance = ops.sum(ops.square(difference), axis=axes, keepdims=True) / divisor
        return ops.squeeze(mean, axis=axes), ops.squeeze(variance, axis=axes), ops.any(count > 0)

    def compute_output_shape(self, input_shape):
        check_axes_in_shape(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }
