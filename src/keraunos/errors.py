"""Errors about model files and serialized models.

They keep the types that code written for Keras catches: `ValueError` from a bad config, `OSError` from a
bad file, `FileNotFoundError` from a missing one.
"""


class ModelFormatError(ValueError, OSError):
    """A model file or a serialized config breaks a rule of its format.

    Example:

    >>> try:
    ...     keraunos.models.model_from_json("{}")
    ... except keraunos.saving.errors.ModelFormatError as error:
    ...     print(error)
    """


class ModelConfigError(ModelFormatError, TypeError):
    """An object in a config is unknown, or does not fit the class that it names."""


class UnsafeModelError(ModelFormatError):
    """A model file asks for something that loading never does, such as running stored byte code."""


class ModelNotFoundError(FileNotFoundError, ValueError):
    """There is no model file at the given path."""


def shorten(text, limit=1600):
    """Cuts the middle out of a long text: its first and its last words say most."""
    text = str(text)
    if len(text) <= limit:
        return text
    head = limit // 3
    return f"{text[:head]} [...] {text[head - limit:]}"
