"""Networks with channels first compute what those with channels last do, and transpose little more than their inputs."""

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers, ops, tracing

RANDOM = np.random.default_rng(5)
IMAGE = (8, 10, 3)
# They cost nothing, or are sizes.
VIEWS = {"reshape", "reshape_like", "expand_dims", "squeeze", "size_ratio"}


class Blocks:
    """Layers for one order of the axes."""

    def __init__(self, data_format):
        self.format = {"data_format": data_format}
        self.is_first = data_format == "channels_first"
        self.axis = 1 if self.is_first else -1
        self.input = keraunos.Input((IMAGE[2], *IMAGE[:2]) if self.is_first else IMAGE)

    def conv(self, x, filters=8, activation="relu", **options):
        return layers.Conv2D(filters, 3, padding="same", activation=activation, **options, **self.format)(x)

    def norm(self, x):
        return layers.ReLU()(layers.BatchNormalization(axis=self.axis)(x))

    def pool(self, x):
        return layers.MaxPooling2D(2, **self.format)(x)

    def mean(self, x):
        return layers.GlobalAveragePooling2D(**self.format)(x)


def plain(b):
    x = b.pool(b.conv(b.pool(b.conv(b.input))))
    return layers.Dense(3)(layers.Flatten(**b.format)(x))


def normalized(b):
    x = b.norm(b.conv(b.input, activation=None, use_bias=False))
    return layers.Dense(3)(b.mean(b.norm(b.conv(b.pool(x), activation=None))))


def residual(b):
    x = b.conv(b.input)
    for _ in range(2):
        x = layers.add([x, b.conv(b.norm(x), activation=None)])
    return layers.Dense(3)(b.mean(x))


def encoder_and_decoder(b):
    high = b.conv(b.input)
    low = b.conv(layers.AveragePooling2D(2, **b.format)(high))
    up = layers.Conv2DTranspose(8, 2, strides=2, activation="tanh", **b.format)(low)
    joined = layers.Concatenate(axis=b.axis)([high, up])
    return b.mean(layers.Conv2D(3, 1, **b.format)(joined))


def padded_and_cut(b):
    x = layers.Rescaling(0.5)(b.input)
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), **b.format)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="sigmoid", **b.format)(x)
    x = layers.Cropping2D(((0, 1), (1, 1)), **b.format)(x)
    return b.mean(layers.SeparableConv2D(6, 3, activation="gelu", **b.format)(x))


def with_scores_of_channels(b):
    x = layers.Softmax(axis=b.axis)(b.conv(b.input, activation="elu"))
    scale = layers.Dense(8, activation="sigmoid")(b.mean(x))
    scale = layers.Reshape((8, 1, 1) if b.is_first else (1, 1, 8))(scale)
    return b.mean(b.conv(layers.multiply([x, scale])))


def in_half_precision(b):
    with_policy = {"dtype": "mixed_float16", **b.format}
    x = layers.Conv2D(8, 3, activation="relu", **with_policy)(b.input)
    x = layers.BatchNormalization(axis=b.axis, dtype="mixed_float16")(x)
    return layers.Dense(3)(b.mean(layers.Conv2D(8, 3, **with_policy)(x)))


NETWORKS = {f.__name__: f for f in [plain, normalized, residual, encoder_and_decoder, padded_and_cut, with_scores_of_channels, in_half_precision]}
every_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def made(build, data_format):
    blocks = Blocks(data_format)
    return keraunos.Model(blocks.input, build(blocks))


def both_formats(build):
    first, last = made(build, "channels_first"), made(build, "channels_last")
    for a, b in zip(first.weights, last.weights, strict=True):
        values = RANDOM.normal(size=a.shape, scale=0.3)
        for weight in (a, b):
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return first, last


def images():
    x = RANDOM.normal(size=(4, *IMAGE)).astype("float32")
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)), x


def training_step(model):
    """Result, gradients and moving statistics of one step of training."""

    def step(x):
        with tracing.GradientTape() as tape:
            y = model._layer_by_layer_call(x, training=True)
            loss = ops.sum(ops.square(ops.cast(y, "float32")))
        return [y, *tape.gradient(loss, model.trainable_variables)]

    return step


def results_of(function, x, model):
    """What `function` gives and what it leaves in the model, whose state afterwards is the one before."""
    before = [np.array(v) for v in model.non_trainable_variables]
    results = [np.asarray(ops.cast(r, "float32")) for r in function(x)]
    results += [np.array(v) for v in model.non_trainable_variables]
    for variable, value in zip(model.non_trainable_variables, before, strict=True):
        variable.assign(value)
    return results


def tolerance(build):
    # Sums of some hundred products in another order; in half precision those are rounded to 11 bits.
    return 3e-2 if build is in_half_precision else 2e-4


def assert_close(found, expected, limit):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=limit, atol=limit * max(1.0, np.abs(b).max()))


@every_network
def test_predictions_agree_with_channels_last(build):
    first, last = both_formats(build)
    x_first, x_last = images()
    assert_close([first.predict(x_first, verbose=0)], [last.predict(x_last, verbose=0)], tolerance(build))


@every_network
def test_gradients_and_statistics_agree_with_channels_last(build):
    found, expected = (
        results_of(tracing.Function(training_step(model)), x, model) for model, x in zip(both_formats(build), images(), strict=True)
    )
    assert_close(found, expected, tolerance(build))


@every_network
def test_a_traced_training_step_agrees_with_the_eager_one(build):
    model, _ = both_formats(build)
    x, _ = images()
    step = training_step(model)
    found, expected = (results_of(function, x, model) for function in (tracing.Function(step), lambda x: step(ops.convert_to_tensor(x))))
    assert_close(found, expected, tolerance(build))


@every_network
def test_a_training_step_agrees_with_the_one_without_passes(build):
    model, _ = both_formats(build)
    x, _ = images()
    with _core.Trace() as trace:
        graph = trace.finish(training_step(model)(trace.input("float32", (None, *x.shape[1:]), "x")))
    fast, slow = _core.Function(graph), _core.Function(graph, optimize=False)
    found = results_of(lambda x: fast.call([_core.tensor(x)]), x, model)
    expected = results_of(lambda x: slow.call([_core.tensor(x)]), x, model)
    assert_close(found, expected, tolerance(build))


@every_network
def test_only_the_input_is_transposed(build):
    model = made(build, "channels_first")
    x, _ = images()
    for function in (training_step(model), model._layer_by_layer_call):
        graph = tracing.Function(function).concrete_for((x,))[0].native.graph
        assert graph.op_names.count("transpose") == 1
        assert graph.input_specs[0][1] in [graph.value_specs[n[2][0]][1] for n in graph.nodes if n[0] == "transpose"]


@every_network
def test_both_formats_run_the_same_ops(build):
    names = []
    for data_format, x in zip(("channels_first", "channels_last"), images(), strict=True):
        function = tracing.Function(training_step(made(build, data_format)))
        graph = function.concrete_for((x,))[0].native.graph
        names.append([name for name in graph.op_names if name not in VIEWS])
    assert sorted(names[0]) == sorted([*names[1], "transpose"])
