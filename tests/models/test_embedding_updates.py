"""Large embeddings in a compiled step: the gradient joins the optimizer's loop and never lies in memory whole."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, optimizers
from keraunos.training import native

# Large enough for the planner to join the loops.
ROWS, COLUMNS, LENGTH = 4000, 32, 12

OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    optimizers.Adam(0.01),
    optimizers.Adam(0.01, clipnorm=0.01),
    optimizers.Adam(0.01, global_clipnorm=0.01),
    optimizers.AdamW(0.01, weight_decay=0.1),
    optimizers.RMSprop(0.01),
    optimizers.Adagrad(0.1),
]


def _texts(count):
    generator = np.random.default_rng(3)
    # Few words, so that most of them come more than once in a batch, and most rows of the table never.
    return generator.integers(0, 90, size=(count, LENGTH)).astype("int32"), generator.normal(size=(count, 1)).astype("float32")


def _trained(optimizer, run_eagerly=False, regularizer=None):
    keraunos.utils.set_random_seed(1)
    model = keraunos.Sequential(
        [
            layers.Input((LENGTH,), dtype="int32"),
            layers.Embedding(ROWS, COLUMNS, embeddings_regularizer=regularizer),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer.from_config(optimizer.get_config()), "mse", run_eagerly=run_eagerly)
    model.fit(*_texts(40), batch_size=8, epochs=2, shuffle=False, verbose=0)
    return [weight.numpy() for weight in (*model.weights, *model.optimizer.variables)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
def test_every_row_moves_as_by_a_dense_gradient(optimizer):
    for compiled, eager in zip(_trained(optimizer), _trained(optimizer, run_eagerly=True)):
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)


def test_a_regularizer_reaches_rows_that_no_index_names():
    pairs = zip(_trained(OPTIMIZERS[2], regularizer="l2"), _trained(OPTIMIZERS[2], run_eagerly=True, regularizer="l2"))
    for compiled, eager in pairs:
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", [OPTIMIZERS[0], OPTIMIZERS[2]], ids=lambda optimizer: optimizer.name)
def test_any_number_of_threads_gives_the_same_bits(optimizer):
    results = []
    before = keraunos.config.get_num_threads()
    try:
        for threads in (1, 2, 3):
            keraunos.config.set_num_threads(threads)
            results.append(_trained(optimizer))
    finally:
        keraunos.config.set_num_threads(before)
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other))


def _table_after_step(optimizer, table, texts):
    model = keraunos.Sequential([layers.Input((LENGTH,), dtype="int32"), layers.Embedding(ROWS, COLUMNS), layers.GlobalAveragePooling1D()])
    model.layers[0].set_weights([table])
    model.compile(optimizer, "mse")
    model.train_on_batch(texts, np.ones((len(texts), COLUMNS), "float32"))
    return model.layers[0].get_weights()[0]


@pytest.mark.parametrize("optimizer", [optimizers.SGD(0.1), optimizers.Adagrad(0.1)], ids=lambda optimizer: optimizer.name)
def test_rows_that_no_index_names_are_left_alone(optimizer):
    table = np.random.default_rng(4).normal(size=(ROWS, COLUMNS)).astype("float32")
    table[3000:3010] = np.nan
    texts, _ = _texts(8)
    found = _table_after_step(optimizer.from_config(optimizer.get_config()), table, texts)
    named = np.zeros(ROWS, bool)
    named[np.unique(texts)] = True
    assert found[~named].tobytes() == table[~named].tobytes()
    assert (found[named] != table[named]).all()


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_a_row_that_is_named_often_moves_by_the_sum(dtype):
    table = np.random.default_rng(5).normal(size=(ROWS, COLUMNS)).astype("float32")
    texts = np.full((2, LENGTH), 7, dtype)
    texts[1, :5] = 100
    found = _table_after_step(optimizers.SGD(0.5), table, texts)
    outputs = np.stack([table[7], (7 * table[7] + 5 * table[100]) / LENGTH])
    slopes = 2 * (outputs - 1) / outputs.size
    np.testing.assert_allclose(found[7], table[7] - 0.5 * (slopes[0] + slopes[1] * 7 / LENGTH), rtol=1e-5)
    np.testing.assert_allclose(found[100], table[100] - 0.5 * slopes[1] * 5 / LENGTH, rtol=1e-5)


def test_an_index_out_of_range_changes_nothing():
    table = np.zeros((ROWS, COLUMNS), "float32")
    texts, _ = _texts(8)
    texts[2, 3] = ROWS
    model = keraunos.Sequential([layers.Input((LENGTH,), dtype="int32"), layers.Embedding(ROWS, COLUMNS), layers.GlobalAveragePooling1D()])
    model.layers[0].set_weights([table])
    model.compile(optimizers.SGD(0.1), "mse")
    with pytest.raises(IndexError, match=f"index {ROWS} is out of range"):
        model.train_on_batch(texts, np.ones((8, COLUMNS), "float32"))
    assert not model.layers[0].get_weights()[0].any()


def test_the_gradient_is_part_of_the_update_loop(monkeypatch):
    loops = []
    create = native.Loop.__init__

    def remember(self, *args, **kwargs):
        create(self, *args, **kwargs)
        loops.append(self)

    monkeypatch.setattr(native.Loop, "__init__", remember)
    _trained(OPTIMIZERS[2])
    x, y = _texts(8)
    lines, _ = loops[0]._concrete.native.plan_description([x, y])
    assert any(line.startswith("gather_grad ") and "sqrt" in line for line in lines)
