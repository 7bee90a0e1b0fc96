"""Bad arguments of compile, fit, evaluate and predict: every one gives an error that names it.

The ids are the rows of the table of bad inputs (58 to 128).
"""

import math
import threading
import warnings

import numpy as np
import pytest

import keraunos
from keraunos import callbacks, layers, losses, ops

X = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
Y3 = np.tile(np.eye(3, dtype="float32"), (3, 1))[:8]
Y1 = np.linspace(0, 1, 8, dtype="float32").reshape(8, 1)
LABELS = np.arange(8) % 3


def make(units=3, activation=None, **compile_arguments):
    model = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(units, activation=activation)])
    compile_arguments.setdefault("loss", "mse")
    model.compile("sgd", **compile_arguments)
    return model


def uncompiled(units=3):
    return keraunos.Sequential([keraunos.Input((4,)), layers.Dense(units)])


def two_outputs(**arguments):
    inputs = keraunos.Input((4,))
    outputs = [layers.Dense(3, name="a")(inputs), layers.Dense(1, name="b")(inputs)]
    model = keraunos.Model(inputs, outputs)
    model.compile("sgd", **arguments)
    return model


def fit(model=None, x=X, y=Y3, **arguments):
    return (model or make()).fit(x, y, verbose=0, **arguments)


def generator(batches):
    yield from batches


class Boom(Exception):
    pass


def failing_generator():
    yield X, Y3
    yield X, Y3
    raise Boom


