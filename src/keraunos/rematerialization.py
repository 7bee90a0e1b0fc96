"""Rematerialization: accepted, and left to the memory plan."""

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Where Keras would compute activations again instead of keeping them.

    Here the memory of a train step is planned over the whole graph, so the scope changes nothing.

    Args:
        mode: `"full"`, `"activations"`, `"larger_than"`, `"list_of_layers"` or `None`.
        output_size_threshold: For `"larger_than"`.
        layer_names: For `"list_of_layers"`.

    Raises:
        ValueError: for another mode.

    Example:

    >>> with keraunos.RematScope(mode="full"):
    ...     layer = keraunos.layers.Dense(2)
    """

    def __init__(self, mode="full", output_size_threshold=1024, layer_names=None):
        if mode not in _MODES:
            raise ValueError(
                f"Invalid mode '{mode}'. Supported modes are: 'full', 'activations', 'larger_than', "
                "'list_of_layers', or None."
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None


def remat(f):
    """Returns `f`, see `RematScope`."""
    return f
