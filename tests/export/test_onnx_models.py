"""Whole models as ONNX files."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_runs import assert_same, run, session

import keraunos
from keraunos import layers, ops
from keraunos.export.onnx_model import OPSET


def exported(model, folder, **options):
    path = folder / "m.onnx"
    model.export(path, verbose=False, **options)
    return session(str(path))


def array(*shape, seed=0):
    return np.random.RandomState(seed).normal(size=shape).astype("float32")


def mlp():
    return keraunos.Sequential(
        [
            keraunos.Input((6,), name="features"),
            layers.Dense(8, activation="relu", name="hidden"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )


def functional_of_two():
    left, right = keraunos.Input((4,), name="left"), keraunos.Input((4,), name="right")
    shared = layers.Dense(5, activation="gelu")
    near = layers.Subtract()([shared(left), shared(right)])
    return keraunos.Model([left, right], [layers.Dense(1, name="distance")(near), layers.Softmax(name="kind")(near)])


class Normalized(layers.Layer):
    """A layer of one's own: only ops."""

    def build(self, shape):
        self.scale = self.add_weight(shape=shape[-1:], initializer="ones", name="scale")

    def call(self, x):
        return x * self.scale / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6)


def with_a_custom_layer():
    return keraunos.Sequential([keraunos.Input((6,)), Normalized(name="own"), layers.Dense(2)])


def over_any_length():
    """Sums over an open axis, and puts it into a shape."""
    x = keraunos.Input((None, 3), name="x")
    h = layers.Dense(4, activation="silu")(x)
    mean = ops.mean(h, axis=1, keepdims=True)
    centered = layers.LayerNormalization()(h - mean)
    return keraunos.Model(x, ops.reshape(centered, (-1, 4 * 1)))


def token_model():
    x = keraunos.Input((5,), dtype="int32", name="tokens")
    h = layers.Embedding(11, 4)(x)
    return keraunos.Model(x, layers.Dense(2)(layers.Flatten()(h)))


def with_a_scan():
    x = keraunos.Input((7, 3))

    class Totals(layers.Layer):
        def call(self, x):
            steps = ops.transpose(x, (1, 0, 2))
            last, all_of_them = ops.scan(lambda carry, step: (ops.tanh(carry + step), carry * step), ops.zeros_like(steps[0]), steps)
            return last, all_of_them

    return keraunos.Model(x, Totals()(x))


def with_a_condition():
    x = keraunos.Input((3,))

    class Switch(layers.Layer):
        def call(self, x):
            return ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1)

    return keraunos.Model(x, Switch()(x))


def with_a_loop():
    x = keraunos.Input((3,))

    class Halving(layers.Layer):
        def call(self, x):
            return ops.while_loop(lambda x: ops.max(ops.abs(x)) > 0.1, lambda x: (x / 2,), (x,))[0]

    return keraunos.Model(x, Halving()(x))


def nested():
    inner = mlp()
    x = keraunos.Input((2, 3))
    return keraunos.Model(x, layers.Concatenate()([inner(layers.Flatten()(x)), layers.Flatten()(x)]))


def with_dynamic_parts():
    """Parts at places that only the run knows, and sizes taken from other tensors."""
    x = keraunos.Input((5, 3))

    class Parts(layers.Layer):
        def call(self, x):
            start = ops.cast(ops.argmax(ops.mean(x, axis=(0, 2))[:4]), "int32")
            part = ops.slice(x, [0, start, 0], [ops.shape(x)[0], 1, 3])
            ordered = ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1)
            return ordered + ops.broadcast_to(part, ops.shape(x)), ops.one_hot(ops.argmax(x, axis=-1), 3)

    return keraunos.Model(x, Parts()(x))


def convolutional():
    """Statistics and Dropout only move in training."""
    x = keraunos.Input((12, 12, 3), name="image")
    h = layers.Conv2D(6, 3, padding="same", use_bias=False)(x)
    h = layers.ReLU()(layers.BatchNormalization()(h))
    inner = layers.SeparableConv2D(6, 3, padding="same", activation="relu")(h)
    h = layers.MaxPooling2D()(layers.Add()([h, inner]))
    h = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(layers.DepthwiseConv2D(3)(h))
    h = layers.GlobalAveragePooling2D()(layers.SpatialDropout2D(0.2)(h))
    return keraunos.Model(x, layers.Dense(5, activation="softmax")(layers.Dropout(0.3)(h)))


def recurrent():
    x = keraunos.Input((9, 3), name="series")
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True, dropout=0.2))(x)
    h = layers.GRU(5, return_sequences=True, go_backwards=True)(layers.Conv1D(6, 3, padding="causal")(h))
    return keraunos.Model(x, layers.Dense(1)(layers.SimpleRNN(3)(h)))


def transformer():
    x = keraunos.Input((7, 8), name="tokens")
    h = layers.Add()([x, layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x, use_causal_mask=True)])
    h = layers.LayerNormalization()(h)
    forward = layers.Dense(8)(layers.Dropout(0.1)(layers.Dense(16, activation="gelu")(h)))
    h = layers.LayerNormalization()(layers.Add()([h, forward]))
    return keraunos.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(h)))


def masked_text():
    x = keraunos.Input((6,), dtype="int32", name="words")
    return keraunos.Model(x, layers.Dense(1)(layers.LSTM(4)(layers.Embedding(11, 5, mask_zero=True)(x))))


