"""Calls of TensorFlow functions that stand in the graphs of tf.keras as layers (`TFOpLambda`, `SlicingOpLambda`).

Each becomes calls of `keraunos.ops`. The functions below have the parameters of TensorFlow's, by their names.
"""

from keraunos import ops
from keraunos.errors import ModelConfigError, shorten
from keraunos.ops.operation import Operation

_CLASSES = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "TensorFlowOpLayer")


def is_tensorflow_call(config):
    """True for the config of such a layer."""
    return config.get("class_name") in _CLASSES


class TensorFlowCall(Operation):
    """Stands for such a layer while a graph is read. The graph itself then holds the ops that were called."""

    def __init__(self, config):
        super().__init__(name=config.get("name"))
        function = str(config.get("function", ""))
        self._function = _find(function.removeprefix("tf."))
        if self._function is None:
            raise ModelConfigError(
                f"Layer '{shorten(config.get('name'), 100)}' calls the TensorFlow function "
                f"'{shorten(function or config.get('node_def', '?'), 100)}', which keraunos does not know."
            )

    def __call__(self, *args, **kwargs):
        kwargs.pop("name", None)
        outputs = self._function(*args, **kwargs)
        self._inbound_nodes.append(_Outputs(outputs))
        return outputs


class _Outputs:
    """Looks like a node of a graph to those who ask for its outputs."""

    def __init__(self, outputs):
        self.output_tensors = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _find(name):
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    family, _, last = name.rpartition(".")
    if family in ("math", "nn", "keras.activations", "keras.backend", "linalg", "compat.v1.nn", "compat.v1.math"):
        return _FUNCTIONS.get(last)
    if family == "__operators__":
        return _OPERATORS.get(last)
    return None


def _slice(tensor, slice_spec, var=None):
    spec = slice_spec if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    return tensor[tuple(_slice_part(part) for part in spec)]


def _slice_part(part):
    if not isinstance(part, dict):
        return part
    if part.get("class_name") == "__ellipsis__":
        return Ellipsis
    return slice(part.get("start"), part.get("stop"), part.get("step"))


def _reduction(function):
    return lambda input_tensor, axis=None, keepdims=False: function(input_tensor, axis=axis, keepdims=bool(keepdims))


def _arg_reduction(function):
    return lambda input, axis=0, output_type="int64": ops.cast(function(input, axis=axis), str(output_type))


def _one(function):
    """A function of one tensor, whatever TensorFlow calls it."""
    return lambda x: function(x)


def _two(function):
    """A function of two tensors, whose order counts."""
    return lambda x, y: function(x, y)


def _squeeze(input, axis=None):
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    return ops.squeeze(input, axis=tuple(axis) if isinstance(axis, (list, tuple)) else axis)


def _matmul(a, b, transpose_a=False, transpose_b=False):
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(a, ops.swapaxes(b, -1, -2) if transpose_b else b)


def _split(value, num_or_size_splits, axis=0):
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    ends, total = [], 0
    for size in num_or_size_splits[:-1]:
        total += size
        ends.append(total)
    return ops.split(value, ends, axis=axis)


def _l2_normalize(x, axis=None, epsilon=1e-12):
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(total, epsilon))


def _where(condition, x=None, y=None):
    return ops.where(condition, x, y)


_OPERATORS = {
    "add": _two(ops.add),
    "radd": _two(ops.add),
    "sub": _two(ops.subtract),
    "rsub": _two(lambda x, y: ops.subtract(y, x)),
    "mul": _two(ops.multiply),
    "rmul": _two(ops.multiply),
    "truediv": _two(ops.true_divide),
    "rtruediv": _two(lambda x, y: ops.true_divide(y, x)),
    "floordiv": _two(ops.floor_divide),
    "pow": _two(ops.power),
    "mod": _two(ops.mod),
    "matmul": _two(ops.matmul),
    "neg": _one(ops.negative),
    "abs": _one(ops.abs),
    "eq": _two(ops.equal),
    "ne": _two(ops.not_equal),
    "lt": _two(ops.less),
    "le": _two(ops.less_equal),
    "gt": _two(ops.greater),
    "ge": _two(ops.greater_equal),
    "getitem": _slice,
}

