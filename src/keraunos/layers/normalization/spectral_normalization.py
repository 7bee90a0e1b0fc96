"""SpectralNormalization wrapper."""

from keraunos import initializers, ops
from keraunos.layers.core.wrapper import Wrapper
from keraunos.layers.input_spec import InputSpec


class SpectralNormalization(Wrapper):
    """While training, divides the wrapped layer's kernel by its largest singular value (Miyato et al., 2018).

    Args:
        layer: Layer with a `kernel` or `embeddings`.
        power_iterations: Number of steps of the power iteration per call.

    Raises:
        ValueError: if `power_iterations` is not positive, or the layer has no kernel.

    Example:

    >>> layer = keraunos.layers.SpectralNormalization(keraunos.layers.Dense(3))
    >>> layer(keraunos.ops.ones((2, 4)), training=True).shape
    (2, 3)
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                f"`power_iterations` should be greater than zero. Received: `power_iterations={power_iterations}`"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        if hasattr(self.layer, "kernel"):
            self.kernel = self.layer.kernel
        elif hasattr(self.layer, "embeddings"):
            self.kernel = self.layer.embeddings
        else:
            raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'")
        self.kernel_shape = self.kernel.shape
        self.vector_u = self.add_weight(
            shape=(1, self.kernel_shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=self.kernel.dtype,
        )

    def call(self, inputs, training=False):
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            # The new content counts as the variable, as after any assignment: no gradient goes on to the old one.
            self.kernel.assign(ops.stop_gradient(kernel))
        return ops.cast(self.layer(inputs), inputs.dtype)

    def normalized_weights(self):
        """Returns what `vector_u` and the kernel become: the kernel divided by its largest singular value."""
        weights = ops.reshape(self.kernel, (-1, self.kernel_shape[-1]))
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(weights)), axis=None)
            u = ops.normalize(ops.matmul(v, weights), axis=None)
        sigma = ops.matmul(ops.matmul(v, weights), ops.transpose(u))
        # A kernel of zeros has no direction: it stays as it is.
        is_zero = ops.all(ops.equal(weights, 0))
        kernel = ops.reshape(weights / ops.where(is_zero, ops.ones_like(sigma), sigma), self.kernel_shape)
        u = ops.where(is_zero, self.vector_u.value, u)
        return ops.cast(u, self.vector_u.dtype), ops.cast(kernel, self.kernel.dtype)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
