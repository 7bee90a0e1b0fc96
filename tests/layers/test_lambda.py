"""Lambda layers never store or run code."""

import keraunos
import numpy as np
import pytest
from keraunos import layers, ops


@keraunos.saving.register_keras_serializable("test_lambda")
def shifted(x, by=1.0):
    return x + by


def test_anonymous_functions_work_but_are_not_stored():
    layer = layers.Lambda(lambda x: x * 3)
    assert layer(np.ones((1, 2), "float32")).numpy().tolist() == [[3.0, 3.0]]
    with pytest.raises(NotImplementedError, match="the code of a lambda is never stored"):
        layer.get_config()


def test_registered_functions_make_the_round_trip():
    layer = layers.Lambda(shifted, arguments={"by": 2.0})
    again = layers.deserialize(layers.serialize(layer))
    assert again(np.ones((1, 1), "float32")).numpy().tolist() == [[3.0]]


def test_stored_byte_code_is_refused_in_either_form():
    new_form = {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}
    old_form = ["4wAAAA==", None, None]
    for function in (new_form, old_form):
        for safe_mode in (True, False, None):
            with pytest.raises(ValueError, match="Lambda layer 'evil'"):
                layers.Lambda.from_config({"name": "evil", "function": function}, safe_mode=safe_mode)


def test_output_shape_mask_and_arguments():
    layer = layers.Lambda(lambda x, mask=None: x[:, :2], output_shape=(2,), mask=lambda inputs, mask: mask)
    assert layer.compute_output_shape((None, 5)) == (None, 2)
    assert layers.Lambda(lambda x: x, output_shape=lambda shape: (*shape, 1)).compute_output_shape((2, 3)) == (2, 3, 1)
    assert layers.Lambda(lambda x: ops.sum(x, axis=-1)).compute_output_shape((None, 3)) == (None,)
