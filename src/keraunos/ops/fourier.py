"""Fourier transforms on pairs (real part, imaginary part), written in matrix products.

A transform of n points splits by the smallest prime factor of n until at most 64 are left (Cooley and Tukey, 1965);
those are one product with the matrix of cosines and sines.
"""

from __future__ import annotations

import functools

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.math import extract_sequences
from keraunos.ops.numpy import arithmetic, elementwise, joining, linear, padding, repeating, shaping
from keraunos.tensor import KerasTensor, cast_tensor, convert_to_tensor, execute, scalar

operation = operations("math")

_DIRECT_SIZE = 64


def _constant(array, dtype):
    return cast_tensor(convert_to_tensor(array.astype("float64")), dtype)


@functools.lru_cache(maxsize=64)
def _angles(rows, columns, period):
    """2 pi r c / period, computed from the remainder so that large products lose nothing."""
    return 2.0 * np.pi * (np.outer(np.arange(rows), np.arange(columns)) % period) / period


def _smallest_factor(n):
    return next((p for p in range(2, int(n**0.5) + 1) if n % p == 0), n)


def _product(real, imaginary, other_real, other_imaginary, multiply):
    """The complex product; an imaginary part of `None` is zero."""
    if imaginary is None:
        return multiply(real, other_real), multiply(real, other_imaginary)
    first = arithmetic.subtract(multiply(real, other_real), multiply(imaginary, other_imaginary))
    second = arithmetic.add(multiply(real, other_imaginary), multiply(imaginary, other_real))
    return first, second


def _transform(real, imaginary, sign):
    """The sums of x[j] exp(sign 2 pi i j k / n) along the last axis."""
    n = real.shape[-1]
    dtype = real.dtype
    factor = _smallest_factor(n)
    if n <= _DIRECT_SIZE or factor == n:
        angles = _angles(n, n, n)
        matrices = _constant(np.cos(angles), dtype), _constant(sign * np.sin(angles), dtype)
        return _product(real, imaginary, *matrices, linear.matmul)
    rest = n // factor

    def columns(x):
        sizes = _dims.shape_of(x)[:-1]
        return shaping.swapaxes(_dims.reshape(x, (*sizes, rest, factor)), -1, -2)

    sizes = _dims.shape_of(real)[:-1]
    parts = _transform(columns(real), None if imaginary is None else columns(imaginary), sign)
    angles = _angles(factor, rest, n)
    turned = _product(*parts, _constant(np.cos(angles), dtype), _constant(sign * np.sin(angles), dtype), arithmetic.multiply)
    angles = _angles(factor, factor, factor)
    matrices = _constant(np.cos(angles), dtype), _constant(sign * np.sin(angles), dtype)
    joined = _product(*turned, *matrices, lambda x, m: linear.matmul(m, x))
    return tuple(_dims.reshape(x, (*sizes, n)) for x in joined)


def _checked_pair(x):
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"Input `x` should be a tuple of two tensors - real and imaginary. Received: x={x}")
    real, imaginary = x
    if tuple(real.shape) != tuple(imaginary.shape):
        raise ValueError(
            "Input `x` should be a tuple of two tensors - real and imaginary. Both the real and imaginary parts should "
            f"have the same shape. Received: x[0].shape = {tuple(real.shape)}, x[1].shape = {tuple(imaginary.shape)}"
        )
    return real, imaginary


def _pair(x):
    if isinstance(x, (tuple, list)):
        x = [floats(part) for part in x]
    real, imaginary = _checked_pair(x)
    return real, cast_tensor(imaginary, real.dtype)


def _check_axes(x, count):
    if len(x.shape) < count:
        raise ValueError(f"Input should have rank >= {count}. Received: input.shape = {tuple(x.shape)}")
    if None in x.shape[len(x.shape) - count :]:
        if count == 1:
            raise ValueError(
                f"Input should have its last dimension fully-defined. Received: input.shape = {tuple(x.shape)}"
            )
        raise ValueError(
            f"Input should have its last two dimensions fully-defined. Received: input.shape = {tuple(x.shape)}"
        )


@operation(name="FFT")
def fft(x):
    """The Fourier transform along the last axis.

    Args:
        x: a pair (real part, imaginary part).

    Returns the same kind of pair.
    """
    real, imaginary = _pair(x)
    _check_axes(real, 1)
    return _transform(real, imaginary, -1.0)


def _over_two_axes(x, sign, scale):
    real, imaginary = _pair(x)
    _check_axes(real, 2)
    parts = _transform(real, imaginary, sign)
    parts = _transform(*(shaping.swapaxes(part, -1, -2) for part in parts), sign)
    parts = tuple(shaping.swapaxes(part, -1, -2) for part in parts)
    if not scale:
        return parts
    count = float(real.shape[-1] * real.shape[-2])
    return tuple(arithmetic.divide(part, count) for part in parts)


