"""Models with their optimizers for `test_resume.py`; run as a program, goes on with the training of saved ones."""

import sys

import numpy as np

import keraunos
from keraunos import layers, optimizers

SEED = 7
EPOCHS = 2


def data():
    rng = np.random.default_rng(3)
    return rng.normal(size=(22, 6)).astype("float32"), rng.normal(size=(22, 2)).astype("float32")


def _stack(*inner):
    return keraunos.Sequential([keraunos.Input((6,)), *inner, layers.Dense(2)])


def _branches():
    x = keraunos.Input((6,))
    left = layers.AlphaDropout(0.2)(layers.Dense(4, activation="selu")(x))
    right = layers.GaussianDropout(0.3)(layers.Dense(4)(x))
    return keraunos.Model(x, layers.Dense(2)(layers.Concatenate()([left, right])))


def _nested():
    block = keraunos.Sequential([keraunos.Input((6,)), layers.Dense(6, activation="relu"), layers.Dropout(0.4)])
    x = keraunos.Input((6,))
    return keraunos.Model(x, layers.Dense(2)(block(block(x))))


def _spatial():
    x = layers.Reshape((3, 2))
    return _stack(x, layers.Dense(5), layers.SpatialDropout1D(0.5), layers.LayerNormalization(), layers.Flatten())


def _mixed():
    policy = keraunos.dtype_policies.DTypePolicy("mixed_float16")
    return _stack(layers.Dense(5, dtype=policy), layers.Dropout(0.5))


PAIRS = {
    "dropout_adam": (lambda: _stack(layers.Dense(8), layers.Dropout(0.5)), lambda: optimizers.Adam(0.01)),
    "sgd_momentum": (lambda: _stack(layers.Dropout(0.1, seed=5)), lambda: optimizers.SGD(0.01, 0.9, nesterov=True)),
    "noise_rmsprop": (
        lambda: _stack(layers.GaussianNoise(0.3), layers.Dense(4)),
        lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    ),
    "schedule_adamw": (
        lambda: _stack(layers.Dense(4), layers.Dropout(0.2)),
        lambda: optimizers.AdamW(optimizers.schedules.ExponentialDecay(0.01, 3, 0.5), weight_decay=0.01),
    ),
    "batch_normalization_nadam": (lambda: _stack(layers.Dense(4), layers.BatchNormalization()), optimizers.Nadam),
    "branches_adagrad": (_branches, lambda: optimizers.Adagrad(0.1)),
    "adadelta": (lambda: _stack(layers.Dense(3), layers.Dropout(0.5)), optimizers.Adadelta),
    "nested_adamax": (_nested, optimizers.Adamax),
    "ftrl": (lambda: _stack(layers.Dense(3), layers.Dropout(0.5)), optimizers.Ftrl),
    "average_lion": (
        lambda: _stack(layers.Dense(3), layers.Dropout(0.5)),
        lambda: optimizers.Lion(0.01, use_ema=True, ema_overwrite_frequency=3),
    ),
    "accumulation_amsgrad": (
        lambda: _stack(layers.Dense(3), layers.Dropout(0.5)),
        lambda: optimizers.Adam(0.01, amsgrad=True, gradient_accumulation_steps=2, clipnorm=1.0),
    ),
    "spatial_adafactor": (_spatial, optimizers.Adafactor),
    "mixed_loss_scale": (_mixed, lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01), dynamic_growth_steps=3)),
    "lamb": (lambda: _stack(layers.Dense(3), layers.Dropout(0.5)), lambda: optimizers.Lamb(0.01)),
}


def make(name):
    """The compiled model of a pair, the same in every process."""
    keraunos.utils.set_random_seed(SEED)
    build, optimizer = PAIRS[name]
    model = build()
    model.compile(optimizer(), "mse", metrics=["mae"])
    return model


def train(model, first, last, **options):
    """Trains on shuffled rows with a last batch that is not full; returns the logs of all epochs."""
    x, y = data()
    options = {"class_weight": None, **options}
    return model.fit(x, y, batch_size=4, initial_epoch=first, epochs=last, verbose=0, **options).history


def state(model):
    """Everything that a later step depends on, and the weights."""
    seeds = [layer.state.numpy() for part in model._flatten_layers() for layer in part._seed_generators]
    return [*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables), *seeds]


def main(folder, ending, names):
    for name in names:
        keraunos.utils.set_random_seed(SEED)
        if ending == ".weights.h5":
            model = make(name)
            model.optimizer.build(model.trainable_variables)
            model.load_weights(f"{folder}/{name}{ending}")
        else:
            model = keraunos.models.load_model(f"{folder}/{name}{ending}")
        history = train(model, EPOCHS, 2 * EPOCHS)
        np.savez(f"{folder}/{name}{ending}.npz", *state(model), **{f"log_{key}": history[key] for key in history})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
