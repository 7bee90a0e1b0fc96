"""Activations that meant something else in older Keras."""

from keraunos import ops, registration


@registration.register_keras_serializable("keraunos")
def hard_sigmoid_of_keras_2(x):
    """`max(0, min(1, 0.2 * x + 0.5))`: what Keras up to 2.15 called `hard_sigmoid`. Keras 3 divides by 6."""
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def hard_sigmoid_config():
    """The config entry for this activation."""
    name = registration.get_registered_name(hard_sigmoid_of_keras_2)
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
