"""Base of the callbacks that watch one number."""

import warnings

from keraunos import ops
from keraunos.callbacks.callback import Callback


class MonitorCallback(Callback):
    """Decides whether a watched number became better. Base of `EarlyStopping` and others.

    Args:
        monitor: name of the number in the logs.
        mode: `"min"`, `"max"`, or `"auto"` to take the direction from the metric.
        baseline: first best value; `None` means the first value seen.
        min_delta: smallest change that counts as better.

    Raises:
        ValueError: in `"auto"` mode, if the direction of the metric is not known.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{self.__class__.__name__} mode '{mode}' is unknown, fallback to auto mode.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op = None

    def _set_monitor_op(self):
        direction = self.mode
        if direction == "auto":
            direction = self._direction_of_metric(self.monitor.removeprefix("val_"))
        if direction is None:
            raise ValueError(
                f"{self.__class__.__name__} callback received monitor={self.monitor}, but it is "
                "not known whether that metric should be maximized or minimized. Pass "
                "`mode='max'` to look for the highest value or `mode='min'` for the lowest."
            )
        if direction == "min":
            self.monitor_op = ops.less
            self.min_delta *= -1
        else:
            self.monitor_op = ops.greater

    def _direction_of_metric(self, name):
        direction = "min" if name == "loss" else None
        for group in getattr(self.model, "metrics", ()):
            # Only the container made by `compile()` has metrics of its own.
            for metric in getattr(group, "metrics", ()):
                if metric.name == name and hasattr(metric, "_direction"):
                    direction = "max" if metric._direction == "up" else "min"
        return direction

    def _is_improvement(self, monitor_value, reference_value):
        if reference_value is None:
            return True
        return bool(self.monitor_op(monitor_value - self.min_delta, reference_value))
