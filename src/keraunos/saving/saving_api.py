"""`save_model`, `load_model`, `save_weights` and `load_weights`."""

import os
import warnings

from keraunos.errors import ModelFormatError, ModelNotFoundError

_HDF5_ENDINGS = (".h5", ".hdf5")


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """Saves a model with its config, weights, optimizer state and compile arguments.

    The file is complete or not there at all: an old file stays until the new one is finished.

    Args:
        model: The model.
        filepath: Path that ends in `.keras` (or in `.h5`, for the layout of older Keras), or a binary file object.
        overwrite: Whether an existing file is replaced without asking.
        zipped: `False` writes a folder with the same members.
        **kwargs: `include_optimizer`, whether a `.h5` file gets the compile arguments and the optimizer state.

    Raises:
        ValueError: for an unknown ending or argument.
        FileExistsError: when the file exists, `overwrite` is false and nobody can be asked.

    Example:

    >>> model = keraunos.Sequential([keraunos.Input((3,)), keraunos.layers.Dense(2)])
    >>> keraunos.saving.save_model(model, "model.keras")  # doctest: +SKIP
    """
    path = _path_text(filepath)
    include_optimizer = kwargs.pop("include_optimizer", True)
    _check_save_arguments(path, filepath, kwargs)
    if not getattr(model, "built", True):
        warnings.warn(
            "You are saving a model that has not yet been built. It might not contain any weights yet. "
            "Consider building the model first by calling it on some data.",
            stacklevel=3,
        )
    from keraunos.saving import archive
    from keraunos.saving.atomic import atomic_write

    if path is None:
        archive.write_archive(filepath, model)
        return
    if not _may_write(path, overwrite):
        return
    if zipped is False:
        if path.endswith(".keras"):
            raise ValueError(
                "When using `zipped=False`, the `filepath` argument should not end in `.keras`. "
                f"Received: filepath={filepath}"
            )
        archive.write_folder(path, model)
    elif path.endswith(".keras"):
        with atomic_write(path) as file:
            archive.write_archive(file, model)
    elif path.endswith(_HDF5_ENDINGS):
        from keraunos.saving import legacy_h5_writer

        # As in Keras, and for this format only, missing folders are made.
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with atomic_write(path) as file:
            legacy_h5_writer.write_model(file, model, include_optimizer)
    else:
        raise ValueError(
            "Invalid filepath extension for saving. Please add either a `.keras` extension for the native Keras "
            f"format (recommended) or a `.h5` extension. Received: filepath={filepath}."
        )


