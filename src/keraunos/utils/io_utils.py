"""Messages to the user: one place that writes to the terminal."""

import sys

from keraunos import config
from keraunos.config import (  # noqa: F401  the public names live with the other settings
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)


def _logger():
    # Rarely needed, and slow to import.
    import logging

    return logging.getLogger("keraunos")


def print_msg(message, line_break=True):
    """Writes a message to standard output, or to the logger when interactive logging is off."""
    message = str(message)
    if not config.is_interactive_logging_enabled():
        _logger().info(message)
        return
    text = message + "\n" if line_break else message
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        # The bar's sign does not exist in every terminal encoding.
        encoding = sys.stdout.encoding or "utf-8"
        text = text.replace("━", "=").encode(encoding, errors="ignore").decode(encoding)
        sys.stdout.write(text)
    sys.stdout.flush()


def set_logging_verbosity(level):
    """Sets the level of the logger `"keraunos"`.

    Args:
        level: one of `"FATAL"`, `"ERROR"`, `"WARNING"`, `"INFO"`, `"DEBUG"`.
    """
    levels = ("FATAL", "ERROR", "WARNING", "INFO", "DEBUG")
    if level not in levels:
        raise ValueError(
            f"set_logging_verbosity: `level` must be one of {list(levels)}. Received: level={level!r}"
        )
    _logger().setLevel(level)


def ask_to_proceed_with_overwrite(filepath):
    """Asks on the terminal whether `filepath` may be overwritten.

    Returns:
        `True` when the answer is yes.
    """
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    if answer == "n":
        return False
    print_msg("[TIP] Next time specify overwrite=True!")
    return True
