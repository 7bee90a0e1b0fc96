"""`python -m keraunos` behaves as `python` does, with keraunos under the names of Keras and tensorflow."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest


def keraunos(*arguments, cwd, stdin=""):
    command = [sys.executable, "-m", "keraunos", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, input=stdin, timeout=120)


@pytest.fixture
def script(tmp_path):
    def write(source, name="script.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        return path

    return write


def test_a_script_sees_its_own_arguments_name_file_and_folder(script, tmp_path):
    script("", "neighbour.py")
    path = script("import sys, neighbour\nprint(sys.argv, __name__, __file__, sys.modules['__main__'].__dict__ is globals())")
    finished = keraunos("script.py", "-c", "--x", "1", cwd=tmp_path)
    assert finished.stdout.strip() == "['script.py', '-c', '--x', '1'] __main__ script.py True", finished.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert keraunos(path, cwd=elsewhere).returncode == 0


IMPORTS = [
    "import keras",
    "import keras.layers as layers",
    "from keras.models import Sequential; from keras.layers import Dense",
    "from keras import layers, models",
    "import tensorflow as tf; tf.keras.layers.Dense",
    "from tensorflow import keras",
    "from tensorflow.keras.layers import Dense, Input",
    "from tensorflow.keras import layers; import tensorflow.keras.backend as K",
    "from tensorflow.python.keras.layers import Dense",
    "import tf_keras as keras; keras.Sequential",
    "from keras.layers.core import Dense, Dropout; from keras.layers.normalization import BatchNormalization",
    "from keras.utils.np_utils import to_categorical; from keras.engine.topology import Layer",
    "from keras.utils import np_utils; np_utils.to_categorical([1])",
    "from tensorflow.keras.layers.experimental import preprocessing; preprocessing.Rescaling(1.0)",
    "from tensorflow.keras.preprocessing.sequence import pad_sequences; from keras.preprocessing import sequence",
    "from keras.layers.merge import add; from keras.optimizers.experimental import Adam; Adam()",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_the_import_lines_of_existing_scripts_work(line, tmp_path):
    finished = keraunos("-c", line, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr


def test_the_objects_are_the_same_under_every_name(tmp_path):
    code = """
