"""`KerasFileEditor`: looks into weights files, compares them with models, and changes them."""

import os

import numpy as np

from keraunos.errors import ModelFormatError
from keraunos.saving import archive, hdf5, json_format
from keraunos.saving.atomic import atomic_write
from keraunos.saving.h5_store import write_h5
from keraunos.saving.state import collect_state
from keraunos.utils import io_utils


class KerasFileEditor:
    """Shows, compares, changes and saves again the weights in a file.

    Useful to adapt an old weights file after the architecture of a model has changed.

    Args:
        filepath: Path of a `.keras` or `.weights.h5` file.

    Raises:
        ValueError: for another ending.
        ModelFormatError: when the file is damaged or points out of itself.

    Attributes:
        weights_dict: The arrays by store path, as nested dictionaries.

    Example:

    >>> editor = keraunos.saving.KerasFileEditor("model.weights.h5")  # doctest: +SKIP
    >>> editor.rename_object("layers/dense_2", "dense_3")  # doctest: +SKIP
    >>> editor.save("changed.weights.h5")  # doctest: +SKIP
    """

    def __init__(self, filepath):
        filepath = os.fspath(filepath)
        self.filepath = filepath
        self.config = None
        self.metadata = None
        self.object_metadata = {}
        if filepath.endswith(".keras"):
            with archive.open_archive(filepath) as source:
                self.config = archive.read_config(source)
                if archive.METADATA in source:
                    self.metadata = json_format.read_json(source.read(archive.METADATA, limit=2**20), archive.METADATA)
                with source.open_weights() as entries:
                    self.weights_dict = self._read(entries.root)
        elif filepath.endswith(".weights.h5"):
            with hdf5.open_root(filepath, f"'{filepath}'") as root:
                self.weights_dict = self._read(root)
        else:
            raise ValueError(
                "Invalid filename: expected a `.keras` or `.weights.h5` extension. "
                f"Received: filepath={filepath}"
            )
        io_utils.print_msg(f"Keras model file '{filepath}'")
        if isinstance(self.metadata, dict):
            saved = self.metadata
            io_utils.print_msg(f"Saved with Keras {saved.get('keras_version')} - date: {saved.get('date_saved')}")

    def _read(self, group, path=""):
        found = {}
        for name in group:
            member = group[name]
            if not isinstance(member, hdf5.Group):
                found[name] = member.read()
            elif name == "vars":
                if member.has_attribute("name"):
                    self.object_metadata[path] = {"name": member.text("name")}
                found.update({key: member.array(key).read() for key in member})
            else:
                inner = self._read(member, f"{path}/{name}" if path else name)
                if inner:
                    found[name] = inner
        return found

    def summary(self):
        """Prints the objects and arrays of the file."""
        io_utils.print_msg("Weights structure")
        for line in self._lines(self.weights_dict, "  ", ""):
            io_utils.print_msg(line)

    def _lines(self, weights, prefix, path):
        for index, (name, value) in enumerate(weights.items()):
            is_last = index == len(weights) - 1
            sign = "└─ " if is_last else "├─ "
            if isinstance(value, dict):
                inner_path = f"{path}/{name}" if path else name
                own_name = self.object_metadata.get(inner_path, {}).get("name")
                yield f"{prefix}{sign}{name}" + (f" ('{own_name}')" if own_name else "")
                yield from self._lines(value, prefix + ("    " if is_last else "│   "), inner_path)
            else:
                yield f"{prefix}{sign}{name}: shape={value.shape}, dtype={value.dtype}"

    def compare(self, reference_model):
        """Compares the file with a model, and prints every difference.

        Args:
            reference_model: A built model.

        Returns:
            A dictionary with `"status"` (`"success"` or `"error"`), `"error_count"` and `"match_count"`.
        """
        reference = {}
        for path, (_, values) in collect_state(reference_model).items():
            target = reference
            for part in path.split("/") if path else ():
                target = target.setdefault(part, {})
            target.update(values)
        reference = _without_empty(reference)
        matches, problems = 0, []
        waiting = [("", self.weights_dict, reference)]
        while waiting:
            path, own, other = waiting.pop()
            for name in [*own, *(name for name in other if name not in own)]:
                full = f"{path}/{name}"
                one, two = own.get(name), other.get(name)
                kind = "Object" if isinstance(two if one is None else one, dict) else "Weight"
                if one is None:
                    problems.append(f"{kind} {full} present in reference model, missing from saved file")
                elif two is None:
                    problems.append(f"{kind} {full} present in saved file, missing from reference model")
                elif isinstance(one, dict) and isinstance(two, dict):
                    waiting.append((full, one, two))
                elif isinstance(one, dict) or isinstance(two, dict):
                    problems.append(f"{full} is a weight in one of them and an object in the other")
                elif tuple(np.shape(one)) != tuple(np.shape(two)):
                    problems.append(
                        f"Weight shape mismatch for {full}: saved file {np.shape(one)}, reference model {np.shape(two)}"
                    )
                else:
                    matches += 1
        for problem in problems:
            io_utils.print_msg(f"...{problem}")
        status = "error" if problems else "success"
        io_utils.print_msg(f"Comparison: {status}; {matches} matching weights, {len(problems)} differences")
        return {"status": status, "error_count": len(problems), "match_count": matches}

    def _find(self, name):
        """The dictionary that holds an object, and its key there. A bare name must occur once."""
        if "/" in name:
            holder = self.weights_dict
            *folders, last = name.split("/")
            for part in folders:
                holder = holder.get(part) if isinstance(holder, dict) else None
            if not isinstance(holder, dict) or not isinstance(holder.get(last), dict):
                raise ValueError(f"Path '{name}' not found in model.")
            return holder, last
        found = []
        waiting = [self.weights_dict]
        while waiting:
            holder = waiting.pop()
            waiting.extend(value for value in holder.values() if isinstance(value, dict))
            if isinstance(holder.get(name), dict):
                found.append(holder)
        if len(found) > 1:
            raise ValueError(f"Name '{name}' occurs more than once in the model; try passing a complete path")
        if not found:
            raise ValueError(
                f"Source name '{name}' does not appear in the model. Use `editor.summary()` to list all objects."
            )
        return found[0], name

    def rename_object(self, object_name, new_name):
        """Renames an object in the file.

        Args:
            object_name: Name or store path, such as `"dense_2"` or `"layers/dense_2"`.
            new_name: The new last part of the path.
        """
        if "/" in new_name:
            raise ValueError(
                f"Argument `new_name` should be a leaf name, not a full path name. Received: new_name='{new_name}'"
            )
        holder, name = self._find(object_name)
        holder[new_name] = holder.pop(name)

    def delete_object(self, object_name):
        """Removes an object, and all that lies in it, from the file."""
        holder, name = self._find(object_name)
        del holder[name]

    def add_object(self, object_path, weights):
        """Adds an object to the file.

        Args:
            object_path: Store path, such as `"layers/dense_2"`.
            weights: Dictionary from key (usually `"0"`, `"1"`, ...) to array.
        """
        _check_weights(weights)
        holder = self.weights_dict
        *folders, name = object_path.split("/")
        for part in folders:
            holder = holder.get(part)
            if not isinstance(holder, dict):
                raise ValueError(f"Path '{'/'.join(folders)}' not found in model.")
        holder[name] = dict(weights)

    def delete_weight(self, object_name, weight_name):
        """Removes one array from an object."""
        holder, name = self._find(object_name)
        if weight_name not in holder[name]:
            raise ValueError(
                f"Weight {weight_name} not found in object {object_name}. Weights found: {list(holder[name])}"
            )
        del holder[name][weight_name]

    def add_weights(self, object_name, weights):
        """Adds arrays to an object, or replaces them.

        Args:
            object_name: Name or store path.
            weights: Dictionary from key to array.
        """
        _check_weights(weights)
        holder, name = self._find(object_name)
        holder[name].update(weights)

    def save(self, filepath):
        """Writes the weights, as they are now, to a `.weights.h5` file."""
        filepath = os.fspath(filepath)
        if not filepath.endswith(".weights.h5"):
            raise ValueError(
                f"Invalid `filepath` argument: expected a `.weights.h5` extension. Received: filepath={filepath}"
            )
        entries = {}
        waiting = [("", self.weights_dict)]
        while waiting:
            path, holder = waiting.pop()
            arrays = {key: np.asarray(value) for key, value in holder.items() if not isinstance(value, dict)}
            name = self.object_metadata.get(path, {}).get("name")
            if arrays:
                entries[path] = (name, arrays)
            children = [(f"{path}/{key}" if path else key, value) for key, value in holder.items() if isinstance(value, dict)]
            waiting.extend(reversed(children))
        for path in entries:
            if any(part in ("", ".", "..", "vars") for part in path.split("/")) and path:
                raise ModelFormatError(f"'{path}' is no store path.")
        with atomic_write(filepath) as file:
            write_h5(file, entries)

    def resave_weights(self, filepath):
        """The same as `save`."""
        self.save(filepath)


def _check_weights(weights):
    if not isinstance(weights, dict):
        raise ValueError(
            "Argument `weights` should be a dict where keys are weight names (usually '0', '1', etc.) and values are "
            f"NumPy arrays. Received: type(weights)={type(weights)}"
        )


def _without_empty(weights):
    """Leaves out objects that hold nothing."""
    kept = {}
    for name, value in weights.items():
        value = _without_empty(value) if isinstance(value, dict) else value
        if not isinstance(value, dict) or value:
            kept[name] = value
    return kept
