"""Weights, optimizers and graphs of Keras 1 and 2: conversions against plain NumPy, and a folder of real files."""

import glob
import json
import os
import warnings

import numpy as np
import pytest

import keraunos
from keraunos.saving.errors import ModelFormatError, UnsafeModelError
from keraunos.saving.legacy_optimizer import load_optimizer
from keraunos.saving.legacy_weights import WeightsOfVersion

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(2)


def fake(kind, **attributes):
    """Something that has the class name and the attributes of a layer, and nothing else."""
    return type(kind, (), {"name": kind.lower(), **attributes})()


def test_kernels_of_theano_are_turned_around():
    kernel, bias = RNG.normal(size=(3, 2, 4, 5)), RNG.normal(size=5)
    found = WeightsOfVersion("2.1.0", "theano").convert(fake("Conv2D"), [kernel, bias])
    np.testing.assert_array_equal(found[0], kernel[::-1, ::-1])
    np.testing.assert_array_equal(found[1], bias)
    np.testing.assert_array_equal(WeightsOfVersion("2.1.0", "tensorflow").convert(fake("Conv2D"), [kernel])[0], kernel)


def test_gates_of_keras_1_are_joined_in_the_new_order():
    gates = {gate: [RNG.normal(size=shape) for shape in ((3, 2), (2, 2), (2,))] for gate in "icfo"}
    values = [array for gate in "icfo" for array in gates[gate]]
    found = WeightsOfVersion(None, None).convert(fake("LSTM"), values)
    for part in range(3):
        np.testing.assert_array_equal(found[part], np.concatenate([gates[gate][part] for gate in "ifco"], axis=-1))


def test_kernels_of_keras_1_are_transposed():
    kernel = RNG.normal(size=(5, 4, 3, 2))
    first = fake("Conv2D", data_format="channels_first")
    np.testing.assert_array_equal(WeightsOfVersion("1.2.2", None).convert(first, [kernel])[0], kernel.transpose(2, 3, 1, 0))
    stored = RNG.normal(size=(3, 1, 4, 5))
    found = WeightsOfVersion("1.2.2", None).convert(fake("Conv1D", kernel_size=(3,), filters=5), [stored])[0]
    np.testing.assert_array_equal(found, stored[:, 0])
    old = stored.transpose(3, 2, 0, 1)
    found = WeightsOfVersion("1.1.0", None).convert(fake("Conv1D", kernel_size=(3,), filters=5), [old])[0]
    np.testing.assert_array_equal(found, stored[:, 0])


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_weights_of_cudnn_are_those_of_the_plain_layer(kind, gates):
    units, inputs = 2, 3
    # cuDNN keeps each gate's matrix transposed in memory, and one bias for each of the two products.
    kernels = [RNG.normal(size=(inputs, units)) for _ in range(gates)]
    stored = np.hstack([kernel.T.ravel().reshape((inputs, units)) for kernel in kernels])
    recurrent = RNG.normal(size=(units, gates * units))
    bias = RNG.normal(size=2 * gates * units)
    layer = fake(kind, reset_after=True)
    found = WeightsOfVersion("2.2.4", "tensorflow").convert(layer, [stored, recurrent, bias])
    blocks = [block.T.reshape((inputs, units), order="F") for block in np.hsplit(stored, gates)]
    np.testing.assert_array_equal(found[0], np.hstack(blocks))
    np.testing.assert_array_equal(found[1], np.hstack([block.T for block in np.hsplit(recurrent, gates)]))
    expected = bias.reshape(2, -1) if kind == "GRU" else bias[: gates * units] + bias[gates * units :]
    np.testing.assert_array_equal(found[2], expected)


def test_files_of_keras_3_are_left_alone():
    values = [RNG.normal(size=(3, 3, 2, 2))]
    assert WeightsOfVersion("3.1.0", "theano").convert(fake("Conv2D"), values) is values