def object_array(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def raise_loss(function):
    return lambda: fit(make(loss=function))


VE, TE = ValueError, TypeError
CASES = [
    # compile
    ("58-loss-name", lambda: make(loss="msee"), VE, "loss.*msee"),
    ("59-optimizer-name", lambda: uncompiled().compile("adamm", "mse"), VE, "optimizer.*adamm"),
    ("59-metric-name", lambda: make(metrics=["acuracy"]), VE, "metric.*acuracy"),
    ("60-metrics-string", lambda: make(metrics="mae"), VE, "list, tuple, or dict"),
    ("61-loss-keys", lambda: fit(make(loss={"nope": "mse"})), VE, "nope"),
    ("62-too-many-losses", lambda: fit(make(loss=["mse", "mae"])), VE, "2 losses for 1 output"),
    ("63-weights-string", lambda: make(loss_weights="a"), VE, "loss_weights"),
    (
        "63-weights-count",
        lambda: two_outputs(loss=["mse", "mse"], loss_weights=[1.0]),
        VE,
        "2 losses and 1 weights",
    ),
    ("72-loss-none", raise_loss(lambda a, b: None), VE, "must return.*None"),
    ("72-loss-numpy", raise_loss(lambda a, b: np.float32(1)), VE, "must return.*NumPy"),
    ("73-fit", lambda: fit(uncompiled()), VE, "must call `compile"),
    ("73-train-on-batch", lambda: uncompiled().train_on_batch(X, Y3), VE, "must call `compile"),
    ("73-test-on-batch", lambda: uncompiled().test_on_batch(X, Y3), VE, "must call `compile"),
    ("73-evaluate", lambda: uncompiled().evaluate(X, Y3, verbose=0), VE, "must call `compile"),
    ("74-fit", lambda: fit(make(loss=None)), VE, "No loss to compute"),
    ("74-evaluate", lambda: make(loss=None).evaluate(X, Y3, verbose=0), VE, "No loss to compute"),
    # callbacks
    ("77-number", lambda: fit(callbacks=[3]), TE, r"callbacks\[0\].*int"),
    ("77-class", lambda: fit(callbacks=[callbacks.EarlyStopping]), TE, "instance, not the class"),
    ("78-patience", lambda: callbacks.EarlyStopping(patience=-1), VE, "patience"),
    ("79-factor", lambda: callbacks.ReduceLROnPlateau(factor=1.0), VE, "factor"),
    (
        "80-schedule",
        lambda: fit(callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: "x")]),
        VE,
        "should be a float",
    ),
    ("81-ending", lambda: callbacks.ModelCheckpoint("x.pt"), VE, "must end in `.keras`"),
    (
        "81-weights-ending",
        lambda: callbacks.ModelCheckpoint("x.keras", save_weights_only=True),
        VE,
        "weights.h5",
    ),
    (
        "81-placeholder",
        lambda: fit(callbacks=[callbacks.ModelCheckpoint("{val_foo}.keras", monitor="loss")]),
        KeyError,
        "val_foo.*Available.*loss",
    ),
    (
        "83-directory",
        lambda: fit(callbacks=[callbacks.CSVLogger("/nowhere/at/all.csv")]),
        FileNotFoundError,
        "/nowhere/at/all.csv",
    ),
    ("84-empty", lambda: callbacks.BackupAndRestore(""), VE, "Empty"),
    # data
    ("85-y", lambda: fit(y=Y3[:5]), VE, "(?s)cardinality.*8.*5"),
    ("85-weights", lambda: fit(sample_weight=np.ones(5)), VE, "(?s)cardinality.*8.*5"),
    ("85-inputs", lambda: fit(x=[X, X[:3]]), VE, "(?s)cardinality.*8, 3"),
    ("85-batch", lambda: make().train_on_batch(X, Y3[:5]), VE, "(?s)cardinality.*8.*5"),
    ("86-no-y", lambda: fit(y=None), VE, "`y` is required"),
    ("87-no-x", lambda: fit(x=None), VE, "`x` must be provided"),
    ("87-predict", lambda: make().predict(None, verbose=0), VE, "`x` must be provided"),
    ("88-empty", lambda: fit(x=X[:0], y=Y3[:0]), VE, "at least one sample.*`x`"),
    ("90-empty", lambda: make().evaluate(X[:0], Y3[:0], verbose=0), VE, "at least one sample"),
    ("91-shapes", lambda: fit(y=Y3[:, :2]), VE, r"2\).*3\)"),
    ("92-broadcast", lambda: fit(y=Y1), VE, r"1\).*3\)"),
    (
        "93-integer-labels",
        lambda: fit(make(loss="categorical_crossentropy", activation="softmax"), y=LABELS),
        VE,
        "sparse_categorical_crossentropy",
    ),
    (
        "94-one-hot-labels",
        lambda: fit(make(loss="sparse_categorical_crossentropy", activation="softmax")),
        VE,
        "categorical_crossentropy",
    ),
    (
        "95-label-too-large",
        lambda: fit(make(loss="sparse_categorical_crossentropy"), y=np.array([0, 1, 2, 0, 1, 7, 0, 0]), shuffle=False),
        IndexError,
        r"7.*\[0, 3\).*position 5",
    ),
    (
        "95-label-negative",
        lambda: fit(make(loss="sparse_categorical_crossentropy"), y=np.array([0, 1, -1, 0, 1, 0, 0, 0]), shuffle=False),
        IndexError,
        r"-1.*\[0, 3\).*position 2",
    ),
    ("96-binary", lambda: fit(make(loss="binary_crossentropy"), y=Y3[:, :2]), VE, r"2\).*3\)"),
    ("97-features", lambda: make().predict(np.ones((2, 5)), verbose=0), VE, r"4.*\(2, 5\)"),
    ("98-no-batch", lambda: make().predict(np.ones(4), verbose=0), VE, r"4"),
    ("99-scalar", lambda: make().predict(np.float32(3), verbose=0), VE, "rank 0"),
    ("100-list", lambda: make().predict([1, 2, 3, 4], verbose=0), VE, "Unrecognized data type"),
    ("101-strings", lambda: fit(x=np.array([["a"] * 4] * 8)), VE, "Invalid dtype: <U1"),
    ("101-none", lambda: fit(x=object_array([1.0, None])), VE, r"object.*\(1,\).*None"),
    ("101-ragged", lambda: fit(x=object_array([[1], [1, 2]])), VE, r"object.*\(0,\)"),
    ("101-dates", lambda: fit(x=np.zeros(8, "M8[s]")), VE, "datetime64"),
    ("101-structured", lambda: fit(x=np.zeros(8, [("a", "f4")])), VE, "Invalid dtype"),
    ("102-complex", lambda: fit(x=X.astype("complex64")), VE, "complex64"),
    ("108-zero", lambda: fit(batch_size=0), VE, "batch_size=0"),
    ("108-negative", lambda: fit(batch_size=-1), VE, "batch_size=-1"),
    ("108-float", lambda: fit(batch_size=2.5), VE, "batch_size=2.5"),
    ("108-text", lambda: fit(batch_size="32"), VE, "batch_size='32'"),
    ("108-bool", lambda: fit(batch_size=True), VE, "batch_size=True"),
    ("108-predict", lambda: make().predict(X, batch_size=0, verbose=0), VE, "batch_size=0"),
    ("111-negative", lambda: fit(epochs=-1), VE, "epochs=-1"),
    ("111-text", lambda: fit(epochs="3"), VE, "epochs='3'"),
    ("111-float", lambda: fit(epochs=2.5), VE, "epochs=2.5"),
    ("112-one", lambda: fit(validation_split=1.0), VE, "validation_split=1.0"),
    ("112-negative", lambda: fit(validation_split=-0.1), VE, "validation_split=-0.1"),
    ("112-nan", lambda: fit(validation_split=math.nan), VE, "validation_split=nan"),
    (
        "112-few",
        lambda: fit(x=X[:1], y=Y3[:1], validation_split=0.5),
        VE,
        "1 samples.*validation_split=0.5",
    ),
    (
        "113-generator",
        lambda: fit(x=generator([(X, Y3)]), y=None, validation_split=0.5),
        VE,
        "only supported for tensors or NumPy arrays",
    ),
    ("114-x-only", lambda: fit(validation_data=(X,)), VE, "validation_data.*length 1"),
    ("114-four", lambda: fit(validation_data=(X, Y3, Y3, Y3)), VE, "validation_data.*length 4"),
    ("114-rows", lambda: fit(validation_data=(X, Y3[:5])), VE, "(?s)validation_data.*cardinality"),
    (
        "115-text",
        lambda: fit(validation_data=(X, Y3), validation_freq="a"),
        VE,
        "validation_freq=a",
    ),
    ("115-zero", lambda: fit(validation_data=(X, Y3), validation_freq=0), VE, "validation_freq=0"),
    (
        "116-both-weights",
        lambda: fit(class_weight={0: 1.0}, sample_weight=np.ones(8)),
        VE,
        "at the same time",
    ),
    ("117-text-key", lambda: fit(class_weight={"0": 2.0}), VE, "integer keys.*'0'"),
    ("117-list", lambda: fit(class_weight=[1.0, 2.0]), VE, "dict"),
    ("118-rank", lambda: fit(sample_weight=np.ones((8, 3))), VE, r"8, 3|\(None, 3\)"),
    ("120-empty", lambda: fit(x=generator([]), y=None), VE, "at least one batch"),
    ("120-no-tuple", lambda: fit(x=generator([X]), y=None), VE, "must return a tuple"),
    (
        "120-width",
        lambda: fit(x=generator([(X, Y3), (X, Y3), (X[:, :2], Y3)]), y=None),
        (VE, TE),
        "4",
    ),
    ("120-raises", lambda: fit(x=failing_generator(), y=None), Boom, ""),
    ("120-y", lambda: fit(x=generator([(X, Y3)])), VE, "`y` should not be passed"),
    ("121-zero", lambda: fit(steps_per_epoch=0), VE, "steps_per_epoch=0"),
    ("121-negative", lambda: fit(steps_per_epoch=-2), VE, "steps_per_epoch=-2"),
    ("121-text", lambda: fit(steps_per_epoch="a"), VE, "steps_per_epoch='a'"),
    ("122-keyword", lambda: fit(nb_epoch=3), TE, "nb_epoch"),
    ("123-path", lambda: fit(x="data.csv"), VE, "Unrecognized data type"),
    ("123-set", lambda: fit(x={1, 2}), VE, "Unrecognized data type"),
    ("123-y-set", lambda: fit(y={1, 2}), VE, "."),
    # utils
    (
        "127-too-large",
        lambda: keraunos.utils.to_categorical([0, 5], num_classes=3),
        VE,
        "5.*num_classes=3",
    ),
    ("127-negative", lambda: keraunos.utils.to_categorical([0, -1], 3), VE, "-1.*num_classes=3"),
    ("128-float", lambda: keraunos.utils.set_random_seed(1.5), VE, "integer"),
    ("128-negative", lambda: keraunos.utils.set_random_seed(-1), VE, "seed=-1"),
    ("128-large", lambda: keraunos.utils.set_random_seed(2**64), VE, "seed=18446744073709551616"),
]


