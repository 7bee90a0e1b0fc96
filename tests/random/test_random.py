"""Draws: their seeds, shapes, dtypes and distributions."""

import numpy as np
import pytest

from keraunos import _core, ops, random
from keraunos.backend import clear_session


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: random.normal((3, 4), seed=seed),
        lambda seed: random.truncated_normal((3, 4), seed=seed),
        lambda seed: random.uniform((3, 4), seed=seed),
        lambda seed: random.randint((3, 4), 0, 1000, seed=seed),
        lambda seed: random.gamma((3, 4), 2.0, seed=seed),
        lambda seed: random.beta((3, 4), 2.0, 3.0, seed=seed),
        lambda seed: random.binomial((3, 4), 10, 0.5, seed=seed),
        lambda seed: random.categorical(np.zeros((3, 50), "float32"), 4, seed=seed),
        lambda seed: random.dropout(ops.ones((30, 4)), 0.5, seed=seed),
        lambda seed: random.shuffle(ops.arange(50), seed=seed),
    ],
)
def test_a_seed_names_a_draw_and_a_generator_gives_new_ones(draw):
    np.testing.assert_array_equal(draw(3), draw(3))
    assert (draw(3).numpy() != draw(4).numpy()).any()
    seeds = random.SeedGenerator(3)
    first, second = draw(seeds), draw(seeds)
    np.testing.assert_array_equal(first, draw(3))
    assert (first.numpy() != second.numpy()).any()


def test_the_state_of_a_generator_is_a_variable():
    seeds = random.SeedGenerator(7, name="seeds")
    assert seeds.state.path == "seeds/seed_generator_state"
    assert (seeds.state.shape, seeds.state.dtype) == ((2,), "uint32")
    seeds.next()
    assert seeds.state.numpy().tolist() == [7, 1]
    assert random.SeedGenerator.from_config(seeds.get_config()).state.numpy().tolist() == [7, 0]


@pytest.mark.parametrize("seed", ["a", 1.5, [1]])
def test_a_seed_of_another_type_is_refused(seed):
    with pytest.raises(ValueError, match="Argument `seed` must be"):
        random.normal((2,), seed=seed)


def test_the_distributions_have_their_moments():
    # 1e5 draws: means are exact to about 0.01.
    shape = (100_000,)
    for sample, mean, deviation in [
        (random.normal(shape, 1.0, 2.0, seed=1), 1.0, 2.0),
        (random.uniform(shape, -1.0, 3.0, seed=1), 1.0, 4 / 12**0.5),
        (random.truncated_normal(shape, seed=1), 0.0, 0.8796),
        (random.gamma(shape, 2.0, seed=1), 2.0, 2**0.5),
        (random.beta(shape, 2.0, 3.0, seed=1), 0.4, 0.2),
        (random.binomial(shape, 10, 0.3, seed=1), 3.0, 2.1**0.5),
        (random.randint(shape, 0, 5, seed=1), 2.0, 2**0.5),
    ]:
        values = sample.numpy().astype("float64")
        np.testing.assert_allclose([values.mean(), values.std()], [mean, deviation], atol=0.03)


def test_categorical_follows_the_probabilities():
    logits = np.log(np.array([[0.1, 0.2, 0.7]], "float32"))
    counts = np.bincount(random.categorical(logits, 20_000, seed=1).numpy()[0])
    np.testing.assert_allclose(counts / 20_000, [0.1, 0.2, 0.7], atol=0.02)


def test_dropout_keeps_the_mean_and_honours_the_noise_shape():
    x = random.dropout(ops.ones((200, 50)), 0.4, noise_shape=(None, 1), seed=1).numpy()
    assert (x == x[:, :1]).all()
    np.testing.assert_allclose(sorted(set(x[:, 0])), [0.0, 1 / 0.6], rtol=1e-6)
    assert (random.dropout(ops.ones((3,)), 1.0, seed=1).numpy() == 0).all()


def test_dropped_infinities_stay_out():
    x = random.dropout(ops.full((100,), np.inf), 0.5, noise_shape=(100,), seed=1).numpy()
    assert not np.isnan(x).any() and (x == 0).any()


def test_shuffle_permutes_rows():
    x = np.arange(12).reshape(6, 2)
    shuffled = random.shuffle(x, seed=1).numpy()
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, x))


def test_a_traced_draw_is_new_in_every_call():
    seeds = random.SeedGenerator(1)
    trace = _core.Trace()
    with trace:
        x = trace.input("float32", (None, 3), "x")
        graph = trace.finish([random.normal(ops.shape(x), seed=seeds)])
    function = _core.Function(graph)
    first, second = (function.call([np.zeros((2, 3), "float32")])[0].numpy() for _ in range(2))
    assert first.shape == (2, 3) and (first != second).all()
    assert seeds.state.numpy().tolist() == [1, 2]


def test_float_draws_refuse_integer_dtypes():
    for draw in (random.normal, random.uniform, random.truncated_normal):
        with pytest.raises(ValueError, match="requires a floating point"):
            draw((2,), dtype="int32")
    with pytest.raises(ValueError, match="requires an integer"):
        random.randint((2,), 0, 3, dtype="float32")


def test_draws_without_a_seed_differ():
    clear_session()
    assert (random.normal((4,)).numpy() != random.normal((4,)).numpy()).all()
