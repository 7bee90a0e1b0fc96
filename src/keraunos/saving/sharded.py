"""Weights spread over several files: an index `x.weights.json` and shards `x_00000.weights.h5`, `x_00001.weights.h5`, ..."""

import contextlib
import json
import os
import warnings

from keraunos.errors import ModelFormatError, ModelNotFoundError
from keraunos.saving import json_format
from keraunos.saving.atomic import atomic_write
from keraunos.saving.h5_store import open_h5, write_h5

_MAX_SHARDS = 10_000


def write_shards(path, entries, max_shard_size):
    """Writes the result of `collect_state` as shards and an index.

    Args:
        path: Path of the index.
        entries: What to write.
        max_shard_size: Gigabytes (of 1024**3 bytes) that the arrays of one shard may have.

    Raises:
        ValueError: when one array is larger than that.
    """
    if not path.endswith(".json"):
        new_path = f"{os.path.splitext(path)[0]}.json"
        warnings.warn(
            f"Saving sharded weights requires `*.json` as the extension. The original path: {path} will be renamed to "
            f"{new_path}.",
            stacklevel=4,
        )
        path = new_path
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0].replace(".weights", "")
    weight_map, total = {}, 0
    for index, shard in enumerate(_split(entries, max_shard_size * 1024**3)):
        shard_name = f"{stem}_{index:05}.weights.h5"
        with atomic_write(os.path.join(folder, shard_name)) as file:
            write_h5(file, shard)
        for store_path, (_, values) in shard.items():
            total += sum(value.nbytes for value in values.values())
            if values:
                weight_map.setdefault(f"/{store_path}/vars" if store_path else "/vars", []).append(shard_name)
    weight_map = {key: names[0] if len(names) == 1 else names for key, names in weight_map.items()}
    with atomic_write(path) as file:
        text = json.dumps({"metadata": {"total_size": float(total)}, "weight_map": weight_map}, indent=4)
        file.write(text.encode())


def _split(entries, limit):
    """Yields parts of the entries. An array is never split, the arrays of one object may be."""
    shard, size = {}, 0
    for store_path, (name, values) in entries.items():
        shard.setdefault(store_path, (name, {}))
        for key, value in values.items():
            if value.nbytes > limit:
                raise ValueError(
                    f"The size of '{store_path}/{key}' is {value.nbytes} bytes, which exceeds the maximum shard size of "
                    f"{limit:.0f} bytes. You can increase the `max_shard_size` parameter to accommodate the size."
                )
            if size + value.nbytes > limit:
                yield {path: entry for path, entry in shard.items() if entry[1]}
                shard, size = {store_path: (name, {})}, 0
            shard[store_path][1][key] = value
            size += value.nbytes
    yield shard


@contextlib.contextmanager
def open_shards(path):
    """Opens an index and the shards that it names, all in the same folder.

    Raises:
        ModelFormatError: when the index is damaged or names a file elsewhere.
        ModelNotFoundError: when a shard is missing.
    """
    with open(path, "rb") as file:
        index = json_format.read_json(file.read(), f"'{path}'")
    weight_map = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(weight_map, dict):
        raise ModelFormatError(f"'{path}' is no index of sharded weights: it has no 'weight_map'.")
    folder = os.path.dirname(path)
    names_of = {key: _names(value, path) for key, value in weight_map.items()}
    shard_names = sorted({name for names in names_of.values() for name in names})
    if len(shard_names) > _MAX_SHARDS:
        raise ModelFormatError(f"'{path}' names more than {_MAX_SHARDS} shards.")
    with contextlib.ExitStack() as stack:
        shards = {}
        for name in shard_names:
            shard_path = os.path.join(folder, name)
            if not os.path.isfile(shard_path):
                raise ModelNotFoundError(f"File not found: '{shard_path}', which '{path}' names as a shard.")
            shards[name] = stack.enter_context(open_h5(shard_path, f"'{shard_path}'"))
        yield ShardedEntries(shards, names_of)


def _names(value, path):
    names = value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not name.endswith(".weights.h5") or any(sign in name for sign in '/\\:\0'):
            raise ModelFormatError(f"'{path}' names the shard {str(name)[:100]!r}, which is no weights file beside it.")
    return names


class ShardedEntries:
    """Reads entries of several open shards as `restore_state` asks for them."""

    def __init__(self, shards, names_of):
        self._shards = shards
        self._names_of = names_of

    def get(self, path, default=(None, {})):
        """Returns `(None, mapping from key to array)` for a store path."""
        names = self._names_of.get(f"/{path}/vars" if path else "/vars")
        if names is None:
            return default
        return None, _Joined([self._shards[name].get(path)[1] for name in names])


class _Joined(dict):
    """The arrays of one object, which may lie in several shards; read when asked for."""

    def __init__(self, stores):
        super().__init__({key: store for store in stores for key in store})

    def __getitem__(self, key):
        if key not in self:
            raise ModelFormatError(f"None of the shards has the dataset '{key}'.")
        return super().__getitem__(key)[key]
