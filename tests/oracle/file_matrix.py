"""Files of keraunos in real Keras, and files of real Keras in keraunos: models x formats x directions, as a table.

Run by hand where Keras 3.15 is installed with torch, with keraunos on the path:

    KERAS_BACKEND=torch PYTHONPATH=src python tests/oracle/file_matrix.py [words of model names]

Every model is trained for some steps, saved by one library and loaded by the other. Compared are its outputs (relative to
the largest), the state of the optimizer, and the weights after one more step of training in both. Layers that keraunos does
not have are left out and counted. The exit status is the number of rows that are not equal.
"""

import os
import sys
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

import keraunos

FORMS = (".keras", ".h5", ".weights.h5", "JSON + weights")
# Rounding differs between two libraries: a few units of float32, more through exponentials and long sums.
OUTPUT_ERROR = 1e-6
STEP_ERROR = 2e-5
ROWS = 6


def sequential(shape, *make_layers):
    """A function from a library to a model: the layers are given as functions of its `layers`."""

    def build(library):
        made = [make(library.layers) for make in make_layers]
        return library.Sequential([library.Input(shape), *made])

    return build


def two_inputs(library):
    layers = library.layers
    a, b = library.Input((4,), name="a"), library.Input((3,), name="b")
    x = layers.Concatenate()([layers.Dense(5, activation="relu")(a), b])
    return library.Model([a, b], [layers.Dense(2, name="first")(x), layers.Dense(3, name="second")(x)])


def with_ops(library):
    layers, ops = library.layers, library.ops
    x = library.Input((6,))
    y = layers.Dense(6)(x) * 2.0 - x
    y = ops.relu(y) + ops.mean(y, axis=-1, keepdims=True)
    y = ops.concatenate([y, ops.tanh(x)], axis=-1)[:, 1:-1]
    return library.Model(x, layers.Dense(2)(y))


def nested(library):
    layers = library.layers
    inner = library.Sequential([library.Input((4,)), layers.Dense(4, activation="tanh"), layers.BatchNormalization()])
    i = library.Input((4,))
    block = library.Model(i, [layers.Dense(3)(i), layers.Dense(2)(i)])
    x = library.Input((4,))
    u, v = block(inner(inner(x)))
    return library.Model(x, layers.Concatenate()([u, v, block(x)[1]]))


def shared(library):
    layers = library.layers
    dense = layers.Dense(4, activation="selu")
    x = library.Input((4,))
    return library.Model(x, layers.Add()([dense(x), dense(dense(x))]))


def merges(library):
    layers = library.layers
    x = library.Input((4,))
    y, z = layers.Dense(4)(x), layers.Dense(4)(x)
    kinds = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
    return library.Model(x, layers.Concatenate()([kind()([y, z]) for kind in kinds] + [layers.Dot(axes=1)([y, z])]))


def frozen(library):
    layers = library.layers
    model = library.Sequential([library.Input((4,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(3)])
    model.layers[0].trainable = model.layers[1].trainable = False
    return model


def attention(library):
    layers = library.layers
    x = library.Input((5, 6))
    y = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 3)(x, x))
    return library.Model(x, layers.GlobalAveragePooling1D()(y))


def encoder_decoder(library):
    layers = library.layers
    x = library.Input((5, 3))
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    return library.Model(x, layers.LSTM(4)(y, initial_state=[h, c]))


def dense(units=4, **options):
    return lambda layers: layers.Dense(units, **options)


def layer(name, *arguments, **options):
    return lambda layers: getattr(layers, name)(*arguments, **options)


