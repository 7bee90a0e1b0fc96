"""From a name, a config or an object to the object: what every `get()` and `deserialize()` of a registry shares."""

import difflib
import inspect

from keraunos.naming import to_snake_case


def named_classes(*classes):
    """Dictionary of `classes` under their class name and their snake-case name."""
    table = {cls.__name__: cls for cls in classes}
    table.update({to_snake_case(cls.__name__): cls for cls in classes})
    return table


def could_not_interpret(kind, identifier, names=()):
    """The `ValueError` for an unknown identifier, with the nearest known names."""
    shown = identifier if isinstance(identifier, str) else repr(identifier)
    message = f"Could not interpret {kind} identifier: {shown[:200]}"
    if isinstance(identifier, str):
        near = _nearest(identifier, names)
        if near:
            message += ". Did you mean " + " or ".join(f"'{name}'" for name in near) + "?"
    return ValueError(message)


def from_name(name, kind, table):
    """Object called `name`: from the built-in `table`, else from the registered custom objects."""
    found = table.get(name)
    if found is None:
        from keraunos import registration

        found = registration.get_registered_object(name)
    if found is None:
        raise could_not_interpret(kind, name, table)
    return found


def from_config(config, kind, table, custom_objects=None):
    """Object described by a name or by a `{"class_name", "config"}` dictionary."""
    if isinstance(config, str):
        if custom_objects and config in custom_objects:
            return custom_objects[config]
        return from_name(config, kind, table)
    from keraunos import serialization

    return serialization.deserialize_keras_object(config, module_objects=table, custom_objects=custom_objects)


def instance_or_function(found):
    """Calls a class without arguments; anything else is returned as it is."""
    return found() if inspect.isclass(found) else found


def resolve(identifier, kind, table):
    """What `get()` does: `None` stays `None`, names and configs are looked up, callables pass, classes are called."""
    if identifier is None:
        return None
    if isinstance(identifier, (str, dict)):
        identifier = from_config(identifier, kind, table)
    if not callable(identifier):
        raise could_not_interpret(kind, identifier, table)
    return instance_or_function(identifier)


def _nearest(identifier, names):
    folded = {}
    for name in names:
        folded.setdefault(name.lower().replace("_", ""), name)
    near = difflib.get_close_matches(identifier.lower().replace("_", ""), folded, n=3, cutoff=0.6)
    return [folded[name] for name in near]
