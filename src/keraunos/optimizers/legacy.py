"""Names of Keras 2's legacy optimizers, which Keras 3 refuses."""


class LegacyOptimizerWarning:
    """Raises an `ImportError` when it is made."""

    def __init__(self, *args, **kwargs):
        raise ImportError(
            "`keras.optimizers.legacy` is not supported in Keras 3. Use the optimizer of the same name in "
            "`keras.optimizers`; it has the same arguments, except that `decay` has become a learning rate schedule."
        )


Adagrad = LegacyOptimizerWarning
Adam = LegacyOptimizerWarning
Ftrl = LegacyOptimizerWarning
Optimizer = LegacyOptimizerWarning
RMSprop = LegacyOptimizerWarning
SGD = LegacyOptimizerWarning
