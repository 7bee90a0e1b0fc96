"""Whose code something is. What this package's own code does is known: it may be traced once and run natively ever after.
The user's must run in every call."""

_PACKAGE = "keraunos."


def is_own_class(cls):
    """Whether a class is part of this package."""
    return cls.__module__.startswith(_PACKAGE)


def is_own(value):
    """Whether a function, a class, or the class of an object is part of this package."""
    module = getattr(value, "__module__", None) or type(value).__module__
    return module.startswith(_PACKAGE)
