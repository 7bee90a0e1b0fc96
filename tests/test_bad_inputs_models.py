"""Bad inputs to models: one row per mistake, with the type and the words that the user must get.

The numbers are those of the table of bad inputs.
"""

import copy

import numpy as np
import pytest

import keraunos
from keraunos import layers

ROWS = []


def row(number, error, words, mistake):
    ROWS.append(pytest.param(error, words, mistake, id=f"{number}-{len(ROWS)}"))


def stack():
    return keraunos.Sequential([keraunos.Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")], name="stack")


def single():
    x = keraunos.Input((4,), name="x")
    return keraunos.Model(x, layers.Dense(2, name="d")(x))


def pair():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((4,), name="b")
    return keraunos.Model([a, b], layers.Add()([a, b]))


def pair_by_name():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((4,), name="b")
    return keraunos.Model({"a": a, "b": b}, layers.Add()([a, b]))


ONES = np.ones((2, 4), "float32")
EMPTY = keraunos.Sequential

row(36, ValueError, ["Only instances of `keras.Layer`", "3", "int"], lambda: stack().add(3))
row(36, ValueError, ["Only instances of `keras.Layer`", "Dense", "()"], lambda: stack().add(layers.Dense))
row(37, ValueError, ["should have unique names", "'a'"], lambda: stack().add(layers.Dense(2, name="a")))
row(38, ValueError, ["already been configured to use input shape", "(None, 4)"], lambda: stack().add(keraunos.Input((4,))))
row(39, IndexError, ["no layers to pop"], lambda: EMPTY().pop())
row(40, ValueError, ["cannot be built because it has no layers"], lambda: EMPTY().build((None, 4)))
row(40, ValueError, ["no layers"], lambda: EMPTY()(ONES))
row(40, ValueError, ["no layers"], lambda: EMPTY().predict(ONES, verbose=0))
row(41, ValueError, ["isn't built"], lambda: EMPTY([layers.Dense(2)]).count_params())
row(41, AttributeError, ["has no defined input shape yet"], lambda: EMPTY([layers.Dense(2)]).input_shape)
row(41, AttributeError, ["has no defined output shape yet"], lambda: EMPTY([layers.Dense(2)]).output_shape)
row(43, ValueError, ["nope", "'a', 'b'"], lambda: stack().get_layer("nope"))
row(43, ValueError, ["index 9", "2 layers"], lambda: stack().get_layer(index=9))
row(43, ValueError, ["either a layer name or layer index"], lambda: stack().get_layer())
row(43, ValueError, ["only a layer name or a layer index"], lambda: stack().get_layer("a", 1))
row(44, AttributeError, ["reserved"], lambda: setattr(single(), "layers", []))
row(44, AttributeError, ["reserved"], lambda: setattr(stack(), "layers", []))
row(
    45,
    ValueError,
    ["All `outputs` values must be KerasTensors", "ndarray"],
    lambda: keraunos.Model(keraunos.Input((4,)), np.ones((2, 2))),
)
row(45, ValueError, ["All `inputs` values must be KerasTensors"], lambda: keraunos.Model("x", keraunos.Input((4,))))


def disconnected():
    other = keraunos.Input((4,), name="other_input")
    return keraunos.Model(keraunos.Input((4,)), layers.Dense(2, name="stray")(other))


row(46, ValueError, ["is not connected to `inputs`", "'stray'", "other_input"], disconnected)


def same_names():
    x = keraunos.Input((4,))
    return keraunos.Model(x, layers.Dense(2, name="same")(layers.Dense(2, name="same")(x)))


row(47, ValueError, ['"same" is used 2 times'], same_names)
row(48, (ValueError, TypeError, NotImplementedError), ["symbolic"], lambda: np.add(keraunos.Input((4,)), 1))
row(48, (ValueError, TypeError, NotImplementedError), ["symbolic"], lambda: bool(keraunos.Input((4,))))
row(48, (ValueError, TypeError, NotImplementedError), ["symbolic"], lambda: list(keraunos.Input((4,))))
row(48, (ValueError, TypeError, NotImplementedError), ["symbolic"], lambda: float(keraunos.Input((4,))))


def looping_config():
    x = keraunos.Input((4,), name="x")
    model = keraunos.Model(x, layers.Dense(4, name="two")(layers.Dense(4, name="one")(x)))
    config = copy.deepcopy(model.get_config())
    call = config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]
    call["keras_history"] = ["two", 0, 0]
    return keraunos.Model.from_config(config)


row(49, ValueError, ["loops or disconnected nodes", "one", "two"], looping_config)
row(50, ValueError, ["x", "(None, 4)", "(2, 5)"], lambda: single()(np.ones((2, 5), "float32")))
row(51, ValueError, ['Missing data for input "b"', "a"], lambda: pair_by_name()({"a": ONES}))
row(51, ValueError, ['Missing data for input "b"', "c"], lambda: pair_by_name()({"a": ONES, "c": ONES}))
row(52, ValueError, ["expects 2", "received 1"], lambda: pair()([ONES]))
row(52, ValueError, ["expects 2", "received 3"], lambda: pair()([ONES] * 3))


def fit_with_two_inputs_for_one():
    model = single()
    model.compile("sgd", "mse")
    model.fit([ONES, ONES], np.ones((2, 2)), verbose=0)


row(53, ValueError, ["expects 1", "received 2"], fit_with_two_inputs_for_one)
row(54, ValueError, ["'b' is not optional, but None was passed"], lambda: pair()([ONES, None]))


class ForgetsSuper(keraunos.Model):
    def __init__(self):
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


row(55, RuntimeError, ["you forgot to call `super().__init__()`"], lambda: ForgetsSuper()(ONES))


class ReturnsNothing(keraunos.Model):
    def call(self, x):
        return None


def predict_with_nothing():
    return ReturnsNothing().predict(ONES, verbose=0)


row(56, (ValueError, TypeError), ["ReturnsNothing", "returned None"], predict_with_nothing)


@pytest.mark.parametrize(("error", "words", "mistake"), ROWS)
def test_a_mistake_gets_an_error_that_names_it(error, words, mistake):
    with pytest.raises(error) as caught:
        mistake()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert len(message.encode()) < 2048


@pytest.mark.parametrize("make", [stack, single])
def test_a_model_works_after_mistakes(make):
    model = make()
    before = model(ONES).numpy()
    for mistake in (
        lambda: model(np.ones((2, 5), "float32")),
        lambda: model(None),
        lambda: model.get_layer("nope"),
        lambda: model.add(layers.Reshape((7,))),
        lambda: setattr(model, "layers", []),
    ):
        with pytest.raises((ValueError, AttributeError, TypeError)):
            mistake()
    np.testing.assert_array_equal(model(ONES).numpy(), before)


def test_an_extra_key_of_a_dictionary_is_a_warning():
    with pytest.warns(UserWarning, match="The structure of `inputs` doesn't match"):
        pair_by_name()({"a": ONES, "b": ONES, "c": ONES})


def test_the_summary_of_an_unbuilt_model_prints_question_marks():
    lines = []
    keraunos.Sequential([layers.Dense(2)]).summary(print_fn=lines.append)
    assert "?" in "\n".join(lines) and "unbuilt" in "\n".join(lines)