import keraunos, keras, tensorflow as tf
from tensorflow.keras.layers import Dense
from keras.layers.core import Dense as OldDense
import keraunos.layers.core
assert keras is keraunos and tf.keras is keraunos
assert Dense is OldDense is keraunos.layers.Dense is tf.keras.layers.Dense
assert keraunos.layers.__spec__.name == "keraunos.layers"
assert isinstance(keraunos.layers.Dense(2), Dense)
print("same")
"""
    finished = keraunos("-c", code, cwd=tmp_path)
    assert finished.stdout == "same\n", finished.stderr


def test_an_error_shows_only_the_frames_of_the_user(script, tmp_path):
    script("def fail():\n    raise ValueError('mine')\n\nfail()\n")
    finished = keraunos("script.py", cwd=tmp_path)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert '  File "script.py", line 4, in <module>' in finished.stderr.splitlines()[1]
    assert "runner" not in finished.stderr
    assert finished.stderr.splitlines()[-1] == "ValueError: mine"


def test_a_syntax_error_shows_the_line_and_nothing_of_ours(script, tmp_path):
    script("x = (1,\n")
    finished = keraunos("script.py", cwd=tmp_path)
    assert finished.returncode == 1
    assert 'File "script.py", line 1' in finished.stderr
    assert "runner" not in finished.stderr


@pytest.mark.parametrize(("statement", "status"), [("raise SystemExit(7)", 7), ("import sys; sys.exit()", 0), ("1/0", 1)])
def test_the_exit_status_is_the_scripts(statement, status, tmp_path):
    assert keraunos("-c", statement, cwd=tmp_path).returncode == status


def test_code_given_by_c_sees_its_arguments(tmp_path):
    finished = keraunos("-c", "import sys; print(sys.argv, sys.path[0] == '')", "a", "-m", cwd=tmp_path)
    assert finished.stdout.strip() == "['-c', 'a', '-m'] True"


def test_a_module_given_by_m_runs_as_main_with_its_arguments(script, tmp_path):
    path = script("import sys, keras\nprint(sys.argv, __name__, __spec__.name)", "package/tool.py")
    finished = keraunos("-m", "package.tool", "x", cwd=tmp_path)
    assert finished.stdout.strip() == f"[{str(path)!r}, 'x'] __main__ package.tool", finished.stderr


def test_a_module_that_is_not_there_is_named(tmp_path):
    finished = keraunos("-m", "no_such_module_here", cwd=tmp_path)
    assert finished.returncode == 1
    assert "no_such_module_here" in finished.stderr


def test_standard_input_and_zip_files_run_too(tmp_path):
    assert keraunos("-", "x", cwd=tmp_path, stdin="import sys, keras; print(sys.argv)").stdout == "['-', 'x']\n"
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", "import keras, helper; print(helper.__name__, __name__)")
        archive.writestr("helper.py", "")
    assert keraunos("app.zip", cwd=tmp_path).stdout == "helper __main__\n"


def test_a_script_that_is_not_there_is_named(tmp_path):
    finished = keraunos("nowhere.py", cwd=tmp_path)
    assert finished.returncode == 2
    assert "can't open file 'nowhere.py'" in finished.stderr


def test_help_version_and_wrong_use(tmp_path):
    assert "usage" in keraunos("--help", cwd=tmp_path).stdout
    assert keraunos("--version", cwd=tmp_path).stdout.startswith("keraunos ")
    assert keraunos(cwd=tmp_path).returncode == 2
    assert keraunos("-c", cwd=tmp_path).returncode == 2
    assert keraunos("--unknown", cwd=tmp_path).returncode == 2


def test_classes_of_a_script_can_be_pickled(script, tmp_path):
    script("import pickle\nclass A:\n    pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)")
    assert keraunos("script.py", cwd=tmp_path).stdout == "True\n"


def test_a_tensorflow_name_that_is_not_there_is_named_however_it_is_asked_for(tmp_path):
    for line in ["import tensorflow as tf; tf.raw_ops", "from tensorflow import raw_ops", "import tensorflow.raw_ops"]:
        finished = keraunos("-c", line, cwd=tmp_path)
        assert "tensorflow.raw_ops is not part of keraunos's tensorflow subset" in finished.stderr, line
    finished = keraunos("-c", "import tensorflow as tf; tf.math.bessel_i0", cwd=tmp_path)
    assert "tensorflow.math.bessel_i0 is not part of keraunos's tensorflow subset" in finished.stderr
    for line in ["import keras; keras.layers.Nothing", "from keras.layers import Nothing"]:
        assert "Nothing" in keraunos("-c", line, cwd=tmp_path).stderr.splitlines()[-1]
    finished = keraunos("-c", "import keras.no_such_part", cwd=tmp_path)
    assert "No module named 'keras.no_such_part'" in finished.stderr


def test_a_script_from_the_days_of_tf_keras_trains(script, tmp_path):
    script(
        """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(3)
x = np.random.rand(256, 4).astype("float32")
y = (x.sum(axis=1) > 2).astype("int32")
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(256).batch(32).prefetch(tf.data.AUTOTUNE)

model = keras.Sequential([layers.Dense(16, activation=tf.nn.relu, input_shape=(4,)), layers.Dense(2)])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.01),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(train, epochs=15, validation_data=train, verbose=0)
assert history.history["accuracy"][-1] > 0.8, history.history

loss_fn, optimizer = keras.losses.SparseCategoricalCrossentropy(from_logits=True), keras.optimizers.SGD(0.1)

@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss

losses = [float(train_step(x, y)) for epoch in range(10) for x, y in train]
assert np.mean(losses[-8:]) < np.mean(losses[:8])
print("trained")
"""
    )
    finished = keraunos("script.py", cwd=tmp_path)
    assert finished.stdout == "trained\n", finished.stderr
    assert "uncompiled" not in finished.stderr and "eager" not in finished.stderr, finished.stderr
