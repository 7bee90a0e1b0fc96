"""Connectionist temporal classification."""

from keraunos import ops
from keraunos.losses.loss_function_wrapper import FunctionLoss


def ctc(y_true, y_pred):
    """CTC loss (Graves et al., 2006) of logits against label sequences; class 0 is the blank and pads the labels.

    Arguments:
        y_true: integer labels, shape `(batch, max_label_length)`.
        y_pred: logits, shape `(batch, max_length, classes)`.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) != 2:
        raise ValueError(
            "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format. "
            f"Received: y_true.shape={tuple(y_true.shape)}"
        )
    if len(y_pred.shape) != 3:
        raise ValueError(
            "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}"
        )
    blank = 0
    is_label = ops.cast(ops.not_equal(y_true, blank), "int32")
    output_length = ops.sum(ops.ones_like(y_pred[:, :, 0], dtype="int32"), axis=-1)
    return ops.ctc_loss(y_true, y_pred, ops.sum(is_label, axis=-1), output_length, mask_index=blank)


class CTC(FunctionLoss):
    """Loss of unaligned sequences. See `ctc`."""

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, name=name, reduction=reduction, dtype=dtype)