_FUNCTIONS = {
    "add": _two(ops.add),
    "subtract": _two(ops.subtract),
    "multiply": _two(ops.multiply),
    "divide": _two(ops.true_divide),
    "truediv": _two(ops.true_divide),
    "floordiv": _two(ops.floor_divide),
    "floormod": _two(ops.mod),
    "pow": _two(ops.power),
    "maximum": _two(ops.maximum),
    "minimum": _two(ops.minimum),
    "squared_difference": _two(lambda x, y: ops.square(x - y)),
    "equal": _two(ops.equal),
    "not_equal": _two(ops.not_equal),
    "less": _two(ops.less),
    "less_equal": _two(ops.less_equal),
    "greater": _two(ops.greater),
    "greater_equal": _two(ops.greater_equal),
    "logical_and": _two(ops.logical_and),
    "logical_or": _two(ops.logical_or),
    "logical_not": _one(ops.logical_not),
    "abs": _one(ops.abs),
    "negative": _one(ops.negative),
    "square": _one(ops.square),
    "sqrt": _one(ops.sqrt),
    "rsqrt": _one(ops.rsqrt),
    "exp": _one(ops.exp),
    "log": _one(ops.log),
    "log1p": _one(ops.log1p),
    "sign": _one(ops.sign),
    "sin": _one(ops.sin),
    "cos": _one(ops.cos),
    "tanh": _one(ops.tanh),
    "sigmoid": _one(ops.sigmoid),
    "softplus": _one(ops.softplus),
    "floor": _one(ops.floor),
    "ceil": _one(ops.ceil),
    "round": _one(ops.round),
    "erf": _one(ops.erf),
    "identity": _one(lambda x: ops.cast(x, x.dtype)),
    "stop_gradient": _one(ops.stop_gradient),
    "relu": _one(ops.relu),
    "relu6": _one(ops.relu6),
    "elu": _one(ops.elu),
    "selu": _one(ops.selu),
    "silu": lambda features, beta=1.0: features * ops.sigmoid(features * beta),
    "swish": lambda features, beta=1.0: features * ops.sigmoid(features * beta),
    "gelu": lambda features, approximate=False: ops.gelu(features, approximate=bool(approximate)),
    "leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, negative_slope=alpha),
    "softmax": lambda logits, axis=-1: ops.softmax(logits, axis=-1 if axis is None else axis),
    "log_softmax": lambda logits, axis=-1: ops.log_softmax(logits, axis=-1 if axis is None else axis),
    "l2_normalize": _l2_normalize,
    "reduce_mean": _reduction(ops.mean),
    "reduce_sum": _reduction(ops.sum),
    "reduce_max": _reduction(ops.max),
    "reduce_min": _reduction(ops.min),
    "reduce_prod": _reduction(ops.prod),
    "reduce_std": _reduction(ops.std),
    "reduce_variance": _reduction(ops.var),
    "reduce_logsumexp": _reduction(ops.logsumexp),
    "argmax": _arg_reduction(ops.argmax),
    "argmin": _arg_reduction(ops.argmin),
    "cumsum": lambda x, axis=0: ops.cumsum(x, axis=axis),
    "concat": lambda values, axis: ops.concatenate(values, axis=axis),
    "stack": lambda values, axis=0: ops.stack(values, axis=axis),
    "unstack": lambda value, num=None, axis=0: ops.unstack(value, num=num, axis=axis),
    "split": _split,
    "reshape": lambda tensor, shape: ops.reshape(tensor, tuple(shape)),
    "transpose": lambda a, perm=None: ops.transpose(a, axes=perm),
    "expand_dims": lambda input, axis: ops.expand_dims(input, axis=axis),
    "squeeze": _squeeze,
    "cast": lambda x, dtype: ops.cast(x, str(dtype)),
    "tile": lambda input, multiples: ops.tile(input, tuple(multiples)),
    "pad": lambda tensor, paddings, mode="CONSTANT", constant_values=0: ops.pad(
        tensor, paddings, mode=mode.lower(), constant_values=constant_values if mode.lower() == "constant" else None
    ),
    "gather": lambda params, indices, axis=0, batch_dims=0: ops.take(params, indices, axis=axis),
    "one_hot": lambda indices, depth, axis=-1: ops.one_hot(indices, depth, axis=axis),
    "where": _where,
    "zeros_like": lambda input: ops.zeros_like(input),
    "ones_like": lambda input: ops.ones_like(input),
    "clip_by_value": lambda t, clip_value_min, clip_value_max: ops.clip(t, clip_value_min, clip_value_max),
    "matmul": _matmul,
    "convert_to_tensor": lambda value, dtype=None: value if dtype is None else ops.cast(value, str(dtype)),
}
