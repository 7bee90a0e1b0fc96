"""`ExportArchive`, which Keras fills with functions for a TensorFlow SavedModel."""


class ExportArchive:
    """Not offered: it writes TensorFlow SavedModels with several functions, and an ONNX file holds one.

    Args:
        format: Any of Keras's formats.

    Raises:
        NotImplementedError: always. `model.export("m.onnx")` writes the inference call of a model.

    Example:

    >>> model.export("m.onnx")  # doctest: +SKIP
    """

    def __init__(self, format="saved_model", **kwargs):
        raise NotImplementedError(
            "ExportArchive: TensorFlow SavedModels are not built. Use `model.export('m.onnx')`. "
            f"Received: format={format!r}"
        )
