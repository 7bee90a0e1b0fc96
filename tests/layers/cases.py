"""One line per layer case: what the battery in `test_battery.py` runs, and what `record.py` asks real Keras.

`case(layers.Dense, units=4, x=(None, 3), y=(None, 4), weights=2)`: the constructor's arguments, the shape of the
input (a list of shapes for several), the shape of the output, and the number of weights. Further keys:

* `call`: keyword arguments of the call, such as `{"training": True}`; `mask` as a nested list.
* `integers`: inputs are whole numbers below this one.
* `is_random`: values are not compared while training.
* `differs`: values are on purpose not those of Keras; the reason.
"""

from keraunos import layers

CASES = []
BATCH = 2


class Case:
    """A layer with its arguments and what is expected of it."""

    def __init__(self, cls, x, y, weights=0, call=None, integers=None, is_random=False, differs=None, **arguments):
        self.cls = cls
        self.x = x
        self.y = y
        self.weights = weights
        self.call = call or {}
        self.integers = integers
        self.is_random = is_random
        self.differs = differs
        self.arguments = arguments

    def make(self, **more):
        """A new layer."""
        arguments = {key: value() if callable(value) else value for key, value in self.arguments.items()}
        return self.cls(**{**arguments, **more})

    def __repr__(self):
        arguments = ", ".join(
            f"{key}={value().__class__.__name__ if callable(value) else value}" for key, value in self.arguments.items()
        )
        extra = "".join(f", {key}" for key in self.call)
        return f"{self.cls.__name__}({arguments}){self.x}{extra}".replace(" ", "")


def case(cls, **description):
    """Adds a case."""
    CASES.append(Case(cls, **description))


def _double(x):
    return x * 2


MASK = {"mask": [[True, True, False], [True, False, False]]}
TRAIN = {"training": True}

case(layers.Dense, units=4, activation="relu", x=(None, 3), y=(None, 4), weights=2)
case(layers.Dense, units=1, use_bias=False, x=(None, 2, 3), y=(None, 2, 1), weights=1)
case(layers.Dense, units=5, activation="softmax", x=(None, 2, 2, 3), y=(None, 2, 2, 5), weights=2)
case(layers.EinsumDense, equation="ab,bc->ac", output_shape=4, bias_axes="c", x=(None, 3), y=(None, 4), weights=2)
case(
    layers.EinsumDense,
    equation="abc,cde->abde",
    output_shape=(None, 2, 4),
    x=(None, 5, 3),
    y=(None, 5, 2, 4),
    weights=1,
)
case(
    layers.EinsumDense,
    equation="...x,xy->...y",
    output_shape=4,
    bias_axes="y",
    activation="tanh",
    x=(None, 2, 3),
    y=(None, 2, 4),
    weights=2,
)
case(layers.Embedding, input_dim=7, output_dim=3, integers=7, x=(None, 4), y=(None, 4, 3), weights=1)
case(layers.Embedding, input_dim=7, output_dim=2, mask_zero=True, integers=7, x=(None,), y=(None, 2), weights=1)
case(layers.ReversibleEmbedding, input_dim=7, output_dim=3, integers=7, x=(None, 4), y=(None, 4, 3), weights=1)
case(
    layers.ReversibleEmbedding,
    input_dim=7,
    output_dim=3,
    tie_weights=False,
    integers=7,
    x=(None, 4),
    y=(None, 4, 3),
    weights=2,
)
case(layers.Identity, x=(None, 3), y=(None, 3))
case(layers.Lambda, function=lambda: _double, x=(None, 3), y=(None, 3))
case(layers.Masking, mask_value=0.0, integers=2, x=(None, 3, 1), y=(None, 3, 1))
case(layers.Rescaling, scale=0.5, offset=1.0, x=(None, 3), y=(None, 3))
case(layers.Rescaling, scale=[0.5, 2.0, 3.0], offset=[1.0, 0.0, -1.0], x=(None, 2, 3), y=(None, 2, 3))

case(layers.Activation, activation="tanh", x=(None, 3), y=(None, 3))
case(layers.ELU, alpha=0.7, x=(None, 3), y=(None, 3))
case(layers.LeakyReLU, negative_slope=0.2, x=(None, 3), y=(None, 3))
case(layers.PReLU, x=(None, 2, 3), y=(None, 2, 3), weights=1)
case(layers.PReLU, shared_axes=[1], x=(None, 2, 3), y=(None, 2, 3), weights=1)
case(layers.ReLU, max_value=1.0, negative_slope=0.1, threshold=0.2, x=(None, 3), y=(None, 3))
case(layers.Softmax, x=(None, 3), y=(None, 3))
case(layers.Softmax, axis=[1, 2], x=(None, 2, 3), y=(None, 2, 3))
case(layers.Softmax, x=(None, 3), y=(None, 3), call=MASK)

for merge in (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply):
    case(merge, x=[(None, 3), (None, 3), (None, 3)], y=(None, 3))
    case(merge, x=[(None, 2, 3), (None, 1, 3)], y=(None, 2, 3))
    case(merge, x=[(None, 2, 3), (None, 3)], y=(None, 2, 3))
    case(merge, x=[(None, 3)], y=(None, 3))
case(layers.Subtract, x=[(None, 3), (None, 3)], y=(None, 3))
case(layers.Concatenate, x=[(None, 3), (None, 2)], y=(None, 5))
case(layers.Concatenate, axis=1, x=[(None, 3, 2), (None, 1, 2)], y=(None, 4, 2))
case(layers.Dot, axes=1, x=[(None, 3), (None, 3)], y=(None, 1))
case(layers.Dot, axes=(2, 1), x=[(None, 4, 3), (None, 3, 2)], y=(None, 4, 2))
case(layers.Dot, axes=-1, normalize=True, x=[(None, 4, 3), (None, 2, 3)], y=(None, 4, 2))
case(layers.Dot, axes=(1, 2), x=[(None, 3), (None, 4, 3)], y=(None, 4))

