"""Optimizers: weights of Keras after many steps, traced steps, state, errors, configs."""

import copy
import json
import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import optimizers
from keraunos.optimizers import schedules
from keraunos.tracing import Function

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import optimizer_cases
from recorded import DATA, missing_case, recorded

RECORDED = recorded("optimizers")
VARIABLES = json.loads((DATA / "keras_optimizer_variables.json").read_text())
CASES = optimizer_cases.cases()

# After 1, 10 and 100 steps, and after the end: both compute in float32, and rounding grows with the steps.
TOLERANCES = (1e-6, 1e-5, 1e-4, 1e-4)

NOT_A_CASE = {
    "Optimizer": "abstract",
    "OptimizerMap": "no optimizer",
    "MultiOptimizer": "tested below",
    "LossScaleOptimizer": "tested below",
}


def assert_close(weights, expected):
    for step, (row, expected_row, tolerance) in enumerate(zip(weights, expected, TOLERANCES)):
        # Relative to the size of the weights: single ones may be next to zero.
        error = np.abs(row - expected_row).max() / np.abs(expected_row).max()
        assert error < tolerance, f"row {step}: {error}"


@pytest.mark.parametrize("case", CASES)
def test_weights_are_those_of_keras_after_many_steps(case):
    assert_close(optimizer_cases.run(keraunos, *CASES[case]), RECORDED[case])


@pytest.mark.parametrize("case", CASES)
def test_weights_are_those_of_keras_when_the_step_is_traced(case):
    variables = optimizer_cases.make_variables(keraunos)
    optimizer = optimizer_cases.make_optimizer(keraunos, *CASES[case])
    optimizer.build(variables)
    gradients = [keraunos.Variable(g, trainable=False) for g in optimizer_cases.gradients(1)]

    def step():
        optimizer.apply([gradient.value for gradient in gradients], variables)
        return optimizer.iterations + 0

    traced, rows = Function(step), []
    for number in range(1, 101):
        for variable, gradient in zip(gradients, optimizer_cases.gradients(number)):
            variable.assign(gradient)
        traced()
        if number in optimizer_cases.RECORDED_STEPS:
            rows.append(optimizer_cases.flat(variables))
    optimizer.finalize_variable_values(variables)
    rows.append(optimizer_cases.flat(variables))
    assert_close(np.stack(rows), RECORDED[case])
    assert traced.trace_count == 1


@pytest.mark.parametrize("case", CASES)
def test_variables_have_the_names_shapes_and_order_of_keras(case):
    assert optimizer_cases.variable_table(keraunos, *CASES[case]) == VARIABLES[case]


@pytest.mark.parametrize("schedule", optimizer_cases.SCHEDULES)
def test_schedules_are_those_of_keras(schedule):
    values = optimizer_cases.schedule_values(keraunos, schedule)
    # Near the end of a cosine, rounding of the angle shows in the small rest.
    np.testing.assert_allclose(values, RECORDED[f"schedule-{schedule}"], rtol=1e-5, atol=2e-8)


@pytest.mark.parametrize("schedule", optimizer_cases.SCHEDULES)
def test_a_traced_schedule_gives_the_eager_rate(schedule):
    name, positional, keywords = optimizer_cases.SCHEDULES[schedule]
    rate = getattr(schedules, name)(*positional, **keywords)
    traced = Function(lambda step: rate(step))
    for step in (0, 1, 7, 15, 40, 200):
        assert float(traced(np.array(step))) == pytest.approx(float(rate(step)), rel=1e-6)


@pytest.mark.parametrize("name", [name for name in dir(optimizers) if isinstance(getattr(optimizers, name), type)])
def test_every_public_optimizer_has_a_case(name):
    assert name in optimizer_cases.OPTIMIZERS or name in NOT_A_CASE, missing_case("optimizers", name)


@pytest.mark.parametrize("name", [name for name in dir(schedules) if isinstance(getattr(schedules, name), type)])
def test_every_public_schedule_has_a_case(name):
    known = {class_name for class_name, _, _ in optimizer_cases.SCHEDULES.values()} | {"LearningRateSchedule"}
    assert name in known, f"keraunos.optimizers.schedules.{name}: add a line to SCHEDULES in tests/optimizers/optimizer_cases.py"


