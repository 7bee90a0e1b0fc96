"""The letters of an einsum equation, and how a scale moves between the axes of its tensors."""

import string

from keraunos import ops


class EinsumLabels:
    """The letters of inputs, kernel and outputs, with letters in place of `...`.

    Args:
        inputs, kernel, outputs: Letters of the equation without `...`.
        elided: Number of axes that `...` stands for.
        is_left_elided: Whether `...` stands on the left.
    """

    def __init__(self, inputs, kernel, outputs, elided, is_left_elided):
        free = sorted(set(string.ascii_letters) - set(inputs + kernel + outputs))
        more = "".join(free[:elided])
        self.inputs = more + inputs if is_left_elided else inputs + more
        self.outputs = more + outputs if is_left_elided else outputs + more
        self.kernel = kernel

    @property
    def inputs_gradient_equation(self):
        """The equation of the gradient with respect to the inputs."""
        return f"{self.outputs},{self.kernel}->{self.inputs}"

    def summed_axes(self, letters):
        """The axes of a tensor with these letters that the outputs do not have."""
        return tuple(axis for axis, letter in enumerate(letters) if letter not in self.outputs)

    def to_outputs(self, scale, letters):
        """A scale of size 1 along the summed axes of `letters`, moved to stand beside the outputs."""
        scale = ops.squeeze(scale, axis=self.summed_axes(letters))
        kept = [letter for letter in letters if letter in self.outputs]
        scale = ops.transpose(scale, [kept.index(letter) for letter in self.outputs if letter in kept])
        return ops.expand_dims(scale, [axis for axis, letter in enumerate(self.outputs) if letter not in kept])

    def from_outputs(self, scale, letters):
        """Undoes `to_outputs`."""
        scale = ops.squeeze(scale, axis=[axis for axis, letter in enumerate(self.outputs) if letter not in letters])
        kept = [letter for letter in self.outputs if letter in letters]
        scale = ops.transpose(scale, [kept.index(letter) for letter in letters if letter in kept])
        return ops.expand_dims(scale, self.summed_axes(letters))

    def outputs_shape_of(self, shape, letters):
        """The shape that `to_outputs` gives for a tensor of this shape."""
        sizes = dict(zip(letters, shape))
        return tuple(sizes.get(letter, 1) for letter in self.outputs)
