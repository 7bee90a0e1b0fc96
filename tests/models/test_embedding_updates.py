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


def test_any_number_of_threads_gives_the_same_bits():
    results = []
    before = keraunos.config.get_num_threads()
    try:
        for threads in (1, 2, 3):
            keraunos.config.set_num_threads(threads)
            results.append(_trained(OPTIMIZERS[2]))
    finally:
        keraunos.config.set_num_threads(before)
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other))


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
