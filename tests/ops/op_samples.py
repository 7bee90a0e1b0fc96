"""One call of every public op: what the batteries in this folder run over.

A sample is `(op name, tensor arguments, other arguments)`. NumPy functions of the same name serve as the truth where
they mean the same.
"""

from __future__ import annotations

import numpy as np

RANDOM = np.random.default_rng(7)


def floats(*shape, low=-2.0, high=2.0):
    return RANDOM.uniform(low, high, shape).astype("float32")


def ints(*shape, low=0, high=6):
    return RANDOM.integers(low, high, shape).astype("int32")


X = floats(3, 4)
Y = floats(3, 4)
POSITIVE = floats(3, 4, low=0.1, high=3.0)
UNIT = floats(3, 4, low=-0.9, high=0.9)
CUBE = floats(3, 4, 2)
INTS = ints(3, 4)
BOOLS = X > 0
NANS = np.where(UNIT > 0.5, np.nan, X).astype("float32")
VECTOR = floats(5)
SQUARE = floats(3, 3)
IMAGES = floats(2, 4, 4, 4)

SAMPLES = []


def sample(name, *tensors, **settings):
    SAMPLES.append((name, tensors, settings))


for name in """abs absolute angle arcsinh arctan cbrt ceil conj conjugate copy cos cosh deg2rad exp exp2 expm1 fabs
        floor i0 imag isfinite isinf isnan isneginf isposinf isreal logical_not nan_to_num negative rad2deg real
        round sign signbit sin sinc sinh square tan tanh trunc ravel sort argsort transpose size ndim flip fliplr
        flipud mean sum prod max min amax amin any all std var median ptp cumsum cumprod count_nonzero argmax argmin
        ones_like zeros_like empty_like tril triu diag rot90 corrcoef
        relu relu6 sigmoid sparse_sigmoid softplus softsign soft_shrink sparse_plus silu swish squareplus log_sigmoid
        leaky_relu hard_sigmoid hard_silu hard_swish elu selu celu gelu glu tanh_shrink hard_tanh hard_shrink softmax
        log_softmax sparsemax normalize rms_normalization layer_normalization erf erfc stop_gradient logsumexp
        convert_to_tensor array""".split():
    sample(name, X)
for name in "log log10 log1p log2 reciprocal rsqrt sqrt".split():
    sample(name, POSITIVE)
for name in "arccos arcsin arctanh erfinv".split():
    sample(name, UNIT)
sample("arccosh", POSITIVE + 1)
for name in """add arctan2 divide divide_no_nan true_divide equal floor_divide fmax fmin fmod greater greater_equal
        heaviside hypot isclose allclose less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor
        maximum minimum mod multiply nextafter not_equal subtract vdot append inner psnr""".split():
    if name == "psnr":
        sample(name, X, Y, max_val=1.0)
    else:
        sample(name, X, Y)
sample("power", POSITIVE, Y)
sample("ldexp", X, INTS)
for name in "bitwise_and bitwise_or bitwise_xor left_shift right_shift bitwise_left_shift bitwise_right_shift".split():
    sample(name, INTS, ints(3, 4, high=3))
for name in "gcd lcm".split():
    sample(name, INTS, ints(3, 4))
sample("bitwise_not", INTS)
sample("bitwise_invert", INTS)

for axis in (0, 1, -1):
    for name in "mean sum prod max min any all std var ptp amax amin".split():
        sample(name, X, axis=axis, keepdims=axis == 1)
    for name in "cumsum cumprod sort argsort argmax argmin count_nonzero flip diff trapezoid".split():
        sample(name, X, axis=axis)
sample("sum", CUBE, axis=(0, 2))
sample("mean", CUBE, axis=(1, 2), keepdims=True)
for name in """nansum nanprod nanmax nanmin nanmean nanstd nanvar nanmedian nanargmax nanargmin""".split():
    sample(name, NANS, axis=1)
    sample(name, NANS)
