"""Beam search over labellings."""

import itertools

import numpy as np
from primitive_sample import numbers, sample


def labelling(path, blank):
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def beam_search(scores, lengths, beam_width, top_paths, blank):
    """Every path there is; for beams that are wide enough to lose none."""
    batch, steps, classes = scores.shape
    paths, totals = np.full((top_paths, batch, steps), -1, "int32"), np.full((batch, top_paths), -np.inf)
    for b in range(batch):
        found = {}
        for path in itertools.product(range(classes), repeat=max(1, lengths[b])):
            score = sum(scores[b, t, c] for t, c in enumerate(path))
            key = labelling(path, blank)
            found[key] = np.logaddexp(found.get(key, -np.inf), score)
        best = sorted(found, key=lambda labels: -found[labels])[:top_paths]
        for k, labels in enumerate(best):
            paths[k, b, : len(labels)] = labels
            totals[b, k] = found[labels]
    return paths, totals


for shape, lengths, top_paths, blank in [((2, 3, 3), [3, 2], 2, 0), ((3, 4, 3), [4, 1, 0], 3, 2), ((1, 2, 2), [2], 1, 1), ((1, 1, 2), [1], 4, 0)]:
    truth = lambda s, n, k=top_paths, blank=blank: beam_search(s, n, 100, k, blank)  # noqa: E731
    operands = [numbers(*shape, low=-5, high=-0.1), np.array(lengths, "int32")]
    sample("ctc_beam_search", operands, truth, beam_width=100, top_paths=top_paths, blank=blank, half=False)
