"""Seeds: two uint32 numbers, a start and a count, that name one draw."""

from __future__ import annotations

import random as python_random

import numpy as np

from keraunos.ops._arguments import with_dtype
from keraunos.naming import auto_name, name_scope, state
from keraunos.ops.numpy import arithmetic
from keraunos.tensor import Tensor, convert_to_tensor, execute
from keraunos.variable import Variable

_ONE_STEP = np.array([0, 1], "uint32")


class SeedGenerator:
    """Gives a new seed for every draw. Its state is a variable, so traced functions and files keep it.

    Args:
        seed: an integer, or `None` for a random one.
        name: optional name.

    Example:

    >>> from keraunos import random
    >>> seeds = random.SeedGenerator(42)
    >>> a, b = random.normal((2,), seed=seeds), random.normal((2,), seed=seeds)
    >>> bool((a == b).numpy().any())
    False
    """

    def __init__(self, seed=None, name=None, **kwargs):
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        self.name = auto_name(self.__class__.__name__) if name is None else name
        self._initial_seed = seed
        if seed is None:
            seed = make_default_seed()
        if not isinstance(seed, int):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        with name_scope(self.name, caller=self):
            self.state = Variable(
                lambda shape, dtype=None: _seed_tensor(seed),
                shape=(2,),
                dtype="uint32",
                trainable=False,
                aggregation="none",
                name="seed_generator_state",
            )

    def next(self, ordered=True):
        """A seed (a uint32 tensor of shape `(2,)`), and the state moved on."""
        seed = self.state.value
        if ordered:
            self.state.assign(execute("add", [seed, convert_to_tensor(_ONE_STEP)], {}))
        else:
            self.state.assign(arithmetic.mod(arithmetic.multiply(arithmetic.add(seed, 1), 5387), 933199))
        return seed

    def get_config(self):
        """The constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config):
        """A generator from `get_config()`'s result."""
        return cls(**config)


def _seed_tensor(seed):
    # 64 bits at most: the low half starts the stream, the high half is mixed in, so that no two seeds are one.
    return convert_to_tensor(np.array([(seed ^ (seed >> 32) * 0x9E3779B1) & 0xFFFFFFFF, 0], "uint32"))


def make_default_seed():
    """A seed from Python's `random`."""
    return python_random.randint(1, int(1e9))


def global_seed_generator():
    """The generator behind draws without a seed."""
    if state.seed_generator is None:
        outer, state.stateless_scope = state.stateless_scope, None
        scopes, state.name_scopes = state.name_scopes, []
        try:
            state.seed_generator = SeedGenerator(name="global_seed_generator")
        finally:
            state.stateless_scope, state.name_scopes = outer, scopes
    return state.seed_generator


def draw_seed(seed):
    """The seed tensor of one draw: from an int, a `SeedGenerator`, a seed tensor, or (`None`) the global generator."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return _seed_tensor(int(seed))
    if isinstance(seed, Tensor) and tuple(seed.shape) == (2,):
        return seed if seed.dtype == "uint32" else with_dtype(seed, "uint32")
    if hasattr(seed, "next") and callable(seed.next):
        return seed.next()
    raise ValueError(
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
        f"Received: seed={seed} (of type {type(seed)})"
    )