for name in "nancumsum nancumprod".split():
    sample(name, NANS, axis=0)
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    sample("quantile", X, np.float32(0.3), axis=1, method=method)
    sample("percentile", X, np.array([20.0, 70.0], "float32"), axis=0, method=method)
sample("nanquantile", NANS, np.float32(0.3), axis=1)
sample("nanpercentile", NANS, np.float32(30), axis=1)
sample("average", X, axis=1)

sample("reshape", CUBE, newshape=(-1, 2))
sample("transpose", CUBE, axes=(2, 0, 1))
sample("swapaxes", CUBE, axis1=0, axis2=2)
sample("moveaxis", CUBE, source=0, destination=-1)
sample("expand_dims", X, axis=1)
sample("expand_dims", X, axis=(0, -1))
sample("squeeze", X[:, None], axis=1)
sample("broadcast_to", X[:1], shape=(3, 4))
sample("concatenate", [X, Y], axis=1)
sample("stack", [X, Y], axis=1)
sample("hstack", [X, Y])
sample("vstack", [X, Y])
sample("dstack", [X, Y])
sample("split", CUBE, indices_or_sections=2, axis=1)
sample("split", CUBE, indices_or_sections=[1, 3], axis=1)
sample("array_split", CUBE, indices_or_sections=3, axis=1)
sample("hsplit", X, indices_or_sections=2)
sample("dsplit", CUBE, indices_or_sections=2)
sample("vsplit", X, indices_or_sections=[1])
sample("unstack", CUBE, axis=1)
sample("tile", X, repeats=(2, 3))
sample("repeat", X, repeats=3, axis=1)
sample("repeat", X, repeats=2, axis=0)
sample("repeat", X, repeats=2)
sample("roll", X, shift=2, axis=1)
sample("roll", X, shift=-1, axis=0)
sample("roll", X, shift=5)
for mode in ("constant", "reflect", "symmetric", "edge", "wrap"):
    sample("pad", CUBE, pad_width=((1, 2), (2, 1), (0, 0)), mode=mode)
sample("diagonal", CUBE, offset=1)
sample("diagonal", X, offset=-1)
sample("trace", X)
sample("diagflat", X)
sample("diag", VECTOR, k=-1)
sample("vander", VECTOR, N=3)
sample("take", CUBE, np.array([0, 2, -1], "int32"), axis=1)
sample("take", CUBE, np.array([[0], [1]], "int32"))
sample("take_along_axis", X, np.array([[0], [1], [3]], "int32"), axis=1)
sample("unravel_index", INTS, shape=(3, 4))
sample("where", BOOLS, X, Y)
sample("clip", X, x_min=-1.0, x_max=0.5)
sample("searchsorted", np.sort(VECTOR), X)
sample("digitize", X, np.sort(VECTOR))
sample("isin", INTS, np.array([1, 3], "int32"))
sample("full_like", X, np.float32(3.0))
sample("meshgrid", VECTOR, VECTOR[:2])
sample("round", X * 100, decimals=-1)
sample("round", X, decimals=2)
sample("select", [BOOLS, BOOLS], [X, Y])

sample("matmul", X, floats(4, 2))
sample("matmul", floats(2, 3, 4), floats(4, 5))
sample("matmul", X, floats(4))
sample("dot", X, floats(4, 2))
sample("dot", CUBE, floats(2, 5))
sample("outer", VECTOR, VECTOR)
sample("tensordot", CUBE, floats(4, 2, 3), axes=2)
sample("tensordot", CUBE, floats(2, 4, 5), axes=((1, 2), (1, 0)))
sample("kron", X, SQUARE)
sample("cross", floats(4, 3), floats(4, 3))
sample("correlate", VECTOR, VECTOR[:3])
sample("diff", X)
for mode in ("full", "same"):
    sample("correlate", VECTOR, VECTOR[:3], mode=mode)

