"""Models in the formats of other runtimes. `model.export("m.onnx")` writes ONNX."""

from keraunos.export.export_archive import ExportArchive

__all__ = ["ExportArchive"]
