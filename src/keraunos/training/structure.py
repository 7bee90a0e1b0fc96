"""Flattening of batches: tuples, lists and dicts of arrays, `None` for what is absent.

`keraunos.tree` does the same for any structure; this is the short path for the loop of batches,
where every microsecond counts and only three kinds of containers occur.
"""

from collections import OrderedDict


def flatten(structure, leaves):
    """Appends the leaves of `structure` to `leaves` and returns a hashable description.

    The description is `None` for an absent leaf, `"*"` for a leaf, else `(kind, keys, parts)`.
    """
    if structure is None:
        return None
    kind = type(structure)
    if kind is tuple or kind is list:
        return (kind, None, tuple([flatten(item, leaves) for item in structure]))
    if isinstance(structure, dict):
        # Leaves in the order of `keraunos.tree`; the dict itself keeps its own.
        names = tuple(structure)
        keys = names if isinstance(structure, OrderedDict) else tuple(sorted(names))
        return (kind, (names, keys), tuple([flatten(structure[key], leaves) for key in keys]))
    if isinstance(structure, (tuple, list)):
        return (kind, None, tuple([flatten(item, leaves) for item in structure]))
    leaves.append(structure)
    return "*"


def pack(description, leaves):
    """Rebuilds the structure from its description and an iterator over its leaves."""
    if description is None:
        return None
    if description == "*":
        return next(leaves)
    kind, keys, parts = description
    values = [pack(part, leaves) for part in parts]
    if keys is not None:
        names, keys = keys
        by_key = dict(zip(keys, values))
        ordered = by_key if names == keys else {name: by_key[name] for name in names}
        return ordered if kind is dict else _build_mapping(kind, ordered.items())
    if kind is list:
        return values
    if kind is tuple:
        return tuple(values)
    return kind(*values) if hasattr(kind, "_fields") else kind(values)


def _build_mapping(kind, items):
    try:
        return kind(items)
    except TypeError:
        return dict(items)


def leaves_of(structure):
    """Returns the leaves of a structure that are not `None`."""
    leaves = []
    flatten(structure, leaves)
    return leaves


def map_leaves(function, structure):
    """Applies a function to every leaf that is not `None`."""
    leaves = []
    description = flatten(structure, leaves)
    return pack(description, iter([function(leaf) for leaf in leaves]))