case(layers.BatchNormalization, x=(None, 3), y=(None, 3), weights=4)
case(layers.BatchNormalization, x=(None, 3), y=(None, 3), weights=4, call=TRAIN)
case(
    layers.BatchNormalization,
    axis=1,
    scale=False,
    momentum=0.5,
    x=(None, 3, 4),
    y=(None, 3, 4),
    weights=3,
    call=TRAIN,
)
case(layers.BatchNormalization, center=False, x=(None, 2, 2, 3), y=(None, 2, 2, 3), weights=3, call=TRAIN)
case(layers.BatchNormalization, x=(None, 3, 4), y=(None, 3, 4), weights=4, call={**TRAIN, **MASK})
case(layers.LayerNormalization, x=(None, 3), y=(None, 3), weights=2)
case(layers.LayerNormalization, axis=[1, 2], epsilon=1e-5, x=(None, 2, 3), y=(None, 2, 3), weights=2)
case(layers.LayerNormalization, center=False, scale=False, x=(None, 3), y=(None, 3))
case(layers.RMSNormalization, x=(None, 3), y=(None, 3), weights=1)
case(layers.GroupNormalization, groups=2, x=(None, 3, 4), y=(None, 3, 4), weights=2)
case(layers.GroupNormalization, groups=-1, axis=1, x=(None, 3, 4), y=(None, 3, 4), weights=2)
case(layers.GroupNormalization, groups=1, scale=False, x=(None, 4), y=(None, 4), weights=1)
case(layers.UnitNormalization, x=(None, 3), y=(None, 3))
case(layers.UnitNormalization, axis=[1, 2], x=(None, 2, 3), y=(None, 2, 3))
case(layers.SpectralNormalization, layer=lambda: layers.Dense(2), x=(None, 3), y=(None, 2), weights=3)
case(layers.SpectralNormalization, layer=lambda: layers.Dense(2), x=(None, 3), y=(None, 2), weights=3, call=TRAIN)

case(layers.ActivityRegularization, l1=0.1, l2=0.2, x=(None, 3), y=(None, 3))
for dropout in (layers.Dropout, layers.AlphaDropout, layers.GaussianDropout):
    case(dropout, rate=0.4, x=(None, 3), y=(None, 3))
    case(dropout, rate=0.4, x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
    case(dropout, rate=0.0, x=(None, 3), y=(None, 3), call=TRAIN)
case(layers.Dropout, rate=1.0, x=(None, 3), y=(None, 3), call=TRAIN)
case(layers.Dropout, rate=0.5, noise_shape=(None, 1), x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
case(layers.GaussianNoise, stddev=0.4, x=(None, 3), y=(None, 3))
case(layers.GaussianNoise, stddev=0.4, x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout1D, rate=0.5, x=(None, 3, 2), y=(None, 3, 2), call=TRAIN, is_random=True)
case(layers.SpatialDropout2D, rate=0.5, x=(None, 2, 2, 3), y=(None, 2, 2, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout3D, rate=0.5, x=(None, 2, 2, 2, 3), y=(None, 2, 2, 2, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout1D, rate=0.5, x=(None, 3, 2), y=(None, 3, 2))

case(layers.Flatten, x=(None, 2, 3), y=(None, 6))
case(layers.Flatten, data_format="channels_first", x=(None, 2, 3, 2), y=(None, 12))
case(layers.Flatten, x=(None,), y=(None, 1))
case(layers.Permute, dims=(2, 1), x=(None, 2, 3), y=(None, 3, 2))
case(layers.RepeatVector, n=3, x=(None, 2), y=(None, 3, 2))
case(layers.Reshape, target_shape=(3, 2), x=(None, 6), y=(None, 3, 2))
case(layers.Reshape, target_shape=(-1, 2), x=(None, 2, 3), y=(None, 3, 2))
case(layers.Cropping1D, cropping=(1, 2), x=(None, 5, 2), y=(None, 2, 2))
case(layers.Cropping2D, cropping=((1, 0), (2, 1)), x=(None, 3, 5, 2), y=(None, 2, 2, 2))
case(layers.Cropping2D, cropping=1, data_format="channels_first", x=(None, 2, 3, 4), y=(None, 2, 1, 2))
case(layers.Cropping3D, cropping=((1, 0), (0, 1), (1, 1)), x=(None, 2, 2, 3, 1), y=(None, 1, 1, 1, 1))
case(layers.UpSampling1D, size=2, x=(None, 2, 3), y=(None, 4, 3))
case(layers.UpSampling2D, size=(2, 3), x=(None, 2, 1, 2), y=(None, 4, 3, 2))
case(layers.UpSampling2D, size=2, data_format="channels_first", x=(None, 2, 1, 2), y=(None, 2, 2, 4))
case(layers.UpSampling3D, size=(1, 2, 2), x=(None, 2, 1, 2, 1), y=(None, 2, 2, 4, 1))
case(layers.ZeroPadding1D, padding=(1, 2), x=(None, 2, 2), y=(None, 5, 2))
case(layers.ZeroPadding2D, padding=((1, 0), (2, 1)), x=(None, 1, 2, 2), y=(None, 2, 5, 2))
case(layers.ZeroPadding3D, padding=1, x=(None, 1, 1, 2, 1), y=(None, 3, 3, 4, 1))
case(
    layers.TimeDistributed,
    layer=lambda: layers.Dense(2, activation="relu"),
    x=(None, 4, 3),
    y=(None, 4, 2),
    weights=2,
)
