"""The variables of an object and of everything inside it, by store path.

A store path is made of attribute names; items of lists are named by their class in snake case and counted.
"""

import warnings

import numpy as np

from keraunos.errors import ModelFormatError, shorten
from keraunos.naming import to_snake_case
from keraunos.saving.legacy_optimizer import entries_for
from keraunos.saving.walk import is_saveable, walk_saveable


def collect_state(root, skip=(), sources=None):
    """Returns the state of an object as `{store path: (object name or None, {key: array})}`.

    Args:
        root: Model, layer or optimizer.
        skip: Objects that are left out.
        sources: Dictionary that gets, by `(store path, key)`, the variables and tensors whose values these are.
    """
    entries = {}

    def collect(obj, path):
        if hasattr(obj, "save_own_variables"):
            values = _Values()
            obj.save_own_variables(values)
            name = obj.name if isinstance(getattr(obj, "name", None), str) else None
            if name is not None or values:
                entries[path] = (name, dict(values))
                if sources is not None:
                    sources.update({(path, key): source for key, source in values.sources.items()})
        for generator, generator_path in _seed_generators(obj, path):
            if id(generator) not in visited:
                visited.add(id(generator))
                entries[generator_path] = (generator.name, {"0": generator.state.numpy()})
                if sources is not None:
                    sources[generator_path, "0"] = generator.state
        for child, child_path in children(obj, path):
            if id(child) not in visited:
                visited.add(id(child))
                collect(child, child_path)

    visited = {id(root), *(id(obj) for obj in skip)}
    collect(root, "")
    return entries


class _Values(dict):
    """What `save_own_variables` writes into: takes variables and tensors, keeps arrays."""

    def __init__(self):
        super().__init__()
        self.sources = {}

    def __setitem__(self, key, value):
        self.sources[key] = value
        super().__setitem__(key, value.numpy() if hasattr(value, "numpy") else np.asarray(value))


def children(obj, path):
    """Yields `(child, store path)` for the objects in the attributes of `obj`, in the order of Keras."""
    for name, value in walk_saveable(obj):
        child_path = f"{path}/{name}" if path else name
        if is_saveable(value):
            yield value, child_path
        elif isinstance(value, (list, tuple, dict)):
            counts = {}
            for item in value.values() if isinstance(value, dict) else value:
                if is_saveable(item):
                    yield item, f"{child_path}/{_unique(to_snake_case(type(item).__name__), counts)}"


def _seed_generators(obj, path):
    """Yields `(generator, store path)` for the seeds of a layer.

    Keras writes none and passes over these; a run that goes on from a file needs them to draw the same numbers. A recurrent cell
    without dropout draws none.
    """
    if not getattr(obj, "draws_masks", True):
        return
    generators = getattr(obj, "_seed_generators", ())
    for index, generator in enumerate(generators if isinstance(generators, (list, tuple)) else ()):
        name = f"seed_generator_{index}" if index else "seed_generator"
        yield generator, f"{path}/{name}" if path else name


def _unique(name, counts):
    counts[name] = counts.get(name, -1) + 1
    return f"{name}_{counts[name]}" if counts[name] else name


def restore_state(root, entries, skip_mismatch=False, skip=()):
    """Sets the variables of an object from the result of `collect_state`, or from a reader with its interface.

    Nothing changes when something does not fit, unless `skip_mismatch` is true.

    Args:
        root: Model, layer or optimizer.
        entries: Mapping from store path to `(name, mapping from key to array)`.
        skip_mismatch: Whether what does not fit is left alone, with a warning.
        skip: Objects that are left alone.

    Raises:
        ModelFormatError: (a `ValueError`) when something does not fit.
    """
    before = _values_of(root)
    try:
        failures = _Restorer(entries, skip).restore(root)
        if failures:
            message = _failure_message(failures)
            if not skip_mismatch:
                raise ModelFormatError(message)
            warnings.warn(message, stacklevel=3)
    except BaseException:
        for variable, value in before:
            variable.assign(value)
        raise


class _Restorer:
    """Goes through an object as `collect_state` does. An object that fails in one place is tried in the next."""

    def __init__(self, entries, skip):
        self.entries = entries
        self.visited = {id(obj) for obj in skip}
        self.failures = {}

    def restore(self, root):
        self._restore(root, "")
        return list(self.failures.values())

    def _restore(self, obj, path):
        if id(obj) in self.visited:
            return
        has_failed = False
        if hasattr(obj, "load_own_variables"):
            store = self.entries.get(path, (None, {}))[1]
            try:
                if obj._obj_type() == "Optimizer":
                    _restore_optimizer(obj, store)
                else:
                    obj.load_own_variables(store)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                self.failures[id(obj)] = (obj, path, error)
                has_failed = True
        for generator, generator_path in _seed_generators(obj, path):
            self._restore_seeds(generator, generator_path)
        failed_before = set(self.failures)
        # Guards against an object that holds itself.
        self.visited.add(id(obj))
        for child, child_path in children(obj, path):
            self._restore(child, child_path)
        if has_failed or not failed_before.issuperset(self.failures):
            self.visited.discard(id(obj))
        if not has_failed:
            self.failures.pop(id(obj), None)


    def _restore_seeds(self, generator, path):
        if id(generator) in self.visited:
            return
        self.visited.add(id(generator))
        store = self.entries.get(path, (None, {}))[1]
        if "0" not in store:
            return
        value = store["0"]
        if value.shape != (2,) or value.dtype.kind not in "iu":
            raise ModelFormatError(f"The seeds at '{path}' should be two integers. Received: shape {value.shape}")
        generator.state.assign(value.astype("uint32"))


def _restore_optimizer(optimizer, store):
    """Sets the state of an optimizer. One that does not fit leaves it fresh, with a warning: models go on predicting."""
    before = [(variable, variable.value) for variable in optimizer.variables]
    try:
        optimizer.load_own_variables(entries_for(optimizer, store))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        for variable, value in before:
            variable.assign(value)
        warnings.warn(
            f"The saved state of the optimizer '{optimizer.name}' does not fit; it starts afresh: {shorten(error, 300)}",
            stacklevel=6,
        )


def _failure_message(failures):
    obj, path, error = failures[0]
    names = [f"{type(obj).__name__} '{getattr(obj, 'name', '?')}'" for obj, _, _ in failures]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return (
        f"A total of {len(failures)} objects could not be loaded. Example error message for object "
        f"{names[0]} (at '{path or '/'}'):\n\n{shorten(error, 600)}\n\n"
        f"List of objects that could not be loaded: {names[:10]}{more}"
    )


def _values_of(root):
    """All variables with their present values. Values never change, so that keeping them costs nothing."""
    found = {}
    stack = [root]
    visited = set()
    while stack:
        obj = stack.pop()
        if id(obj) in visited:
            continue
        visited.add(id(obj))
        variables = getattr(obj, "variables", ())
        if isinstance(variables, (list, tuple)):
            for variable in variables:
                found[id(variable)] = variable
        stack.extend(child for child, _ in children(obj, ""))
    return [(variable, variable.value) for variable in found.values() if hasattr(variable, "assign")]
