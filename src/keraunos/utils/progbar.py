"""Progress bar for terminals, notebooks and log files."""

import math
import os
import sys
import time

import numpy as np

from keraunos.utils import io_utils

_BOLD, _GREEN, _WHITE, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


def redraws_in_place():
    """Returns `True` when standard output shows a line that can be overwritten.

    That is a terminal, a notebook or PyCharm's console. A file or a pipe is none of these:
    there, control characters would only spoil the log.
    """
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    isatty = getattr(sys.stdout, "isatty", None)
    return bool(isatty and isatty())


def format_duration(seconds, unit_name):
    """Returns the time of one step as `" 4ms/step"`."""
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/{unit_name}"
    if seconds >= 1e-3:
        return f" {seconds * 1e3:.0f}ms/{unit_name}"
    return f" {seconds * 1e6:.0f}us/{unit_name}"


def _format_value(value):
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _format_remaining(seconds):
    seconds = int(seconds)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if seconds > 60:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds}s"


class Progbar:
    """Displays a progress bar.

    In a terminal or a notebook the line is redrawn in place. Elsewhere every update is one
    plain line without control characters.

    Args:
        target: total number of steps, `None` if unknown.
        width: width of the bar in characters.
        verbose: 0 silent, 1 bar, 2 one line at the end.
        interval: seconds that must pass between two redraws.
        stateful_metrics: names of values shown as they are; all others are averaged.
        stateless_metrics: names of values that are averaged; all others are shown as they are.
            Only one of the two may be given.
        unit_name: word for one step.

    Example:

    >>> from keraunos.utils import Progbar
    >>> bar = Progbar(target=3, verbose=0)
    >>> for step in range(3):
    ...     bar.update(step + 1, values=[("loss", 0.5)])
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: Only one of `stateful_metrics` and `stateless_metrics` can be given: "
                "the first lists the values that are not averaged, the second those that are."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None
        self.stateless_metrics = None
        if stateless_metrics is not None:
            self.stateless_metrics = set(stateless_metrics)
        else:
            self.stateful_metrics = set(stateful_metrics or ())
        self._dynamic_display = redraws_in_place()
        self._seen_so_far = 0
        self._values = {}  # name -> [weighted sum, weight], in order of appearance
        self._start = time.time()
        self._time_after_first_step = None
        self._last_update = 0
        self._previous_width = 0

    def update(self, current, values=None, finalize=None):
        """Moves the bar.

        Args:
            current: number of steps done.
            values: list of `(name, value)` for the last step.
            finalize: whether this is the last update; by default `current >= target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._record(name, value, current, finalize)
        self._seen_so_far = current
        now = time.time()
        seconds_per_step = self._seconds_per_step(current, now)
        if self.verbose == 1:
            if not finalize and now - self._last_update < self.interval:
                return
            self._draw(current, now, seconds_per_step, finalize)
        elif self.verbose == 2 and finalize and self.target:
            io_utils.print_msg(self._summary_line(current, now, seconds_per_step))
        self._last_update = now

    def add(self, n, values=None):
        """Moves the bar by `n` steps."""
        self.update(self._seen_so_far + n, values)

    def _record(self, name, value, current, finalize):
        if self.stateful_metrics is not None:
            is_averaged = name not in self.stateful_metrics
        else:
            is_averaged = name in self.stateless_metrics
        if not is_averaged or finalize:
            self._values[name] = [value, 1]
            return
        # The same step may be reported twice (end of batch, end of epoch): it counts once.
        steps = max(current - self._seen_so_far, 1)
        total = self._values.setdefault(name, [0.0, 0])
        total[0] = total[0] + np.mean(value) * steps
        total[1] += steps

    def _seconds_per_step(self, current, now):
        # The first step is left out when there are more: it builds and compiles.
        if not current:
            return 0
        if self._time_after_first_step is not None and current > 1:
            seconds = (now - self._time_after_first_step) / (current - 1)
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._time_after_first_step = now
        return seconds

    def _count(self, current):
        if not self.target:
            return f"{current:7d}/Unknown"
        return f"{current:{int(math.log10(self.target)) + 1}d}/{self.target}"

    def _metrics_text(self):
        parts = []
        for name, (total, count) in self._values.items():
            parts.append(f" - {name}: {_format_value(float(np.mean(total)) / max(1, count))}")
        return "".join(parts)

    def _summary_line(self, current, now, seconds_per_step):
        step_time = format_duration(seconds_per_step, self.unit_name)
        return f"{self._count(current)} - {now - self._start:.0f}s -{step_time}{self._metrics_text()}"

    def _draw(self, current, now, seconds_per_step, finalize):
        count, bar, tail = self._count(current), "", ""
        filled = 0
        if self.target:
            filled = min(self.width, int(self.width * current / self.target))
            bar = "━" * self.width
        if self.target and not finalize:
            clock = _format_remaining(seconds_per_step * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        tail = format_duration(seconds_per_step, self.unit_name) + self._metrics_text()
        if not self._dynamic_display:
            io_utils.print_msg(" ".join(part for part in (count, bar, clock) if part) + tail)
            return
        width = len(count) + len(bar) + bool(bar) + 1 + len(clock) + len(tail)
        text = "\r"
        if bar:
            text += f"{_BOLD}{count}{_PLAIN} "
            if filled:
                text += f"{_GREEN}{bar[:filled]}{_PLAIN}"
            text += f"{_WHITE}{bar[filled:]}{_PLAIN}"
        else:
            text += count
        text += f" {_BOLD}{clock}{_PLAIN}{tail}"
        text += " " * max(0, self._previous_width - width)
        self._previous_width = width
        io_utils.print_msg(text, line_break=finalize)
