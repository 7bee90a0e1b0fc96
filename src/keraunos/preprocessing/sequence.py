"""`keras.preprocessing.sequence`."""

from keraunos.utils.sequence_utils import pad_sequences

__all__ = ["pad_sequences"]
