"""`tf.config`: answers about devices (one CPU, no GPU) and the number of threads."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from keraunos.runner.tensorflow import _subset

PhysicalDevice = namedtuple("PhysicalDevice", ["name", "device_type"])
LogicalDevice = namedtuple("LogicalDevice", ["name", "device_type"])


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The one CPU; nothing for any other kind of device."""
    return [PhysicalDevice("/physical_device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The one CPU; nothing for any other kind of device."""
    return [LogicalDevice("/device:CPU:0", "CPU")] if device_type in (None, "CPU") else []


get_visible_devices = list_physical_devices


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether `tf.function` compiles (False, at the start) or calls the Python function (True)."""
    from keraunos.runner.tensorflow import functions

    functions.run_eagerly(bool(run_eagerly))


def functions_run_eagerly() -> bool:
    """What `run_functions_eagerly` was last told."""
    from keraunos.runner.tensorflow import functions

    return functions.runs_eagerly()


class threading:
    """`tf.config.threading`: keraunos has one pool of threads; both setters set its size."""

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads: int) -> None:
        """Sets the number of threads; 0 leaves the choice to keraunos."""
        from keraunos import config

        if num_threads > 0:
            config.set_num_threads(num_threads)

    @staticmethod
    def get_intra_op_parallelism_threads() -> int:
        """The number of threads."""
        from keraunos import config

        return int(config.get_num_threads())

    set_inter_op_parallelism_threads = set_intra_op_parallelism_threads
    get_inter_op_parallelism_threads = get_intra_op_parallelism_threads


class experimental:
    """`tf.config.experimental`: the calls that scripts make for GPUs; there is none, so nothing happens."""

    list_physical_devices = staticmethod(list_physical_devices)

    @staticmethod
    def set_memory_growth(device: Any, enable: bool) -> None:
        """Does nothing: memory of the CPU grows as needed."""


__getattr__ = _subset.missing("tensorflow.config")
