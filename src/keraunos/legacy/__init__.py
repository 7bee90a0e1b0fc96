"""What Keras keeps of its earlier self."""

from keraunos.legacy import saving

__all__ = ["saving"]
