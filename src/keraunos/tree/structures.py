"""Flattening, mapping and comparing nested structures.

A node is a list, tuple (named or not), deque, dict, `OrderedDict`, `defaultdict`, or an instance of a registered
class; subclasses of list and dict that libraries use as containers count too. Everything else is a leaf.
Dict keys are taken in sorted order, those of an `OrderedDict` in its own order.
"""

from __future__ import annotations

import collections
import warnings

_SEQUENCES = (list, tuple, collections.deque)
_MAPPINGS = (dict,)
_NODES = _SEQUENCES + _MAPPINGS
_LEAF_TYPES = {int, float, bool, str, bytes, type(None)}

_registered = {}


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put `None` into the result."""


def register_tree_node_class(cls):
    """Makes instances of `cls` nodes. The class has `tree_flatten()` -> (children, metadata) and
    the class method `tree_unflatten(metadata, children)`. Returns `cls`, so it serves as a decorator."""
    _registered[cls] = (cls.tree_flatten, cls.tree_unflatten)
    return cls


def is_nested(structure):
    """Whether `structure` is a node (an empty list is one).

    >>> is_nested([]), is_nested("ab")
    (True, False)
    """
    return isinstance(structure, _NODES) or type(structure) in _registered


def _keys(mapping):
    if isinstance(mapping, collections.OrderedDict):
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:  # keys of several types: their order of insertion is all there is
        return list(mapping)


def _children(node):
    """The pairs (path element, child) of a node."""
    if isinstance(node, dict):
        return [(key, node[key]) for key in _keys(node)]
    if isinstance(node, _SEQUENCES):
        return list(enumerate(node))
    parts = _registered[type(node)][0](node)
    keys = parts[2] if len(parts) > 2 else range(len(parts[0]))
    return list(zip(keys, parts[0]))


def _rebuild(node, children):
    """A node like `node` with other children, given in the order of `_children`."""
    kind = type(node)
    if kind is list:
        return children
    if kind is tuple:
        return tuple(children)
    if isinstance(node, dict):
        values = dict(zip(_keys(node), children))
        if kind is dict:
            return {key: values[key] for key in node}
        if isinstance(node, collections.defaultdict):
            return kind(node.default_factory, ((key, values[key]) for key in node))
        return kind((key, values[key]) for key in node)
    if isinstance(node, tuple):
        return kind(*children) if hasattr(node, "_fields") else kind(children)
    if isinstance(node, collections.deque):
        return kind(children, maxlen=node.maxlen)
    if isinstance(node, list):
        return kind(children)
    metadata = _registered[kind][0](node)[1]
    return _registered[kind][1](metadata, children)


def flatten(structure):
    """The leaves of `structure` as a list, depth first.

    >>> flatten({"b": [1, (2, 3)], "a": 0})
    [0, 1, 2, 3]
    """
    leaves = []
    _collect(structure, leaves)
    return leaves


def _collect(structure, leaves):
    kind = type(structure)
    if kind in _LEAF_TYPES:
        leaves.append(structure)
    elif kind is list or kind is tuple:
        for child in structure:
            _collect(child, leaves)
    elif is_nested(structure):
        for _, child in _children(structure):
            _collect(child, leaves)
    else:
        leaves.append(structure)


def flatten_with_path(structure):
    """Pairs `(path, leaf)`; a path is the tuple of indices and keys that leads to the leaf.

    >>> flatten_with_path([{"foo": 42}])
    [((0, 'foo'), 42)]
    """
    pairs = []

    def visit(path, node):
        if is_nested(node):
            for key, child in _children(node):
                visit((*path, key), child)
        else:
            pairs.append((path, node))

    visit((), structure)
    return pairs


def _check_callable(func):
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: func={func} (of type {type(func)})")


def map_structure(func, *structures, none_is_leaf=True):
    """A structure like the first one, whose leaves are `func(leaf of the 1st, leaf of the 2nd, ...)`.

    Args:
        func: takes as many arguments as there are structures.
        structures: nested in the same way, else `ValueError`.
        none_is_leaf: if false, `None` stays `None` without a call of `func`.

    >>> map_structure(lambda x, y: x + y, [1, {"a": 2}], [3, {"a": 4}])
    [4, {'a': 6}]
    """
    _check_callable(func)
    if not structures:
        raise ValueError("map_structure: at least one structure is needed. Received: structures=()")
    if len(structures) == 1:
        return _map_one(func, structures[0], none_is_leaf)
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return _map_many(func, structures, none_is_leaf)


def _map_one(func, node, none_is_leaf):
    kind = type(node)
    if kind is list:
        return [_map_one(func, child, none_is_leaf) for child in node]
    if kind is tuple:
        return tuple([_map_one(func, child, none_is_leaf) for child in node])
    if not is_nested(node):
        return func(node) if none_is_leaf or node is not None else None
    return _rebuild(node, [_map_one(func, child, none_is_leaf) for _, child in _children(node)])


def _map_many(func, nodes, none_is_leaf):
    first = nodes[0]
    if not is_nested(first):
        if none_is_leaf or first is not None:
            return func(*nodes)
        if any(node is not None for node in nodes):
            raise ValueError(f"Structure mismatch: some arguments are None, others are not. Received: {nodes}")
        return None
    keyed = isinstance(first, dict)
    columns = []
    for index, (key, _) in enumerate(_children(first)):
        columns.append([node[key] if keyed else _children(node)[index][1] for node in nodes])
    return _rebuild(first, [_map_many(func, column, none_is_leaf) for column in columns])


def map_structure_up_to(shallow_structure, func, *structures):
    """As `map_structure`, going only as deep as `shallow_structure` does.

    >>> map_structure_up_to([None, None], len, [[1, 2], [3, 4, 5]])
    [2, 3]
    """
    _check_callable(func)
    if not structures:
        raise ValueError("map_structure_up_to: at least one structure is needed. Received: structures=()")

    def visit(shallow, nodes):
        if not is_nested(shallow):
            return func(*nodes)
        children = _children(shallow)
        columns = []
        for node in nodes:
            _check_holds(shallow, children, node)
            if isinstance(shallow, dict):
                columns.append([node[key] for key, _ in children])
            else:
                columns.append([child for _, child in _children(node)])
        return _rebuild(shallow, [visit(child, row) for (_, child), row in zip(children, zip(*columns))])

    return visit(shallow_structure, structures)


def _check_holds(shallow, children, node):
    """Raises unless `node` is a node of the same kind and size as `shallow`."""
    if not is_nested(node):
        raise ValueError(f"The structure is shallower than {shallow}. Received: {node}")
    if isinstance(shallow, dict):
        if not isinstance(node, dict) or set(node) != set(shallow):
            raise ValueError(f"Dictionary key mismatch. Expected the keys of {shallow}. Received: {node}")
        return
    if type(shallow) is not type(node):
        raise ValueError(f"Expected an instance of {type(shallow)}. Received: {type(node)}")
    if len(_children(node)) != len(children):
        raise ValueError(f"Arity mismatch. Expected {len(children)} children. Received: {len(_children(node))}")


def assert_same_structure(a, b, check_types=None):
    """Raises `ValueError` unless `a` and `b` are nested in the same way, with the same types of nodes.

    `dict`, `OrderedDict` and `defaultdict` count as the same type. `check_types` is deprecated and has no effect.
    """
    if check_types is not None:
        advice = "please remove." if check_types else "use `keras.tree.assert_same_paths()` for a looser check."
        warnings.warn(
            f"The `check_types` argument is deprecated and no longer has any effect, {advice}",
            DeprecationWarning,
            stacklevel=2,
        )
    _compare(a, b)


def _compare(a, b):
    if not is_nested(a):
        if is_nested(b):
            raise ValueError(f"Structures don't have the same nested structure: {a}, {b}.")
        return
    if not is_nested(b):
        raise ValueError(
            f"Structures don't have the same nested structure: {a}, {b}. Expected an instance of {type(a)}, got {type(b)}."
        )
    if isinstance(a, dict) and isinstance(b, dict):
        if type(a) is not type(b) and not (_is_plain_mapping(a) and _is_plain_mapping(b)):
            raise ValueError(f"Expected an instance of {type(a)}, got {type(b)} while comparing {a} and {b}.")
        if set(a) != set(b):
            raise ValueError(
                f"Dictionary key mismatch; expected key(s): {_keys(a)}, got key(s): {_keys(b)} "
                f"while comparing {a} and {b}."
            )
        for key in a:
            _compare(a[key], b[key])
        return
    if type(a) is not type(b):
        raise ValueError(f"Expected an instance of {type(a)}, got {type(b)} while comparing {a} and {b}.")
    if type(a) in _registered:
        flatten_node = _registered[type(a)][0]
        if flatten_node(a)[1] != flatten_node(b)[1]:
            raise ValueError(f"Mismatch custom node data while comparing {a} and {b}.")
    of_a, of_b = _children(a), _children(b)
    if len(of_a) != len(of_b):
        raise ValueError(f"Arity mismatch; expected: {len(of_a)}, got: {len(of_b)} while comparing {a} and {b}.")
    for (_, child_a), (_, child_b) in zip(of_a, of_b):
        _compare(child_a, child_b)


def _is_plain_mapping(node):
    return type(node) in (dict, collections.OrderedDict, collections.defaultdict)


def assert_same_paths(a, b):
    """Raises `ValueError` unless `a` and `b` have leaves at the same paths. Types of sequences do not matter."""
    paths_a = {path for path, _ in flatten_with_path(a)}
    paths_b = {path for path, _ in flatten_with_path(b)}
    if paths_a == paths_b:
        return
    message = "`a` and `b` don't have the same paths."
    if paths_a - paths_b:
        message += f"\nPaths in `a` missing in `b`:\n{paths_a - paths_b}"
    if paths_b - paths_a:
        message += f"\nPaths in `b` missing in `a`:\n{paths_b - paths_a}"
    raise ValueError(message)


def pack_sequence_as(structure, flat_sequence):
    """The reverse of `flatten`: a structure like `structure` with the leaves of `flat_sequence`.

    Raises `TypeError` if `flat_sequence` is not iterable, `ValueError` if its length does not fit.

    >>> pack_sequence_as([0, {"a": 0}], [1, 2])
    [1, {'a': 2}]
    """
    leaves = list(flat_sequence)
    if not is_nested(structure):
        if len(leaves) == 1:
            return leaves[0]
        raise ValueError(
            "Incorrect number of leaves provided by `flat_sequence` for `structure`; "
            f"expected: 1, got {len(leaves)}."
        )
    rest = iter(leaves)

    def next_leaf(_):
        try:
            return next(rest)
        except StopIteration:
            raise ValueError(
                f"Too few leaves provided by `flat_sequence` for `structure`. Got {len(leaves)}."
            ) from None

    packed = _map_one(next_leaf, structure, True)
    left = sum(1 for _ in rest)
    if left:
        raise ValueError(
            "Too many leaves provided by `flat_sequence` for `structure`; "
            f"expected: {len(leaves) - left}, got {len(leaves)}."
        )
    return packed


def traverse(func, structure, top_down=True):
    """Applies `func` to every node and leaf, and replaces those for which it returns something.

    Args:
        func: gets a node or leaf. `None` means "keep" (top down: go on into the children); `MAP_TO_NONE` puts `None`.
        structure: the structure.
        top_down: whether a node comes before its children (a replaced node's children are then not visited).

    >>> traverse(lambda s: tuple(s) if isinstance(s, list) else None, [1, [2]], top_down=False)
    (1, (2,))
    """
    _check_callable(func)
    return _top_down(func, structure) if top_down else _bottom_up(func, structure)


def _top_down(func, node):
    replaced = func(node)
    if replaced is not None:
        return None if replaced is MAP_TO_NONE else replaced
    if not is_nested(node):
        return node
    return _rebuild(node, [_top_down(func, child) for _, child in _children(node)])


def _bottom_up(func, node):
    if is_nested(node):
        node = _rebuild(node, [_bottom_up(func, child) for _, child in _children(node)])
    replaced = func(node)
    if replaced is None:
        return node
    return None if replaced is MAP_TO_NONE else replaced


def lists_to_tuples(structure):
    """The same structure with tuples in place of lists."""
    return _bottom_up(lambda node: tuple(node) if isinstance(node, list) else None, structure)


def map_shape_structure(func, structure):
    """As `map_structure`, taking a list or tuple of ints and `None`s for one leaf.

    >>> map_shape_structure(len, {"a": (None, 3), "b": [(1, 2, 3)]})
    {'a': 2, 'b': [3]}
    """
    _check_callable(func)

    def visit(node):
        is_shape = isinstance(node, (list, tuple)) and all(size is None or isinstance(size, int) for size in node)
        if is_shape or not is_nested(node):
            result = func(node)
            return MAP_TO_NONE if result is None else result
        return None

    return _top_down(visit, structure)
