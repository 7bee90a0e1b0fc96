"""Runs the attack matrix in a process of its own: every cell must be refused, quickly, with nothing else touched.

Prints one JSON object: the number of cells, and what went wrong.
"""

import faulthandler
import io
import json
import os
import pickle
import sys
import tempfile
import time
import warnings

import configs
import containers
import h5py
import numpy as np

import keraunos
from keraunos.models import pickling
from keraunos.saving.errors import ModelFormatError

SECONDS = 2.0
MEGABYTES = 256


class Watch:
    """Notes what Python is asked to open, run, connect to or import while a cell runs."""

    EVENTS = ("os.", "subprocess.", "socket.", "ctypes.", "shutil.", "pty.", "exec", "compile", "import", "marshal.")

    def __init__(self):
        self.allowed = None
        self.seen = []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        if self.allowed is None:
            return
        if event == "open":
            path = arguments[0]
            if path == self.allowed and not _writes(arguments):
                return
        elif not event.startswith(self.EVENTS) or event in ("os.fwalk", "os.listdir", "os.scandir"):
            return
        self.seen.append(f"{event} {arguments[:1]!r:.80}")


def _open_files():
    return [number for number in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{number}")]


def _memory(key, is_new=False):
    """Megabytes of this process, from Linux's account of it; `is_new` starts the highest mark anew."""
    if is_new:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def _writes(arguments):
    return len(arguments) > 1 and isinstance(arguments[1], str) and any(sign in arguments[1] for sign in "wax+")


class Cells:
    """Counts cells and keeps what went wrong."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.failures = []
        self.watch = Watch()

    def check(self, name, attack, path=None, may_load=False):
        """Runs one cell: `attack()` must raise one of our errors."""
        self.count += 1
        faulthandler.dump_traceback_later(600, exit=True)
        before = sorted(os.listdir(self.folder))
        memory = _memory("VmRSS", is_new=True)
        start = time.process_time()
        self.watch.seen, self.watch.allowed = [], path
        problem = None
        try:
            attack()
            problem = None if may_load else "was accepted"
        except ModelFormatError as error:
            if len(str(error)) > 2048:
                problem = f"says too much: {len(str(error))} characters"
        except NotImplementedError:
            pass
        except Exception as error:
            problem = f"raised {type(error).__name__}: {error!s:.200}"
        finally:
            self.watch.allowed, seen = None, self.watch.seen
        seconds = time.process_time() - start
        grown = _memory("VmHWM") - memory
        if seen:
            problem = f"touched {seen[:3]}"
        elif seconds > SECONDS:
            problem = f"took {seconds:.1f} s"
        elif grown > MEGABYTES:
            problem = f"needed {grown:.0f} MB"
        elif sorted(os.listdir(self.folder)) != before:
            problem = "left files behind"
        elif any("/attack." in os.readlink(f"/proc/self/fd/{number}") for number in _open_files()):
            problem = "left the file open"
        if problem:
            self.failures.append(f"{name}: {problem}")

    def file(self, name, data, ending, attack, may_load=False):
        path = os.path.join(self.folder, f"attack{ending}")
        with open(path, "wb") as file:
            file.write(data)
        self.check(name, lambda: attack(path), path, may_load)


def small_model():
    model = keraunos.Sequential(
        [keraunos.Input((3,), name="i"), keraunos.layers.Dense(2, name="d"), keraunos.layers.Dropout(0.5, name="o")], name="s"
    )
    model.compile("sgd", "mse")
    return model


class Matrix:
    def __init__(self, folder):
        self.cells = Cells(folder)
        self.model = small_model()
        self.secret = os.path.join(folder, "secret.h5")
        with h5py.File(self.secret, "w") as h5:
            h5["x"] = np.arange(6.0)
        self.files = {}
        for ending in (".keras", ".h5", ".weights.h5"):
            path = os.path.join(folder, f"good{ending}")
            (self.model.save_weights if "weights" in ending else self.model.save)(path)
            with open(path, "rb") as file:
                self.files[ending] = file.read()
        self.text = self.model.to_json()
        self._warm_up(folder)

    def _warm_up(self, folder):
        """Imports what loading imports, so that a later import is one that a file asked for."""
        for ending in (".keras", ".h5"):
            keraunos.models.load_model(os.path.join(folder, f"good{ending}"))
            self.model.load_weights(os.path.join(folder, f"good{ending}"))
        self.model.load_weights(os.path.join(folder, "good.weights.h5"))
        keraunos.models.model_from_json(self.text)
        keraunos.saving.KerasFileEditor(os.path.join(folder, "good.weights.h5"))
        pickle.loads(pickle.dumps(self.model))
        for name, config in [*configs.hostile_configs(), *configs.bombs(configs.LONG_BOMB)]:
            try:
                keraunos.models.model_from_json(json.dumps(config))
            except Exception as error:
                assert name and error
        try:
            keraunos.models.model_from_yaml("class_name: !!python/name:os.system x")
        except Exception as error:
            assert error

    def run(self):
        for name, config in configs.hostile_configs():
            self.config(name, config)
        for name, config in configs.bombs(configs.BOMB):
            self.config_in_files(name, config)
        for name, config in configs.bombs(configs.LONG_BOMB):
            self.config(name, config)
        for name, text in containers.hostile_texts(self.text):
            self.document(name, text)
        for ending in (".h5", ".weights.h5", ".keras"):
            self.weights(ending)
        for name, data in containers.hostile_zips(self.files[".keras"]):
            # A compressed or cut member is refused by itself; what only describes the first member may do no harm.
            self.archive(name, data)
        self.flips()

    def config(self, name, config):
        """One config through every door that takes one."""
        text = json.dumps(config)
        self.config_in_files(name, config)
        check = self.cells.check
        check(f"model_from_json: {name}", lambda: keraunos.models.model_from_json(text))
        check(f"model_from_config: {name}", lambda: keraunos.models.model_from_config(json.loads(text)))
        check(f"layers.deserialize: {name}", lambda: keraunos.layers.deserialize(json.loads(text)))
        check(f"deserialize_keras_object: {name}", lambda: _as_model(keraunos.saving.deserialize_keras_object(json.loads(text))))
        check(f"pickle: {name}", lambda: pickle.loads(pickle.dumps(_Pickled(json.loads(text)))))
        inner = config["config"]
        if isinstance(inner, dict) and config["class_name"] == "Sequential":
            check(f"Sequential.from_config: {name}", lambda: keraunos.Sequential.from_config(json.loads(text)["config"]))

    def config_in_files(self, name, config):
        text = json.dumps(config)
        archive = containers.rebuilt(self.files[".keras"], {"config.json": text})
        self.cells.file(f".keras: {name}", archive, ".keras", keraunos.models.load_model)
        self.cells.file(f".keras deflated: {name}", containers.deflated(archive), ".keras", keraunos.models.load_model)
        legacy = containers.changed_h5(self.files[".h5"], lambda h5, path: h5.attrs.__setitem__("model_config", text))
        self.cells.file(f".h5: {name}", legacy, ".h5", keraunos.models.load_model)

    def document(self, name, text):
        archive = containers.rebuilt(self.files[".keras"], {"config.json": text})
        self.cells.file(f".keras text: {name}", archive, ".keras", keraunos.models.load_model)
        self.cells.check(f"model_from_json text: {name}", lambda: keraunos.models.model_from_json(text))
        if len(text) < 2**16 and b"\0" not in text:
            legacy = containers.changed_h5(
                self.files[".h5"], lambda h5, path: h5.attrs.__setitem__("model_config", np.bytes_(text))
            )
            self.cells.file(f".h5 text: {name}", legacy, ".h5", keraunos.models.load_model)

    def weights(self, ending):
        load, load_weights = keraunos.models.load_model, self.model.load_weights
        source = self.files[ending]
        if ending == ".keras":
            import zipfile

            source = zipfile.ZipFile(io.BytesIO(source)).read("model.weights.h5")
        for name, data in containers.hostile_h5(source, self.secret):
            if ending == ".keras":
                stored = containers.rebuilt(self.files[ending], {"model.weights.h5": data})
                self.cells.file(f".keras weights, load_model: {name}", stored, ending, load)
                self.cells.file(f".keras weights, load_weights: {name}", stored, ending, load_weights)
                self.cells.file(f".keras deflated, load_model: {name}", containers.deflated(stored), ending, load)
                continue
            self.cells.file(f"{ending} load_weights: {name}", data, ending, load_weights)
            if ending == ".h5":
                self.cells.file(f"{ending} load_model: {name}", data, ending, load)
            elif name not in ("missing dataset", "group instead of dataset", "other shape", "other rank", "no elements"):
                self.cells.file(f"{ending} KerasFileEditor: {name}", data, ending, keraunos.saving.KerasFileEditor)

    def archive(self, name, data):
        harmless = name.startswith("truncated at 64/")
        self.cells.file(f"zip, load_model: {name}", data, ".keras", keraunos.models.load_model, may_load=harmless)
        if "config" not in name:
            self.cells.file(f"zip, load_weights: {name}", data, ".keras", self.model.load_weights)

    def flips(self):
        """One bit in every 64 bytes: a model or one of our errors."""
        for ending in (".keras", ".h5", ".weights.h5"):
            data = self.files[ending]
            load = self.model.load_weights if ending == ".weights.h5" else keraunos.models.load_model
            for place in range(0, len(data), 64):
                changed = bytearray(data)
                changed[place + place // 64 % 64 if place + 64 < len(data) else place] ^= 1 << (place // 64 % 8)
                self.cells.file(f"{ending}: bit {place}", bytes(changed), ending, load, may_load=True)


class _Pickled:
    """Pickles as a model with this config does."""

    def __init__(self, config):
        self.config = config

    def __reduce__(self):
        return pickling._revive, (self.config, {}, {})


def _as_model(found):
    """Plain data without a class comes back as plain data, which is no model."""
    if not isinstance(found, keraunos.Model):
        raise ModelFormatError(f"no model: {type(found)}")
    return found


def main():
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        matrix = Matrix(folder)
        modules = set(sys.modules)
        matrix.run()
        imported = sorted(set(sys.modules) - modules)
    failures = matrix.cells.failures
    if imported:
        failures.append(f"imported {imported[:5]}")
    print(json.dumps({"cells": matrix.cells.count, "failures": failures}))


if __name__ == "__main__":
    main()
