"""The base class: building, tracking, calling, losses, masks, names, copies."""

import copy
import pickle
import warnings

import keraunos
import numpy as np
import pytest
from keraunos import layers, ops


class Scale(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=input_shape[-1:], initializer="ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor


class Nested(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(2, name="first")
        self.rest = [layers.Dense(3), {"last": layers.Dense(1)}]

    def call(self, inputs):
        return self.rest[1]["last"](self.rest[0](self.first(inputs)))


def test_forgotten_super_init_is_named():
    class Forgetful(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(2)

    with pytest.raises(RuntimeError, match="In layer 'Forgetful', you forgot to call `super"):
        Forgetful()(np.ones((1, 2)))


def test_first_call_builds_and_locks():
    layer = Scale()
    assert not layer.built
    layer(np.ones((2, 3), "float32"))
    assert layer.built
    assert layer.path == layer.name
    assert layer.factor.path == f"{layer.name}/factor"
    with pytest.raises(ValueError, match="You cannot add new elements of state"):
        layer.more = keraunos.Variable(1.0)


def test_sublayers_in_containers_are_tracked_in_order():
    layer = Nested()
    layer(np.ones((2, 3), "float32"))
    assert [weight.shape for weight in layer.weights] == [(3, 2), (2,), (2, 3), (3,), (3, 1), (1,)]
    assert layer.weights[0].path == f"{layer.name}/first/kernel"
    assert len(layer._flatten_layers()) == 4


def test_list_attributes_follow_changes():
    layer = layers.Layer()
    layer.parts = []
    layer.parts.append(layers.Dense(1))
    layer.parts += [layers.Dense(2)]
    assert [part.units for part in layer._layers] == [1, 2]
    layer.parts.pop(0)
    assert [part.units for part in layer._layers] == [2]
    layer.parts.clear()
    assert layer._layers == []


def test_named_shapes_build_layers_with_several_inputs():
    class Two(layers.Layer):
        def build(self, a_shape, b_shape):
            self.shapes = (tuple(a_shape), tuple(b_shape))

        def call(self, a, b=None):
            return a + b

    layer = Two()
    layer(np.ones((2, 3), "float32"), b=np.ones((1, 3), "float32"))
    assert layer.shapes == ((2, 3), (1, 3))


def test_wrongly_named_shapes_are_refused():
    class Wrong(layers.Layer):
        def build(self, a_shape, other):
            pass

        def call(self, a, b=None):
            return a

    with pytest.raises(ValueError, match="which does not end in `_shape`"):
        Wrong()(np.ones((1, 2)), b=np.ones((1, 2)))


def test_super_build_inside_build_locks_only_at_the_end():
    class Child(Scale):
        def build(self, input_shape):
            super().build(input_shape)
            self.offset = self.add_weight(shape=(), name="offset")

    layer = Child()
    layer.build((None, 2))
    assert [weight.name for weight in layer.weights] == ["factor", "offset"]


def test_training_is_inherited_by_inner_layers():
    seen = []

    class Inner(layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, x):
            return self.inner(x)

    outer = Outer()
    x = ops.ones((1, 2))
    for _ in range(2):
        outer(x, training=True)
        outer(x, training=False)
        outer(x)
    assert seen[-3:] == [True, False, None]
    assert seen[-6:-3] == [True, False, None]


def test_short_road_gives_what_the_long_one_gives():
    layer = layers.Dense(3, activation="tanh")
    x = ops.ones((2, 4))
    first = layer(x)
    assert layer._short_call is not None
    np.testing.assert_array_equal(layer(x).numpy(), first.numpy())
    np.testing.assert_array_equal(layer(np.ones((2, 4), "float32")).numpy(), first.numpy())
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 4"):
        layer(ops.ones((2, 5)))


def test_errors_in_call_name_the_layer_and_its_arguments():
    class Broken(layers.Layer):
        def call(self, inputs, factor=1):
            raise ValueError("out of luck")

    with pytest.raises(ValueError) as caught:
        Broken()(np.ones((2, 3), "float32"), factor=3)
    text = str(caught.value)
    assert "Exception encountered when calling Broken.call()." in text
    assert "out of luck" in text
    assert "shape=(2, 3), dtype=float32" in text
    assert "factor=3" in text


def test_positional_arguments_must_be_tensors():
    with pytest.raises(ValueError, match="Only input tensors may be passed as positional arguments"):
        Scale()(np.ones((1, 2)), "hello")


def test_losses_come_from_add_loss_activity_and_weights():
    class Penalised(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    layer = Penalised(activity_regularizer=keraunos.regularizers.L2(0.5))
    x = np.full((2, 2), 2.0, "float32")
    layer(x)
    assert [float(loss) for loss in layer.losses] == [8.0, 4.0]
    layer(x)
    assert len(layer.losses) == 2
    dense = layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones")
    dense.build((None, 3))
    assert float(dense.losses[0]) == pytest.approx(0.03)
    dense.trainable = False
    assert dense.losses == []


def test_losses_of_shape_inference_are_dropped():
    layer = layers.ActivityRegularization(l1=1.0)
    layer(keraunos.KerasTensor((None, 3)))
    assert layer.losses == []


def test_masks_travel_and_are_dropped_with_a_warning():
    embedding = layers.Embedding(4, 2, mask_zero=True)
    x = embedding(np.array([[1, 0], [2, 3]]))
    assert x._keras_mask.numpy().tolist() == [[True, False], [True, True]]
    assert layers.Dense(3)(x)._keras_mask is x._keras_mask
    with pytest.warns(UserWarning, match="does not support masking"):
        Scale()(x)


def test_trainable_reaches_inner_layers():
    layer = Nested()
    layer(np.ones((2, 3), "float32"))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 6
    assert not layer.first.kernel.trainable


def test_set_weights_names_counts_and_shapes_and_changes_nothing_then():
    layer = layers.Dense(2, kernel_initializer="zeros")
    layer.build((None, 3))
    with pytest.raises(ValueError, match="weight list of length 1, but the layer was expecting 2 weights"):
        layer.set_weights([np.ones((3, 2))])
    with pytest.raises(ValueError, match=r"weight shape \(2,\) is not compatible with provided weight shape \(3,\)"):
        layer.set_weights([np.ones((3, 2)), np.ones((3,))])
    assert layer.get_weights()[0].sum() == 0
    assert layer.count_params() == 8


def test_unbuilt_layer_has_no_parameters_to_count():
    with pytest.raises(ValueError, match="but the layer isn't built"):
        layers.Dense(2).count_params()


def test_input_and_output_shape_are_defined_by_the_first_symbolic_call():
    layer = layers.Dense(2)
    with pytest.raises(AttributeError, match="has no defined input shape yet"):
        _ = layer.input_shape
    layer(layers.Input((3,)))
    assert layer.input_shape == (None, 3)
    assert layer.output_shape == (None, 2)
    layer.input_shape = "an attribute of the user's own"
    assert layer.input_shape == "an attribute of the user's own"


def test_arguments_of_older_keras():
    with pytest.warns(UserWarning, match="Do not pass an `input_shape`/`input_dim`"):
        layer = layers.Dense(2, input_dim=3)
    assert layer._input_shape_arg == (3,)
    layer = layers.Dense(2, batch_input_shape=(4, 3), weights=[np.ones((3, 2)), np.zeros(2)])
    assert layer._batch_shape_arg == (4, 3)
    layer.build((None, 3))
    assert layer.get_weights()[0].sum() == 6


def test_copies_stand_alone():
    layer = Nested()
    x = np.ones((2, 3), "float32")
    y = layer(x)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(twin(x).numpy(), y.numpy())
        twin.first.kernel.assign(twin.first.kernel * 2)
        np.testing.assert_array_equal(layer(x).numpy(), y.numpy())
        assert len(twin.weights) == 6


def test_custom_layer_without_get_config_says_what_to_write():
    class Opaque(layers.Layer):
        def __init__(self, function):
            super().__init__()
            self.function = function

    with pytest.raises(NotImplementedError, match="must override `get_config"):
        Opaque(lambda x: x).get_config()


def test_plain_arguments_make_the_config_by_themselves():
    class Plain(layers.Layer):
        def __init__(self, size, scale=2.0, **kwargs):
            super().__init__(**kwargs)
            self.size = size

    config = Plain(3, name="plain").get_config()
    assert config["size"] == 3
    assert config["scale"] == 2.0
    assert Plain.from_config(config).size == 3


def test_stateless_call_returns_updates_and_changes_nothing():
    layer = layers.BatchNormalization()
    x = np.arange(6.0, dtype="float32").reshape(3, 2)
    layer.build((None, 2))
    before = layer.get_weights()
    y, updates = layer.stateless_call(
        [v.value for v in layer.trainable_variables],
        [v.value for v in layer.non_trainable_variables],
        ops.convert_to_tensor(x),
        training=True,
    )
    assert abs(y.numpy().mean()) < 1e-6
    assert not np.allclose(updates[0].numpy(), before[2])
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_layers_that_are_not_built_yet_are_named():
    from keraunos.layers.not_built import NOT_BUILT

    for name in NOT_BUILT:
        assert not hasattr(layers, name)
        assert name not in layers.__all__
        with pytest.raises(AttributeError, match=f"keraunos.layers.{name} is not built yet"):
            getattr(layers, name)


def test_name_scopes_do_not_leak_out_of_failing_calls():
    class Broken(layers.Layer):
        def call(self, x):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Broken()(np.ones((1, 1)))
    layer = Scale(name="after")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(np.ones((1, 1), "float32"))
    assert layer.factor.path == "after/factor"


def test_options_of_multi_head_attention_can_be_read_but_not_changed():
    layer = layers.MultiHeadAttention(num_heads=2, key_dim=3, dropout=0.1, use_bias=False, attention_axes=1)
    assert (layer.num_heads, layer.key_dim, layer.value_dim) == (2, 3, 3)
    assert (layer.dropout, layer.use_bias, layer.attention_axes) == (0.1, False, (1,))
    for name in ("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "attention_axes"):
        with pytest.raises(AttributeError, match=name):
            setattr(layer, name, 1)


def test_normalized_weights_are_what_a_training_call_leaves_behind():
    layer = layers.SpectralNormalization(layers.Dense(3))
    layer.build((None, 4))
    vector, kernel = map(np.asarray, layer.normalized_weights())
    layer(np.ones((2, 4), "float32"), training=True)
    np.testing.assert_allclose(np.asarray(layer.vector_u), vector, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(layer.kernel), kernel, rtol=1e-6)
