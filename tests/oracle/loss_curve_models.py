"""Models, start weights and batches of the loss curves; works with Keras and with keraunos."""

import inspect

import numpy as np

STEPS = 100
BATCH = 32

# Name -> (class, arguments). Learning rates are the defaults unless those would stand still.
OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_centered": ("RMSprop", {"centered": True, "momentum": 0.5}),
    "adam": ("Adam", {}),
    "adam_amsgrad": ("Adam", {"amsgrad": True}),
    "adamw": ("AdamW", {"weight_decay": 0.01}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "adagrad": ("Adagrad", {"learning_rate": 0.01}),
    "adamax": ("Adamax", {}),
    "adafactor": ("Adafactor", {"learning_rate": 0.01}),
    "nadam": ("Nadam", {}),
    "ftrl": ("Ftrl", {"learning_rate": 0.01}),
    "lion": ("Lion", {"learning_rate": 0.0001}),
    "lamb": ("Lamb", {}),
    "muon": ("Muon", {}),
    "adam_clipnorm_ema": ("Adam", {"clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 10}),
}
MODELS = ("a", "b", "c", "d", "e")
# The learning rates of a model are those of its optimizer times this. The targets of "c" and "d" are random: faster, they learn
# them by heart within the hundred steps, and the relative error of a loss near zero says nothing.
RATE_SCALE = {"c": 0.2, "d": 0.02}
# Takes a second for a step of "d".
LEFT_OUT = {"d": ("muon",)}
CURVES = [
    (model, optimizer)
    for model in MODELS
    for optimizer in OPTIMIZERS
    if optimizer not in LEFT_OUT.get(model, ())
]


def make_optimizer(keras, name, model_name):
    kind, arguments = OPTIMIZERS[name]
    optimizer = getattr(keras.optimizers, kind)
    rate = arguments.get("learning_rate", inspect.signature(optimizer).parameters["learning_rate"].default)
    return optimizer(**{**arguments, "learning_rate": rate * RATE_SCALE.get(model_name, 1.0)})


def make_model(keras, name):
    """Returns the uncompiled model with its start weights, its loss and its metrics."""
    layers = keras.layers
    if name == "a":
        model = keras.Sequential(
            [
                keras.Input((8,)),
                layers.Dense(32, activation="tanh"),
                layers.Dense(64, activation="tanh"),
                layers.Dense(8),
            ]
        )
        arguments = {"loss": "mse"}
    elif name == "b":
        model = keras.Sequential(
            [
                keras.Input((64,)),
                layers.Dense(32, activation="relu"),
                layers.Dense(10, activation="softmax"),
            ]
        )
        arguments = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    elif name in ("c", "d"):
        # Without the dropout of the benchmark: the two draw different random numbers. And with tanh: among the millions of
        # values that a relu of these sizes sees, some lie so near its kink that rounding decides about the gradient.
        sizes = (784, 512, 512, 10) if name == "c" else (1024, 2048, 2048, 2048, 1000)
        model = keras.Sequential([keras.Input(sizes[:1])])
        for units in sizes[1:-1]:
            model.add(layers.Dense(units, activation="tanh"))
        model.add(layers.Dense(sizes[-1], activation="softmax"))
        arguments = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    else:
        first, second = keras.Input((6,), name="first"), keras.Input((6,), name="second")
        shared = layers.Dense(16, activation="tanh")
        joined = layers.Concatenate()([shared(first), shared(second)])
        value = layers.Dense(2, name="value")(joined)
        chance = layers.Dense(1, activation="sigmoid", name="chance")(joined)
        model = keras.Model([first, second], [value, chance])
        arguments = {
            "loss": ["mse", "binary_crossentropy"],
            "loss_weights": [1.0, 0.5],
            "metrics": [["mae"], ["accuracy"]],
        }
    random = np.random.RandomState(1)
    limit = {"c": 0.06, "d": 0.04}.get(name, 0.3)
    model.set_weights(
        [
            random.uniform(-limit, limit, weight.shape).astype("float32")
            for weight in model.get_weights()
        ]
    )
    return model, arguments


def make_data(name):
    """Returns inputs and targets of ten batches, which are run through ten times."""
    random = np.random.RandomState(2)
    rows = 10 * BATCH

    def normal(*shape):
        return random.standard_normal(shape).astype("float32")

    if name == "a":
        x = normal(rows, 8)
        return x, np.sin(x @ normal(8, 8)).astype("float32")
    if name == "b":
        x = normal(rows, 64)
        return x, np.argmax(x @ normal(64, 10), axis=-1).astype("int32")
    if name in ("c", "d"):
        width, classes = (784, 10) if name == "c" else (1024, 1000)
        return normal(rows, width), random.randint(0, classes, rows).astype("int32")
    first, second = normal(rows, 6), normal(rows, 6)
    value = np.tanh(first @ normal(6, 2) + second[:, :2]).astype("float32")
    chance = (first[:, :1] > second[:, :1]).astype("float32")
    return [first, second], [value, chance]


def batches(x, y):
    """Yields the batches of all steps."""

    def take(data, rows):
        return [part[rows] for part in data] if isinstance(data, list) else data[rows]

    for step in range(STEPS):
        start = step % 10 * BATCH
        rows = slice(start, start + BATCH)
        yield take(x, rows), take(y, rows)


def run(keras, model_name, optimizer_name):
    """Returns the loss of every step."""
    model, arguments = make_model(keras, model_name)
    model.compile(make_optimizer(keras, optimizer_name, model_name), **arguments)
    data = make_data(model_name)
    return [model.train_on_batch(x, y, return_dict=True)["loss"] for x, y in batches(*data)]
