"""Dense layer."""

from keraunos import activations, constraints, initializers, ops, regularizers
from keraunos.layers.arguments import as_positive_integer
from keraunos.layers.core.quantization.quantized_dense import QuantizedDense
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer


class Dense(QuantizedDense, Layer):
    """`activation(inputs @ kernel + bias)`.

    Args:
        units: Size of the last axis of the outputs.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the kernel, `(inputs' last size, units)`.
        bias_initializer: Initializer of the bias, `(units,)`.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        kernel_constraint: Projection of the kernel after each update.
        bias_constraint: Projection of the bias after each update.
        lora_rank, lora_alpha: See `enable_lora`.
        quantization_config: A `keraunos.quantizers.QuantizationConfig`, for a quantized `dtype`. See `quantize`.

    Shapes: `(batch, ..., n)` to `(batch, ..., units)`.

    Raises:
        ValueError: if `units` is not a positive integer.

    Example:

    >>> keraunos.layers.Dense(4, activation="relu")(keraunos.ops.ones((2, 3))).shape
    (2, 4)
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        if as_positive_integer(units) is None:
            raise ValueError(
                f"Received an invalid value for `units`, expected a positive integer. Received: units={units!r:.100}"
            )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = as_positive_integer(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._take_lora_arguments(lora_rank, lora_alpha)
        self.quantization_config = quantization_config
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        kernel_shape = (input_shape[-1], self.units)
        if self._build_quantized(kernel_shape):
            self._kernel = self.add_weight(
                name="kernel",
                shape=kernel_shape,
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def call(self, inputs, training=None):
        return self._finish(ops.matmul(inputs, self.kernel))

    def quantize(self, mode=None, type_check=True, config=None):
        self._quantize_matrix(Dense, mode, type_check, config)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            **self._quantization_entries(),
            **self._lora_config(),
        }