ACTIVATIONS = ("relu", "elu", "selu", "gelu", "silu", "mish", "hard_sigmoid", "softplus", "softmax", "exponential")
MODELS = {
    "linear": sequential((3,), dense(1)),
    "mlp": sequential((5,), dense(8, activation="relu"), dense(4, activation="tanh"), dense(2)),
    "no_bias": sequential((5,), dense(8, use_bias=False), dense(2)),
    "regularized": sequential((5,), dense(4, kernel_regularizer="l2", bias_regularizer="l1"), dense(2)),
    "constrained": sequential((5,), dense(4, kernel_constraint="max_norm", bias_constraint="non_neg"), dense(2)),
    **{f"activation_{name}": sequential((5,), dense(6, activation=name), dense(2)) for name in ACTIVATIONS},
    "leaky_relu": sequential((5,), dense(), layer("LeakyReLU", negative_slope=0.2), dense(2)),
    "prelu": sequential((5,), dense(), layer("PReLU"), dense(2)),
    "relu_layer": sequential((5,), dense(), layer("ReLU", max_value=2.0, negative_slope=0.1, threshold=0.1), dense(2)),
    "batch_normalization": sequential((5,), dense(), layer("BatchNormalization"), dense(2)),
    "layer_normalization": sequential((5,), dense(), layer("LayerNormalization"), dense(2)),
    "group_normalization": sequential((3, 6), layer("GroupNormalization", groups=2), dense(2)),
    "rms_normalization": sequential((5,), layer("RMSNormalization"), dense(2)),
    "unit_normalization": sequential((5,), dense(), layer("UnitNormalization"), dense(2)),
    "spectral_normalization": sequential((5,), lambda k: k.SpectralNormalization(k.Dense(4)), dense(2)),
    "einsum": sequential((3, 5), layer("EinsumDense", "abc,cd->abd", output_shape=(3, 4), bias_axes="d")),
    "embedding": sequential((4,), layer("Embedding", 10, 3), layer("Flatten"), dense(2)),
    "time_distributed": sequential((4, 5), lambda k: k.TimeDistributed(k.Dense(3)), layer("Flatten"), dense(2)),
    "reshaping": sequential(
        (12,), layer("Reshape", (3, 4)), layer("Permute", (2, 1)), layer("UpSampling1D", 2), layer("ZeroPadding1D", 1),
        layer("Cropping1D", 1), layer("Flatten"), dense(2),
    ),
    "repeat": sequential((4,), layer("RepeatVector", 3), dense(2), layer("Rescaling", 0.5, offset=1.0)),
    "masking": sequential((4, 3), layer("Masking"), dense(2)),
    "dropout_off": sequential((5,), dense(), layer("Dropout", 0.0), dense(2)),
    "activity": sequential((5,), dense(activity_regularizer="l2"), layer("ActivityRegularization", l1=0.1), dense(2)),
    "two_inputs": two_inputs,
    "with_ops": with_ops,
    "nested": nested,
    "shared": shared,
    "merges": merges,
    "frozen": frozen,
    "deep": sequential((5,), *[dense(5, activation="relu") for _ in range(12)]),
    "wide": sequential((40,), dense(300, activation="relu"), dense(2)),
    "conv1d": sequential((9, 3), layer("Conv1D", 4, 3, activation="relu"), layer("GlobalMaxPooling1D"), dense(2)),
    "conv2d": sequential((8, 7, 3), layer("Conv2D", 4, 3, strides=2), layer("MaxPooling2D", 2), layer("Flatten"), dense(2)),
    "conv3d": sequential((4, 4, 4, 2), layer("Conv3D", 3, 2), layer("GlobalAveragePooling3D"), dense(2)),
    "conv_transpose": sequential((4, 4, 2), layer("Conv2DTranspose", 3, 3, strides=2), layer("GlobalAveragePooling2D")),
    "depthwise": sequential((6, 6, 2), layer("DepthwiseConv2D", 3, depth_multiplier=2), layer("GlobalAveragePooling2D")),
    "separable": sequential((6, 6, 2), layer("SeparableConv2D", 4, 3), layer("GlobalAveragePooling2D")),
    "lstm": sequential((5, 3), layer("LSTM", 4, return_sequences=True), layer("LSTM", 3)),
    "gru": sequential((5, 3), layer("GRU", 4, return_sequences=True), layer("GRU", 3, reset_after=False)),
    "simple_rnn": sequential((5, 3), layer("SimpleRNN", 4), dense(2)),
    "bidirectional": sequential((5, 3), lambda k: k.Bidirectional(k.GRU(3)), dense(2)),
    "encoder_decoder": encoder_decoder,
    "attention": attention,
}
OPTIMIZERS = (
    lambda o: o.Adam(0.01),
    lambda o: o.SGD(0.01, momentum=0.9, nesterov=True),
    lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
    lambda o: o.AdamW(o.schedules.ExponentialDecay(0.01, 5, 0.9), weight_decay=0.01),
    lambda o: o.Adagrad(0.1),
    lambda o: o.Adadelta(1.0),
    lambda o: o.Adamax(0.01),
    lambda o: o.Nadam(0.01),
    lambda o: o.Ftrl(0.1),
    lambda o: o.Lion(0.001),
    lambda o: o.Lamb(0.01),
    lambda o: o.Adafactor(0.01),
    lambda o: o.Adam(0.01, amsgrad=True, clipnorm=1.0),
    lambda o: o.SGD(0.01),
)


