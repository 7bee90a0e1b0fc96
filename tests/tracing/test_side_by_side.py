"""Two walks through sequences that need nothing of each other run on two threads: the same bits as one after the other."""

from __future__ import annotations

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers, ops, tracing

RANDOM = np.random.default_rng(4)


def numbers(*shape):
    return RANDOM.normal(size=shape).astype("float32")


def traced(function, *xs):
    return tracing.Function(function).concrete_for(xs)[0].native


def check(layer, x, count, training=False):
    """`count` pairs of walks are in the plan; outputs are those of the plan without."""
    layer(x)
    native = traced(lambda inputs: layer._layer_by_layer_call(inputs, training=training), x)
    names = native.plan_description([x])[0]
    assert sum(" beside " in name for name in names) == count
    plain = _core.Function(native.graph, optimize=False)
    assert not any(" beside " in name for name in plain.plan_description([x])[0])
    for _ in range(3):
        for found, expected in zip(native.call([x]), plain.call([x])):
            np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("inner", [layers.LSTM, layers.GRU, layers.SimpleRNN])
@pytest.mark.parametrize("merge_mode", ["concat", "sum", None])
def test_directions_of_few_sequences_run_side_by_side(inner, merge_mode):
    check(layers.Bidirectional(inner(64, return_sequences=True), merge_mode=merge_mode), numbers(3, 150, 32), 1)


def test_layers_above_each_other_make_a_pair_each():
    stack = keraunos.Sequential([layers.Bidirectional(layers.LSTM(48, return_sequences=True)), layers.Bidirectional(layers.LSTM(48))])
    check(stack, numbers(2, 120, 40), 2)


def test_many_or_short_sequences_and_walks_behind_each_other_stay_alone():
    check(layers.Bidirectional(layers.LSTM(64)), numbers(64, 50, 32), 0)
    check(layers.Bidirectional(layers.LSTM(4)), numbers(1, 5, 3), 0)
    check(keraunos.Sequential([layers.LSTM(64, return_sequences=True), layers.LSTM(64)]), numbers(2, 120, 32), 0)


def test_what_stands_between_two_walks_runs_at_its_place():
    class Between(layers.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.LSTM(64), layers.LSTM(64)

        def call(self, x, training=None):
            one = self.first(x)
            after = ops.tanh(one) * 2  # of the first: later than both
            other = self.second(ops.exp(x) - 1)  # what it reads: before both
            return after + other, one

    check(Between(), numbers(2, 120, 32), 1)


def test_stateful_walks_keep_their_order():
    class Twice(layers.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.second = (layers.LSTM(64, stateful=True) for _ in range(2))

        def call(self, x):
            return self.first(x) + self.second(x)

    layer, x = Twice(), numbers(2, 120, 32)
    layer(x)

    def run(native):
        layer.first.reset_state()
        layer.second.reset_state()
        return [np.asarray(native.call([x])[0]) for _ in range(3)]

    native = traced(layer._layer_by_layer_call, x)
    for found, expected in zip(run(native), run(_core.Function(native.graph, optimize=False))):
        np.testing.assert_array_equal(found, expected)


def test_training_steps_are_the_same():
    layer, x = layers.Bidirectional(layers.LSTM(64)), numbers(4, 120, 32)
    layer(x)

    def gradients(x):
        with tracing.GradientTape() as tape:
            loss = ops.sum(ops.square(layer._layer_by_layer_call(x)))
        return tape.gradient(loss, layer.trainable_variables)

    native = traced(gradients, x)
    assert any(" beside " in name for name in native.plan_description([x])[0])
    for found, expected in zip(native.call([x]), _core.Function(native.graph, optimize=False).call([x])):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
