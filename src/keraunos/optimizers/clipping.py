"""Limits on gradients."""

from keraunos import ops


def clip_by_norm(gradient, limit):
    """`gradient`, scaled down where its Euclidean norm is greater than `limit`."""
    norm = ops.sqrt(ops.sum(ops.square(gradient)))
    return gradient * limit / ops.maximum(norm, limit)


def global_norm(gradients):
    """Euclidean norm of all gradients together."""
    total = 0.0
    for gradient in gradients:
        total = total + ops.sum(ops.square(gradient))
    return ops.sqrt(total)


def clip_by_global_norm(gradients, limit):
    """All gradients scaled by one factor so that their global norm is at most `limit`; a norm of NaN or Inf gives NaN."""
    norm = global_norm(gradients)
    scale = limit * ops.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
    return [gradient * scale for gradient in gradients]
