"""A loss made of a function."""

from keraunos import tree
from keraunos.losses.loss import Loss
from keraunos.losses.shapes import align_ranks


class LossFunctionWrapper(Loss):
    """Wraps `fn(y_true, y_pred, **kwargs)` into a `Loss`.

    Arguments:
        fn: function that returns one value per sample.
        reduction, name, dtype: as for `Loss`.
        **kwargs: passed to `fn` at every call.
    """

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            y_true, y_pred = align_ranks(y_true, y_pred)
        else:
            pairs = tree.map_structure(align_ranks, y_true, y_pred)
            y_true = tree.map_structure_up_to(y_true, lambda pair: pair[0], pairs)
            y_pred = tree.map_structure_up_to(y_pred, lambda pair: pair[1], pairs)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def _function_name(self):
        return getattr(self.fn, "__name__", self.name)

    def get_config(self):
        from keraunos import serialization

        return {
            **super().get_config(),
            "fn": serialization.serialize_keras_object(self.fn),
            **serialization.serialize_keras_object(self._fn_kwargs),
        }

    @classmethod
    def from_config(cls, config):
        if "fn" in config:
            from keraunos import serialization

            config = serialization.deserialize_keras_object(config)
        return cls(**config)

    def __repr__(self):
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


class FunctionLoss(LossFunctionWrapper):
    """Base of the built-in losses: the config says the arguments instead of the function.

    `_keras_config` are the argument names that Keras writes; other ones (`_own_config`) are written when they differ from
    the default, so that files stay equal to Keras's and no setting is lost.
    """

    _keras_config = ()
    _own_config = {}

    def get_config(self):
        config = Loss.get_config(self)
        for name in self._keras_config:
            config[name] = self._fn_kwargs[name]
        for name, default in self._own_config.items():
            if self._fn_kwargs[name] != default:
                config[name] = self._fn_kwargs[name]
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**config)
