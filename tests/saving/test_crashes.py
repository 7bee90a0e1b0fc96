"""What is left on the disk when saving is killed, when the disk fails, and when bits of a file flip."""

import errno
import io
import os
import random
import signal
import time

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.saving.errors import ModelFormatError

pytest.importorskip("h5py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def constant_model(value):
    model = keraunos.Sequential([keraunos.Input((20,)), layers.Dense(200), layers.Dense(20)])
    fill(model, value)
    return model


def fill(model, value):
    model.set_weights([np.full(weight.shape, value, "float32") for weight in model.weights])


def held_value(path):
    """The one number that all weights in a file are."""
    values = {float(value) for weight in keraunos.models.load_model(path).get_weights() for value in np.unique(weight)}
    assert len(values) == 1
    return values.pop()


def in_child(work):
    """Runs `work()` in a forked process; returns its number, and the pipe that it may write to."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        work(writing)
        status = 0
    finally:
        os._exit(status)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_killed_save_loses_nothing(tmp_path, ending):
    path = str(tmp_path / f"m{ending}")
    model = constant_model(0.0)
    model.save(path)
    times = random.Random(5)

    def save_for_ever(pipe):
        value = held_value(path)
        while True:
            value += 1
            fill(model, value)
            model.save(path)
            os.write(pipe, b"%d\n" % value)

    for _ in range(50):
        child, pipe = in_child(save_for_ever)
        os.read(pipe, 64)  # the first save has been made
        time.sleep(times.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(pipe, "rb") as file:
            reported = file.read().split()
        held = held_value(path)
        assert not reported or held >= float(reported[-1])
        assert len(os.listdir(tmp_path)) <= 2
    model.save(path)
    assert os.listdir(tmp_path) == [f"m{ending}"]


def test_a_save_by_another_process_is_left_alone(tmp_path):
    """Its temporary file is locked, so that it is no remain of a killed one."""
    from keraunos.saving.atomic import atomic_write

    path = str(tmp_path / "file")
    with atomic_write(path) as first:
        first.write(b"first")
        with atomic_write(path) as second:
            second.write(b"second")
        assert open(path, "rb").read() == b"second"
    assert open(path, "rb").read() == b"first"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize("call", ["fsync", "replace", "write"])
def test_every_failing_call_leaves_the_old_file(tmp_path, monkeypatch, ending, call):
    path = str(tmp_path / f"m{ending}")
    save = "save_weights" if "weights" in ending else "save"
    getattr(constant_model(1.0), save)(path)
    old = open(path, "rb").read()
    model = constant_model(2.0)
    if call == "write":
        for part in (0, 1, 100, len(old) // 2, len(old) - 1):
            child, pipe = in_child(lambda _, part=part: save_with_full_disk(model, save, path, part))
            os.close(pipe)
            assert os.waitpid(child, 0)[1] == 0, part
            assert open(path, "rb").read() == old
            assert os.listdir(tmp_path) == [f"m{ending}"]
        return

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space"):
        getattr(model, save)(path)
    monkeypatch.undo()
    assert open(path, "rb").read() == old
    assert os.listdir(tmp_path) == [f"m{ending}"]


def save_with_full_disk(model, save, path, limit):
    """The system itself refuses to write more than `limit` bytes into a file."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    with pytest.raises(OSError):
        getattr(model, save)(path)


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "m.keras", tmp_path / "link.keras"
    constant_model(1.0).save(target)
    link.symlink_to(target)
    constant_model(2.0).save(link)
    assert link.is_symlink()
    assert held_value(target) == 2.0
    assert os.listdir(tmp_path / "there") == ["m.keras"]


def test_flipped_bits_give_a_model_or_a_clean_error():
    """One bit of every byte; `KERAUNOS_EVERY_BIT=1` takes all eight."""
    buffer = io.BytesIO()
    model = keraunos.Sequential([keraunos.Input((1,)), layers.Dense(1)])
    keraunos.saving.save_model(model, buffer)
    data = buffer.getvalue()
    for place in range(len(data)):
        bits = range(8) if os.environ.get("KERAUNOS_EVERY_BIT") else [place % 8]
        for bit in bits:
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                loaded = keraunos.models.load_model(io.BytesIO(bytes(changed)))
            except ModelFormatError:
                continue
            np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_every_truncation_of_a_small_file_is_an_error():
    buffer = io.BytesIO()
    keraunos.saving.save_model(keraunos.Sequential([keraunos.Input((1,)), layers.Dense(1)]), buffer)
    data = buffer.getvalue()
    for size in range(len(data)):
        with pytest.raises(ModelFormatError):
            keraunos.models.load_model(io.BytesIO(data[:size]))