@operation(name="FFT2")
def fft2(x):
    """The Fourier transform of a pair (real part, imaginary part) over the last two axes."""
    return _over_two_axes(x, -1.0, scale=False)


@operation(name="IFFT2")
def ifft2(x):
    """The inverse of `fft2`."""
    return _over_two_axes(x, 1.0, scale=True)


def _fitted(x, length):
    """`x` cut, or filled up with zeros, to a length of its last axis."""
    last = len(x.shape) - 1
    if x.shape[last] is None:
        x = padding.pad(x, [(0, 0)] * last + [(0, length)])
    elif x.shape[last] < length:
        x = padding.pad(x, [(0, 0)] * last + [(0, length - x.shape[last])])
    return joining.slice_axis(x, last, 0, length) if x.shape[last] != length else x


def _rfft_spec(x, fft_length=None):
    if len(x.shape) < 1:
        raise ValueError(f"Input should have rank >= 1. Received: input.shape = {x.shape}")
    length = x.shape[-1] if fft_length is None else fft_length
    shape = (*x.shape[:-1], None if length is None else length // 2 + 1)
    return KerasTensor(shape, dtype=x.dtype), KerasTensor(shape, dtype=x.dtype)


@operation(name="RFFT", spec=_rfft_spec)
def rfft(x, fft_length=None):
    """The Fourier transform of real numbers along the last axis: the first n // 2 + 1 frequencies.

    Args:
        x: the tensor.
        fft_length: n; the last axis is cut or filled up with zeros to it.
    """
    x = floats(x)
    if fft_length is None:
        _check_axes(x, 1)
        fft_length = x.shape[-1]
    x = _fitted(x, fft_length)
    last = len(x.shape) - 1
    parts = _transform(x, None, -1.0)
    return tuple(joining.slice_axis(part, last, 0, fft_length // 2 + 1) for part in parts)


def _irfft_spec(x, fft_length=None):
    real, _ = _checked_pair(x)
    if len(real.shape) < 1:
        raise ValueError(f"Input should have rank >= 1. Received: input.shape = {real.shape}")
    length = fft_length
    if length is None and real.shape[-1] is not None:
        length = 2 * (real.shape[-1] - 1)
    return KerasTensor((*real.shape[:-1], length), dtype=real.dtype)


@operation(name="IRFFT", spec=_irfft_spec)
def irfft(x, fft_length=None):
    """The inverse of `rfft`.

    Args:
        x: a pair (real part, imaginary part).
        fft_length: the length n of the result, by default 2 (size - 1).
    """
    real, imaginary = _pair(x)
    if fft_length is None:
        _check_axes(real, 1)
        fft_length = 2 * (real.shape[-1] - 1)
    count = fft_length // 2 + 1
    real, imaginary = _fitted(real, count), _fitted(imaginary, count)
    last = len(real.shape) - 1

    def mirrored(x, sign):
        # The frequencies above the middle are the conjugates of those below.
        tail = execute("flip", [joining.slice_axis(x, last, 1, (fft_length + 1) // 2)], {"axes": [last]})
        tail = elementwise.negative(tail) if sign < 0 else tail
        return execute("concatenate", [x, tail], {"axis": last})

    edges = np.ones(count)
    edges[0] = 0.0
    if fft_length % 2 == 0:
        edges[-1] = 0.0
    imaginary = arithmetic.multiply(imaginary, _constant(edges, imaginary.dtype))
    result = _transform(mirrored(real, 1), mirrored(imaginary, -1), 1.0)[0]
    return arithmetic.divide(result, float(fft_length))


def _window(window, length, dtype):
    """The window as a tensor; `None` for no window."""
    if window is None:
        return None
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                'If a string is passed to `window`, it must be one of `"hann"`, `"hamming"`. '
                f"Received: window={window}"
            )
        share = 0.5 if window == "hann" else 0.54
        return _constant(share - (1.0 - share) * np.cos(2.0 * np.pi * np.arange(length) / length), dtype)
    made = with_dtype(window, dtype)
    if len(made.shape) != 1 or made.shape[-1] != length:
        raise ValueError(
            "The shape of `window` must be equal to [sequence_length]."
            f"Received: window shape={tuple(made.shape)}"
        )
    return made


def _check_lengths(sequence_length, sequence_stride, fft_length):
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("fft_length", fft_length),
    ):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or larger than `sequence_length`. "
            f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
        )


def _centred(window, sequence_length, fft_length):
    before = (fft_length - sequence_length) // 2
    return padding.pad(window, [(before, fft_length - sequence_length - before)])


@operation(name="STFT")
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Fourier transforms of short, overlapping windows along the last axis.

    Args:
        x: floats.
        sequence_length: the length of a window.
        sequence_stride: the distance of windows.
        fft_length: the length of each transform, at least `sequence_length`.
        window: `"hann"`, `"hamming"`, a vector, or `None`.
        center: whether window t is centred at `t * sequence_stride` (the ends are mirrored).

    Returns a pair (real part, imaginary part) of shape `(..., windows, fft_length // 2 + 1)`.
    """
    x = tensor(x)
    if x.dtype not in ("float32", "float64"):
        raise TypeError(f"Invalid input type. Expected `float32` or `float64`. Received: input type={x.dtype}")
    _check_lengths(sequence_length, sequence_stride, fft_length)
    weights = _window(window, sequence_length, x.dtype)
    if center:
        half = fft_length // 2
        x = padding.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(half, half)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    if weights is None and sequence_length != fft_length:
        weights = _constant(np.ones(sequence_length), x.dtype)
    if weights is not None:
        frames = arithmetic.multiply(frames, _centred(weights, sequence_length, fft_length))
    return rfft(frames, fft_length)


def _overlapped(frames, stride):
    """The sum of frames, each placed `stride` after the one before."""
    rank = len(frames.shape)
    count, length = frames.shape[-2], frames.shape[-1]
    if count is None:
        raise ValueError(f"istft: the number of windows must be known. Received: shape {tuple(frames.shape)}")
    total = length + stride * (count - 1)
    rows = shaping.permute(frames, [rank - 2, rank - 1, *range(rank - 2)])
    sizes = _dims.shape_of(rows)[2:]
    rows = _dims.reshape(rows, (count * length, *sizes))
    index = (np.arange(count)[:, None] * stride + np.arange(length)).reshape(-1, 1).astype("int32")
    zeros = _dims.fill(scalar(0, frames.dtype), (total, *sizes))
    summed = execute("scatter_add", [zeros, convert_to_tensor(index), rows], {})
    return shaping.permute(summed, [*range(1, rank - 1), 0])


def _istft_spec(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    real, _ = _checked_pair(x)
    _check_lengths(sequence_length, sequence_stride, fft_length)
    if len(real.shape) < 2:
        raise ValueError(f"Input should have rank >= 2. Received: input.shape = {real.shape}")
    if length is None and real.shape[-2] is not None:
        length = (real.shape[-2] - 1) * sequence_stride + fft_length - (fft_length // 2 * 2 if center else 0)
    return KerasTensor((*real.shape[:-2], length), dtype=real.dtype)


@operation(name="ISTFT", spec=_istft_spec)
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The inverse of `stft`.

    Args:
        x: a pair (real part, imaginary part) of shape `(..., windows, fft_length // 2 + 1)`.
        sequence_length: the length of a window.
        sequence_stride: the distance of windows.
        fft_length: the length of each transform.
        length: the length of the result, by default what the windows cover.
        window: the window of `stft`.
        center: the `center` of `stft`.
    """
    real, imaginary = _pair(x)
    _check_lengths(sequence_length, sequence_stride, fft_length)
    if len(real.shape) < 2:
        raise ValueError(f"Input should have rank >= 2. Received: input.shape = {tuple(real.shape)}")
    weights = _window(window, sequence_length, real.dtype)
    frames = irfft((real, imaginary), fft_length)
    count = frames.shape[-2]
    if weights is not None:
        weights = _centred(weights, sequence_length, fft_length)
        if sequence_length == fft_length and center:
            squares = _dims.broadcast_to(elementwise.square(weights), (count, fft_length))
            envelope = _overlapped(squares, sequence_stride)
            signal = _overlapped(arithmetic.multiply(frames, weights), sequence_stride)
            signal = arithmetic.divide_no_nan(signal, envelope)
        else:
            frames = arithmetic.multiply(frames, _inverse_window(weights, sequence_stride, fft_length))
            signal = _overlapped(frames, sequence_stride)
    else:
        signal = _overlapped(frames, sequence_stride)
    start = fft_length // 2 if center else 0
    last = len(signal.shape) - 1
    end = signal.shape[last] - start if length is None else min(start + length, signal.shape[last])
    signal = joining.slice_axis(signal, last, start, end)
    return signal if length is None else _fitted(signal, length)


def _inverse_window(weights, stride, length):
    """The window over the sum of squares of all the windows that reach a place."""
    overlaps = -(-length // stride)
    squares = padding.pad(elementwise.square(weights), [(0, overlaps * stride - length)])
    sums = execute("sum", [_dims.reshape(squares, (overlaps, stride))], {"axes": [0], "keepdims": True})
    sums = _dims.reshape(repeating.tile(sums, (overlaps, 1)), (overlaps * stride,))
    return arithmetic.divide(weights, joining.slice_axis(sums, 0, 0, length))


__all__ = ["fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft"]
