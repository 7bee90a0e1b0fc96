"""Ops whose result depends on values, on numbers alone, or on strings."""

import numpy as np
import pytest

from keraunos import KerasTensor, ops

RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize(
    "subscripts, shapes",
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("...ij,...jk->...ik", [(2, 3, 4), (4, 5)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("ij,ij->i", [(2, 3), (2, 3)]),
        ("abc,cd,def->abef", [(2, 3, 4), (4, 5), (5, 2, 3)]),
        ("bqhd,bkhd->bhqk", [(2, 3, 4, 5), (2, 6, 4, 5)]),
        ("ijk,kl->lij", [(2, 3, 4), (4, 2)]),
        ("ij,j->i", [(2, 3), (3,)]),
    ],
)
def test_einsum_means_what_it_means_in_numpy(subscripts, shapes):
    operands = [RANDOM.normal(size=shape).astype("float32") for shape in shapes]
    np.testing.assert_allclose(ops.einsum(subscripts, *operands), np.einsum(subscripts, *operands), rtol=1e-5, atol=1e-5)
    symbolic = [KerasTensor(shape) for shape in shapes]
    assert ops.einsum(subscripts, *symbolic).shape == np.einsum(subscripts, *operands).shape


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij->ijj", "ij->k", "i->i"])
def test_einsum_refuses_what_does_not_fit(subscripts):
    with pytest.raises(ValueError):
        ops.einsum(subscripts, np.ones((2, 3)))


@pytest.mark.parametrize("arguments", [(5,), (2, 8, 3), (1.0, 2.0, 0.25), (5, 0, -2), (0,)])
def test_arange_counts(arguments):
    found, wanted = ops.arange(*arguments), np.arange(*arguments)
    np.testing.assert_allclose(found, wanted)
    assert found.dtype == ("float32" if wanted.dtype.kind == "f" else "int32")


def test_spaces_are_those_of_numpy():
    for name, arguments in [("linspace", (0, 5, 7)), ("logspace", (0, 2, 5)), ("geomspace", (1, 100, 4))]:
        truth = getattr(np, name)
        np.testing.assert_allclose(getattr(ops, name)(*arguments), truth(*arguments), rtol=1e-5)
        np.testing.assert_allclose(
            getattr(ops, name)(*arguments, endpoint=False), truth(*arguments, endpoint=False), rtol=1e-5
        )
        as_tensors = [ops.array(float(x)) for x in arguments[:2]]
        np.testing.assert_allclose(getattr(ops, name)(*as_tensors, arguments[2]), truth(*arguments), rtol=1e-4)


def test_value_dependent_ops_are_those_of_numpy():
    x = np.array([[3, 1, 3], [0, 1, 5]], "int32")
    for found, wanted in zip(ops.nonzero(x), np.nonzero(x)):
        np.testing.assert_array_equal(found, wanted)
    found = ops.unique(x, return_index=True, return_inverse=True, return_counts=True)
    wanted = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for a, b in zip(found, wanted):
        np.testing.assert_array_equal(np.asarray(a).ravel(), b.ravel())
    np.testing.assert_array_equal(ops.bincount(x[0], minlength=6), np.bincount(x[0], minlength=6))
    np.testing.assert_allclose(ops.bincount(x[0], weights=np.array([0.5, 1, 2], "float32")), [0, 1, 0, 2.5])
    for a, b in zip(ops.histogram(x, bins=4), np.histogram(x, bins=4)):
        np.testing.assert_allclose(a, b)


def test_rearrange_splits_and_joins_axes():
    x = np.arange(24.0).reshape(2, 12)
    found = ops.rearrange(x, "b (h w) -> w (b h)", h=3)
    np.testing.assert_array_equal(found, x.reshape(2, 3, 4).transpose(2, 0, 1).reshape(4, 6))
    assert ops.rearrange(KerasTensor((None, 12)), "b (h w) -> b h w", w=4).shape == (None, 3, 4)


def test_transforms_are_those_of_numpy():
    x, y = RANDOM.normal(size=(2, 3, 130)).astype("float32")
    for name in ("fft", "fft2", "ifft2"):
        wanted = getattr(np.fft, name)(x + 1j * y)
        for part, truth in zip(getattr(ops, name)((x, y)), (wanted.real, wanted.imag)):
            np.testing.assert_allclose(part, truth, atol=2e-5 * abs(wanted).max())
    wanted = np.fft.rfft(x)
    np.testing.assert_allclose(ops.rfft(x)[1], wanted.imag, atol=1e-4)
    np.testing.assert_allclose(ops.irfft(ops.rfft(x), 130), x, atol=1e-5)
    signal = RANDOM.normal(size=(2, 64)).astype("float32")
    np.testing.assert_allclose(ops.istft(ops.stft(signal, 16, 4, 16), 16, 4, 16), signal, atol=1e-5)


def test_resizing_keeps_a_plane_and_averages_with_antialias():
    plane = np.add.outer(np.arange(8.0), np.arange(8.0)).astype("float32")[..., None]
    np.testing.assert_allclose(ops.image.resize(plane, (4, 4))[1:-1, 1:-1, 0], plane[2:-2:2, 2:-2:2, 0] + 1, rtol=1e-5)
    assert ops.image.resize(KerasTensor((None, 8, 8, 3)), (5, 6)).shape == (None, 5, 6, 3)
    np.testing.assert_array_equal(ops.image.resize(plane, (16, 8), interpolation="nearest")[::2], plane)


def test_patches_hold_their_elements():
    x = RANDOM.normal(size=(2, 6, 6, 3)).astype("float32")
    patches = ops.image.extract_patches(x, 2).numpy()
    assert patches.shape == (2, 3, 3, 12)
    np.testing.assert_array_equal(patches[1, 2, 0], x[1, 4:6, 0:2].reshape(-1))


@pytest.mark.parametrize("strides", [1, 2])
def test_patches_on_a_margin_of_zeros(strides):
    x = RANDOM.normal(size=(2, 6, 5, 3)).astype("float32")
    margins = [(0, 0), (1, 1) if strides == 1 else (0, 1), (1, 1), (0, 0)]  # as Keras: what is odd goes to the end
    wide = np.pad(x, margins)
    patches = ops.image.extract_patches(x, 3, strides=strides, padding="same").numpy()
    assert patches.shape == (2, -(-6 // strides), -(-5 // strides), 27)
    for i in range(patches.shape[1]):
        for j in range(patches.shape[2]):
            expected = wide[:, strides * i : strides * i + 3, strides * j : strides * j + 3].reshape(2, -1)
            np.testing.assert_array_equal(patches[:, i, j], expected)


def test_coordinates_interpolate_between_points():
    grid = np.arange(12.0, dtype="float32").reshape(3, 4)
    places = np.array([[0.5, 2.0, -1.0], [1.0, 2.5, 0.0]], "float32")
    np.testing.assert_allclose(ops.image.map_coordinates(grid, places, 1), [3.0, 10.5, 0.0])
    np.testing.assert_allclose(ops.image.map_coordinates(grid, places, 1, fill_mode="nearest"), [3.0, 10.5, 0.0])
    np.testing.assert_allclose(ops.image.map_coordinates(grid, places, 0, "constant", -5), [5.0, 11.0, -5.0])


def test_singular_and_indefinite_matrices():
    assert float(ops.det(np.ones((3, 3), "float32"))) == 0.0
    with pytest.raises(ValueError, match="Cholesky decomposition failed"):
        ops.cholesky(-np.eye(3, dtype="float32"))


def test_losses_have_the_edge_values_of_keras():
    def f(*values):
        return np.array(values, "float32")

    np.testing.assert_allclose(
        ops.binary_crossentropy(f(1, 0, 1, 1), f(0, 1, 1, 1.5)), [16.118095, 15.942385, 1.192093e-7, 1.192093e-7], rtol=1e-5
    )
    assert np.isnan(ops.binary_crossentropy(f(1), f(np.nan)).numpy()).all()
    np.testing.assert_allclose(ops.binary_crossentropy(f(0, 0), f(1e4, -1e4), from_logits=True), [1e4, 0])
    np.testing.assert_allclose(ops.categorical_crossentropy(f([1, 0]), f([0, 0])), [16.118095], rtol=1e-6)
    np.testing.assert_allclose(ops.categorical_crossentropy(f([1, 0]), f([2, 2])), [np.log(2)], rtol=1e-6)
    with pytest.raises(IndexError, match="out of range"):
        ops.sparse_categorical_crossentropy(np.array([5]), f([1, 0]), from_logits=True)


def test_gaussian_blur_spreads_a_point_into_a_bell_of_sum_one():
    point = np.zeros((1, 9, 9, 1), "float32")
    point[0, 4, 4] = 1
    down, across = (np.exp(-0.5 * (np.arange(size) - size // 2) ** 2 / sigma**2) for size, sigma in ((3, 2.0), (5, 0.5)))
    expected = np.outer(down / down.sum(), across / across.sum())
    blurred = ops.image.gaussian_blur(point, kernel_size=(3, 5), sigma=(0.5, 2.0)).numpy()[0, :, :, 0]
    np.testing.assert_allclose(blurred[3:6, 2:7], expected, rtol=1e-5)
    assert np.count_nonzero(blurred) == 15
    turned = ops.image.gaussian_blur(point[0].transpose(2, 0, 1), (3, 5), (0.5, 2.0), data_format="channels_first")
    np.testing.assert_array_equal(turned.numpy()[0], blurred)


def test_sobel_edges_are_the_slopes_of_a_plane():
    plane = np.add.outer(2 * np.arange(5.0), 3 * np.arange(6.0)).astype("float32")[None, :, :, None]
    edges = ops.image.sobel_edges(plane).numpy()
    assert edges.shape == (1, 5, 6, 1, 2)
    # The window weighs 4 slopes over a distance of 2.
    np.testing.assert_allclose(edges[0, 1:-1, 1:-1, 0], np.broadcast_to([16.0, 24.0], (3, 4, 2)), rtol=1e-6)
    turned = ops.image.sobel_edges(plane.transpose(0, 3, 1, 2), data_format="channels_first").numpy()
    np.testing.assert_array_equal(turned[:, 0], edges[:, :, :, 0])


def test_ssim_is_one_for_equal_images_and_that_of_the_formula_for_others():
    x, y = RANDOM.uniform(size=(2, 11, 11, 2))
    np.testing.assert_allclose(ops.image.ssim(x, x), 1.0, rtol=1e-6)
    # A window as large as the image: one place, so the formula can be written down.
    bell = np.exp(-0.5 * (np.arange(11) - 5) ** 2 / 1.5**2)
    weights = np.outer(bell, bell)[..., None] / bell.sum() ** 2
    mean_x, mean_y = (weights * x).sum((0, 1)), (weights * y).sum((0, 1))
    spread = (weights * (x * x + y * y)).sum((0, 1)) - mean_x**2 - mean_y**2
    together = (weights * x * y).sum((0, 1)) - mean_x * mean_y
    expected = (2 * mean_x * mean_y + 1e-4) * (2 * together + 9e-4) / ((mean_x**2 + mean_y**2 + 1e-4) * (spread + 9e-4))
    np.testing.assert_allclose(ops.image.ssim(x, y), expected.mean(), rtol=1e-5)
    batch = ops.image.ssim(np.stack([x, y]), np.stack([y, y]))
    np.testing.assert_allclose(batch, [expected.mean(), 1.0], rtol=1e-5)


def test_a_perspective_map_moves_four_points_to_four_others():
    x, y = np.meshgrid(np.arange(9.0), np.arange(7.0))
    image = np.stack([x, y, np.ones_like(x)], -1).astype("float32")
    start = np.array([[1.0, 1], [7, 1], [2, 5], [6, 4]])
    end = np.array([[2.0, 1], [6, 2], [1, 5], [7, 5]])
    moved = ops.image.perspective_transform(image, start, end).numpy()
    # The image tells its own coordinates: at the new points, those of the old ones.
    for (old_x, old_y), (new_x, new_y) in zip(start, end.astype(int)):
        np.testing.assert_allclose(moved[new_y, new_x, :2], [old_x, old_y], atol=1e-3)
    same = ops.image.perspective_transform(np.stack([image, image]), end[None], end[None], interpolation="nearest")
    np.testing.assert_array_equal(same, [image, image])
    first = ops.image.perspective_transform(image.transpose(2, 0, 1), start, end, data_format="channels_first")
    np.testing.assert_array_equal(first.numpy().transpose(1, 2, 0), moved)
    assert ops.image.perspective_transform(KerasTensor((None, 9, 7, 3)), KerasTensor((None, 4, 2)), KerasTensor((None, 4, 2))).shape == (None, 9, 7, 3)
    with pytest.raises(ValueError, match="Invalid start_points shape: expected"):
        ops.image.perspective_transform(image, start[:3], end)


def test_an_elastic_deformation_is_smooth_random_and_repeatable():
    x, y = np.meshgrid(np.arange(40.0), np.arange(30.0))
    image = np.stack([x, y], -1).astype("float32")
    moved = ops.image.elastic_transform(image, alpha=3.0, sigma=3.0, fill_mode="nearest", seed=1).numpy()
    np.testing.assert_array_equal(ops.image.elastic_transform(image, 3.0, 3.0, fill_mode="nearest", seed=1), moved)
    field = (moved - image)[8:-8, 8:-8]
    assert 0.1 < np.abs(field).mean() < 10
    # Right and down move on their own, and neighbours move alike.
    assert abs(np.corrcoef(field[..., 0].ravel(), field[..., 1].ravel())[0, 1]) < 0.9
    assert np.abs(np.diff(field, axis=0)).mean() < 0.5 * np.abs(field).mean()
    np.testing.assert_allclose(ops.image.elastic_transform(image, alpha=0.0, seed=1), image)
    first = ops.image.elastic_transform(image.transpose(2, 0, 1), 3.0, 3.0, fill_mode="nearest", seed=1, data_format="channels_first")
    np.testing.assert_array_equal(first.numpy().transpose(1, 2, 0), moved)
    assert ops.image.elastic_transform(KerasTensor((None, 8, 9, 3), "float16")).shape == (None, 8, 9, 3)


@pytest.mark.parametrize("dtypes", [("int16", "uint8"), ("bool", "int8"), ("float16", "int32"), ("float64", "int32")])
def test_ldexp_infers_the_float_that_it_gives(dtypes):
    x, exponent = (np.ones(2, dtype) for dtype in dtypes)
    made = ops.ldexp(x, exponent)
    assert ops.ldexp(KerasTensor((2,), dtypes[0]), KerasTensor((2,), dtypes[1])).dtype == made.dtype
    np.testing.assert_array_equal(made, np.ldexp(x.astype("float32"), exponent.astype("int32")))


def test_a_vandermonde_matrix_of_unknown_length_is_square():
    assert ops.vander(KerasTensor((None,))).shape == (None, None)


@pytest.mark.parametrize(
    "axes, message",
    [((0, 0, 0), "valid permutation.*axes="), ((0, 1, 5), r"an integer in \[-3, 3\)"), ((0, 1), "same length as the input shape")],
)
def test_transpose_says_what_is_wrong_with_its_axes(axes, message):
    with pytest.raises(ValueError, match=message):
        ops.transpose(KerasTensor((2, 3, 4)), axes)


@pytest.mark.parametrize("name, settings", [("top_padding", {"top_padding": -1}), ("target_height", {"top_padding": 0, "target_height": -1})])
def test_margins_of_images_of_unknown_size_must_not_be_negative(name, settings):
    settings = {"left_padding": 0, "target_height": 5, "target_width": 5, **settings}
    with pytest.raises(ValueError, match=f"{name} must be >= 0"):
        ops.image.pad_images(KerasTensor((None, None, 3)), **settings)
