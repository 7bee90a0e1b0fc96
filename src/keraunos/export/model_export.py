"""`model.export()`: which format is meant, and the message at the end."""

import os

from keraunos.utils.io_utils import print_msg

FORMATS = ("tf_saved_model", "onnx", "openvino", "litert", "torch")


def export_model(model, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
    """Writes the inference call of a model in the format of another runtime.

    Args:
        model: The model, built.
        filepath: The file. A name that ends in `.onnx` means ONNX whatever `format` is.
        format: `"onnx"`. Keras's other formats are not built.
        verbose: Whether a line is printed at the end; `None` is `True`.
        input_signature: The shapes and dtypes of the call's arguments, see `keraunos.export.signature`.
        **kwargs: `opset_version`, the version of ONNX's operators.

    Raises:
        ValueError: for a format that Keras does not know either.
        NotImplementedError: for Keras's formats other than ONNX, and for a model that ONNX cannot express.
        ImportError: when the package `onnx` is missing.
    """
    if format not in FORMATS:
        raise ValueError(f"Unrecognized format={format}. Supported formats are: {list(FORMATS)}.")
    filepath = os.fspath(filepath)
    if filepath.endswith(".onnx"):
        format = "onnx"
    if format != "onnx":
        raise NotImplementedError(
            f"export: keraunos does not write the format '{format}'. Use `model.export('m.onnx')`, or `model.save('m.keras')`, "
            "which the C++ library of keraunos loads without Python."
        )
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise ImportError("export: ONNX files need the package onnx. Install it with `pip install onnx`.") from None
    from keraunos.export.onnx_model import write_onnx

    write_onnx(model, filepath, input_signature, **kwargs)
    if verbose is None or verbose:
        print_msg(f"Saved artifact at '{filepath}'.")
