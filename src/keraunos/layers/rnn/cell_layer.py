"""What SimpleRNN, LSTM and GRU share: an RNN that makes its own cell."""

from keraunos import regularizers
from keraunos.layers.rnn.rnn import RNN

# Entries of the cell's configuration that the layer has for itself.
_OWN_ENTRIES = ("name", "trainable", "dtype")


class CellLayer(RNN):
    """An RNN whose configuration is that of its cell. The cell's settings are attributes of the layer, too."""

    def _take_use_cudnn(self, use_cudnn):
        """Keras's name for one op over the whole sequence: "auto" takes it if it can, `True` insists, `False` walks."""
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                "Invalid valid received for argument `use_cudnn`. Expected one of {'auto', True, False}. "
                f"Received: use_cudnn={use_cudnn}"
            )
        self.use_cudnn = use_cudnn

    def get_config(self):
        config = super().get_config()
        del config["cell"]
        settings = {key: value for key, value in self.cell.get_config().items() if key not in _OWN_ENTRIES}
        return {
            **config,
            **settings,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(**config)


def shows_settings(*names):
    """Decorator: gives the layer a read-only attribute for each named setting of its cell."""

    def decorate(layer_class):
        for name in names:
            getter = _getter(name)
            getter.__doc__ = f"`{name}` of the cell."
            setattr(layer_class, name, property(getter))
        return layer_class

    return decorate


def _getter(name):
    return lambda self: getattr(self.cell, name)


SHARED_SETTINGS = (
    "units",
    "activation",
    "use_bias",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "dropout",
    "recurrent_dropout",
)
