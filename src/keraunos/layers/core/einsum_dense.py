"""EinsumDense layer."""

import re

from keraunos import activations, constraints, initializers, ops, regularizers
from keraunos.initializers import VarianceScaling
from keraunos.layers.core.quantization.einsum_labels import EinsumLabels
from keraunos.layers.core.quantization.quantized_einsum import QuantizedEinsum
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer


class EinsumDense(QuantizedEinsum, Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: Such as `"ab,bc->ac"` or `"...x,xy->...y"`: inputs, kernel, outputs.
        output_shape: Shape of the outputs without the batch axis and the axes of `...`; `None` for sizes that are
            those of the inputs.
        activation: Activation function, its name, or `None` for none.
        bias_axes: The axes of the outputs, as letters of the equation, that the bias has; `None` for no bias.
        kernel_initializer, bias_initializer: Initializers.
        kernel_regularizer, bias_regularizer: Penalties.
        kernel_constraint, bias_constraint: Projections after each update.
        lora_rank, lora_alpha: See `enable_lora`.
        gptq_unpacked_column_size: Columns of a kernel of the mode GPTQ, as files of Keras have it.
        quantization_config: A `keraunos.quantizers.QuantizationConfig`, for a quantized `dtype`. See `quantize`.

    Raises:
        ValueError: for an equation that is not of these forms or does not fit the shapes.

    Example:

    >>> layer = keraunos.layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")
    >>> layer(keraunos.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._take_lora_arguments(lora_rank, lora_alpha)
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.quantization_config = quantization_config

    def build(self, input_shape):
        kernel_shape, bias_shape, _, kernel_axes = analyze_equation(
            self.equation, self.bias_axes, input_shape, self.partial_output_shape
        )
        self.input_spec = InputSpec(ndim=len(input_shape))
        if self._build_quantized(tuple(kernel_shape)):
            self._kernel = self.add_weight(
                name="kernel",
                shape=tuple(kernel_shape),
                initializer=_with_fans(self.kernel_initializer, *kernel_axes),
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
        self.bias = None
        if bias_shape is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=tuple(bias_shape),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def compute_output_shape(self, input_shape):
        return tuple(analyze_equation(self.equation, self.bias_axes, input_shape, self.partial_output_shape)[2])

    def call(self, inputs, training=None):
        return self._finish(ops.einsum(self.equation, inputs, self.kernel))

    def quantize(self, mode=None, type_check=True, config=None):
        self._quantize_matrix(EinsumDense, mode, type_check, config)

    def _einsum_labels(self):
        inputs, kernel, outputs, is_left_elided = _split(self.equation)
        return EinsumLabels(inputs, kernel, outputs, self.input_spec.ndim - len(inputs), is_left_elided)

    def get_config(self):
        return {
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            **self._quantization_entries(),
            **self._lora_config(),
        }


# `...` may stand on the left or on the right, or nowhere: "0" takes its place to keep the patterns readable.
_FORMS = (
    (re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"), False),
    (re.compile(r"0([a-zA-Z]+),([a-zA-Z]+)->0([a-zA-Z]+)"), True),
    (re.compile(r"([a-zA-Z]{2,})0,([a-zA-Z]+)->([a-zA-Z]+)0"), False),
)


def _split(equation):
    for pattern, is_left_elided in _FORMS:
        found = pattern.match(str(equation).replace("...", "0"))
        if found:
            return (*found.groups(), is_left_elided)
    raise ValueError(
        f"Invalid einsum equation '{equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], "
        "or [X]...,[Y]->[Z]...."
    )


def analyze_equation(equation, bias_axes, input_shape, output_shape):
    """Reads an equation for a shape of the inputs.

    Returns:
        The shapes of kernel, bias (or `None`) and outputs, and the axes of the kernel that are summed and those that
        stay.
    """
    inputs, kernel, outputs, is_left_elided = _split(equation)
    elided = len(input_shape) - len(inputs)
    output_shape = [input_shape[0], *output_shape]
    if is_left_elided:
        output_shape[1:1] = input_shape[1:elided]
    elif elided > 0:
        output_shape += input_shape[len(input_shape) - elided :]
    offset = elided if is_left_elided else 0
    input_axis = {letter: index + offset for index, letter in enumerate(inputs)}
    output_axis = {letter: index + offset for index, letter in enumerate(outputs)}
    _share_sizes(inputs, input_axis, output_axis, input_shape, output_shape)
    for letter in outputs:
        if letter not in inputs and letter not in kernel:
            raise ValueError(
                f"Dimension '{letter}' was specified in the output '{outputs}' but has no corresponding dim in the "
                f"input spec '{inputs}' or weight spec '{kernel}'"
            )
    kernel_shape, summed_axes, kept_axes = [], [], []
    for axis, letter in enumerate(kernel):
        if letter in output_axis:
            kernel_shape.append(output_shape[output_axis[letter]])
            kept_axes.append(axis)
        elif letter in input_axis:
            kernel_shape.append(input_shape[input_axis[letter]])
            summed_axes.append(axis)
        else:
            raise ValueError(
                f"Weight dimension '{letter}' did not have a match in either the input spec '{inputs}' or the output "
                f"spec '{outputs}'. For this layer, the weight must be fully specified."
            )
    bias_shape = None
    if bias_axes is not None:
        bias_shape = _bias_shape(bias_axes, outputs, output_axis, output_shape)
        if not is_left_elided:
            bias_shape += [1] * elided
    return kernel_shape, bias_shape, output_shape, (summed_axes, kept_axes)


def _with_fans(initializer, summed_axes, kept_axes):
    """Tells a variance scaling which axes of the kernel are inputs and outputs, unless it knows already."""
    if not isinstance(initializer, VarianceScaling):
        return initializer
    if initializer.input_axes is not None and initializer.output_axes is not None:
        return initializer
    config = {**initializer.get_config(), "seed": initializer.seed}
    return type(initializer).from_config({**config, "input_axes": summed_axes, "output_axes": kept_axes})


def _share_sizes(inputs, input_axis, output_axis, input_shape, output_shape):
    """Fills sizes of the outputs that are those of the inputs; raises where the two disagree."""
    for letter in inputs:
        if letter not in output_axis:
            continue
        input_size = input_shape[input_axis[letter]]
        output_size = output_shape[output_axis[letter]]
        if output_size is None:
            output_shape[output_axis[letter]] = input_size
        elif output_size != input_size:
            raise ValueError(
                f"Input shape and output shape do not match at shared dimension '{letter}'. Input shape is "
                f"{input_size}, and output shape is {output_size}."
            )


def _bias_shape(bias_axes, outputs, output_axis, output_shape):
    for letter in bias_axes:
        if letter not in outputs:
            raise ValueError(f"Bias dimension '{letter}' was requested, but is not part of the output spec '{outputs}'")
    first = min(outputs.find(letter) for letter in bias_axes)
    return [output_shape[output_axis[letter]] if letter in bias_axes else 1 for letter in outputs[first:]]
