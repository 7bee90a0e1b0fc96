"""Which layers `Model.quantize` takes."""

import re


def should_quantize_layer(layer, filters):
    """Whether the layer's name matches a regular expression of `filters`, or `filters(layer)` says so.

    Args:
        layer: A layer.
        filters: `None` for all layers, a regular expression, several of them, or a function of a layer.
    """
    if filters is None:
        return True
    if isinstance(filters, str):
        return bool(re.search(filters, layer.name))
    if isinstance(filters, (list, tuple)):
        return any(re.search(pattern, layer.name) for pattern in filters)
    return filters(layer)