MODELS = [
    (convolutional, {"image": (12, 12, 3)}),
    (recurrent, {"series": (9, 3)}),
    (transformer, {"tokens": (7, 8)}),
    (mlp, {"features": (6,)}),
    (functional_of_two, {"left": (4,), "right": (4,)}),
    (with_a_custom_layer, None),
    (over_any_length, {"x": (7, 3)}),
    (with_a_scan, None),
    (with_a_condition, None),
    (with_a_loop, None),
    (nested, None),
    (with_dynamic_parts, None),
]


@pytest.mark.parametrize(("make", "shapes"), MODELS, ids=[make.__name__ for make, _ in MODELS])
def test_onnxruntime_gives_our_outputs(make, shapes, tmp_path):
    model = make()
    runner = exported(model, tmp_path)
    names = [given.name for given in runner.get_inputs()]
    if shapes is None:
        shapes = {names[0]: tuple(runner.get_inputs()[0].shape[1:])}
    assert names == list(shapes)
    for batch in (1, 4):
        arrays = [array(batch, *shape, seed=i) for i, shape in enumerate(shapes.values())]
        expected = model(arrays if len(arrays) > 1 else arrays[0])
        assert_same(run(runner, dict(zip(names, arrays))), expected)


@pytest.mark.parametrize("make", [token_model, masked_text])
def test_tokens(make, tmp_path):
    model = make()
    x = np.random.RandomState(0).randint(0, 11, (3, model.inputs[0].shape[1])).astype("int32")
    assert_same(run(exported(model, tmp_path), {model.inputs[0].name: x}), model(x))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_dtypes(policy, tmp_path):
    keraunos.config.set_dtype_policy(policy)
    try:
        model = keraunos.Sequential([keraunos.Input((4,), name="x"), layers.Dense(6, activation="tanh"), layers.Dense(2, dtype="float32")])
        dtype = "float64" if policy == "float64" else "float32"
        runner = exported(model, tmp_path, input_signature=[layers.InputSpec(shape=(None, 4), dtype=dtype, name="x")])
    finally:
        keraunos.config.set_dtype_policy("float32")
    x = array(3, 4).astype(dtype)
    np.testing.assert_allclose(run(runner, {"x": x})[0], np.asarray(model(x)), rtol=2e-2 if "16" in policy else 1e-6, atol=1e-6)


def test_a_dictionary_of_inputs_keeps_its_names(tmp_path):
    a, b = keraunos.Input((2,), name="a"), keraunos.Input((3,), name="b")
    model = keraunos.Model({"a": a, "b": b}, {"out": layers.Concatenate(name="joined")([a, b])})
    runner = exported(model, tmp_path)
    x = {"a": array(2, 2), "b": array(2, 3)}
    assert [given.name for given in runner.get_inputs()] == ["a", "b"]
    assert [given.name for given in runner.get_outputs()] == ["joined"]
    assert_same(run(runner, x), model(x))


def test_a_subclassed_model_is_exported_once_it_was_called(tmp_path):
    class Twice(keraunos.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x, training=False):
            return self.dense(x) * 2

    model = Twice()
    with pytest.raises(ValueError, match="built"):
        model.export(tmp_path / "m.onnx")
    x = array(2, 4)
    expected = model(x)
    runner = exported(model, tmp_path)
    assert_same(run(runner, {runner.get_inputs()[0].name: x}), expected)


def test_names_are_those_of_layers_and_weights(tmp_path):
    model = mlp()
    exported(model, tmp_path)
    proto = onnx.load(str(tmp_path / "m.onnx"))
    assert [given.name for given in proto.graph.input] == ["features"]
    assert [given.name for given in proto.graph.output] == ["classes"]
    assert {weight.path for weight in model.layers[0].weights} <= {stored.name for stored in proto.graph.initializer}
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert [given.version for given in proto.opset_import] == [OPSET]
    assert proto.producer_name == "keraunos"


def test_a_signature_fixes_sizes(tmp_path):
    model = over_any_length()
    runner = exported(model, tmp_path, input_signature=[layers.InputSpec(shape=(2, 5, 3), dtype="float32", name="given")])
    assert runner.get_inputs()[0].shape == [2, 5, 3]
    assert_same(run(runner, {"given": array(2, 5, 3)}), model(array(2, 5, 3)))


def test_a_later_opset_can_be_asked_for(tmp_path):
    model = mlp()
    runner = exported(model, tmp_path, opset_version=21)
    assert onnx.load(str(tmp_path / "m.onnx")).opset_import[0].version == 21
    assert_same(run(runner, {"features": array(2, 6)}), model(array(2, 6)))
    with pytest.raises(ValueError, match="opset_version"):
        model.export(tmp_path / "m.onnx", opset_version=9)


def test_a_call_that_keeps_state_is_refused_and_leaves_no_file(tmp_path):
    class Counting(layers.Layer):
        def build(self, shape):
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, x):
            self.count.assign_add(1.0)
            return x + self.count

    model = keraunos.Sequential([keraunos.Input((2,)), Counting(name="counting")])
    with pytest.raises(NotImplementedError, match="no state.*count"):
        model.export(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_an_op_without_translation_is_named_with_its_layer(tmp_path):
    class Special(layers.Layer):
        def call(self, x):
            return ops.erfinv(x)

    model = keraunos.Sequential([keraunos.Input((2,)), Special(name="special")], name="m")
    with pytest.raises(NotImplementedError, match="erfinv.*special"):
        model.export(tmp_path / "m.onnx")


@pytest.mark.parametrize("format", ["tf_saved_model", "openvino", "litert", "torch"])
def test_other_formats_are_named(format, tmp_path):
    with pytest.raises(NotImplementedError, match=format):
        mlp().export(tmp_path / "m", format=format)
    with pytest.raises(NotImplementedError, match="ExportArchive"):
        keraunos.export.ExportArchive()
