"""Random numbers, which ONNX draws by generators of its own."""

from keraunos.export.onnx_ops.table import translation


@translation(
    "dropout",
    "random_gamma",
    "random_integer",
    "random_normal",
    "random_permutation",
    "random_truncated_normal",
    "random_uniform",
)
def random_numbers(c, *operands):
    raise c.cannot(f"ONNX cannot draw the random numbers of '{c.name}'")
