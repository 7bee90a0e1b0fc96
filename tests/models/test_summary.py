"""The printed forms of `Model.summary()`, as Keras 3, Keras 2 and TensorFlow 2 print them."""

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.utils.summary_utils import readable_memory_size, set_summary_style


@pytest.fixture
def stack():
    return keraunos.Sequential(
        [
            keraunos.Input((8,)),
            layers.Dense(32, name="dense_13"),
            layers.Dense(64, activation="relu", name="dense_14"),
            layers.Dense(8, name="dense_15"),
        ],
        name="sequential_10",
    )


@pytest.fixture
def branched():
    a = keraunos.Input((4,), name="a")
    b = keraunos.Input((4,), name="b")
    x = layers.Add(name="add")([a, b])
    x = layers.Dense(3, name="dense_3")(x)
    inner = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(2, name="dense_4")], name="sequential_1")
    return keraunos.Model([a, b], inner(x), name="functional_2")


def printed(model, **kwargs):
    lines = []
    model.summary(print_fn=lines.append, **kwargs)
    return "\n".join(lines)


KERAS_2 = """Model: "sequential_10"
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
dense_13 (Dense)             (None, 32)                288       
_________________________________________________________________
dense_14 (Dense)             (None, 64)                2112      
_________________________________________________________________
dense_15 (Dense)             (None, 8)                 520       
=================================================================
Total params: 2,920
Trainable params: 2,920
Non-trainable params: 0
_________________________________________________________________"""

TF_2 = """Model: "model_4"
_________________________________________________________________
 Layer (type)                Output Shape              Param #   
=================================================================
 input_7 (InputLayer)        [(None, 10)]              0         
                                                                 
 dense_18 (Dense)            (None, 10)                110       
                                                                 
 dense_21 (Dense)            (None, 1)                 11        
                                                                 
=================================================================
Total params: 121
Trainable params: 121
Non-trainable params: 0
_________________________________________________________________"""

KERAS_3 = """Model: "sequential_10"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense_13 (Dense)                │ (None, 32)             │           288 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_14 (Dense)                │ (None, 64)             │         2,112 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_15 (Dense)                │ (None, 8)              │           520 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 2,920 (11.41 KB)
 Trainable params: 2,920 (11.41 KB)
 Non-trainable params: 0 (0.00 B)
"""

KERAS_3_BRANCHED = """Model: "functional_2"
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)      ┃ Output Shape    ┃   Param # ┃ Connected to   ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━┩
│ a (InputLayer)    │ (None, 4)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ b (InputLayer)    │ (None, 4)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ add (Add)         │ (None, 4)       │         0 │ a[0][0],       │   -   │
│                   │                 │           │ b[0][0]        │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ dense_3 (Dense)   │ (None, 3)       │        15 │ add[0][0]      │   Y   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ sequential_1      │ (None, 2)       │         8 │ dense_3[0][0]  │   Y   │
│ (Sequential)      │                 │           │                │       │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│    └ dense_4      │ (None, 2)       │         8 │ -              │   Y   │
│ (Dense)           │                 │           │                │       │
└───────────────────┴─────────────────┴───────────┴────────────────┴───────┘
 Total params: 23 (92.00 B)
 Trainable params: 23 (92.00 B)
 Non-trainable params: 0 (0.00 B)
"""


def test_keras_2_rules_every_row(stack):
    assert printed(stack, style="keras2") == KERAS_2


def test_tensorflow_2_leaves_lines_blank_between_rows():
    visible = keraunos.Input((10,), name="input_7")
    hidden = layers.Dense(10, name="dense_18")(visible)
    model = keraunos.Model(visible, layers.Dense(1, name="dense_21")(hidden), name="model_4")
    assert printed(model, style="tf2") == TF_2


def test_keras_3_draws_a_box(stack):
    assert printed(stack, line_length=76) == KERAS_3


def test_keras_3_shows_connections_nested_layers_and_trainability(branched):
    assert printed(branched, line_length=76, show_trainable=True, expand_nested=True) == KERAS_3_BRANCHED


def test_keras_2_puts_each_connection_on_a_row_of_its_own(branched):
    lines = printed(branched, style="keras2").splitlines()
    assert all(len(line) == 98 for line in lines[1:9])
    row = next(index for index, line in enumerate(lines) if line.startswith("add (Add)"))
    assert lines[row].rstrip().endswith("a[0][0]")
    assert lines[row + 1].strip() == "b[0][0]"


def test_the_style_can_be_set_for_all_summaries(stack):
    set_summary_style("keras2")
    try:
        assert printed(stack) == KERAS_2
    finally:
        set_summary_style("keras3")


def test_an_unknown_style_is_refused(stack):
    with pytest.raises(ValueError, match="style"):
        stack.summary(style="keras4")


def test_an_unbuilt_model_shows_question_marks():
    text = printed(keraunos.Sequential([layers.Dense(3)]), line_length=76)
    assert "│ ?                      │   0 (unbuilt) │" in text


def test_a_layer_range_shows_part_of_the_table(stack):
    text = printed(stack, layer_range=["dense_13", "dense_14"])
    assert "dense_14" in text and "dense_15" not in text
    with pytest.raises(ValueError, match="do not match"):
        stack.summary(layer_range=["nope", "dense_14"])


def test_optimizer_variables_are_counted_once_they_exist(stack):
    stack.compile("adam", "mse")
    stack.optimizer.build(stack.trainable_variables)
    text = printed(stack)
    assert " Optimizer params: 5,842 (" in text
    assert " Total params: 8,762 (" in text


def test_subclassed_models_list_their_layers():
    class Twice(keraunos.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x) * 2

    model = Twice()
    model(np.ones((2, 3), "float32"))
    assert "(2, 2)" in printed(model)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.00 B"), (1023, "1023.00 B"), (11680, "11.41 KB"), (5 * 2**30, "5.00 GB")]
)
def test_memory_sizes_are_readable(size, text):
    assert readable_memory_size(size) == text
