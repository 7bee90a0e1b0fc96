"""Finds the variables, layers, metrics and seed generators among the attributes of a layer.

Lists, dictionaries and sets that become attributes are replaced by subclasses that keep reporting what is put
into them later.
"""

import threading
from collections import OrderedDict
from functools import wraps


class _Switch(threading.local):
    is_on = True


_tracking = _Switch()


class DoNotTrackScope:
    """While this scope is open no attribute is tracked or wrapped."""

    def __enter__(self):
        self._was_on = _tracking.is_on
        _tracking.is_on = False
        return self

    def __exit__(self, *exception):
        _tracking.is_on = self._was_on


def no_automatic_dependency_tracking(function):
    """Decorates a method whose attribute assignments are not to be tracked."""

    @wraps(function)
    def wrapper(*args, **kwargs):
        with DoNotTrackScope():
            return function(*args, **kwargs)

    return wrapper


class Tracker:
    """Sorts values into named lists ("stores").

    Args:
        rules: Dictionary from store name to `(is_member, store list)`, tried in this order.
        exclusions: Dictionary from store name to the stores whose members must not enter it as well.
        checks: Dictionary from store name to a function that raises an error when a value must not enter it.
    """

    def __init__(self, rules, exclusions=None, checks=None):
        self.config = rules
        self.exclusions = exclusions or {}
        self.checks = checks or {}
        self.locked = False
        self._lock_message = None
        self._ids = {}

    def __getstate__(self):
        # Identities mean nothing in a copy: they are collected again when first asked for.
        return {**self.__dict__, "_ids": {}}

    def track(self, value):
        """Returns `value`, or the tracked container that takes its place."""
        if not _tracking.is_on:
            return value
        for name, (is_member, _) in self.config.items():
            if is_member(value):
                self._store(name, value)
                return value
        return self._track_container(value)

    def _store(self, name, value):
        if any(self.is_in_store(other, value) for other in self.exclusions.get(name, ())):
            return
        if not self.is_in_store(name, value):
            self.add_to_store(name, value)

    def _track_container(self, value):
        if isinstance(value, tuple):
            if hasattr(value, "_fields"):
                return type(value)(*[self.track(item) for item in value])
            return type(value)([self.track(item) for item in value])
        for plain, tracked in _CONTAINERS:
            if isinstance(value, plain):
                return tracked(value, self)
        return value

    def untrack(self, value):
        """Removes `value` from every store."""
        for name, (_, store) in self.config.items():
            if self.is_in_store(name, value):
                self._ids_of(name).discard(id(value))
                store[:] = [kept for kept in store if kept is not value]

    def lock(self, msg=None):
        """From now on a new member raises `ValueError(msg)`."""
        self.locked = True
        if msg is not None:
            self._lock_message = msg

    def unlock(self):
        """Allows new members again."""
        self.locked = False

    def add_to_store(self, store_name, value):
        """Appends `value` to the store of that name."""
        if self.locked:
            raise ValueError(self._lock_message)
        check = self.checks.get(store_name)
        if check is not None:
            check(value)
        ids = self._ids_of(store_name)
        self.config[store_name][1].append(value)
        ids.add(id(value))

    def is_in_store(self, store_name, value):
        """True if this very object is a member of the store."""
        return id(value) in self._ids_of(store_name)

    def replace_tracked_value(self, store_name, old_value, new_value):
        """Puts `new_value` into the place of `old_value`."""
        if not self.is_in_store(store_name, old_value):
            raise ValueError(f"Unknown value: {old_value}")
        store = self.config[store_name][1]
        index = next(index for index, kept in enumerate(store) if kept is old_value)
        store[index] = new_value
        ids = self._ids_of(store_name)
        ids.discard(id(old_value))
        ids.add(id(new_value))

    def _ids_of(self, name):
        ids = self._ids.get(name)
        if ids is None:
            ids = self._ids[name] = {id(member) for member in self.config[name][1]}
        return ids


def _remove_identical(values, value):
    for index, kept in enumerate(values):
        if kept is value:
            list.__delitem__(values, index)
            return


