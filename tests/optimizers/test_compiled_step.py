"""An optimizer's step as one native call does what its steps in Python do."""

import pickle
import warnings

import numpy as np
import pytest

import keraunos
from keraunos import optimizers
from keraunos.tensor import Tensor
from keraunos.tracing import GradientTape

RANDOM = np.random.default_rng(2)
SHAPES = ((4, 3), (3,), ())
GRADIENTS = [[RANDOM.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(6)]
OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.1),
    "momentum": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(0.01),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=1.0),
    "average": lambda: optimizers.RMSprop(0.01, use_ema=True, ema_overwrite_frequency=2),
    "accumulation": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "schedule": lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "lamb": lambda: optimizers.Lamb(0.01),
}


def make_variables():
    return [keraunos.Variable(np.full(shape, 0.5, "float32"), name=f"v{i}") for i, shape in enumerate(SHAPES)]


def values_of(optimizer, variables):
    return [np.asarray(variable) for variable in (*variables, *optimizer.variables)]


def is_native(optimizer):
    return isinstance(optimizer._compiled_step._table.run(tuple(GRADIENTS[0]), {}, None, None), Tensor)


def in_python(optimizer, gradients, variables):
    with GradientTape():
        optimizer.apply(gradients, variables)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_native_steps_change_all_variables_as_steps_in_python_do(name):
    native, python = OPTIMIZERS[name](), OPTIMIZERS[name]()
    variables, expected = make_variables(), make_variables()
    for gradients in GRADIENTS:
        native.apply(gradients, variables)
        in_python(python, gradients, expected)
        for found, wanted in zip(values_of(native, variables), values_of(python, expected)):
            np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-6)
    assert is_native(native)


def test_settings_that_change_between_steps_are_seen():
    native, python = optimizers.Adam(0.01), optimizers.Adam(0.01)
    variables, expected = make_variables(), make_variables()
    for step, gradients in enumerate(GRADIENTS * 3):
        for optimizer in (native, python):
            optimizer.learning_rate = 0.01 / (step + 1)
            if step == 8:
                optimizer.beta_1 = 0.5
        native.apply(gradients, variables)
        in_python(python, gradients, expected)
    for found, wanted in zip(values_of(native, variables), values_of(python, expected)):
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-6)


def test_a_schedule_that_is_changed_is_followed():
    schedule = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    optimizer, variables = optimizers.SGD(schedule), make_variables()
    for gradients in GRADIENTS[:4]:
        optimizer.apply(gradients, variables)
    schedule.initial_learning_rate = 0.0
    before = values_of(optimizer, variables)[0]
    optimizer.apply(GRADIENTS[4], variables)
    np.testing.assert_array_equal(values_of(optimizer, variables)[0], before)


def test_code_of_the_user_runs_in_every_step():
    seen = []

    class Mine(optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            seen.append(variable.name)
            super().update_step(gradient, variable, learning_rate)

    def rate():
        seen.append("rate")
        return 0.1

    def constraint(value):
        seen.append("constraint")
        return value

    constrained = make_variables()
    constrained[0].constraint = constraint
    for optimizer, variables in ((Mine(0.1), make_variables()), (optimizers.SGD(rate), make_variables()), (optimizers.SGD(0.1), constrained)):
        counts = []
        for gradients in GRADIENTS:
            seen.clear()
            optimizer.apply(gradients, variables)
            counts.append(len(seen))
        assert counts[0] > 0 and set(counts[1:]) == {counts[1]}


def test_a_missing_gradient_warns_in_every_step():
    optimizer, variables = optimizers.SGD(0.1), make_variables()
    for gradients in GRADIENTS:
        with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
            optimizer.apply([None, *gradients[1:]], variables)


def test_an_optimizer_may_be_copied_after_native_steps():
    optimizer, variables = optimizers.Adam(0.01), make_variables()
    for gradients in GRADIENTS:
        optimizer.apply(gradients, variables)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin = pickle.loads(pickle.dumps(optimizer))
    for found, wanted in zip(twin.variables, optimizer.variables):
        np.testing.assert_array_equal(np.asarray(found), np.asarray(wanted))
