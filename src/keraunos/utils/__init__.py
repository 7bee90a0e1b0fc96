"""Helpers for data, files, seeds, progress and pictures of models."""

import importlib

# Public name -> module that has it. Imported on first use: importing the library stays fast.
_PLACES = {
    "Config": "keraunos.utils.config",
    "CustomObjectScope": "keraunos.registration",
    "Progbar": "keraunos.utils.progbar",
    "PyDataset": "keraunos.training.data_adapters.py_dataset",
    "Sequence": "keraunos.training.data_adapters.py_dataset",
    "array_to_img": "keraunos.utils.image_utils",
    "clear_session": "keraunos.naming",
    "custom_object_scope": "keraunos.registration",
    "deserialize_keras_object": "keraunos.serialization",
    "disable_interactive_logging": "keraunos.config",
    "enable_interactive_logging": "keraunos.config",
    "get_custom_objects": "keraunos.registration",
    "get_file": "keraunos.utils.file_utils",
    "get_registered_name": "keraunos.registration",
    "get_registered_object": "keraunos.registration",
    "get_source_inputs": "keraunos.utils.source_inputs",
    "image_dataset_from_directory": "keraunos.utils.image_dataset_utils",
    "img_to_array": "keraunos.utils.image_utils",
    "is_interactive_logging_enabled": "keraunos.config",
    "is_keras_tensor": "keraunos.tensor",
    "load_img": "keraunos.utils.image_utils",
    "model_to_dot": "keraunos.utils.model_visualization",
    "normalize": "keraunos.utils.numerical_utils",
    "pack_x_y_sample_weight": "keraunos.training.packing",
    "pad_sequences": "keraunos.utils.sequence_utils",
    "plot_model": "keraunos.utils.model_visualization",
    "register_keras_serializable": "keraunos.registration",
    "save_img": "keraunos.utils.image_utils",
    "serialize_keras_object": "keraunos.serialization",
    "set_random_seed": "keraunos.utils.rng_utils",
    "split_dataset": "keraunos.utils.dataset_utils",
    "standardize_dtype": "keraunos.dtypes",
    "text_dataset_from_directory": "keraunos.utils.text_dataset_utils",
    "timeseries_dataset_from_array": "keraunos.utils.timeseries_dataset_utils",
    "to_categorical": "keraunos.utils.numerical_utils",
    "unpack_x_y_sample_weight": "keraunos.training.packing",
}
_OTHER_NAMES = {"Sequence": "PyDataset", "custom_object_scope": "CustomObjectScope"}
_MODULES = ("legacy",)

__all__ = sorted([*_PLACES, *_MODULES])


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f"keraunos.utils.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'keraunos.utils' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), _OTHER_NAMES.get(name, name))
    globals()[name] = value
    return value


def __dir__():
    return __all__