class TrackedList(list):
    """List that tells its tracker what enters and what leaves."""

    def __init__(self, values=None, tracker=None):
        self.tracker = tracker
        values = list(values or [])
        super().__init__([tracker.track(value) for value in values] if tracker else values)

    def __reduce__(self):
        return type(self), (), self.__dict__, iter(self)

    def _track(self, value):
        tracker = getattr(self, "tracker", None)
        return tracker.track(value) if tracker else value

    def _untrack(self, values):
        if self.tracker:
            for value in values:
                self.tracker.untrack(value)

    def append(self, value):
        super().append(self._track(value))

    def insert(self, index, value):
        super().insert(index, self._track(value))

    def extend(self, values):
        super().extend([self._track(value) for value in values])

    def __iadd__(self, values):
        self.extend(values)
        return self

    def __setitem__(self, index, value):
        if isinstance(index, slice):
            value = [self._track(item) for item in value]
        else:
            value = self._track(value)
        super().__setitem__(index, value)

    def remove(self, value):
        self._untrack([value])
        # Tensors and variables answer == elementwise, so identity goes first.
        if any(kept is value for kept in self):
            _remove_identical(self, value)
        else:
            super().remove(value)

    def pop(self, index=-1):
        value = super().pop(index)
        self._untrack([value])
        return value

    def clear(self):
        self._untrack(self)
        super().clear()

    def __delitem__(self, index):
        gone = self[index]
        super().__delitem__(index)
        self._untrack(gone if isinstance(index, slice) else [gone])

    def tree_flatten(self):
        return self, None

    @classmethod
    def tree_unflatten(cls, metadata, children):
        return cls(children)


class _TrackedMapping:
    """What `TrackedDict` and `TrackedOrderedDict` share."""

    def __init__(self, values=None, tracker=None):
        self.tracker = tracker
        super().__init__()
        items = values.items() if hasattr(values, "items") else (values or ())
        for key, value in items:
            self[key] = value

    def __reduce__(self):
        return type(self), (), self.__dict__, None, iter(self.items())

    def __setitem__(self, key, value):
        tracker = getattr(self, "tracker", None)
        super().__setitem__(key, tracker.track(value) if tracker else value)

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, mapping=(), **kwargs):
        for key, value in dict(mapping, **kwargs).items():
            self[key] = value

    def pop(self, key, *default):
        if len(default) > 1:
            raise TypeError(f"pop expected at most 2 arguments, got {1 + len(default)}")
        if key not in self:
            if default:
                return default[0]
            raise KeyError(key)
        value = self[key]
        del self[key]
        return value

    def __delitem__(self, key):
        value = self[key]
        super().__delitem__(key)
        if self.tracker:
            self.tracker.untrack(value)

    def clear(self):
        for key in list(self):
            del self[key]


class TrackedDict(_TrackedMapping, dict):
    """Dictionary that tells its tracker what enters and what leaves."""

    def popitem(self):
        key = next(reversed(self))
        return key, self.pop(key)

    def tree_flatten(self):
        keys = sorted(self)
        return [self[key] for key in keys], keys, keys

    @classmethod
    def tree_unflatten(cls, keys, values):
        return cls(zip(keys, values))


class TrackedOrderedDict(_TrackedMapping, OrderedDict):
    """`OrderedDict` that tells its tracker what enters and what leaves."""

    def popitem(self, last=True):
        key = next(reversed(self) if last else iter(self))
        return key, self.pop(key)

    def tree_flatten(self):
        keys = list(self)
        return [self[key] for key in keys], keys, keys

    @classmethod
    def tree_unflatten(cls, keys, values):
        return cls(zip(keys, values))


class TrackedSet(set):
    """Set that tells its tracker what enters and what leaves."""

    def __init__(self, values=None, tracker=None):
        self.tracker = tracker
        super().__init__()
        for value in values or ():
            self.add(value)

    def __reduce__(self):
        return _revive_set, (type(self), list(self), self.tracker)

    def add(self, value):
        tracker = getattr(self, "tracker", None)
        super().add(tracker.track(value) if tracker else value)

    def update(self, values):
        for value in values:
            self.add(value)

    def remove(self, value):
        super().remove(value)
        self._untrack(value)

    def discard(self, value):
        if value in self:
            self.remove(value)

    def pop(self):
        value = super().pop()
        self._untrack(value)
        return value

    def clear(self):
        for value in list(self):
            self.remove(value)

    def _untrack(self, value):
        if self.tracker:
            self.tracker.untrack(value)

    def tree_flatten(self):
        return self, None

    @classmethod
    def tree_unflatten(cls, metadata, children):
        return cls(children)


def _revive_set(cls, values, tracker):
    revived = cls()
    set.update(revived, values)
    revived.tracker = tracker
    return revived


_CONTAINERS = ((list, TrackedList), (OrderedDict, TrackedOrderedDict), (dict, TrackedDict), (set, TrackedSet))
