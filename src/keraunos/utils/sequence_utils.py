"""Padding of sequences."""

import numpy as np


def pad_sequences(
    sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0
):
    """Turns sequences of different lengths into one array.

    Args:
        sequences: list of sequences (lists or arrays); all items have the same shape.
        maxlen: length of the result; by default that of the longest sequence.
        dtype: dtype of the result; `object` for strings of different lengths.
        padding: `"pre"` or `"post"`: where the padding goes.
        truncating: `"pre"` or `"post"`: which end of a too long sequence is cut off.
        value: padding value.

    Returns:
        Array of shape `(len(sequences), maxlen) + item_shape`.

    Example:

    >>> from keraunos.utils import pad_sequences
    >>> pad_sequences([[1], [2, 3]])
    array([[0, 1],
           [2, 3]], dtype=int32)
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    lengths = []
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                "`sequences` must be a list of iterables. "
                f"Found non-iterable: {str(sequence)[:200]}"
            )
        lengths.append(len(sequence))
    item_shape = ()
    for sequence in sequences:
        if len(sequence):
            item_shape = np.asarray(sequence).shape[1:]
            break
    if maxlen is None:
        maxlen = max(lengths, default=0)

    is_text_dtype = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and dtype is not object and not is_text_dtype:
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\n"
            "You should set `dtype=object` for variable length strings."
        )
    if padding not in ("pre", "post"):
        raise ValueError(f'Padding type "{padding}" not understood')
    if truncating not in ("pre", "post"):
        raise ValueError(f'Truncating type "{truncating}" not understood')

    result = np.full((len(lengths), maxlen) + item_shape, value, dtype=dtype)
    for row, sequence in enumerate(sequences):
        if not lengths[row] or not maxlen:
            continue
        kept = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != item_shape:
            raise ValueError(
                f"Shape of sample {kept.shape[1:]} of sequence at position {row} "
                f"is different from expected shape {item_shape}"
            )
        if padding == "post":
            result[row, : len(kept)] = kept
        else:
            result[row, maxlen - len(kept) :] = kept
    return result
