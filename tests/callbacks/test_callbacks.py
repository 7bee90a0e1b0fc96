"""What the callbacks do to a training."""

import csv
import struct

import numpy as np
import pytest

import keraunos
from keraunos import callbacks, layers

X = np.random.RandomState(0).standard_normal((8, 3)).astype("float32")
Y = np.random.RandomState(1).standard_normal((8, 2)).astype("float32")


def make(optimizer="sgd", **arguments):
    model = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(2)])
    model.compile(optimizer, "mse", metrics=["mae"], **arguments)
    return model


def fit(model, *given, **arguments):
    arguments.setdefault("verbose", 0)
    return model.fit(X, Y, callbacks=list(given), **arguments)


class Fake(callbacks.Callback):
    """Overwrites the monitored value of every epoch."""

    def __init__(self, name, values):
        super().__init__()
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def test_hooks_are_called_in_order():
    calls = []

    class Watch(callbacks.Callback):
        def __getattribute__(self, name):
            if name.startswith("on_") and "batch" not in name:
                calls.append(name)
            return super().__getattribute__(name)

    fit(make(), Watch(), epochs=1, validation_data=(X, Y))
    assert calls == [
        "on_train_begin",
        "on_epoch_begin",
        "on_test_begin",
        "on_test_end",
        "on_epoch_end",
        "on_train_end",
    ]


def test_early_stopping_waits_and_restores():
    model = make()
    weights = []
    keep = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())
    )
    stop = callbacks.EarlyStopping(monitor="loss", patience=2, restore_best_weights=True)
    history = fit(model, Fake("loss", [5.0, 1.0, 2.0, 3.0, 4.0]), keep, stop, epochs=5)
    assert history.epoch == [0, 1, 2, 3] and stop.stopped_epoch == 3
    np.testing.assert_array_equal(model.get_weights()[0], weights[1][0])


def test_early_stopping_knows_the_direction_of_a_metric():
    stop = callbacks.EarlyStopping(monitor="mae")
    fit(make(), Fake("mae", [1.0, 0.5, 0.7, 0.1]), stop, epochs=4)
    assert stop.stopped_epoch == 2
    with pytest.raises(ValueError, match="monitor=other"):
        fit(make(), Fake("other", [1.0]), callbacks.EarlyStopping(monitor="other"))