def arrays(value):
    """All arrays of a nest, in order."""
    if isinstance(value, dict):
        return [array for key in sorted(value) for array in arrays(value[key])]
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in arrays(item)]
    return [np.asarray(value)]


def inputs_for(model, name):
    rng = np.random.default_rng(len(name))
    shapes = [(ROWS, *x.shape[1:]) for x in model.inputs]
    if name == "embedding":
        return [rng.integers(0, 10, shape).astype("float32") for shape in shapes]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def trained(library, name, optimizer):
    """A model with weights that all came from one seed, after three steps."""
    library.utils.clear_session()
    model = MODELS[name](library)
    rng = np.random.default_rng(5)
    model.set_weights([_filled(weight, rng) for weight in model.weights])
    model.compile(optimizer(library.optimizers), "mse")
    x = inputs_for(model, name)
    for _ in range(3):
        step(model, x)
    return model, x


def _filled(weight, rng):
    value = rng.normal(size=tuple(weight.shape)) * 0.3
    return (np.abs(value) + 0.5 if "variance" in weight.name else value).astype("float32")


def step(model, x):
    y = [np.ones((ROWS, *output.shape[1:]), "float32") * 0.3 for output in model.outputs]
    model.train_on_batch(x if len(x) > 1 else x[0], y if len(y) > 1 else y[0])


def outputs_of(model, x):
    return [np.asarray(y) for y in arrays(model.predict(x if len(x) > 1 else x[0], verbose=0))]


def passed_on(model, reader, name, optimizer, form, folder):
    """The model as the other library reads it from a file of this form."""
    path = os.path.join(folder, f"{name}{form if form.startswith('.') else '.weights.h5'}")
    if form in (".keras", ".h5"):
        model.save(path)
        return reader.saving.load_model(path)
    model.save_weights(path)
    if form == ".weights.h5":
        reader.utils.clear_session()
        other = MODELS[name](reader)
    else:
        other = reader.models.model_from_json(model.to_json())
    other.compile(optimizer(reader.optimizers), "mse")
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    return other


def largest_error(left, right):
    if [one.shape for one in left] != [two.shape for two in right]:
        return np.inf
    errors = [np.max(np.abs(one - two), initial=0) / max(np.max(np.abs(one), initial=0), 1e-3) for one, two in zip(left, right)]
    return float(max(errors, default=0.0))


def state_of(optimizer):
    return [np.asarray(_numpy(variable), "float64") for variable in optimizer.variables]


def _numpy(variable):
    return variable.numpy() if not hasattr(variable.value, "detach") else variable.value.detach().cpu().numpy()


def row(writer, reader, name, optimizer, form, folder):
    """The three errors of one cell."""
    model, x = trained(writer, name, optimizer)
    other = passed_on(model, reader, name, optimizer, form, folder)
    output = largest_error(outputs_of(model, x), outputs_of(other, x))
    state = largest_error(state_of(model.optimizer), state_of(other.optimizer))
    step(model, x)
    step(other, x)
    after = largest_error([np.asarray(w) for w in model.get_weights()], [np.asarray(w) for w in other.get_weights()])
    return output, state, after


def main(words):
    warnings.simplefilter("ignore")
    wrong, count, missing = 0, 0, []
    for index, name in enumerate(MODELS):
        if words and not any(word in name for word in words):
            continue
        try:
            MODELS[name](keraunos)
        except (AttributeError, NotImplementedError) as error:
            missing.append(f"{name} ({str(error)[:60]})")
            continue
        optimizer = OPTIMIZERS[index % len(OPTIMIZERS)]
        for form in FORMS:
            cells = []
            for writer, reader in ((keraunos, keras), (keras, keraunos)):
                count += 1
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        errors = row(writer, reader, name, optimizer, form, folder)
                    is_equal = errors[0] <= OUTPUT_ERROR and errors[1] == 0 and errors[2] <= STEP_ERROR
                    cells.append(" ".join(f"{error:7.1e}" for error in errors) + ("" if is_equal else " WRONG"))
                except Exception as error:  # a cell that fails is a result
                    is_equal = False
                    cells.append(f"{type(error).__name__}: {str(error)[:150]!r}")
                wrong += not is_equal
            print(f"{name:24} {form:15} to Keras: {cells[0]:32} from Keras: {cells[1]}", flush=True)
    print(f"{count} cells, {wrong} not equal; models that keraunos lacks layers for: {missing}")
    return min(wrong, 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