@pytest.mark.parametrize("case", CASES)
def test_a_config_makes_an_optimizer_with_the_same_config(case):
    optimizer = optimizer_cases.make_optimizer(keraunos, *CASES[case])
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("name", optimizer_cases.OPTIMIZERS)
def test_stateless_apply_gives_the_step_without_taking_it(name):
    case = CASES[f"{name}-plain"]
    variables, others = (optimizer_cases.make_variables(keraunos) for _ in range(2))
    optimizer, other = (optimizer_cases.make_optimizer(keraunos, *case) for _ in range(2))
    optimizer.build(variables)
    other.build(others)
    before = [variable.numpy() for variable in variables + optimizer.variables]
    gradients = [keraunos.ops.convert_to_tensor(g) for g in optimizer_cases.gradients(1)]
    new_variables, new_state = optimizer.stateless_apply(before[2:], gradients, before[:2])
    for variable, value in zip(variables + optimizer.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)
    other.apply(gradients)
    for variable, value in zip(others + other.variables, new_variables + new_state):
        np.testing.assert_allclose(np.asarray(value), variable.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", optimizer_cases.OPTIMIZERS)
def test_saved_variables_continue_the_training(name):
    case = CASES[f"{name}-plain"]
    variables = optimizer_cases.make_variables(keraunos)
    optimizer = optimizer_cases.make_optimizer(keraunos, *case)
    optimizer.build(variables)
    for step in (1, 2):
        optimizer.apply(optimizer_cases.gradients(step), variables)
    store = {}
    optimizer.save_own_variables(store)
    copies = [keraunos.Variable(v.numpy(), name=v.name) for v in variables]
    again = optimizer_cases.make_optimizer(keraunos, *case)
    again.build(copies)
    again.load_own_variables(store)
    for each, targets in ((optimizer, variables), (again, copies)):
        each.apply(optimizer_cases.gradients(3), targets)
    np.testing.assert_array_equal(optimizer_cases.flat(copies), optimizer_cases.flat(variables))


@pytest.mark.parametrize(
    "make",
    [optimizers.Adam, lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam(), {"b": optimizers.SGD(0.1)}))],
)
def test_a_deep_copy_continues_the_training_of_copied_variables(make):
    optimizer, variables = make(), [variable(name="a"), variable(name="b")]
    optimizer.apply([np.ones(2), np.ones(2)], variables)
    again, copies = copy.deepcopy((optimizer, variables))
    for each, targets in ((optimizer, variables), (again, copies)):
        each.apply([np.ones(2), -np.ones(2)], targets)
    np.testing.assert_array_equal(optimizer_cases.flat(copies), optimizer_cases.flat(variables))


def variable(value=(1.0, 2.0), **arguments):
    return keraunos.Variable(np.asarray(value, dtype="float32"), **arguments)


def test_excluded_variables_do_not_decay():
    kernel, bias = variable(name="kernel"), variable(name="bias")
    optimizer = optimizers.AdamW(learning_rate=1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.zeros(2), np.zeros(2)], [kernel, bias])
    np.testing.assert_allclose(kernel.numpy(), [0.5, 1.0])
    np.testing.assert_allclose(bias.numpy(), [1.0, 2.0])


def test_constraints_hold_after_a_step():
    weights = variable()
    weights.constraint = keraunos.constraints.NonNeg()
    optimizers.SGD(1.0).apply([np.array([5.0, 0.5])], [weights])
    np.testing.assert_allclose(weights.numpy(), [0.0, 1.5])


def test_a_variable_that_asks_for_it_takes_its_gradient():
    scale, weights = variable(), variable()
    scale.overwrite_with_gradient = True
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([np.array([7.0, 8.0]), np.zeros(2)], [scale, weights])
    np.testing.assert_allclose(scale.numpy(), [7.0, 8.0])
    assert len(optimizer.variables) == 4


def test_the_learning_rate_can_be_set():
    weights, optimizer = variable(), optimizers.SGD(0.1)
    optimizer.learning_rate = 1.0
    optimizer.apply([np.ones(2)], [weights])
    np.testing.assert_allclose(weights.numpy(), [0.0, 1.0])
    with pytest.raises(TypeError, match="not settable"):
        optimizers.SGD(schedules.ExponentialDecay(0.1, 1, 0.5)).learning_rate = 0.1