for name in "norm".split():
    sample(name, X)
    sample(name, X, axis=1, ord=3)
    sample(name, X, ord=1)
sample("one_hot", INTS, num_classes=4)
sample("one_hot", INTS, num_classes=4, axis=1)
sample("multi_hot", INTS, num_classes=4)
sample("depth_to_space", IMAGES, block_size=2)
sample("space_to_depth", IMAGES, block_size=2)
sample("conv", IMAGES, floats(3, 2, 4, 3), padding="same")
sample("conv", IMAGES, floats(2, 2, 2, 4), strides=2, data_format="channels_first")
sample("conv", CUBE, floats(2, 2, 3), dilation_rate=2)
sample("conv_transpose", IMAGES, floats(3, 3, 2, 4), strides=2, padding="same")
sample("conv_transpose", CUBE, floats(2, 3, 2), strides=3, output_padding=1)
sample("depthwise_conv", IMAGES, floats(3, 3, 4, 2), padding="same")
sample("separable_conv", IMAGES, floats(3, 3, 4, 2), floats(1, 1, 8, 3))
sample("max_pool", IMAGES, pool_size=2)
sample("max_pool", CUBE, pool_size=2, strides=1, padding="same", data_format="channels_first")
sample("average_pool", IMAGES, pool_size=(3, 2), strides=1, padding="same")
sample("adaptive_max_pool", IMAGES, output_size=3)
sample("adaptive_average_pool", IMAGES, output_size=(3, 1), data_format="channels_first")
sample("unfold", IMAGES, kernel_size=(2, 3), padding=1, stride=2)
sample("fold", floats(2, 8, 9), output_size=4, kernel_size=2)
sample("threshold", X, threshold=0.1, default_value=7.0)
sample("softmax", CUBE, axis=(1, 2))
sample("softmax", CUBE, axis=0)
sample("binary_crossentropy", (X > 0).astype("float32"), floats(3, 4, low=0, high=1))
sample("binary_crossentropy", (X > 0).astype("float32"), X, from_logits=True)
sample("categorical_crossentropy", np.eye(4, dtype="float32")[:3], floats(3, 4, low=0, high=1))
sample("categorical_crossentropy", np.eye(4, dtype="float32")[:3], X, from_logits=True)
sample("sparse_categorical_crossentropy", np.array([0, 3, 1], "int32"), X, from_logits=True)
sample("moments", CUBE, axes=(0, 1))
sample("batch_normalization", X, floats(4), floats(4, low=0.1), axis=-1)
sample("dot_product_attention", floats(2, 3, 4, 5), floats(2, 6, 4, 5), floats(2, 6, 4, 5))
sample("dot_product_attention", floats(2, 3, 4, 5), floats(2, 3, 2, 5), floats(2, 3, 2, 5), is_causal=True)
sample("dot_product_attention", floats(2, 3, 2, 4), floats(2, 5, 2, 4), floats(2, 5, 2, 3), mask=np.eye(3, 5)[None, None] > 0)
sample("dot_product_attention", floats(2, 3, 2, 4), floats(2, 3, 2, 4), floats(2, 3, 2, 4), bias=floats(1, 2, 3, 3))
sample("ctc_loss", ints(2, 3, low=1, high=4), floats(2, 7, 4), np.array([3, 1], "int32"), np.array([7, 4], "int32"))
sample("ctc_decode", floats(2, 7, 4), np.array([7, 4], "int32"))
sample("ctc_decode", floats(2, 7, 4), np.array([7, 4], "int32"), strategy="beam_search", beam_width=5, top_paths=2)
sample("top_k", X, k=2)
sample("in_top_k", np.array([0, 3, 1], "int32"), X, k=2)
sample("segment_sum", X, np.array([0, 2, 0], "int32"), num_segments=3)
sample("segment_max", X, np.array([0, 1, 0], "int32"), num_segments=2)
sample("segment_min", X, np.array([0, 1, 0], "int32"), num_segments=2)
sample("segment_prod", X, np.array([0, 1, 0], "int32"), num_segments=2)
sample("extract_sequences", floats(2, 9), sequence_length=4, sequence_stride=2)
sample("cdist", X, Y)
sample("cast", X, dtype="int32")
sample("saturate_cast", X * 300, dtype="uint8")
sample("scatter", np.array([[0], [2]], "int32"), floats(2, 4), shape=(3, 4))
sample("scatter_update", X, np.array([[0], [2]], "int32"), floats(2, 4))
sample("scatter_update", X, np.array([[0], [0]], "int32"), floats(2, 4), reduction="max")
sample("slice", X, (1, 0), shape=(2, 3))
sample("slice_update", X, (1, 0), floats(2, 3))

