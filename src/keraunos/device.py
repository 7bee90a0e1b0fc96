"""`device`: the place where tensors are kept. There is one, the CPU."""

import re


class device:
    """Context in which tensors are made on a device; accepts the CPU only.

    Args:
        device_name: `"cpu"` or `"cpu:0"`, in upper or lower case, `None` for the default.

    Raises:
        ValueError: for another device.

    Example:

    >>> import keraunos
    >>> with keraunos.device("cpu:0"):
    ...     x = keraunos.ops.ones((2,))
    """

    def __init__(self, device_name=None):
        if device_name is not None and not isinstance(device_name, str):
            raise ValueError(
                "Invalid value for argument `device_name`. Expected a string like 'cpu:0'. "
                f"Received: device_name='{device_name}'"
            )
        if device_name is not None and not re.fullmatch(r"(?i)cpu(:\d+)?", device_name):
            raise ValueError(
                f"keraunos computes on the CPU. Received: device_name='{device_name}'"
            )
        self.device_name = device_name or "cpu"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None
