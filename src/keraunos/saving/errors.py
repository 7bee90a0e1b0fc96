"""The errors that loading a model can raise (see `keraunos.errors`)."""

from keraunos.errors import ModelConfigError, ModelFormatError, ModelNotFoundError, UnsafeModelError

__all__ = ["ModelConfigError", "ModelFormatError", "ModelNotFoundError", "UnsafeModelError"]
