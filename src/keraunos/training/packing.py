"""The triple of inputs, targets and sample weights."""


def unpack_x_y_sample_weight(data):
    """Splits a batch into inputs, targets and sample weights.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Returns:
        Tuple `(x, y, sample_weight)` with `None` for what is missing.

    Example:

    >>> from keraunos.utils import unpack_x_y_sample_weight
    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if not isinstance(data, (list, tuple)):
        return (data, None, None)
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, "
            f"found: {str(data)[:500]}"
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Packs inputs, targets and sample weights the way `fit` takes batches.

    Returns:
        `x` itself (or `(x,)` if `x` is a list or tuple) without targets, else
        `(x, y)` or `(x, y, sample_weight)`.

    Example:

    >>> from keraunos.utils import pack_x_y_sample_weight
    >>> pack_x_y_sample_weight(1, 2)
    (1, 2)
    """
    if y is None:
        return (x,) if isinstance(x, (list, tuple)) else x
    if sample_weight is None:
        return (x, y)
    return (x, y, sample_weight)
