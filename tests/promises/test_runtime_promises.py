"""What the runtime promises a user: the same bits for any number of threads, safe threads and forks, prompt Ctrl-C, steady memory."""

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers


def network(dropout=0.2):
    return keraunos.Sequential(
        [
            layers.Input((40,)),
            layers.Dense(96, activation="relu"),
            layers.Dropout(dropout, seed=3),
            layers.Dense(64, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dense(5, activation="softmax"),
        ]
    )


def data(rows=300):
    numbers = np.random.default_rng(1)
    return numbers.normal(size=(rows, 40)).astype("float32"), numbers.integers(0, 5, rows)


def run_python(code, timeout=120):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=timeout, env=environment
    )


def trained_weights(threads):
    keraunos.config.set_num_threads(threads)
    try:
        keraunos.utils.set_random_seed(7)
        model = network()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(*data(), epochs=3, batch_size=64, verbose=0)
        return model.get_weights()
    finally:
        keraunos.config.set_num_threads(0)


def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads():
    one = trained_weights(1)
    for threads in (2, 3, 8):
        for a, b in zip(one, trained_weights(threads)):
            assert a.tobytes() == b.tobytes()


def large_network(units=(1024, 2048, 2048, 2048, 1000)):
    """Row (d) of the benchmarks."""
    model = keraunos.Sequential([layers.Input(units[:1])])
    for width in units[1:-1]:
        model.add(layers.Dense(width, activation="relu"))
    model.add(layers.Dense(units[-1], activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def step_of(model, rows):
    """The compiled train step and inputs for it."""
    numbers = np.random.default_rng(1)
    x = numbers.normal(size=(rows, model.input_shape[1])).astype("float32")
    y = numbers.integers(0, model.output_shape[1], rows).astype("int32")
    model.fit(x, y, batch_size=rows, verbose=0)
    concrete, _ = model.train_function.function.concrete_for(((x, y, None),))
    return concrete.native, [keraunos.ops.convert_to_tensor(x), keraunos.ops.convert_to_tensor(y)]


def test_updates_of_large_weights_have_the_same_bits_for_any_number_of_threads():
    weights = []
    for threads in (1, 2, 3):
        keraunos.config.set_num_threads(threads)
        try:
            keraunos.utils.set_random_seed(7)
            model = large_network((100, 300, 700, 10))
            step, inputs = step_of(model, 50)
            assert any(name.startswith("matmul ") for name in step.plan_description(inputs)[0])
            weights.append(model.get_weights())
        finally:
            keraunos.config.set_num_threads(0)
    for others in weights[1:]:
        for a, b in zip(weights[0], others):
            assert a.tobytes() == b.tobytes()


def test_a_large_step_needs_no_memory_for_whole_gradients():
    step, inputs = step_of(large_network(), 256)
    _, arena = step.plan_description(inputs)
    activations = 4 * 256 * (3 * 2048 + 1000)
    largest_gradient = 4 * 2048 * 2048
    # A matrix unit takes an operand of a product in three parts of two bytes.
    split_operand = 6 * 256 * 2048 if _core.cpu_level() == "amx" else 0
    # Beside weights and slots. Weights + gradients + slots + activations + 15 % would allow 50 MB more.
    assert arena < 2 * activations + split_operand
    assert arena < largest_gradient


def test_threads_that_predict_on_one_model_agree_with_one_thread():
    model = network()
    x, _ = data(257)
    expected = model.predict(x, batch_size=32, verbose=0)
    results = [[] for _ in range(4)]

    def work(mine):
        for _ in range(20):
            mine.append(model.predict(x, batch_size=32, verbose=0))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mine in results:
        assert len(mine) == 20
        for prediction in mine:
            assert prediction.tobytes() == expected.tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_made_by_fork_after_use_predicts_the_same():
    result = run_python(
        """
        import os, sys
        import numpy as np
        import keraunos
        model = keraunos.Sequential([keraunos.layers.Input((256,)), keraunos.layers.Dense(512), keraunos.layers.Dense(256)])
        x = np.ones((256, 256), "float32")
        expected = model.predict(x, batch_size=256, verbose=0)
        child = os.fork()
        if child == 0:
            same = model.predict(x, batch_size=256, verbose=0).tobytes() == expected.tobytes()
            os._exit(0 if same else 3)
        _, status = os.waitpid(child, 0)
        sys.exit(os.waitstatus_to_exitcode(status))
        """
    )
    assert result.returncode == 0, result.stderr


def test_ctrl_c_ends_fit_promptly_between_whole_steps():
    result = run_python(
        """
        import os, signal, threading, time
        import numpy as np
        import keraunos
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
        model = keraunos.Sequential([keraunos.layers.Input((64,)), keraunos.layers.Dense(64)])
        model.compile("sgd", "mse")
        x = np.random.default_rng(0).normal(size=(20000, 64)).astype("float32")
        model.fit(x[:64], x[:64], verbose=0)
        sent = []
        def interrupt():
            time.sleep(0.5)
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=interrupt).start()
        try:
            model.fit(x, x, epochs=100000, batch_size=32, verbose=0)
        except KeyboardInterrupt:
            waited = time.perf_counter() - sent[0]
            assert waited < 0.3 * float(os.environ.get("KERAUNOS_TEST_SLOWNESS", "5")), waited
            assert all(np.isfinite(w).all() for w in model.get_weights())
            model.fit(x[:64], x[:64], verbose=0)
            print("interrupted")
        """
    )
    assert "interrupted" in result.stdout, result.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_20000_predictions_grow_memory_by_less_than_a_megabyte():
    result = run_python(
        """
        import os
        import numpy as np
        import keraunos
        def resident_bytes():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        layers = keraunos.layers
        model = keraunos.Sequential([layers.Input((40,)), layers.Dense(96, activation="relu"), layers.BatchNormalization(), layers.Dense(5)])
        x = np.ones((8, 40), "float32")
        for _ in range(1000):
            model.predict(x, verbose=0)
        before = resident_bytes()
        for _ in range(20000):
            model.predict(x, verbose=0)
        print("grown by", resident_bytes() - before)
        assert resident_bytes() - before < 2**20
        """
    )
    assert "grown by" in result.stdout and result.returncode == 0, result.stdout + result.stderr


def test_nothing_of_the_process_changes_on_import():
    result = run_python(
        """
        import signal, threading
        handlers = [signal.getsignal(s) for s in signal.valid_signals()]
        import locale
        before = locale.setlocale(locale.LC_ALL)
        import keraunos
        keraunos.layers.Dense(2)
        assert handlers == [signal.getsignal(s) for s in signal.valid_signals()]
        assert locale.setlocale(locale.LC_ALL) == before
        assert threading.active_count() == 1
        import os
        assert len(os.listdir("/proc/self/task")) <= 2 or not os.path.exists("/proc/self/task"), os.listdir("/proc/self/task")
        """
    )
    assert result.returncode == 0, result.stderr
