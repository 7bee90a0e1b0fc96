"""Logs for TensorBoard."""

import os
import time

import numpy as np

from keraunos import config
from keraunos.callbacks.callback import Callback, default
from keraunos.callbacks.learning_rates import learning_rate_logs


class TensorBoard(Callback):
    """Writes event files that TensorBoard shows. Needs neither TensorBoard nor TensorFlow.

    Args:
        log_dir: folder; the files go to `train` and `validation` below it.
        histogram_freq: write the distributions of the weights every so many epochs; 0 for never.
        write_graph: accepted; graphs are not written.
        write_images: whether to write the weights as pictures, too, with the distributions.
        write_steps_per_second: whether to write the speed.
        update_freq: `"epoch"`, `"batch"`, or every so many batches.
        profile_batch: must be 0: there is no profiler.
        embeddings_freq: save the weights for the projector every so many epochs; 0 for never.
        embeddings_metadata: file with the names of the rows of an embedding, or a dict from the names of
            layers to such files.

    Raises:
        ValueError: for `profile_batch` other than 0, or unknown names of layers.

    Example:

    >>> import keraunos
    >>> board = keraunos.callbacks.TensorBoard("logs")
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        if profile_batch:
            raise ValueError(
                "Profiling is not yet available with the keraunos backend. "
                f"Received: profile_batch={profile_batch} (must be 0)"
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers = {}
        self._global_train_batch = 0
        self._batch_start_time = 0.0
        self._epoch_start_time = 0.0
        self._epoch_start_iterations = 0
        if self.update_freq == "epoch":
            # Nothing to write within an epoch: no need to stop after every batch.
            self.on_train_batch_begin = self.on_train_batch_end = _no_batch_hook

    def set_model(self, model):
        super().set_model(model)
        self._close_writers()
        if self.embeddings_freq:
            self._write_projector_config()

    def _writer(self, name):
        # Made when needed: a run without validation has no file for it.
        if name not in self._writers:
            from keraunos.callbacks.event_file import EventFile

            self._writers[name] = EventFile(os.path.join(self.log_dir, name))
        return self._writers[name]

    def _close_writers(self):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write_scalars(self, writer_name, prefix, values, step, suffix=""):
        writer = self._writer(writer_name)
        for name, value in values.items():
            writer.scalar(f"{prefix}_{name}{suffix}", value, step)
        writer.flush()

    def on_train_begin(self, logs=None):
        self._global_train_batch = 0

    def on_train_end(self, logs=None):
        self._close_writers()

    def on_epoch_begin(self, epoch, logs=None):
        if self.write_steps_per_second:
            self._epoch_start_iterations = int(self.model.optimizer.iterations)
            self._epoch_start_time = time.time()

    def on_epoch_end(self, epoch, logs=None):
        self._write_epoch(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            name = f"keras_embedding.ckpt-{epoch}.weights.h5"
            folder = os.path.join(self.log_dir, "train")
            os.makedirs(folder, exist_ok=True)
            self.model.save_weights(os.path.join(folder, name))

    def _write_epoch(self, epoch, logs):
        if not logs:
            return
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        if self.model.optimizer is not None:
            train.update(learning_rate_logs(self.model))
        if self.write_steps_per_second:
            steps = int(self.model.optimizer.iterations) - self._epoch_start_iterations
            train["steps_per_second"] = steps / (time.time() - self._epoch_start_time)
        self._write_scalars("train", "epoch", train, epoch)
        if validation:
            self._write_scalars("validation", "epoch", validation, epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self._global_train_batch += 1
        self._batch_start_time = time.time()

    def on_train_batch_end(self, batch, logs=None):
        if self._global_train_batch % self.update_freq:
            return
        values = dict(logs or {})
        if self.write_steps_per_second:
            values["steps_per_second"] = 1.0 / max(time.time() - self._batch_start_time, 1e-9)
        self._write_scalars("train", "batch", values, self._global_train_batch)

    def on_test_end(self, logs=None):
        optimizer = self.model.optimizer
        if optimizer is not None and logs:
            step = int(optimizer.iterations)
            self._write_scalars("validation", "evaluation", logs, step, suffix="_vs_iterations")

    def _write_weights(self, epoch):
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name = weight.path.replace(":", "_")
                values = weight.numpy()
                writer.histogram(f"{name}/histogram", values, epoch)
                if self.write_images:
                    for picture in _as_pictures(values):
                        writer.image(f"{name}/image", picture, epoch)
        writer.flush()

    def _write_projector_config(self):
        metadata = self.embeddings_metadata
        remaining = dict(metadata) if isinstance(metadata, dict) else {}
        lines = []
        for layer in self.model.layers:
            if type(layer).__name__ != "Embedding":
                continue
            path = metadata if isinstance(metadata, str) else remaining.pop(layer.name, None)
            lines.append("embeddings {")
            lines.append(
                '  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"'
            )
            if path is not None:
                lines.append(f'  metadata_path: "{path}"')
            lines.append("}")
        if remaining:
            raise ValueError(
                "Unrecognized `Embedding` layer names passed to `keras.callbacks.TensorBoard` "
                f"`embeddings_metadata` argument: {list(remaining)}"
            )
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w") as file:
            file.write("".join(f"{line}\n" for line in lines))


def _as_pictures(values):
    """Returns up to three pictures of a weight, of shape `(height, width, 1)`."""
    values = np.squeeze(values)
    if values.ndim == 1:
        return [values.reshape(-1, 1, 1)]
    if values.ndim == 2:
        values = values.T if values.shape[0] > values.shape[1] else values
        return [values[:, :, None]]
    if values.ndim == 3:
        if config.image_data_format() == "channels_last":
            values = values.transpose(2, 0, 1)
        return list(values[:3, :, :, None])
    return []


@default
def _no_batch_hook(batch, logs=None):
    """Stands for the hooks of a batch when only epochs are written."""
