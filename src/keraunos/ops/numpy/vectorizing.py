"""`ops.vectorize`: a function of single elements (or of small tensors) mapped over the axes that broadcast."""

from __future__ import annotations

import itertools
import re

import numpy as np

from keraunos import tree
from keraunos.ops import _dims
from keraunos.ops._arguments import tensor
from keraunos.ops.numpy import joining
from keraunos.tensor import execute

_SIGNATURE = re.compile(r"^\([^()]*\)(,\([^()]*\))*->\([^()]*\)(,\([^()]*\))*$")


class Vectorized:
    """What `ops.vectorize` returns."""

    def __init__(self, function, excluded, signature):
        self.function = function
        self.excluded = set(excluded or ())
        self.core_ranks = None
        if signature is not None:
            text = signature.replace(" ", "")
            if not _SIGNATURE.match(text):
                raise ValueError(f"vectorize: not a valid signature. Received: signature={signature}")
            inputs = re.findall(r"\(([^()]*)\)", text.partition("->")[0])
            self.core_ranks = [len(part.split(",")) if part else 0 for part in inputs]

    def __call__(self, *args, **kwargs):
        mapped = [index for index in range(len(args)) if index not in self.excluded]
        arguments = [tensor(args[index]) for index in mapped]
        ranks = self.core_ranks or [0] * len(mapped)
        if len(ranks) != len(mapped):
            raise TypeError(f"vectorize: {len(ranks)} arguments are needed. Received: {len(mapped)}")
        loops = [tuple(x.shape)[: len(x.shape) - rank] for x, rank in zip(arguments, ranks)]
        loop = np.broadcast_shapes(*loops)
        arguments = [
            _dims.broadcast_to(x, loop + tuple(x.shape)[len(x.shape) - rank :]) for x, rank in zip(arguments, ranks)
        ]
        results = []
        for place in itertools.product(*map(range, loop)):
            call = list(args)
            for index, x in zip(mapped, arguments):
                call[index] = _element(x, place)
            results.append(tree.map_structure(tensor, self.function(*call, **kwargs)))
        if not loop:
            return results[0]

        def join(*rows):
            stacked = joining.stack(list(rows))
            return _dims.reshape(stacked, loop + tuple(rows[0].shape))

        return tree.map_structure(join, *results)


def _element(x, place):
    rank = len(x.shape)
    begins = list(place) + [0] * (rank - len(place))
    ends = [index + 1 for index in place] + list(x.shape[len(place) :])
    part = execute("slice", [x], {"begin": begins, "end": ends, "strides": [1] * rank})
    return _dims.reshape(part, tuple(x.shape[len(place) :]))