MATRICES = floats(2, 4, 4) + 3 * np.eye(4, dtype="float32")
POSITIVE_MATRICES = MATRICES @ MATRICES.transpose(0, 2, 1)
for name in "det inv slogdet lu_factor".split():
    sample(name, MATRICES)
sample("logdet", POSITIVE_MATRICES)
sample("cholesky", POSITIVE_MATRICES)
sample("cholesky", POSITIVE_MATRICES, upper=True)
sample("cholesky_inverse", np.linalg.cholesky(POSITIVE_MATRICES))
sample("solve", MATRICES, floats(2, 4, 3))
sample("solve_triangular", MATRICES, floats(2, 4, 3), lower=True)
sample("lu_factor", floats(2, 4, 3))
sample("lu_factor", floats(3, 4))
sample("vander", VECTOR)
sample("eigh", POSITIVE_MATRICES)
for matrices in (floats(2, 4, 3), floats(3, 5), SQUARE):
    sample("qr", matrices)
    sample("qr", matrices, mode="complete")
    sample("svd", matrices)
    sample("svd", matrices, full_matrices=False)
    sample("svd", matrices, compute_uv=False)
    sample("pinv", matrices)
    sample("matrix_rank", matrices)
sample("pinv", X, rcond=0.5)
sample("matrix_rank", X, tol=1.0)
sample("lstsq", floats(5, 3), VECTOR)
sample("lstsq", floats(2, 5), floats(2, 3))
for order in (2, -2, "nuc"):
    sample("norm", X, ord=order)
    sample("norm", CUBE, ord=order, axis=(2, 0), keepdims=True)

for name in "fft fft2 ifft2".split():
    sample(name, (floats(2, 3, 6), floats(2, 3, 6)))
sample("rfft", floats(2, 130))
sample("rfft", floats(2, 9), fft_length=12)
sample("irfft", (floats(2, 5), floats(2, 5)))
sample("irfft", (floats(2, 5), floats(2, 5)), fft_length=9)
sample("stft", floats(2, 40), sequence_length=8, sequence_stride=4, fft_length=8)
sample("istft", (floats(2, 6, 5), floats(2, 6, 5)), sequence_length=8, sequence_stride=4, fft_length=8)

# Their truth in NumPy has another name, order of arguments or meaning.
NUMPY_NAMES = {"conj": "conj", "left_shift": "left_shift", "bitwise_left_shift": "left_shift",
               "bitwise_right_shift": "right_shift", "dot": "dot", "norm": "linalg.norm",
               "det": "linalg.det", "inv": "linalg.inv", "slogdet": "linalg.slogdet", "cholesky": "linalg.cholesky",
               "solve": "linalg.solve", "pinv": "linalg.pinv", "matrix_rank": "linalg.matrix_rank", "qr": "linalg.qr"}
NOT_NUMPY = frozenset(
    """array select psnr size ndim unstack scatter slice trapezoid convert_to_tensor stop_gradient logsumexp erf erfc
    average empty_like nanargmax nanargmin fft""".split()
)