@pytest.mark.parametrize("is_traced", [False, True])
def test_a_gradient_that_is_not_finite_halves_the_scale_and_changes_nothing(is_traced):
    weights, gradient = variable(), variable(trainable=False)
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    optimizer.build([weights])

    def step():
        optimizer.apply([gradient.value], [weights])
        return optimizer.dynamic_scale + 0

    run = Function(step) if is_traced else step
    gradient.assign([np.inf, 1.0])
    assert float(run()) == 4.0
    np.testing.assert_allclose(weights.numpy(), [1.0, 2.0])
    assert int(optimizer.iterations.numpy()) == 0
    gradient.assign([4.0, -4.0])
    assert float(run()) == 4.0
    np.testing.assert_allclose(weights.numpy(), [0.9, 2.1], rtol=1e-5)
    assert float(run()) == 8.0
    assert int(optimizer.iterations.numpy()) == 2


def test_each_variable_follows_its_own_optimizer():
    fast, slow = variable(name="fast"), variable(name="slow")
    mapping = optimizers.OptimizerMap(optimizers.SGD(0.1), {"fast": optimizers.SGD(1.0)})
    optimizer = optimizers.MultiOptimizer(mapping)
    optimizer.apply([np.ones(2), np.ones(2)], [fast, slow])
    np.testing.assert_allclose(fast.numpy(), [0.0, 1.0])
    np.testing.assert_allclose(slow.numpy(), [0.9, 1.9])
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert len(again.optimizers) == 2


def test_an_optimizer_of_another_model_names_the_variable_without_its_values():
    optimizer = optimizers.Adam()
    optimizer.build([variable(np.ones((50, 50)), name="mine")])
    with pytest.raises(ValueError, match="Unknown variable: 'other'") as error:
        optimizer.apply([np.ones((50, 50))], [variable(np.ones((50, 50)), name="other")])
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.get("adamm"), "Could not interpret optimizer identifier: adamm. Did you mean 'adam'"),
        (lambda: optimizers.get(5), "Could not interpret optimizer identifier: 5"),
        (lambda: optimizers.SGD(lr=0.1), "not recognized: {'lr': 0.1}. Use `learning_rate`"),
        (lambda: optimizers.SGD("fast"), "should be float, or an instance of LearningRateSchedule"),
        (lambda: optimizers.Adam(float("nan")), "learning_rate=nan"),
        (lambda: optimizers.Adam(float("inf")), "learning_rate=inf"),
        (lambda: optimizers.Adam(-0.1), "learning_rate=-0.1"),
        (lambda: optimizers.Adam(beta_1=1.5), r"`beta_1` must be in the range \[0, 1\)"),
        (lambda: optimizers.Adam(beta_2=-0.1), "beta_2"),
        (lambda: optimizers.Adam(epsilon=-1.0), "`epsilon` must not be negative"),
        (lambda: optimizers.SGD(momentum=2.0), r"`momentum` must be a float between \[0, 1\]"),
        (lambda: optimizers.SGD(clipnorm=-1.0), "`clipnorm` must not be negative"),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "Only one of"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "integer >= 2"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2.0), "ema_momentum=2.0"),
        (lambda: optimizers.SGD(use_ema=True, ema_overwrite_frequency=0.5), "ema_overwrite_frequency=0.5"),
        (lambda: optimizers.AdamW(weight_decay=None), "weight_decay"),
        (lambda: optimizers.Ftrl(learning_rate_power=1.0), "negative or zero"),
        (lambda: optimizers.SGD().apply([None], [variable()]), "No gradients provided"),
        (lambda: optimizers.SGD().apply([np.ones(2)]), "must already be built"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps=0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "1 less"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_epsilon_may_be_zero():
    assert optimizers.Adam(epsilon=0).epsilon == 0


def test_legacy_optimizers_say_what_to_use():
    with pytest.raises(ImportError, match="not supported in Keras 3"):
        optimizers.legacy.Adam()


def test_an_attribute_before_super_init_is_refused():
    class Hasty(optimizers.Optimizer):
        def __init__(self):
            self.rate = 1.0

    with pytest.raises(RuntimeError, match="forgot to call `super"):
        Hasty()


def test_an_optimizer_is_its_formula():
    class SignSGD(optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, learning_rate * keraunos.ops.sign(gradient))

    weights = variable()
    SignSGD(0.5).apply([np.array([3.0, -4.0])], [weights])
    np.testing.assert_allclose(weights.numpy(), [0.5, 2.5])
