"""`Quantizer`, the class from which quantizers inherit."""


class Quantizer:
    """A function from a float tensor to integers and what gives the floats back.

    Args:
        output_dtype: Dtype of the integers.

    Example:

    >>> class Rounding(keraunos.quantizers.Quantizer):
    ...     def __call__(self, x):
    ...         return keraunos.ops.cast(keraunos.ops.round(x), self.output_dtype)
    >>> Rounding()(keraunos.ops.array([1.2, -2.7])).numpy().tolist()
    [1, -3]
    """

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        """Returns the quantized `x`. Subclasses override this."""
        return x

    @classmethod
    def from_config(cls, config):
        """A quantizer from `get_config()`'s result."""
        return cls(**config)

    def get_config(self):
        """The constructor's arguments. Subclasses override this.

        Raises:
            NotImplementedError: unless overridden.
        """
        raise NotImplementedError(f"{self} does not implement get_config()")
