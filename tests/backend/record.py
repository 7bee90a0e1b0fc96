"""Records what `tf.keras.backend` of real Keras gives for `older_calls.py`: run it where Keras and tensorflow are installed.

    KERAS_BACKEND=tensorflow python tests/backend/record.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from keras._tf_keras.keras import backend
from older_calls import CALLS

found = {}
for name, arguments in CALLS.items():
    arguments = [tf.constant(each) if isinstance(each, np.ndarray) else each for each in arguments]
    found[name] = np.asarray(getattr(backend, name)(*arguments))
np.savez_compressed(Path(__file__).parents[1] / "data" / "keras_older_backend.npz", **found)
