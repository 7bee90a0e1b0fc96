"""How deep layers may lie inside layers."""

from keraunos.errors import shorten

# A call, a config and a file take several frames of Python's stack for each level. Python allows a thousand in all, of which the
# caller has used some.
MAX_NESTING = 50


def check_nesting(name, layers):
    """Raises `ValueError` when a layer of that name around these `layers` would be nested too deeply."""
    if is_nested_deeper(layers, MAX_NESTING - 1):
        raise ValueError(too_deep(name))


def is_nested_deeper(layers, limit):
    """Whether more than `limit` layers lie inside each other. Needs no stack of its own."""
    level = list(layers)
    for _ in range(limit):
        if not level:
            return False
        level = list({id(inner): inner for layer in level for inner in layer._layers}.values())
    return bool(level)


def too_deep(name):
    """What an error says about a layer of that name."""
    return (
        f"Layers and models may be nested at most {MAX_NESTING} deep. Received: '{shorten(name, 100)}', which is nested "
        "deeper. A long chain of layers in one model has no such limit."
    )
