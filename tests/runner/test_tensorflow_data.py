"""`tf.data.Dataset` pipelines."""

from __future__ import annotations

import numpy as np
import pytest

from keraunos.runner import tensorflow as tf

Dataset = tf.data.Dataset


def values(dataset):
    return [np.asarray(element).tolist() for element in dataset.as_numpy_iterator()]


def test_slices_are_given_out_as_tensors_in_the_structure_of_the_arrays():
    dataset = Dataset.from_tensor_slices(({"a": [1, 2], "b": np.eye(2)}, [[0.5], [1.5]]))
    inputs, target = next(iter(dataset))
    assert tf.is_tensor(inputs["a"]) and inputs["a"].dtype == "int32"
    assert inputs["b"].shape == (2,) and np.asarray(target).tolist() == [0.5]
    assert len(dataset) == 2


def test_batches_keep_a_smaller_last_one_unless_told():
    assert values(Dataset.range(5).batch(2)) == [[0, 1], [2, 3], [4]]
    assert values(Dataset.range(5).batch(2, drop_remainder=True)) == [[0, 1], [2, 3]]
    assert len(Dataset.range(5).batch(2)) == 3
    assert len(Dataset.range(5).batch(2, drop_remainder=True)) == 2


@pytest.mark.parametrize("buffer_size", [1, 3, 10, 100])
@pytest.mark.parametrize("is_generic", [False, True])
def test_shuffling_gives_every_element_once_in_an_order_of_its_own_each_time(buffer_size, is_generic):
    source = Dataset.range(10)
    if is_generic:
        source = source.map(lambda x: x)
    dataset = source.shuffle(buffer_size, seed=1)
    orders = [values(dataset) for _ in range(5)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert all(order[i] <= i + buffer_size for order in orders for i in range(10))
    if buffer_size > 1:
        assert len({tuple(order) for order in orders}) > 1
    fixed = source.shuffle(buffer_size, seed=1, reshuffle_each_iteration=False)
    assert values(fixed) == values(fixed)


def test_a_shuffled_pair_stays_a_pair():
    x = np.arange(20)
    for batch_x, batch_y in Dataset.from_tensor_slices((x, x * 10)).shuffle(20).batch(6):
        assert (np.asarray(batch_x) * 10 == np.asarray(batch_y)).all()


def test_map_gets_the_parts_of_a_tuple_and_changes_structure():
    pairs = Dataset.from_tensor_slices((np.arange(3.0), np.arange(3.0)))
    assert values(pairs.map(lambda x, y: x + y)) == [0.0, 2.0, 4.0]
    element = next(iter(pairs.map(lambda x, y: {"sum": x + y, "pair": (x, y)})))
    assert set(element) == {"sum", "pair"}


def test_take_skip_repeat_concatenate_enumerate_zip_filter_and_unbatch():
    five = Dataset.range(5)
    assert values(five.take(2)) == [0, 1]
    assert values(five.skip(3)) == [3, 4]
    assert values(five.take(2).repeat(2)) == [0, 1, 0, 1]
    assert values(five.repeat().skip(4).take(3)) == [4, 0, 1]
    assert values(five.take(1).concatenate(five.skip(4))) == [0, 4]
    assert [int(i) for i, _ in five.enumerate(7)] == [7, 8, 9, 10, 11]
    assert len(Dataset.zip((five, five.take(3)))) == 3
    assert len(list(Dataset.zip(five, five.take(3)))) == 3
    assert values(five.filter(lambda x: x % 2 == 0)) == [0, 2, 4]
    assert values(five.batch(2).unbatch()) == [0, 1, 2, 3, 4]
    assert int(five.reduce(np.int64(0), lambda total, x: total + x)) == 10


def test_lengths_are_known_infinite_or_unknown():
    five = Dataset.range(5)
    assert (five.repeat(3).cardinality(), five.repeat().cardinality()) == (15, tf.data.INFINITE_CARDINALITY)
    assert five.repeat().take(7).cardinality() == 7
    generated = Dataset.from_generator(lambda: iter([1]), output_signature=tf.TensorSpec((), tf.int32))
    assert generated.cardinality() == tf.data.UNKNOWN_CARDINALITY
    for dataset, word in ((five.repeat(), "infinite"), (generated, "unknown")):
        with pytest.raises(TypeError, match=word):
            len(dataset)
        assert bool(dataset)


def test_a_generator_is_called_anew_for_every_iteration_and_typed():
    def numbers(stop):
        for i in range(stop):
            yield i, [i, i]

    signature = (tf.TensorSpec((), tf.float32), tf.TensorSpec((2,), tf.int32))
    dataset = Dataset.from_generator(numbers, args=(3,), output_signature=signature)
    assert [len(list(dataset)) for _ in range(2)] == [3, 3]
    first, second = next(iter(dataset))
    assert (first.dtype, second.dtype) == ("float32", "int32")


def test_a_cached_dataset_makes_its_elements_once():
    calls = []

    def seen(x):
        calls.append(1)
        return x

    dataset = Dataset.range(4).map(seen).cache()
    assert values(dataset) == values(dataset) == [0, 1, 2, 3]
    assert len(calls) == 4


def test_element_spec_says_shapes_and_dtypes():
    spec = Dataset.from_tensor_slices((np.zeros((4, 3), "float32"), np.zeros(4, "int64"))).element_spec
    assert spec == (tf.TensorSpec((3,), tf.float32), tf.TensorSpec((), tf.int64))


def test_bad_inputs_are_named():
    with pytest.raises(ValueError, match="same first size"):
        Dataset.from_tensor_slices((np.zeros(3), np.zeros(4)))
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        Dataset.range(3).batch(0)
    with pytest.raises(ValueError, match="must have one shape"):
        list(Dataset.from_generator(lambda: iter([[1], [1, 2]]), output_types=tf.int32).batch(2))
    with pytest.raises(NotImplementedError, match="only memory"):
        Dataset.range(3).cache("file")
