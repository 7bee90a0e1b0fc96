"""Connectionist temporal classification against the sum over all alignments, and values of Keras."""

import itertools

import numpy as np
import pytest
from keraunos import losses, ops, tracing
from scipy import special


def slow_loss(labels, logits, blank):
    """Every path through the classes that reads as these labels."""
    scores = special.log_softmax(logits, -1)
    total = -np.inf
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        if tuple(c for c, _ in itertools.groupby(path) if c != blank) == tuple(labels):
            total = np.logaddexp(total, sum(scores[t, c] for t, c in enumerate(path)))
    return -total


def logits_of(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


@pytest.mark.parametrize("blank", [0, 2, -1])
@pytest.mark.parametrize("labels", [[1, 1], [0, 1], [1], []])
@pytest.mark.parametrize("steps", [2, 5])
def test_the_loss_is_the_sum_over_all_alignments(labels, steps, blank):
    labels = [label if label != blank else 1 for label in labels]
    logits = logits_of(1, 5, 3)
    target = np.array([labels + [0] * (3 - len(labels))])
    found = ops.ctc_loss(target, logits, [len(labels)], [steps], mask_index=blank)
    assert found.dtype == "float64"
    np.testing.assert_allclose(found.numpy(), [slow_loss(labels, logits[0, :steps], blank % 3)], rtol=1e-12)


def test_samples_of_different_lengths_do_not_meet():
    logits = logits_of(3, 6, 4)
    target, lengths, steps = np.array([[1, 2, 2], [3, 0, 0], [1, 0, 0]]), [3, 1, 0], [6, 4, 2]
    together = ops.ctc_loss(target, logits, lengths, steps).numpy()
    for i in range(3):
        alone = ops.ctc_loss(target[i : i + 1], logits[i : i + 1], lengths[i : i + 1], steps[i : i + 1]).numpy()
        np.testing.assert_allclose(together[i], alone[0], rtol=1e-12)
        np.testing.assert_allclose(alone[0], slow_loss(target[i][: lengths[i]], logits[i, : steps[i]], 0), rtol=1e-12)


def test_too_few_steps_are_an_infinite_loss_with_a_gradient_of_zero():
    logits = ops.convert_to_tensor(logits_of(1, 2, 3))
    with tracing.GradientTape() as tape:
        tape.watch(logits)
        loss = ops.ctc_loss([[1, 1]], logits, [2], [2])
    assert np.isinf(loss.numpy()).all()
    np.testing.assert_array_equal(tape.gradient(loss, logits).numpy(), 0)


def test_a_trace_serves_other_batches_and_lengths():
    loss = tracing.Function(lambda y, x, n, t: ops.ctc_loss(y, x, n, t))
    for batch in (2, 3):
        arguments = np.ones((batch, 2), "int32"), logits_of(batch, 6, 3), np.full(batch, 2), np.full(batch, 6)
        np.testing.assert_allclose(loss(*arguments).numpy(), ops.ctc_loss(*arguments).numpy(), rtol=1e-12)


def test_the_loss_class_takes_zeros_for_padding():
    logits = logits_of(2, 4, 3).astype("float32")
    expected = [slow_loss([1, 2], logits[0], 0), slow_loss([2], logits[1], 0)]
    loss = losses.CTC(reduction="none")(np.array([[1, 2, 0], [2, 0, 0]]), logits)
    np.testing.assert_allclose(loss.numpy(), expected, rtol=1e-5)


def test_greedy_decoding_merges_neighbours_and_drops_blanks():
    best = np.array([[1, 1, 0, 1, 2], [0, 2, 2, 2, 1]])
    (labels,), scores = ops.ctc_decode(np.eye(3)[best], [5, 4])
    assert labels.numpy().tolist() == [[1, 1, 2, -1, -1], [2, -1, -1, -1, -1]]
    assert scores.numpy().tolist() == [[-5.0], [-4.0]]
    (labels,), _ = ops.ctc_decode(np.eye(3)[best], [5, 4], merge_repeated=False)
    assert labels.numpy().tolist() == [[1, 1, 1, 2, -1], [2, 2, 2, -1, -1]]


def test_beam_search_finds_what_the_greedy_way_misses():
    # Both steps prefer the blank, and still the label is more likely: it has three paths.
    logits = np.log([[[0.6, 0.4], [0.6, 0.4]]])
    greedy, _ = ops.ctc_decode(logits, [2])
    assert greedy.numpy().tolist() == [[[-1, -1]]]
    paths, scores = ops.ctc_decode(logits, [2], strategy="beam_search", beam_width=4, top_paths=2)
    assert paths.numpy().tolist() == [[[1, -1]], [[-1, -1]]]
    np.testing.assert_allclose(np.exp(scores.numpy()), [[0.64, 0.36]])


def test_an_unknown_strategy_is_named():
    with pytest.raises(ValueError, match="Invalid strategy wide"):
        ops.ctc_decode(np.zeros((1, 2, 3)), [2], strategy="wide")
