"""What a layer demands of its inputs."""

from keraunos import tree
from keraunos.dtypes import standardize_dtype
from keraunos.tensor import standardize_shape


class InputSpec:
    """Rank, dtype and sizes that one input of a layer must have.

    Args:
        dtype: Required dtype, or `None` for any.
        shape: Required shape with `None` for unknown sizes, or `None` for any.
        ndim: Required rank.
        max_ndim: Largest allowed rank.
        min_ndim: Smallest allowed rank.
        axes: Dictionary from axis to the size it must have.
        allow_last_axis_squeeze: If true a last axis of size 1 may be missing or extra.
        name: Key of this input when the inputs come as a dictionary.
        optional: If true `None` is accepted in place of a tensor.

    Example:

    >>> class Scale(keraunos.layers.Layer):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.input_spec = keraunos.layers.InputSpec(ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = ndim if shape is None else len(shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        try:
            self.axes = {int(axis): axes[axis] for axis in axes or {}}
        except (ValueError, TypeError):
            raise TypeError(f"Argument `axes` must be a dict with integer keys. Received: axes={axes}") from None
        if self.axes and (self.ndim is not None or self.max_ndim is not None):
            largest = (self.ndim or self.max_ndim) - 1
            if max(self.axes) > largest:
                raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {largest}")

    def __repr__(self):
        shown = {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
        }
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in shown.items() if value)})"

    def get_config(self):
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def assert_input_compatibility(input_spec, inputs, layer_name):
    """Checks `inputs` against one `InputSpec` or a structure of them.

    Raises:
        ValueError: naming the layer, the input, what was expected and what came.
    """
    if not input_spec:
        return
    specs = tree.flatten(input_spec)
    if isinstance(inputs, dict):
        inputs = _in_order_of_names(specs, inputs)
    inputs = tree.flatten(inputs)
    if len(inputs) != len(specs):
        _raise_wrong_count(specs, inputs, layer_name)
    for index, (x, spec) in enumerate(zip(inputs, specs)):
        if spec is None or (x is None and spec.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(
                f"Inputs to a layer should be tensors. Got '{x}' (of type {type(x)}) as input for layer '{layer_name}'."
            )
        complaint = _complaint(spec, x)
        if complaint:
            raise ValueError(
                f"Input {index} with name '{spec.name}' of layer '{layer_name}' is incompatible with the layer: "
                f"{complaint}"
            )


def _in_order_of_names(specs, inputs):
    names = [spec.name for spec in specs if spec is not None]
    if len(names) < len(specs) or not all(names):
        return inputs
    for name in names:
        if name not in inputs:
            raise ValueError(
                f'Missing data for input "{name}". You passed a data dictionary with keys {list(inputs.keys())}. '
                f"Expected the following keys: {names}"
            )
    return [inputs[name] for name in names]


def _raise_wrong_count(specs, inputs, layer_name):
    names = [spec.name for spec in specs if spec is not None]
    if len(names) == len(specs) and all(names):
        example = ", ".join(f"'{name}': ..." for name in names)
        raise ValueError(
            f'Layer "{layer_name}" expects {len(specs)} named input(s) with keys {names}, but it received '
            f"{len(inputs)} input tensors. Pass inputs as a dict, e.g. `layer({{{example}}})`."
        )
    received = [f"<shape={tuple(x.shape)}, dtype={x.dtype}>" if hasattr(x, "shape") else repr(x) for x in inputs]
    raise ValueError(
        f'Layer "{layer_name}" expects {len(specs)} input(s), but it received {len(inputs)} input tensors. '
        f"Inputs received: [{', '.join(received)}]"
    )


def _complaint(spec, x):
    shape = standardize_shape(x.shape)
    ndim = len(shape)
    if spec.ndim is not None and not spec.allow_last_axis_squeeze and ndim != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={ndim}. Full shape received: {shape}"
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={ndim}"
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={ndim}. Full shape received: {shape}"
    if spec.dtype is not None:
        dtype = standardize_dtype(x.dtype)
        if dtype != spec.dtype:
            return f"expected dtype={spec.dtype}, found dtype={dtype}"
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            return f"expected axis {axis} of input shape to have value {size}, but received input with shape {shape}"
    if spec.shape is not None and not _shapes_agree(spec, shape):
        return f"expected shape={spec.shape}, found shape={shape}"
    return None


def _shapes_agree(spec, shape):
    wanted = spec.shape
    if spec.allow_last_axis_squeeze:
        shape = shape[:-1] if shape and shape[-1] == 1 else shape
        wanted = wanted[:-1] if wanted and wanted[-1] == 1 else wanted
    return all(want is None or size is None or want == size for want, size in zip(wanted, shape))
