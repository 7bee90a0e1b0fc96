"""How deep layers may lie inside layers."""

from keraunos.errors import shorten

# A call, a config and a file take several frames of Python's stack for each level. Python allows a thousand in all, of which the
# caller has used some.
MAX_NESTING = 60


def check_nesting(inner):
    """Raises `ValueError` when a layer around the layer `inner` would be nested too deeply. Needs no stack of its own."""
    level = [inner]
    for _ in range(MAX_NESTING - 1):
        level = list({id(one): one for layer in level for one in layer._layers}.values())
        if not level:
            return
    raise ValueError(
        f"Layers and models may be nested at most {MAX_NESTING} deep. Received: a layer around '{shorten(inner.name, 100)}', "
        "which is nested that deep itself. A long chain of layers in one model has no such limit."
    )
