"""Every op, four ways: against NumPy, traced with unknown sizes, on KerasTensors, and made again from its config."""

import functools
import inspect

import numpy as np
import pytest

from keraunos import KerasTensor, _core, ops, tree
from keraunos.ops.operation_classes import find_operation_class
from op_samples import NOT_NUMPY, NUMPY_NAMES, SAMPLES

# Two are equal up to the last bits of a float32 result of a few operations.
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}


def label(case):
    name, _, settings = case
    return name + "".join(f"-{key}={value}" for key, value in settings.items())


def as_arrays(result):
    return [np.asarray(leaf, dtype="float64") for leaf in tree.flatten(result) if leaf is not None]


def assert_equal(found, wanted, **tolerance):
    found, wanted = as_arrays(found), as_arrays(wanted)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted):
        np.testing.assert_allclose(a, b, **(tolerance or TOLERANCE))


def call(name, tensors, settings):
    return getattr(ops, name)(*tensors, **settings)


def is_array(x):
    return isinstance(x, np.ndarray)


@pytest.mark.parametrize("case", SAMPLES, ids=label)
def test_a_result_agrees_with_numpy(case):
    name, tensors, settings = case
    if name in NOT_NUMPY:
        pytest.skip("NumPy means something else by that name")
    path = NUMPY_NAMES.get(name, name).split(".")
    truth = functools.reduce(lambda module, part: getattr(module, part, None), path, np)
    if truth is None:
        pytest.skip("NumPy has no such function")
    tensors64 = tree.map_structure(lambda x: x.astype("float64") if is_array(x) and x.dtype.kind == "f" else x, tensors)
    positional = list(tensors64) + (list(settings.values()) if name in ("reshape", "broadcast_to", "expand_dims") else [])
    named = {} if name in ("reshape", "broadcast_to", "expand_dims") else dict(settings)
    if name in ("split", "array_split", "hsplit", "vsplit", "dsplit"):
        positional.append(named.pop("indices_or_sections"))
    if name == "moveaxis":
        positional += [named.pop("source"), named.pop("destination")]
    if name == "swapaxes":
        positional += [named.pop("axis1"), named.pop("axis2")]
    if name == "tile":
        positional.append(named.pop("repeats"))
    if name == "clip":
        positional += [named.pop("x_min"), named.pop("x_max")]
    assert_equal(call(*case), truth(*positional, **named), rtol=3e-5, atol=3e-5)


def traced(function, arrays, unknown):
    """The result of `function` traced with the first size of every array unknown, then run."""
    trace = _core.Trace()
    with trace:
        shapes = [((None, *a.shape[1:]) if unknown and a.ndim else a.shape) for a in arrays]
        inputs = [trace.input(str(a.dtype), shape, "") for a, shape in zip(arrays, shapes)]
        structure = function(*inputs)
        leaves = tree.flatten(structure)
        graph = trace.finish([ops.convert_to_tensor(leaf) for leaf in leaves])
    return tree.pack_sequence_as(structure, _core.Function(graph).call(list(arrays)))


@pytest.mark.parametrize("unknown", [False, True], ids=["known-sizes", "unknown-sizes"])
@pytest.mark.parametrize("case", SAMPLES, ids=label)
def test_a_traced_op_gives_what_the_eager_one_gives(case, unknown):
    name, tensors, settings = case
    leaves = tree.flatten(list(tensors))
    arrays = [leaf for leaf in leaves if is_array(leaf)]

    def function(*inputs):
        rest = iter(inputs)
        filled = [next(rest) if is_array(leaf) else leaf for leaf in leaves]
        return call(name, tree.pack_sequence_as(list(tensors), filled), settings)

    try:
        result = traced(function, arrays, unknown)
    except ValueError as error:
        if unknown and "known" in str(error):
            pytest.skip(f"needs known sizes: {error}")
        raise
    assert_equal(result, call(*case), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", SAMPLES, ids=label)
def test_the_inferred_shape_and_dtype_are_those_of_the_result(case):
    name, tensors, settings = case
    symbolic = tree.map_structure(lambda x: KerasTensor(x.shape, str(x.dtype)) if is_array(x) else x, tensors)
    spec = tree.flatten(call(name, symbolic, settings))
    result = tree.flatten(call(*case))
    assert [(x.shape, x.dtype) for x in spec] == [(tuple(x.shape), x.dtype) for x in map(ops.convert_to_tensor, result)]


@pytest.mark.parametrize("case", SAMPLES, ids=label)
def test_an_operation_made_again_from_its_config_gives_the_same(case):
    name, tensors, settings = case
    record = getattr(ops, name).operation
    symbolic = tree.map_structure(lambda x: KerasTensor(x.shape, str(x.dtype)) if is_array(x) else x, tensors)
    output = tree.flatten(call(name, symbolic, settings))[0]
    node = output._keras_history.operation._inbound_nodes[0]
    made = find_operation_class(record.class_name).from_config(node.operation.get_config())
    values = {id(kt): a for kt, a in zip(tree.flatten(symbolic), tree.flatten(tensors)) if isinstance(kt, KerasTensor)}
    args, kwargs = node.arguments.fill_in(values)
    assert_equal(made(*args, **kwargs), call(*case), rtol=1e-6, atol=1e-6)


def test_every_op_has_a_sample():
    from keraunos.ops import _dispatch

    import keraunos.random  # noqa: F401

    sampled = {name for name, _, _ in SAMPLES}
    unavailable = set()
    for record in _dispatch.RECORDS:
        source = inspect.getsource(record.function)
        if "_unavailable(" in source or "raise NotImplementedError" in source:
            unavailable.add(record.function.__name__)
    missing = {r.function.__name__ for r in _dispatch.RECORDS} - sampled - unavailable - TESTED_ELSEWHERE
    assert not missing, f"add a line to tests/ops/op_samples.py for: {sorted(missing)}"


# Results that depend on values, take functions, or are random: the other test files of this folder.
TESTED_ELSEWHERE = frozenset(
    """arange linspace logspace geomspace full nonzero unique bincount histogram einsum cond switch while_loop fori_loop
    scan map vectorized_map associative_scan jvp rearrange get_item view argpartition dropout shuffle categorical
    crop_images pad_images rgb_to_grayscale rgb_to_hsv hsv_to_rgb resize scale_and_translate map_coordinates
    affine_transform extract_patches extract_patches_3d perspective_transform elastic_transform gaussian_blur sobel_edges ssim fake_quant_with_min_max_vars""".split()
)