def trained(optimizer):
    model = keraunos.Sequential([keraunos.Input((2,)), keraunos.layers.Dense(3), keraunos.layers.Dense(1)])
    model.compile(optimizer, "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    return model


def test_moments_grouped_by_kind_find_their_places():
    model = trained("adam")
    optimizer = model.optimizer
    shapes = [weight.shape for weight in model.weights]
    moments = [[RNG.normal(size=shape) for shape in shapes] for _ in range(2)]
    names = ["Adam/iter:0", *[f"Adam/w{i}/{kind}:0" for kind in "mv" for i in range(len(shapes))]]
    load_optimizer(optimizer, names, [np.array(7), *moments[0], *moments[1]])
    assert int(optimizer.iterations) == 7
    for variables, values in ((optimizer._momentums, moments[0]), (optimizer._velocities, moments[1])):
        for variable, value in zip(variables, values):
            np.testing.assert_allclose(variable.numpy(), value, rtol=1e-6)


def test_a_state_that_does_not_fit_leaves_the_optimizer_fresh():
    optimizer = trained("adam").optimizer
    before = [variable.numpy() for variable in optimizer.variables]
    with pytest.warns(UserWarning, match="starts afresh"):
        load_optimizer(optimizer, ["a", "b"], [np.zeros(3), np.zeros(4)])
    for variable, value in zip(optimizer.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)


def tensorflow_call(class_name, name, function, calls):
    config = {"name": name, "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": class_name, "config": config, "name": name, "inbound_nodes": calls}


def graph(*calls, output):
    config = {"batch_input_shape": [None, 6], "dtype": "float32", "name": "x"}
    first = {"class_name": "InputLayer", "config": config, "name": "x", "inbound_nodes": []}
    inner = {"name": "m", "layers": [first, *calls], "input_layers": [["x", 0, 0]], "output_layers": [[output, 0, 0]]}
    return json.dumps({"class_name": "Functional", "config": inner, "keras_version": "2.12.0", "backend": "tensorflow"})


def test_calls_of_tensorflow_functions_become_ops(tmp_path):
    spec = [{"start": None, "stop": None, "step": None}, {"start": 0, "stop": 9, "step": 2}]
    text = graph(
        tensorflow_call("TFOpLambda", "a", "math.multiply", [["_CONSTANT_VALUE", -1, 2.0, {"y": ["x", 0, 0], "name": None}]]),
        tensorflow_call("TFOpLambda", "r", "nn.relu", [["a", 0, 0, {"name": None}]]),
        tensorflow_call("TFOpLambda", "c", "concat", [[["r", 0, 0, {"axis": -1}], ["x", 0, 0, {"axis": -1}]]]),
        tensorflow_call("SlicingOpLambda", "s", "__operators__.getitem", [["c", 0, 0, {"slice_spec": spec}]]),
        tensorflow_call("TFOpLambda", "m", "math.reduce_mean", [["s", 0, 0, {"axis": [1], "keepdims": True}]]),
        output="m",
    )
    model = keraunos.models.model_from_json(text)
    x = RNG.normal(size=(3, 6)).astype("float32")
    expected = np.concatenate([np.maximum(2 * x, 0), x], axis=-1)[:, 0:9:2].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    model.save(tmp_path / "m.keras")
    np.testing.assert_allclose(keraunos.models.load_model(tmp_path / "m.keras").predict(x, verbose=0), expected, rtol=1e-6)


def test_an_unknown_function_of_tensorflow_is_named():
    text = graph(tensorflow_call("TFOpLambda", "a", "io.read_file", [["x", 0, 0, {}]]), output="a")
    with pytest.raises(ModelFormatError, match=r"'a' calls the TensorFlow function 'io.read_file'"):
        keraunos.models.model_from_json(text)


# ---------------------------------------------------------------------------------------------------------
# Real files: KERAUNOS_COMPAT names a folder with one folder for each writer (NAME.h5, NAME.keras, NAME.json, NAME_w.h5, and
# NAME.npz with inputs `x...` and the output `y`).

COMPAT = os.environ.get("KERAUNOS_COMPAT", "")
FILES = sorted(path.removesuffix(".npz") for path in glob.glob(os.path.join(COMPAT, "*", "*.npz"))) if COMPAT else []


@pytest.mark.skipif(not FILES, reason="KERAUNOS_COMPAT names no folder of older files")
@pytest.mark.parametrize("route", ["h5", "keras", "json"])
@pytest.mark.parametrize("base", FILES, ids=lambda path: "-".join(path.split("/")[-2:]))
def test_older_files_give_their_stored_outputs(base, route):
    if not os.path.exists(f"{base}.{route}"):
        pytest.skip("the writer could not store this form")
    with np.load(f"{base}.npz") as stored:
        x = [stored[key] for key in stored.files if key.startswith("x")]
        y = stored["y"]

    def load(**options):
        if route != "json":
            return keraunos.models.load_model(f"{base}.{route}", **options)
        with open(f"{base}.json") as file:
            model = keraunos.models.model_from_json(file.read(), **options)
        model.load_weights(f"{base}_w.h5")
        return model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = load()
        except UnsafeModelError as error:
            assert "byte code" in str(error)
            model = load(custom_objects={"lambda": lambda x: x * 2})
        except ModelFormatError as error:
            assert "keraunos has no such" in str(error)
            pytest.skip(str(error)[:100])
    found = model.predict(x if len(x) > 1 else x[0], verbose=0)
    np.testing.assert_allclose(found, y, rtol=1e-5, atol=1e-5)
