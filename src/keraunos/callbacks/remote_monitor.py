"""Logs sent to a server."""

import json
import warnings

import numpy as np

from keraunos.callbacks.callback import Callback


class RemoteMonitor(Callback):
    """Sends the logs of every epoch to a server by HTTP POST. Needs the package `requests`.

    Args:
        root: address of the server.
        path: path below `root`.
        field: form field that holds the JSON text; unused when `send_as_json=True`.
        headers: dict of further HTTP headers.
        send_as_json: whether to send the logs as `application/json`.

    Example:

    >>> import keraunos
    >>> monitor = keraunos.callbacks.RemoteMonitor(root="http://localhost:9000")
    """

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        try:
            # Not at the top: importing it takes longer than importing this library.
            import requests
        except ImportError:
            raise ImportError("RemoteMonitor requires the `requests` library.") from None
        message = {"epoch": epoch}
        for name, value in (logs or {}).items():
            message[name] = value.item() if isinstance(value, (np.ndarray, np.generic)) else value
        url = self.root + self.path
        try:
            if self.send_as_json:
                requests.post(url, json=message, headers=self.headers)
            else:
                requests.post(url, {self.field: json.dumps(message)}, headers=self.headers)
        except requests.exceptions.RequestException:
            warnings.warn(
                f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2
            )
