"""What the outermost layer call hands down to the layers called inside it: `training` and registered arguments."""

import threading


class CallContext:
    """Values of the context arguments during one outermost call."""

    def __init__(self, entry_layer):
        self.entry_layer = entry_layer
        self.training = None

    def get_value(self, name, default=None):
        return getattr(self, name, default)

    def set_value(self, name, value):
        setattr(self, name, value)


class _Current(threading.local):
    context = None


current = _Current()
