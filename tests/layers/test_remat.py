"""Rematerialization is accepted and changes nothing."""

import numpy as np
import pytest

import keraunos


def test_layers_inside_a_remat_scope_compute_the_same():
    with keraunos.RematScope(mode="full"):
        layer = keraunos.layers.Dense(2, kernel_initializer="ones")
        y = layer(np.ones((1, 3), "float32"))
    np.testing.assert_array_equal(y.numpy(), [[3.0, 3.0]])
    assert keraunos.remat(layer.call)(keraunos.ops.ones((1, 3))).shape == (1, 2)


def test_unknown_remat_mode_is_named():
    with pytest.raises(ValueError, match="Invalid mode 'most'"):
        keraunos.RematScope(mode="most")
