"""`fit`, `evaluate` and `predict`: data of all kinds, native and by batch, with the same results."""

import warnings

import numpy as np
import pytest

import keraunos
from keraunos import callbacks, layers, ops
from keraunos.training.epochs import BatchEpochs, NativeEpochs

X = np.random.RandomState(0).standard_normal((10, 3)).astype("float32")
Y = np.random.RandomState(1).standard_normal((10, 2)).astype("float32")


def make(cls=keraunos.Sequential, **arguments):
    model = cls([keraunos.Input((3,)), layers.Dense(2, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"], **arguments)
    return model


def run(x, y=None, **arguments):
    model = make()
    arguments = {"batch_size": 4, "shuffle": False, "epochs": 2, "verbose": 0, **arguments}
    if y is None:
        arguments.pop("batch_size")
    history = model.fit(x, y, **arguments).history
    return history, model.get_weights()


def batches(x=X, y=Y, size=4):
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


class Batches(keraunos.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


class ReadAgain:
    def __iter__(self):
        return batches()


class Arrays:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array

    @property
    def shape(self):
        return self.array.shape


def kinds_of_data():
    pandas = pytest.importorskip("pandas") if _has("pandas") else None
    kinds = {
        "tensors": (keraunos.ops.convert_to_tensor(X), keraunos.ops.convert_to_tensor(Y)),
        "float64": (X.astype("float64"), Y.astype("float64")),
        "__array__": (Arrays(X), Arrays(Y)),
        "PyDataset": (Batches(), None),
        "PyDataset with threads": (Batches(workers=2), None),
        "iterable": (ReadAgain(), None),
    }
    if pandas:
        kinds["DataFrame"] = (pandas.DataFrame(X), pandas.DataFrame(Y))
    return kinds


def _has(name):
    import importlib.util

    return importlib.util.find_spec(name) is not None


@pytest.mark.parametrize(
    "kind",
    ["tensors", "float64", "__array__", "PyDataset", "PyDataset with threads", "iterable", "DataFrame"],
)
def test_all_kinds_of_data_give_the_same_training(kind):
    kinds = kinds_of_data()
    if kind not in kinds:
        pytest.skip("pandas is not installed")
    history, weights = run(X, Y)
    other_history, other_weights = run(*kinds[kind])
    assert history == other_history
    for a, b in zip(weights, other_weights):
        np.testing.assert_array_equal(a, b)


def test_a_generator_is_read_once():
    history, _ = run(batches(), epochs=1)
    assert history == run(X, Y, epochs=1)[0]


def test_arrays_run_natively_and_other_data_by_batch(monkeypatch):
    seen = []
    for cls in (NativeEpochs, BatchEpochs):
        original = cls.run
        monkeypatch.setattr(
            cls, "run", lambda self, c, o=original: seen.append(type(self)) or o(self, c)
        )
    run(X, Y, epochs=1)
    run(Batches(), epochs=1)
    assert seen == [NativeEpochs, BatchEpochs]


def test_native_compiled_and_eager_training_agree():
    expected = run(X, Y)
    eager = make(run_eagerly=True)
    history = eager.fit(X, Y, batch_size=4, shuffle=False, epochs=2, verbose=0).history
    for name, values in expected[0].items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    by_batch = run(X, Y, callbacks=[callbacks.LambdaCallback(on_train_batch_end=lambda *a, **k: 0)])
    assert by_batch[0] == expected[0]


def test_a_step_that_needs_values_runs_eagerly_with_one_warning():
    class Model(keraunos.Sequential):
        def train_step(self, data):
            logs = super().train_step(data)
            logs["rounded"] = float(int(float(logs["loss"]) * 10))
            return logs

    model = make(Model)
    with pytest.warns(UserWarning, match=r"test_fit.py:\d+") as caught:
        history = model.fit(X, Y, epochs=3, verbose=0).history
    assert len([w for w in caught if "eagerly" in str(w.message)]) == 1
    assert len(history["rounded"]) == 3
    model = make(Model, jit_compile=True)
    with pytest.raises(keraunos.tracing.TraceError):
        model.fit(X, Y, verbose=0)


def test_a_custom_train_step_is_compiled():
    class Model(keraunos.Sequential):
        traces = 0

        def train_step(self, data):
            type(self).traces += 1
            x, y = data
            with keraunos.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss, "constant": 10.0}

    model = make(Model)
    history = model.fit(X, Y, epochs=5, batch_size=5, shuffle=False, verbose=0).history
    assert history["constant"] == [10.0] * 5
    assert history["loss"][-1] < history["loss"][0]
    assert Model.traces == 1


@pytest.mark.parametrize("steps_per_epoch, counts", [(2, [2, 2, 0 + 2]), (4, [4, 1, 4])])
def test_an_epoch_goes_on_where_the_last_one_stopped(steps_per_epoch, counts):
    # 5 batches in all.
    seen = []
    count = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(0),
        on_train_batch_end=lambda batch, logs: seen.__setitem__(-1, seen[-1] + 1),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make().fit(
            X, Y, batch_size=2, steps_per_epoch=steps_per_epoch, epochs=3, callbacks=[count], verbose=0
        )
    if steps_per_epoch == 2:
        counts = [2, 2, 1]
    assert seen == counts


def test_callbacks_are_called_every_steps_per_execution_batches():
    begins, ends = [], []
    watch = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: begins.append(batch),
        on_train_batch_end=lambda batch, logs: ends.append(batch),
    )
    make(steps_per_execution=3).fit(X, Y, batch_size=2, callbacks=[watch], verbose=0)
    assert begins == [0, 3] and ends == [2, 5]


def test_shuffling_sees_every_row_once_and_depends_on_the_seed():
    orders = []

    class Model(keraunos.Sequential):
        def train_step(self, data):
            logs = super().train_step(data)
            logs["first"] = data[0][0, 0]
            return logs

    for seed in (1, 1, 2):
        keraunos.utils.set_random_seed(seed)
        model = make(Model)
        seen = []
        watch = callbacks.LambdaCallback(on_train_batch_end=lambda b, logs, seen=seen: seen.append(logs["first"]))
        x = np.repeat(np.arange(10, dtype="float32")[:, None], 3, 1) / 100
        model.fit(x, Y, batch_size=1, epochs=2, callbacks=[watch], verbose=0)
        orders.append(np.round(np.array(seen) * 100).astype(int).tolist())
    assert sorted(orders[0][:10]) == sorted(orders[0][10:]) == list(range(10))
    assert orders[0][:10] != orders[0][10:]
    assert orders[0] == orders[1] != orders[2]


def test_a_resumed_run_is_the_same_bit_for_bit():
    def model():
        keraunos.utils.set_random_seed(7)
        model = keraunos.Sequential(
            [keraunos.Input((3,)), layers.Dense(8), layers.Dropout(0.3, seed=3), layers.Dense(2)]
        )
        model.compile("adam", "mse")
        return model

    whole = model()
    whole.fit(X, Y, batch_size=4, epochs=4, verbose=0)
    first = model()
    first.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    second = model()
    second.optimizer.build(second.trainable_variables)
    for group in ("variables",):
        for target, source in zip(getattr(second, group), getattr(first, group)):
            target.assign(source.numpy())
    for target, source in zip(second.optimizer.variables, first.optimizer.variables):
        target.assign(source.numpy())
    second.fit(X, Y, batch_size=4, epochs=4, initial_epoch=2, verbose=0)
    for a, b in zip(whole.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_last_rows_are_split_off_for_validation():
    history = make().fit(X, Y, validation_split=0.3, shuffle=False, verbose=0).history
    other = make().fit(X[:7], Y[:7], validation_data=(X[7:], Y[7:]), shuffle=False, verbose=0)
    assert history == other.history


@pytest.mark.parametrize("freq, count", [(1, 4), (2, 2), ([1, 4], 2)])
def test_validation_happens_as_often_as_asked(freq, count):
    history = make().fit(
        X, Y, validation_data=(X, Y), epochs=4, validation_freq=freq, verbose=0
    ).history
    assert len(history["loss"]) == 4 and len(history["val_loss"]) == count


def test_last_partial_batch_counts_by_its_size():
    model = make()
    expected = np.mean((model.predict(X, verbose=0) - Y) ** 2)
    for batch_size in (1, 3, 4, 10, 32):
        loss, _ = model.evaluate(X, Y, batch_size=batch_size, verbose=0)
        assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 32])
def test_predict_gives_the_rows_in_order(batch_size):
    model = make()
    kernel, bias = model.get_weights()
    result = model.predict(X, batch_size=batch_size, verbose=0)
    np.testing.assert_allclose(result, X @ kernel + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(result, model.predict(X, batch_size=batch_size, verbose=0))


def test_predictions_are_arrays_of_their_own():
    model = make()
    first = model.predict(X[:1], verbose=0)
    second = model.predict(X[:1], verbose=0)
    third = model.predict_on_batch(X[:1])
    expected = second.copy()
    first += 1
    np.testing.assert_array_equal(second, expected)
    np.testing.assert_array_equal(third, expected)


def test_predict_follows_changed_weights():
    model = make()
    before = model.predict(X, verbose=0)
    model.set_weights([2 * w for w in model.get_weights()])
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * before, rtol=1e-6)


def test_predict_follows_an_added_layer():
    model = make()
    before = model.predict(X, verbose=0)
    model.add(layers.Rescaling(3.0)) if hasattr(layers, "Rescaling") else pytest.skip("no Rescaling")
    np.testing.assert_allclose(model.predict(X, verbose=0), 3 * before, rtol=1e-6)


def test_stopping_ends_the_epoch():
    model = make()

    def stop(batch, logs):
        model.stop_training = batch == 1

    history = model.fit(
        X,
        Y,
        batch_size=2,
        epochs=5,
        callbacks=[callbacks.LambdaCallback(on_train_batch_end=stop)],
        verbose=0,
    )
    assert history.epoch == [0]


def test_the_compile_config_round_trips():
    model = make()
    other = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(2)])
    other.compile_from_config(model.get_compile_config())
    assert other.get_compile_config() == model.get_compile_config()
    assert other.optimizer.built