def _check_save_arguments(path, filepath, kwargs):
    save_format = kwargs.pop("save_format", False)
    if path is None and not hasattr(filepath, "write"):
        raise ValueError(f"Expected a path that ends in `.keras`, or a file object. Received: filepath={filepath}")
    if save_format:
        if not (path or "").endswith((".keras", *_HDF5_ENDINGS)):
            raise ValueError(
                "The `save_format` argument is deprecated in Keras 3. Please remove this argument and pass a file "
                f"path with either `.keras` or `.h5` extension. Received: save_format={save_format}"
            )
        warnings.warn(
            "The `save_format` argument is deprecated in Keras 3. It can be inferred from the file path. "
            f"Received: save_format={save_format}",
            stacklevel=4,
        )
    if kwargs:
        raise ValueError(f"The following argument(s) are not supported: {list(kwargs.keys())}")


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Loads a model that `save_model` (or Keras 3) wrote.

    Loading runs no code from the file, reads no other file, and writes nothing.

    Args:
        filepath: Path of a `.keras` file, of a folder with its members, of a `.h5` file of any version of Keras, or
            a binary file object.
        custom_objects: Dictionary from name to the application's own classes and functions.
        compile: Whether to compile the model as it was when it was saved.
        safe_mode: Accepted as in Keras. Stored lambdas are refused in any case.

    Raises:
        ModelNotFoundError: (a `FileNotFoundError` and a `ValueError`) when there is no such file.
        ModelFormatError: (a `ValueError` and an `OSError`) when the file is damaged or not of this format.
        UnsafeModelError: when the file asks for something that loading never does.
    """
    from keraunos import serialization
    from keraunos.saving import archive
    from keraunos.saving.assets import restore_assets
    from keraunos.saving.legacy_config import deserialize_any, written_by
    from keraunos.saving.legacy_training import compile_model
    from keraunos.saving.state import restore_state
    from keraunos.weights_budget import weights_budget

    path = _path_text(filepath)
    if path is None and not hasattr(filepath, "read"):
        raise ValueError(f"load_model: expected a path or a file object. Received: filepath={filepath}")
    if path is not None:
        _check_load_path(path)
        if path.endswith(_HDF5_ENDINGS):
            from keraunos.saving import legacy_h5

            return legacy_h5.load_model(path, custom_objects=custom_objects, compile=compile)
    with archive.open_archive(filepath) as source:
        config = archive.read_config(source)
        if not isinstance(config, dict) or "class_name" not in config:
            raise ModelFormatError(f"{source.label}: {archive.CONFIG} is not the config of a model.")
        compile_config = None
        version = archive.version_of(source)
        if not compile:
            config["compile_config"] = None
        elif version is not None and version.startswith("2."):  # the arguments have the older form
            compile_config = config.pop("compile_config", None)
        with source.open_weights() as entries:
            with weights_budget(entries.root.stored_bytes(), source.label), serialization.ObjectSharingScope():
                with written_by(version):
                    model = deserialize_any(config, custom_objects=custom_objects)
                if compile_config:
                    config = {**compile_config, "optimizer_config": compile_config.get("optimizer")}
                    compile_model(model, config, source.label, custom_objects)
            # A model that is not built may hold layers that are.
            if getattr(model, "built", True) or model.weights:
                restore_state(model, entries)
        restore_assets(model, source.assets())
    return model


def _check_load_path(path):
    if path.endswith(_HDF5_ENDINGS):
        if not os.path.exists(path):
            raise ModelNotFoundError(f"File not found: filepath={path}.")
        return
    if not path.endswith(".keras") and not os.path.isfile(os.path.join(path, "config.json")):
        raise ModelFormatError(
            f"File format not supported: filepath={path}. Keras 3 only supports V3 `.keras` files, folders with "
            "their members, and legacy H5 format files (`.h5` extension)."
        )


def save_weights(model, filepath, overwrite=True, max_shard_size=None, **kwargs):
    """Saves all weights, and the optimizer's variables if the model is compiled.

    Args:
        model: The model.
        filepath: Path that ends in `.weights.h5`, or in `.weights.json` for shards.
        overwrite: Whether an existing file is replaced without asking.
        max_shard_size: Gigabytes that one file may hold; `None` for a single file.
    """
    path = _path_text(filepath) or ""
    objects_to_skip = kwargs.pop("objects_to_skip", None)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if max_shard_size is not None:
        if not path.endswith(("weights.h5", "weights.json")):
            raise ValueError(
                "The filename must end in `.weights.json` when `max_shard_size` is specified. "
                f"Received: filepath={filepath}"
            )
    elif not path.endswith(".weights.h5"):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={filepath}")
    if not model.built:
        raise ValueError(
            "You are saving a model that has not yet been built. Try building the model first by calling it on some "
            "data or by using `build()`."
        )
    if not _may_write(path, overwrite):
        return
    from keraunos.saving.atomic import atomic_write
    from keraunos.saving.h5_store import write_h5
    from keraunos.saving.state import collect_state

    entries = collect_state(model, skip=objects_to_skip or ())
    if max_shard_size is not None:
        from keraunos.saving.sharded import write_shards

        write_shards(path, entries, float(max_shard_size))
        return
    with atomic_write(path) as file:
        write_h5(file, entries)


def load_weights(model, filepath, skip_mismatch=False, **kwargs):
    """Loads the weights that `save_weights` or `save_model` (or Keras 3) wrote.

    Nothing changes when something does not fit, unless `skip_mismatch` is true.

    Args:
        model: The model, built.
        filepath: Path that ends in `.weights.h5`, `.weights.json`, `.keras`, or `.h5` for the layout of older Keras.
        skip_mismatch: Whether layers whose weights do not fit are left alone, with a warning.
        **kwargs: `objects_to_skip`, a list of layers to leave alone.
    """
    from keraunos.saving import archive, legacy_h5
    from keraunos.saving.h5_store import open_h5
    from keraunos.saving.state import restore_state

    path = _path_text(filepath) or ""
    objects_to_skip = kwargs.pop("objects_to_skip", None)
    by_name = kwargs.pop("by_name", None)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    is_index = path.endswith(".weights.json")
    is_new_h5 = path.endswith(".weights.h5")
    is_legacy = path.endswith(_HDF5_ENDINGS) and not is_new_h5
    if objects_to_skip is not None and not is_new_h5 and not is_index:
        raise ValueError(f"`objects_to_skip` only supports loading '.weights.h5' files. Received: {filepath}")
    if by_name is not None and not is_legacy:
        raise ValueError(f"`by_name` only supports loading legacy '.h5' or '.hdf5' files. Received: {filepath}")
    if not is_new_h5 and not is_index and not is_legacy and not path.endswith(".keras"):
        raise ModelFormatError(
            f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files and "
            "`.weights.h5` files, legacy H5 format files (`.h5` extension)."
        )
    if not os.path.exists(path):
        raise ModelNotFoundError(f"File not found: filepath={path}.")
    if not model.built:
        raise ValueError(
            "You are loading weights into a model that has not yet been built. Try building the model first by "
            "calling it on some data or by using `build()`."
        )
    if is_legacy or (is_new_h5 and legacy_h5.is_weights_file(path)):
        legacy_h5.load_weights_file(path, model, by_name=bool(by_name), skip_mismatch=skip_mismatch)
        return
    if is_new_h5 or is_index:
        from keraunos.saving.sharded import open_shards

        with open_shards(path) if is_index else open_h5(path, f"'{path}'") as entries:
            restore_state(model, entries, skip_mismatch=skip_mismatch, skip=objects_to_skip or ())
        return
    with archive.open_archive(path) as source, source.open_weights() as entries:
        restore_state(model, entries, skip_mismatch=skip_mismatch)


def _path_text(filepath):
    """A path as text, or `None` for anything that is not a path."""
    try:
        path = os.fspath(filepath)
    except TypeError:
        return None
    return path.decode() if isinstance(path, bytes) else path


def _may_write(path, overwrite):
    if overwrite or not os.path.exists(path):
        return True
    import sys

    if sys.stdin is None or not sys.stdin.isatty():
        raise FileExistsError(f"'{path}' exists and `overwrite` is False.")
    from keraunos.utils.io_utils import ask_to_proceed_with_overwrite

    return ask_to_proceed_with_overwrite(path)
