"""Operation classes by name, for files that hold ops (`{"class_name": "Add", "module": "keras.src.ops.numpy"}`)."""

from keraunos.ops._dispatch import find_operation_class, operation_names

__all__ = ["find_operation_class", "operation_names"]
