"""Interruption, threads and memory."""

import _thread
import gc
import os
import resource
import signal
import threading
import time

import numpy as np
import pytest

import keraunos
from keraunos import callbacks, layers


def make(units=16):
    model = keraunos.Sequential(
        [keraunos.Input((8,)), layers.Dense(units, activation="relu"), layers.Dense(2)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(rows):
    random = np.random.RandomState(0)
    return random.rand(rows, 8).astype("float32"), random.rand(rows, 2).astype("float32")


@pytest.fixture
def interruptible():
    """Python's own answer to Ctrl-C, which is ignored where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_training_soon_and_the_model_stays_usable():
    model = make()
    x, y = data(200_000)
    model.fit(x[:64], y[:64], verbose=0)
    pressed = []

    def press():
        pressed.append(time.perf_counter())
        _thread.interrupt_main()

    timer = threading.Timer(0.3, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=1000, verbose=0)
    assert time.perf_counter() - pressed[0] < 1
    steps = int(model.optimizer.iterations)
    model.fit(x[:64], y[:64], verbose=0)
    assert int(model.optimizer.iterations) == steps + 2
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_threads_predict_on_one_model_with_equal_results():
    model, (x, _) = make(), data(64)
    sizes = (1, 7, 32, 64)
    expected = {size: model.predict(x[:size], batch_size=64, verbose=0) for size in sizes}
    errors = []

    def work(seed):
        random = np.random.RandomState(seed)
        for _ in range(300):
            size = sizes[random.randint(len(sizes))]
            result = model.predict(x[:size], batch_size=64, verbose=0)
            if not np.array_equal(result, expected[size]):
                errors.append(size)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def _memory():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
@pytest.mark.parametrize("method", ["predict", "predict_on_batch", "train_on_batch", "fit"])
def test_memory_does_not_grow(method):
    model, (x, y) = make(), data(8)
    calls = {
        "predict": lambda: model.predict(x, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(x),
        "train_on_batch": lambda: model.train_on_batch(x, y),
        "fit": lambda: model.fit(x, y, verbose=0),
    }
    count = 300 if method == "fit" else 5000
    for _ in range(count):
        calls[method]()
    before = _memory()
    for _ in range(count):
        calls[method]()
    assert _memory() - before < 1 << 20


class Boom(Exception):
    pass


class Failing(keraunos.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        if index == 3:
            raise Boom
        return data(4)


@pytest.mark.parametrize("workers", [1, 3])
def test_an_exception_in_a_data_set_goes_through_and_ends_its_threads(workers):
    model = make()
    model.fit(*data(4), verbose=0)
    before = threading.active_count()
    with pytest.raises(Boom):
        model.fit(Failing(workers=workers), verbose=0, shuffle=False)
    assert threading.active_count() == before
    assert len(model.fit(*data(8), verbose=0).epoch) == 1


def test_an_exception_in_a_loss_goes_through():
    def loss(y_true, y_pred):
        raise Boom

    model = make()
    model.compile("sgd", loss)
    with pytest.raises(Boom):
        model.fit(*data(4), verbose=0)
    model.compile("sgd", "mse")
    model.fit(*data(4), verbose=0)


def test_many_epochs_of_a_small_model_are_few_python_calls():
    model, (x, y) = make(), data(3200)
    seen = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    calls = []
    from keraunos.training.native import Loop

    original = Loop.run
    Loop.run = lambda self, *arguments: calls.append(1) or original(self, *arguments)
    try:
        model.fit(x, y, epochs=3, callbacks=[watch], verbose=0)
    finally:
        Loop.run = original
    assert seen == [0, 1, 2] and len(calls) <= 9
