"""Base class of all initializers."""


class Initializer:
    """Makes the first value of a variable: `initializer(shape, dtype=None) -> tensor`.

    Subclasses write `__call__` and, to be saved, `get_config`.

    ```python
    class Sevens(keraunos.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return keraunos.ops.full(shape, 7, dtype=dtype)
    ```
    """

    def __call__(self, shape, dtype=None):
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self):
        """Dictionary of the constructor arguments."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Makes an initializer from what `get_config` returned."""
        return cls(**config)

    def clone(self):
        """A new initializer with the same config."""
        return self.__class__.from_config(self.get_config())
