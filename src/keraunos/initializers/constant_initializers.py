"""Initializers without randomness."""

import numpy as np

from keraunos import ops
from keraunos.dtypes import standardize_dtype
from keraunos.initializers.initializer import Initializer


class Constant(Initializer):
    """Every element is `value` (a number, or an array that broadcasts to the shape).

    ```python
    keraunos.initializers.Constant(3.0)((2, 2))  # [[3, 3], [3, 3]]
    ```
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        dtype = standardize_dtype(dtype)
        return ops.cast(self.value, dtype) * ops.ones(shape, dtype=dtype)

    def get_config(self):
        from keraunos import serialization

        return {"value": serialization.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config):
        from keraunos import serialization

        return cls(serialization.deserialize_keras_object(config["value"]))


class Zeros(Initializer):
    """Every element is 0."""

    def __call__(self, shape, dtype=None):
        return ops.zeros(shape, dtype=standardize_dtype(dtype))


class Ones(Initializer):
    """Every element is 1."""

    def __call__(self, shape, dtype=None):
        return ops.ones(shape, dtype=standardize_dtype(dtype))


class Identity(Initializer):
    """`gain` times the identity matrix; only for shapes of rank 2."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        return self.gain * ops.eye(*shape, dtype=standardize_dtype(dtype))

    def get_config(self):
        return {"gain": self.gain}


class STFT(Initializer):
    """Kernel of shape `(frame_length, 1, fft_length // 2 + 1)` that makes a convolution a short-time Fourier transform.

    Arguments:
        side: `"real"` (cosines) or `"imag"` (sines).
        window: name of a window (`"hann"`, `"hamming"`, ...), an array of length `frame_length`, or `None`.
        scaling: `"density"`, `"spectrum"` or `None`.
        periodic: whether a window given by name is periodic instead of symmetric.
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"side should be 'real' or 'imag', not {side}")
        if isinstance(window, str):
            _window_by_name(window, 1, periodic)
        if scaling is not None and scaling not in ("density", "spectrum"):
            raise ValueError(
                f"Scaling is invalid, it must be `None`, 'density' or 'spectrum'. Received scaling={scaling}"
            )
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape, dtype=None):
        dtype = standardize_dtype(dtype)
        frame_length, _, bins = shape
        time = np.arange(frame_length, dtype="float64").reshape(-1, 1, 1)
        frequency = np.arange(bins, dtype="float64").reshape(1, 1, -1) / ((bins - 1) * 2)
        angle = -2.0 * np.pi * time * frequency
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            kernel = kernel * self._scaled_window(frame_length)
        return ops.cast(ops.convert_to_tensor(kernel.astype("float32")), dtype)

    def _scaled_window(self, frame_length):
        window = self.window
        if isinstance(window, str):
            window = _window_by_name(window, frame_length, self.periodic)
        window = np.asarray(window, dtype="float64")
        if window.shape != (frame_length,):
            raise ValueError(
                f"The shape of `window` must be equal to [frame_length]. Received: window shape={window.shape}"
            )
        if self.scaling == "density":
            window = window / np.sqrt(np.sum(np.square(window)))
        elif self.scaling == "spectrum":
            window = window / np.sum(np.abs(window))
        return window.reshape(-1, 1, 1)

    def get_config(self):
        return {
            "side": self.side,
            "window": self.window,
            "periodic": self.periodic,
            "scaling": self.scaling,
        }


# Coefficients of the cosine-sum windows: sum over k of (-1)^k a_k cos(2 pi k n / N).
_COSINE_WINDOWS = {
    "boxcar": (1.0,),
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hanning": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
}


def _window_by_name(name, length, periodic):
    if name not in _COSINE_WINDOWS:
        raise ValueError(
            f"Unknown window '{name}'. Expected one of {sorted(_COSINE_WINDOWS)}, or an array. Received: window={name}"
        )
    if length == 1:
        return np.ones(1)
    angle = 2.0 * np.pi * np.arange(length) / (length if periodic else length - 1)
    window = np.zeros(length)
    for order, coefficient in enumerate(_COSINE_WINDOWS[name]):
        window += (-1) ** order * coefficient * np.cos(order * angle)
    return window
