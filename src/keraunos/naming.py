"""Automatic names, name scopes, and the per-thread state that `clear_session` forgets."""

from __future__ import annotations

import functools
import gc
import re
import threading

from keraunos import _core

# Errors of the core, and nodes of its graphs, name the layer by its path.
swap_core_scope = _core.swap_scope


class _State(threading.local):
    """What belongs to the running thread. Class attributes are the values of a fresh session."""

    autocast_scope = None
    stateless_scope = None
    symbolic_scope = None
    seed_generator = None

    def __init__(self):
        self.clear()

    def clear(self):
        self.__dict__.clear()
        self.name_counts = {}
        self.name_scopes = []
        self.uninitialized_variables = []
        self.attributes = {}


state = _State()


def get_global_attribute(name, default=None, set_to_default=False):
    """A named value of the running thread's session, such as the current layer call context."""
    value = state.attributes.get(name)
    if value is None and default is not None:
        value = default
        if set_to_default:
            state.attributes[name] = value
    return value


def set_global_attribute(name, value):
    """Sets a named value of the running thread's session."""
    state.attributes[name] = value


@functools.cache
def to_snake_case(name):
    """`"BatchNormalization"` -> `"batch_normalization"`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name):
    """`name` itself the first time, then `name_1`, `name_2`, ..."""
    counts = state.name_counts
    count = counts.get(name)
    counts[name] = (count or 0) + 1
    return name if count is None else f"{name}_{count}"


def auto_name(prefix):
    """A fresh name made from a class name.

    >>> auto_name("Dense")  # doctest: +SKIP
    'dense'
    """
    return uniquify(to_snake_case(prefix))


def get_uid(prefix=""):
    """How often this prefix has been asked for, this time included: 1, 2, ..."""
    state.name_counts[prefix] = state.name_counts.get(prefix, 0) + 1
    return state.name_counts[prefix]


def reset_uids():
    """Starts all automatic names again."""
    state.name_counts.clear()


def get_object_name(obj):
    """`obj.name`, or the snake-case name of a function or class."""
    if hasattr(obj, "name"):
        return obj.name
    if hasattr(obj, "__name__"):
        return to_snake_case(obj.__name__)
    return to_snake_case(type(obj).__name__)


def clear_session(free_memory=True):
    """Forgets automatic names, open scopes and the global seed generator of this thread.

    Args:
        free_memory: whether to run the garbage collector, too.
    """
    from keraunos import config

    state.clear()
    config.reset_dtype_policy()
    if free_memory:
        gc.collect()


class name_scope:
    """Variables made inside have `name/` in front of their path.

    Args:
        name: one part of a path, without `/`.
        caller: the object that opens the scope; with `deduplicate`, opening the same scope twice in a row counts once.
        override_parent: an absolute path that replaces all the outer scopes.
    """

    def __init__(self, name, caller=None, deduplicate=True, override_parent=None):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        if override_parent is None and deduplicate and caller is not None:
            override_parent = getattr(caller, "_parent_path", None)
        self.override_parent = override_parent
        self._is_entered = False

    def __enter__(self):
        scopes = state.name_scopes
        if self.deduplicate and self.caller is not None and scopes:
            outer = scopes[-1]
            if outer.caller is self.caller and outer.name == self.name:
                return self
        scopes.append(self)
        self._is_entered = True
        self._outer_core_scope = swap_core_scope(current_path())
        return self

    def __exit__(self, *exception):
        if self._is_entered:
            self._is_entered = False
            swap_core_scope(self._outer_core_scope)
            if state.name_scopes:
                state.name_scopes.pop()


def current_path():
    """The path of the open name scopes, `""` outside of all."""
    parts = []
    for scope in state.name_scopes:
        if scope.override_parent is not None:
            parts = [part for part in scope.override_parent.split("/") if part]
        parts.append(scope.name)
    return "/".join(parts)