def test_the_learning_rate_is_scheduled_and_logged():
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model = make(keraunos.optimizers.SGD(0.1))
    history = fit(model, schedule, epochs=3).history
    np.testing.assert_allclose(history["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)


def test_the_learning_rate_falls_on_a_plateau():
    lower = callbacks.ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1, cooldown=1)
    model = make(keraunos.optimizers.SGD(0.1))
    history = fit(model, Fake("loss", [1.0, 1.0, 1.0, 1.0, 1.0]), lower, epochs=5).history
    np.testing.assert_allclose(history["learning_rate"], [0.1, 0.1, 0.01, 0.001, 0.0001], rtol=1e-5)


@pytest.mark.parametrize("is_strict", [False, True])
def test_a_loss_that_is_no_number_ends_training(is_strict, capsys):
    guard = callbacks.TerminateOnNaN(raise_error=is_strict)
    model = make(keraunos.optimizers.SGD(1e38))
    if is_strict:
        with pytest.raises(RuntimeError, match="NaN or Inf loss"):
            fit(model, guard, epochs=9)
    else:
        assert len(fit(model, guard, epochs=9).epoch) < 9
        assert "Invalid loss, terminating training" in capsys.readouterr().out


def test_logs_are_written_as_csv(tmp_path):
    path = tmp_path / "log.csv"
    fit(make(), callbacks.CSVLogger(path), epochs=2)
    fit(make(), callbacks.CSVLogger(path, append=True), epochs=1)
    with open(path) as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert set(rows[0]) == {"epoch", "loss", "mae", "val_loss", "val_mae"}
    assert float(rows[0]["loss"]) > 0 and rows[0]["val_loss"] == "NA"


def test_averaged_weights_are_used_for_evaluation_only():
    model = make(keraunos.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    seen = []
    watch = callbacks.LambdaCallback(on_test_begin=lambda logs: seen.append(model.get_weights()[0]))
    fit(model, callbacks.SwapEMAWeights(), watch, epochs=1, validation_data=(X, Y))
    average = model.optimizer._model_variables_moving_average[0].numpy()
    np.testing.assert_array_equal(seen[0], average)
    with pytest.raises(ValueError, match="use_ema"):
        fit(make(), callbacks.SwapEMAWeights(), validation_data=(X, Y))


def test_a_checkpoint_is_saved_when_better(tmp_path):
    saved = []

    class Model(keraunos.Sequential):
        def save_weights(self, filepath, overwrite=True):
            saved.append(filepath)

    model = Model([keraunos.Input((3,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    pattern = str(tmp_path / "sub" / "{epoch:02d}-{loss:.1f}.weights.h5")
    best = callbacks.ModelCheckpoint(
        pattern, monitor="loss", save_best_only=True, save_weights_only=True
    )
    fit(model, Fake("loss", [3.0, 4.0, 2.0]), best, epochs=3)
    assert [path.rsplit("/", 1)[1] for path in saved] == ["01-3.0.weights.h5", "03-2.0.weights.h5"]
    saved.clear()
    often = callbacks.ModelCheckpoint(
        str(tmp_path / "{batch}.weights.h5"), save_weights_only=True, save_freq=3, monitor="loss"
    )
    fit(model, often, epochs=2, batch_size=2)
    assert [path.rsplit("/", 1)[1] for path in saved] == ["3.weights.h5", "2.weights.h5"]


def test_an_interrupted_training_goes_on(tmp_path):
    model = make()
    backup = callbacks.BackupAndRestore(tmp_path / "backup", double_checkpoint=True)

    def interrupt(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    breaker = callbacks.LambdaCallback(on_epoch_begin=interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(model, backup, breaker, epochs=5)
    weights = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in weights])
    history = fit(model, backup, epochs=5)
    assert history.epoch == [2, 3, 4]
    assert not (tmp_path / "backup").exists()
    assert len(fit(model, epochs=2).epoch) == 2


def test_only_overridden_hooks_of_batches_slow_the_loop_down():
    plain = callbacks.CallbackList([callbacks.History(), callbacks.ProgbarLogger()])
    assert not any(plain.needs_every_batch(mode) for mode in ("train", "test", "predict"))
    by_function = callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: None)
    watched = callbacks.CallbackList([[by_function]])
    assert watched.needs_every_batch("test") and not watched.needs_every_batch("train")
    assert callbacks.CallbackList([callbacks.TerminateOnNaN()]).needs_every_batch("train")
    saver = callbacks.ModelCheckpoint("a.keras")
    assert not callbacks.CallbackList([saver]).needs_every_batch("train")


def test_a_callback_of_another_library_is_named():
    with pytest.raises(TypeError, match=r"callbacks\[1\].*object"):
        callbacks.CallbackList([callbacks.History(), object()])


def _read_events(path):
    """Reads tags, steps and numbers of an event file, checking the checksums."""
    from keraunos.callbacks.event_file import _masked_crc

    data, events = path.read_bytes(), []
    while data:
        length, check = struct.unpack("<QI", data[:12])
        content = data[12 : 12 + length]
        assert check == _masked_crc(data[:8])
        assert struct.unpack("<I", data[12 + length : 16 + length])[0] == _masked_crc(content)
        events.append(content)
        data = data[16 + length :]
    return events


def test_the_checksum_is_crc_32c():
    from keraunos.callbacks.event_file import _masked_crc

    crc = 0xE3069283  # Of "123456789", from RFC 3720's catalogue.
    assert _masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_event_files_are_written_for_training_and_validation(tmp_path):
    board = callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=True, update_freq=2)
    fit(make(), board, epochs=2, batch_size=2, validation_data=(X, Y))
    texts = {}
    for name in ("train", "validation"):
        (path,) = (tmp_path / name).iterdir()
        texts[name] = b"\n".join(_read_events(path))
    for tag in (b"epoch_loss", b"epoch_mae", b"epoch_learning_rate", b"batch_loss", b"/histogram"):
        assert tag in texts["train"]
    assert texts["train"].count(b"batch_loss") == 4
    assert b"evaluation_loss_vs_iterations" in texts["validation"]
    with pytest.raises(ValueError, match="profile_batch"):
        callbacks.TensorBoard(profile_batch=1)
