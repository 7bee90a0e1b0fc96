"""Optimizer cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new optimizer needs a line in `OPTIMIZERS` (and one in `OWN_VARIANTS` if it has options of its own); then run
`tests/oracle/record.py` with Keras installed.
"""

import re

import numpy as np

OPTIMIZERS = {
    "SGD": {"learning_rate": 0.05},
    "RMSprop": {"learning_rate": 0.01},
    "Adam": {"learning_rate": 0.01},
    "AdamW": {"learning_rate": 0.01},
    "Adagrad": {"learning_rate": 0.05},
    "Adadelta": {"learning_rate": 1.0},
    "Adamax": {"learning_rate": 0.01},
    "Nadam": {"learning_rate": 0.01},
    "Ftrl": {"learning_rate": 0.05},
    "Lion": {"learning_rate": 0.003},
    "Lamb": {"learning_rate": 0.01},
    "Adafactor": {"learning_rate": 0.05},
    "Muon": {"learning_rate": 0.01},
    "ScheduleFreeAdamW": {"learning_rate": 0.01},
}

COMMON_VARIANTS = {
    "plain": {},
    "weight_decay": {"weight_decay": 0.01},
    "clipnorm": {"clipnorm": 0.5},
    "clipvalue": {"clipvalue": 0.3},
    "global_clipnorm": {"global_clipnorm": 0.5},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
    "ema_overwrite": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    "accumulation": {"gradient_accumulation_steps": 3},
    "accumulation_ema": {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2},
    "loss_scale_factor": {"loss_scale_factor": 8.0},
}

SCHEDULES = {
    "exponential": ("ExponentialDecay", (0.05, 20, 0.7), {}),
    "exponential_staircase": ("ExponentialDecay", (0.05, 20, 0.7), {"staircase": True}),
    "piecewise": ("PiecewiseConstantDecay", ([3, 40], [0.05, 0.02, 0.01]), {}),
    "polynomial": ("PolynomialDecay", (0.05, 60), {"end_learning_rate": 0.001, "power": 2.0}),
    "polynomial_cycle": ("PolynomialDecay", (0.05, 30), {"end_learning_rate": 0.001, "cycle": True}),
    "inverse_time": ("InverseTimeDecay", (0.05, 10, 0.5), {}),
    "inverse_time_staircase": ("InverseTimeDecay", (0.05, 10, 0.5), {"staircase": True}),
    "cosine": ("CosineDecay", (0.05, 70), {"alpha": 0.1}),
    "cosine_warmup": ("CosineDecay", (0.0, 60), {"warmup_target": 0.05, "warmup_steps": 10}),
    "restarts": ("CosineDecayRestarts", (0.05, 15), {}),
    "restarts_equal": ("CosineDecayRestarts", (0.05, 15), {"t_mul": 1.0, "m_mul": 0.8, "alpha": 0.05}),
}

OWN_VARIANTS = {
    "SGD": {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "momentum_decay_clip": {"momentum": 0.5, "weight_decay": 0.02, "clipnorm": 1.0},
    },
    "RMSprop": {
        "momentum": {"momentum": 0.9},
        "centered": {"centered": True},
        "momentum_centered": {"momentum": 0.5, "centered": True, "rho": 0.8},
    },
    "Adam": {"amsgrad": {"amsgrad": True}, "betas": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}},
    "AdamW": {"amsgrad": {"amsgrad": True, "weight_decay": 0.05}},
    "Adagrad": {"accumulator": {"initial_accumulator_value": 0.5, "epsilon": 1e-3}},
    "Adadelta": {"rho": {"rho": 0.8, "epsilon": 1e-4}},
    "Adamax": {"betas": {"beta_1": 0.5, "beta_2": 0.9}},
    "Nadam": {"betas": {"beta_1": 0.5, "beta_2": 0.9}},
    "Ftrl": {
        "penalties": {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.1,
        },
        "power": {"learning_rate_power": -0.7},
    },
    "Lion": {"betas": {"beta_1": 0.5, "beta_2": 0.8}},
    "Lamb": {"betas": {"beta_1": 0.5, "beta_2": 0.9}},
    "Adafactor": {"clip": {"clip_threshold": 0.5, "beta_2_decay": -0.5, "relative_step": False}},
    "Muon": {
        "no_nesterov": {"nesterov": False, "rms_rate": None},
        "adam_only": {"exclude_layers": [".*"]},
    },
    "ScheduleFreeAdamW": {"warmup": {"warmup_steps": 10, "beta_1": 0.8}},
}

