"""Counts the changes of layers' attributes, so that compiled calls know when they are out of date."""

_version = 0


def version():
    """Returns a number that grows whenever an attribute of any layer changes."""
    return _version


def note_change():
    """Says that some layer is not what it was."""
    global _version
    _version += 1
