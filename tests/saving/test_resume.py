"""Training that goes on from a file in another process ends with the same bits as training that never stopped."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keraunos

sys.path.insert(0, str(Path(__file__).parent))
import resume_pairs as pairs

pytest.importorskip("h5py")


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_a_new_process_goes_on_with_the_same_bits(tmp_path, ending):
    names = list(pairs.PAIRS)
    for name in names:
        model = pairs.make(name)
        pairs.train(model, 0, pairs.EPOCHS)
        (model.save_weights if ending == ".weights.h5" else model.save)(str(tmp_path / f"{name}{ending}"))
    program = [sys.executable, pairs.__file__, str(tmp_path), ending, *names]
    subprocess.run(program, check=True, capture_output=True)
    for name in names:
        model = pairs.make(name)
        history = pairs.train(model, 0, 2 * pairs.EPOCHS)
        with np.load(tmp_path / f"{name}{ending}.npz") as resumed:
            expected = pairs.state(model)
            for index, value in enumerate(expected):
                np.testing.assert_array_equal(resumed[f"arr_{index}"], value, err_msg=f"{name} {index}")
            for key, values in history.items():
                np.testing.assert_array_equal(resumed[f"log_{key}"], values[pairs.EPOCHS :], err_msg=f"{name} {key}")


class Interrupt(keraunos.callbacks.Callback):
    """Ends the run in the middle of an epoch, as a crash would."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["dropout_adam", "noise_rmsprop", "branches_adagrad", "mixed_loss_scale"])
def test_backup_and_restore_goes_on_with_the_same_bits(tmp_path, name):
    folder = str(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        pairs.train(
            pairs.make(name), 0, 4, callbacks=[keraunos.callbacks.BackupAndRestore(folder), Interrupt(2)]
        )
    resumed = pairs.make(name)
    pairs.train(resumed, 0, 4, callbacks=[keraunos.callbacks.BackupAndRestore(folder)])
    straight = pairs.make(name)
    pairs.train(straight, 0, 4)
    for one, two in zip(pairs.state(resumed), pairs.state(straight), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_checkpoint_goes_on_with_the_same_bits(tmp_path):
    path = str(tmp_path / "{epoch}.keras")
    straight = pairs.make("dropout_adam")
    pairs.train(straight, 0, 4, callbacks=[keraunos.callbacks.ModelCheckpoint(path)])
    keraunos.utils.set_random_seed(pairs.SEED)
    resumed = keraunos.models.load_model(str(tmp_path / "3.keras"))
    pairs.train(resumed, 3, 4)
    for one, two in zip(pairs.state(resumed), pairs.state(straight), strict=True):
        np.testing.assert_array_equal(one, two)