RECORDED_STEPS = (1, 10, 100)


def cases():
    """Dictionary from case name to (optimizer class name, arguments, schedule or `None`)."""
    found = {}
    for name, arguments in OPTIMIZERS.items():
        variants = {**COMMON_VARIANTS, **OWN_VARIANTS.get(name, {})}
        for variant, more in variants.items():
            found[f"{name}-{variant}"] = (name, {**arguments, **more}, None)
        for schedule in SCHEDULES:
            # Every schedule with three optimizers, one schedule with all of them.
            if name in ("SGD", "Adam", "RMSprop") or schedule == "exponential":
                found[f"{name}-{schedule}"] = (name, dict(arguments), schedule)
    return found


def make_optimizer(keras, name, arguments, schedule):
    """The optimizer of a case."""
    arguments = dict(arguments)
    if schedule is not None:
        class_name, positional, keywords = SCHEDULES[schedule]
        arguments["learning_rate"] = getattr(keras.optimizers.schedules, class_name)(*positional, **keywords)
    return getattr(keras.optimizers, name)(name=name.lower(), **arguments)


def make_variables(keras):
    """A matrix and a vector, always the same."""
    random = np.random.RandomState(0)
    kernel = random.normal(size=(3, 4)).astype("float32")
    bias = random.normal(size=(4,)).astype("float32")
    return [keras.Variable(kernel, name="kernel"), keras.Variable(bias, name="bias")]


def gradients(step):
    """The gradients of a step, always the same."""
    random = np.random.RandomState(1000 + step)
    return [random.normal(size=(3, 4)).astype("float32"), random.normal(size=(4,)).astype("float32")]


def flat(variables):
    """All values of a list of variables in one vector."""
    return np.concatenate([np.asarray(keras_numpy(variable), dtype="float64").reshape(-1) for variable in variables])


def keras_numpy(variable):
    """The value of a variable of either library."""
    return variable.numpy()


def run(keras, name, arguments, schedule, steps=100):
    """Weights after the recorded steps, and after the end of training."""
    variables = make_variables(keras)
    optimizer = make_optimizer(keras, name, arguments, schedule)
    optimizer.build(variables)
    results = []
    for step in range(1, steps + 1):
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients(step)], variables)
        if step in RECORDED_STEPS:
            results.append(flat(variables))
    optimizer.finalize_variable_values(variables)
    results.append(flat(variables))
    return np.stack(results).astype("float32")


def variable_table(keras, name, arguments, schedule):
    """Path, shape and dtype of every variable of the optimizer, in order."""
    variables = make_variables(keras)
    optimizer = make_optimizer(keras, name, arguments, schedule)
    optimizer.build(variables)
    # Nadam has a variable with an automatic name, whose number depends on what ran before.
    names = [re.sub(r"^variable_\d+$", "variable", v.path.split("/")[-1]) for v in optimizer.variables]
    return [[name, list(v.shape), str(v.dtype)] for name, v in zip(names, optimizer.variables)]


def schedule_values(keras, schedule):
    """Learning rates at some steps."""
    class_name, positional, keywords = SCHEDULES[schedule]
    rate = getattr(keras.optimizers.schedules, class_name)(*positional, **keywords)
    steps = (0, 1, 2, 3, 4, 10, 15, 16, 29, 30, 31, 45, 60, 61, 69, 70, 100, 1000)
    return np.array([float(rate(step)) for step in steps], dtype="float32")