@pytest.mark.parametrize(("call", "error", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_bad_input_gives_an_error_that_names_it(call, error, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error, match=words) as caught:
            call()
    assert len(str(caught.value)) < 2000


def test_a_failed_compile_leaves_the_model_as_it_was():
    model = make(metrics=["mae"])
    optimizer, config = model.optimizer, model.get_compile_config()
    with pytest.raises(ValueError):
        model.compile("adam", loss="msee")
    with pytest.raises(ValueError):
        model.compile("adam", loss="mae", metrics=["no"])
    assert model.optimizer is optimizer and model.get_compile_config() == config
    fit(model)


def test_row_75_predict_works_without_compile():
    assert uncompiled().predict(X, verbose=0).shape == (8, 3)


def test_row_76_a_changed_trainable_state_is_warned_of_once():
    model = make()
    model.layers[0].trainable = False
    with pytest.warns(UserWarning, match="compile it again"):
        fit(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, epochs=0)


def test_row_78_the_available_metrics_are_named():
    stop = callbacks.EarlyStopping(monitor="val_nope", mode="min")
    with pytest.warns(UserWarning, match="val_nope.*Available metrics are: loss"):
        fit(callbacks=[stop])


HOOKS = [
    "on_train_begin",
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_begin",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_test_end",
    "on_epoch_end",
    "on_train_end",
]


@pytest.mark.parametrize("hook", HOOKS)
def test_row_82_an_exception_in_a_hook_goes_through_and_the_model_stays_usable(hook):
    def fail(*_, **__):
        raise Boom

    model = make()
    with pytest.raises(Boom):
        fit(model, validation_data=(X, Y3), callbacks=[callbacks.LambdaCallback(**{hook: fail})])
    assert len(fit(model, epochs=2).history["loss"]) == 2


def test_row_89_predict_on_no_rows_gives_no_rows():
    result = make().predict(X[:0], verbose=0)
    assert result.shape == (0, 3) and result.dtype == np.float32


@pytest.mark.parametrize("y", [Y1, Y1[:, 0]])
def test_row_92_a_column_and_a_vector_are_the_same_targets(y):
    model = make(units=1)
    expected = np.mean((model.predict(X, verbose=0) - Y1) ** 2)
    assert model.evaluate(X, y, verbose=0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "int64", "int32", "uint8", "float16", "float64", ">f4", ">i8"])
def test_rows_103_and_104_numbers_are_converted(dtype):
    model = make()
    x = np.array([[0, 1, 1, 0], [1, 1, 0, 1]])
    expected = model.predict(x.astype("float32"), verbose=0)
    np.testing.assert_allclose(model.predict(x.astype(dtype), verbose=0), expected, rtol=1e-6)


def strided_arrays():
    base = np.linspace(-1, 1, 128).astype("float32")
    read_only = base[:32].reshape(8, 4).copy()
    read_only.flags.writeable = False
    misaligned = np.frombuffer(b"x" + base[:32].tobytes(), "float32", offset=1).reshape(8, 4)
    return {
        "negative": base[:32].reshape(8, 4)[::-1, ::-1],
        "fortran": np.asfortranarray(base[:32].reshape(8, 4)),
        "broadcast": np.broadcast_to(base[:4], (8, 4)),
        "step": base[::4].reshape(8, 4)[::2],
        "read-only": read_only,
        "masked": np.ma.masked_array(base[:32].reshape(8, 4), mask=False),
        "misaligned": misaligned,
    }


@pytest.mark.parametrize("name", list(strided_arrays()))
def test_row_105_the_layout_of_an_array_does_not_matter(name):
    x = strided_arrays()[name]
    model = make()
    expected = model.predict(np.array(x, "float32", order="C"), verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    fit(model, x=x, y=Y3[: len(x)])


def test_row_106_a_nan_stays_in_its_row():
    model, x = make(), X.copy()
    x[3, 1] = np.nan
    result = model.predict(x, verbose=0)
    assert np.isnan(result[3]).all()
    np.testing.assert_array_equal(np.delete(result, 3, 0), np.delete(model.predict(X, verbose=0), 3, 0))


def test_row_107_a_number_too_large_for_float32_becomes_infinite_with_a_warning():
    with pytest.warns(RuntimeWarning, match="overflow"):
        result = make().predict(np.full((1, 4), 1e300), verbose=0)
    assert not np.isfinite(result).any()


def test_row_109_a_batch_may_be_larger_than_the_data():
    assert len(fit(batch_size=10**12).history["loss"]) == 1
    assert make().predict(X, batch_size=10**12, verbose=0).shape == (8, 3)


@pytest.mark.parametrize("arguments", [{"epochs": 0}, {"epochs": 2, "initial_epoch": 5}])
def test_rows_110_and_111_no_epochs_give_an_empty_history(arguments):
    assert fit(**arguments).history == {}


def test_row_117_a_class_that_is_not_listed_has_weight_1():
    model = make(units=1)
    y = np.array([0.0, 1, 0, 1, 2, 2, 2, 2], "float32")
    error = (model.predict(X, verbose=0)[:, 0] - y) ** 2
    weights = np.where(y == 1, 3.0, 1.0)
    loss = fit(model, y=y, class_weight={1: 3.0, -4: 9.0}, batch_size=8).history["loss"][0]
    assert loss == pytest.approx(np.mean(error * weights), rel=1e-5)


@pytest.mark.parametrize(("weight", "check"), [(0.0, lambda v: v == 0), (-1.0, math.isfinite), (math.nan, math.isnan)])
def test_row_119_odd_weights_are_taken_as_they_are(weight, check):
    assert check(fit(sample_weight=np.full(8, weight)).history["loss"][0])


def test_row_120_a_generator_that_ends_early_is_warned_of():
    with pytest.warns(UserWarning, match="ran out of data"):
        fit(x=generator([(X, Y3)] * 3), y=None, steps_per_epoch=5, shuffle=False)


def test_row_126_weights_are_checked():
    model = make()
    kernel, bias = model.get_weights()
    with pytest.raises(ValueError, match="2"):
        model.set_weights([kernel])
    with pytest.raises(ValueError, match=r"3, 4"):
        model.set_weights([kernel.T, bias])
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    model.set_weights([np.full_like(kernel, np.nan), bias])


def test_a_table_with_text_names_its_column():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1.0] * 8, "b": ["x"] * 8})
    with pytest.raises(ValueError, match="'b'"):
        fit(x=table)


def test_shapes_of_custom_losses_are_free():
    def per_sample(y_true, y_pred):
        return ops.sum(ops.square(y_true - y_pred), axis=-1)

    fit(make(loss=per_sample))
    fit(make(loss=losses.MeanSquaredError(reduction="sum")))


def test_row_124_data_may_change_while_it_is_read():
    model = make()
    x = np.zeros((20000, 4), "float32")
    rows = [model.predict(np.full((1, 4), value, "float32"), verbose=0)[0] for value in (0, 1)]
    is_over = threading.Event()

    def change():
        while not is_over.is_set():
            x[:] = 1 - x

    thread = threading.Thread(target=change)
    thread.start()
    try:
        outputs = [model.predict(x, batch_size=4096, verbose=0) for _ in range(5)]
    finally:
        is_over.set()
        thread.join()
    assert all(output.shape == (20000, 3) and np.isfinite(output).all() for output in outputs)
    np.testing.assert_allclose(model.predict(np.zeros((1, 4), "float32"), verbose=0)[0], rows[0])
    np.testing.assert_allclose(model.predict(np.ones((1, 4), "float32"), verbose=0)[0], rows[1])
