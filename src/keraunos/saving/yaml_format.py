"""YAML texts of configs, as Keras up to 2.3 wrote them. Only plain data is read."""

import re

from keraunos import serialization
from keraunos.errors import ModelFormatError, UnsafeModelError

MAX_BYTES = 64 * 2**20
# Nodes that aliases may stand for altogether.
MAX_EXPANDED_NODES = 2_000_000

_PLAIN_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")
_PREFIX = "tag:yaml.org,2002:"
# Numbers such as 1e-07, which are strings to YAML 1.1.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+\Z")


def read_yaml(text):
    """Parses a YAML document of maps, lists and scalars.

    Besides the standard tags only `!!python/tuple`, `!!python/unicode`, `!!python/str` and `!!python/long`
    are accepted; tuples are read as lists.

    Raises:
        TypeError: when it is no text.
        ModelFormatError: when it is not YAML, too long, too deep, or its aliases expand to too much.
        UnsafeModelError: for any other tag.
        ImportError: when PyYAML is not installed.
    """
    if isinstance(text, (bytes, bytearray)):
        text = bytes(text).decode("utf-8", "replace")
    if not isinstance(text, str):
        raise TypeError(f"model_from_yaml: expected YAML text. Received: {type(text)}")
    if len(text) > MAX_BYTES:
        raise ModelFormatError(f"model_from_yaml: the text may have at most {MAX_BYTES} bytes.")
    yaml = _import_yaml()
    try:
        _check_events(yaml, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise ModelFormatError("model_from_yaml: the text is empty.")
        _check_expansion(yaml, root)
        return _Builder(yaml).build(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise ModelFormatError(f"model_from_yaml: not YAML: {getattr(error, 'problem', error)}{place}.") from None
    except RecursionError:
        raise ModelFormatError("model_from_yaml: the text is nested too deeply.") from None


def write_yaml(model, **kwargs):
    """The config of a model in the form of Keras 2, as YAML text."""
    from keraunos.saving.legacy_writer import legacy_model_config

    yaml = _import_yaml()

    class Dumper(yaml.Dumper):
        def ignore_aliases(self, data):
            return True

    kwargs = {"default_flow_style": False, **kwargs}
    return yaml.dump(legacy_model_config(model, with_tuples=True), Dumper=Dumper, **kwargs)


def _import_yaml():
    try:
        import yaml
    except ImportError:
        raise ImportError(
            "Models in YAML need PyYAML. Install it with `pip install pyyaml`, or use JSON: `to_json()`."
        ) from None
    return yaml


def _check_events(yaml, text):
    """Walks over the text once without building anything: depth and tags."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > serialization.MAX_DEPTH:
                raise ModelFormatError(
                    f"model_from_yaml: the text is nested more than {serialization.MAX_DEPTH} levels deep "
                    f"at line {event.start_mark.line + 1}."
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        tag = getattr(event, "tag", None)
        if tag and tag != "!" and not _is_allowed(tag):
            raise UnsafeModelError(
                f"model_from_yaml: the tag '{_short_tag(tag)}' at line {event.start_mark.line + 1} is not allowed. "
                "Only plain data and !!python/tuple, !!python/unicode, !!python/str and !!python/long are read."
            )


def _is_allowed(tag):
    if not tag.startswith(_PREFIX):
        return False
    kind = tag[len(_PREFIX) :]
    return kind in _PLAIN_TAGS or kind in ("python/tuple", "python/unicode", "python/str", "python/long")


def _short_tag(tag):
    return f"!!{tag[len(_PREFIX):]}"[:100] if tag.startswith(_PREFIX) else tag[:100]


def _check_expansion(yaml, root):
    """Counts the nodes that the tree would have without aliases."""
    sizes = {}
    on_the_way = set()
    stack = [(root, False)]
    while stack:
        node, is_done = stack.pop()
        children = _children(yaml, node)
        if is_done:
            on_the_way.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
            if sizes[id(node)] > MAX_EXPANDED_NODES:
                raise ModelFormatError(
                    f"model_from_yaml: the aliases expand to more than {MAX_EXPANDED_NODES} nodes."
                )
        elif id(node) not in sizes:
            on_the_way.add(id(node))
            stack.append((node, True))
            for child in children:
                if id(child) in on_the_way:
                    raise ModelFormatError(
                        f"model_from_yaml: the alias at line {child.start_mark.line + 1} contains itself."
                    )
                stack.append((child, False))


def _children(yaml, node):
    if isinstance(node, yaml.SequenceNode):
        return node.value
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


class _Builder:
    """Turns the node tree into plain Python data. Keys keep their first value; none may occur twice."""

    def __init__(self, yaml):
        self.yaml = yaml

    def build(self, node):
        if isinstance(node, self.yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        if isinstance(node, self.yaml.MappingNode):
            return self._build_map(node)
        return self._build_scalar(node)

    def _build_map(self, node):
        result = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, self.yaml.ScalarNode):
                raise ModelFormatError(f"model_from_yaml: the key at line {line} is not a scalar.")
            if key_node.tag == f"{_PREFIX}merge":
                raise ModelFormatError(f"model_from_yaml: merge keys are not read (line {line}).")
            key = key_node.value
            if key in result:
                raise ModelFormatError(f"model_from_yaml: the key '{key[:100]}' at line {line} occurs twice.")
            result[key] = self.build(value_node)
        return result

    def _build_scalar(self, node):
        kind, value = node.tag[len(_PREFIX) :], node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return value.lower() in ("true", "yes", "on")
            if kind in ("int", "python/long"):
                return int(value.rstrip("L").replace("_", ""), 0) if value.lower() not in ("", "-") else 0
            if kind == "float":
                return _read_float(value)
        except ValueError:
            raise ModelFormatError(
                f"model_from_yaml: '{value[:100]}' at line {node.start_mark.line + 1} is not a number."
            ) from None
        if kind == "str" and node.style is None and _EXPONENT.match(value):
            return float(value)
        return value


def _read_float(value):
    value = value.lower().replace("_", "")
    sign = -1.0 if value.startswith("-") else 1.0
    if value.lstrip("+-") == ".inf":
        return sign * float("inf")
    if value.lstrip("+-") == ".nan":
        return float("nan")
    return float(value)
