"""Nested structures."""

import collections

import pytest

from keraunos import tree

Point = collections.namedtuple("Point", ["x", "y"])


def test_dicts_are_taken_in_the_order_of_their_keys_and_keep_their_own():
    structure = {"b": 1, "a": [2, (3,)]}
    assert tree.flatten(structure) == [2, 3, 1]
    packed = tree.pack_sequence_as(structure, ["x", "y", "z"])
    assert packed == {"b": "z", "a": ["x", ("y",)]}
    assert list(packed) == ["b", "a"]


def test_ordered_dicts_are_taken_in_their_own_order():
    assert tree.flatten(collections.OrderedDict([("b", 1), ("a", 2)])) == [1, 2]


def test_nodes_keep_their_types():
    structure = [Point(1, 2), collections.defaultdict(list, a=3), collections.deque([4], maxlen=2)]
    mapped = tree.map_structure(lambda x: x * 10, structure)
    assert mapped == [Point(10, 20), {"a": 30}, collections.deque([40])]
    assert type(mapped[0]) is Point and mapped[1].default_factory is list and mapped[2].maxlen == 2


def test_none_is_a_leaf_unless_said_otherwise():
    assert tree.flatten([None, 1]) == [None, 1]
    assert tree.map_structure(lambda x: x is None, [None, 1]) == [True, False]
    assert tree.map_structure(lambda x: x + 1, [None, 1], none_is_leaf=False) == [None, 2]


def test_paths_lead_to_the_leaves():
    assert tree.flatten_with_path({"a": [1, Point(2, 3)]}) == [(("a", 0), 1), (("a", 1, 0), 2), (("a", 1, 1), 3)]


def test_structures_that_differ_are_refused():
    for a, b in [([1], (1,)), ([1], [1, 2]), ({"a": 1}, {"b": 1}), ([1], 1), (Point(1, 2), (1, 2))]:
        with pytest.raises(ValueError):
            tree.assert_same_structure(a, b)
        with pytest.raises(ValueError):
            tree.map_structure(lambda x, y: x, a, b)
    tree.assert_same_structure({"a": 1}, collections.OrderedDict(a=2))
    tree.assert_same_paths([1, 2], (3, 4))
    with pytest.raises(ValueError, match="missing in `b`"):
        tree.assert_same_paths([1, 2], [3])


def test_packing_needs_as_many_leaves():
    with pytest.raises(ValueError, match="Too few leaves"):
        tree.pack_sequence_as([1, 2], [1])
    with pytest.raises(ValueError, match="Too many leaves"):
        tree.pack_sequence_as([1, 2], [1, 2, 3])


def test_traversing_replaces_nodes():
    structure = [(1, 2), [3]]
    assert tree.traverse(lambda s: "t" if isinstance(s, tuple) else None, structure) == ["t", [3]]
    assert tree.traverse(lambda s: tree.MAP_TO_NONE if s == 3 else None, structure) == [(1, 2), [None]]
    assert tree.lists_to_tuples([1, [2, {"a": [3]}]]) == (1, (2, {"a": (3,)}))


def test_mapping_up_to_a_shallow_structure_keeps_the_rest_whole():
    assert tree.map_structure_up_to({"a": 0}, lambda x, y: (x, y), {"a": [1, 2]}, {"a": 3}) == {"a": ([1, 2], 3)}
    with pytest.raises(ValueError):
        tree.map_structure_up_to([0, 0], len, [[1]])


def test_shapes_are_leaves_of_shape_structures():
    assert tree.map_shape_structure(len, [(None, 2), {"a": (3,)}]) == [2, {"a": 1}]