def test_train_on_batch_reports_the_batch_only():
    model = make()
    logs = model.train_on_batch(X[:5], Y[:5], return_dict=True)
    assert list(logs) == ["loss", "mae"]
    expected = np.mean((model.predict(X[5:], verbose=0) - Y[5:]) ** 2)
    assert model.test_on_batch(X[5:], Y[5:])[0] == pytest.approx(expected, rel=1e-5)


def test_progress_in_a_log_file_is_one_line_per_epoch(capsys):
    make().fit(X, Y, epochs=2, batch_size=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert len(lines) == 4
    assert lines[1].startswith("5/5 ━") and "/step - loss: " in lines[1] and " - mae: " in lines[1]
    make().predict(X, batch_size=5)
    assert capsys.readouterr().out.startswith("2/2 ━")


def test_outputs_keep_the_order_of_the_model():
    a, b = keraunos.Input((3,), name="a"), keraunos.Input((3,), name="b")
    model = keraunos.Model({"b": b, "a": a}, {"z": layers.Dense(1)(a), "y": layers.Dense(2)(b)})
    for x in ({"a": X, "b": X}, {"b": X, "a": X}):
        assert list(model.predict(x, verbose=0)) == ["z", "y"]
        assert list(model.predict_on_batch(x)) == ["z", "y"]
        assert model.predict(x, batch_size=3, verbose=0)["y"].shape == (10, 2)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_other_precisions_train(policy):
    model = keraunos.Sequential(
        [keraunos.Input((3,)), layers.Dense(8, dtype=policy), layers.Dense(2, dtype=policy)]
    )
    model.compile("adam", "mse")
    losses = model.fit(X, Y, epochs=3, verbose=0).history["loss"]
    assert losses[0] > losses[1] > losses[2]
