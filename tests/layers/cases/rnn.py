"""The recurrent layers and the wrappers of sequences."""

import itertools

from case import MASK, TRAIN, case

from keraunos import layers

X = (None, 3, 2)
STATES = {"SimpleRNN": 1, "GRU": 1, "LSTM": 2}
# First and middle steps masked, the last one masked, everything masked.
GAPS = {"mask": [[False, True, False], [True, False, True]]}
NOTHING = {"mask": [[False, False, False], [False, True, True]]}


def outputs(units, sequences, state, number):
    """The shapes of the outputs of a recurrent layer."""
    output = (None, 3, units) if sequences else (None, units)
    return [output, *[(None, units)] * number] if state else output


def recurrent(cls, weights=3, units=2, call=None, more=None, **options):
    y = outputs(units, options.get("return_sequences"), options.get("return_state"), STATES[cls.__name__])
    case(cls, units=units, x=X, y=y, weights=weights, call=call, more=more, **options)


FAMILIES = [(layers.SimpleRNN, {}), (layers.LSTM, {}), (layers.GRU, {}), (layers.GRU, {"reset_after": False})]
for cls, variant in FAMILIES:
    number = STATES[cls.__name__]
    states = {"initial_state": [(None, 2)] * number}
    # What is returned, in which direction, with which mask.
    for sequences, state, backwards, unroll in itertools.product([False, True], repeat=4):
        if unroll and (state or backwards):
            continue
        options = {"return_sequences": sequences, "return_state": state, "go_backwards": backwards, "unroll": unroll}
        options = {name: value for name, value in options.items() if value}
        recurrent(cls, **options, **variant)
        recurrent(cls, **options, **variant, call=GAPS)
        if not unroll:
            recurrent(cls, **options, **variant, more=states)
    for zeros, sequences in itertools.product([False, True], repeat=2):
        recurrent(cls, **variant, zero_output_for_mask=zeros, return_sequences=sequences, call=MASK, more=states)
        recurrent(cls, **variant, zero_output_for_mask=zeros, return_sequences=sequences, call=NOTHING)
    recurrent(cls, **variant, zero_output_for_mask=True, return_sequences=True, unroll=True, call=GAPS)
    recurrent(cls, **variant, use_bias=False, weights=2)
    recurrent(cls, **variant, use_bias=False, weights=2, call=GAPS, return_sequences=True)
    for activation in ["relu", "linear", None, "sigmoid"]:
        recurrent(cls, **variant, activation=activation)
    if cls is not layers.SimpleRNN:
        for activation in ["hard_sigmoid", "tanh", None]:
            recurrent(cls, **variant, recurrent_activation=activation)
        recurrent(cls, **variant, implementation=1)
    recurrent(cls, **variant, units=1, return_sequences=True)
    recurrent(cls, **variant, units=9, return_sequences=True, return_state=True)
    recurrent(cls, **variant, dropout=0.4, recurrent_dropout=0.2)
    case(cls, units=3, x=(2, 3, 2), y=(2, 3), weights=3, stateful=True, **variant)

for cls in [layers.SimpleRNN, layers.LSTM, layers.GRU]:
    for rates in [{"dropout": 0.4}, {"recurrent_dropout": 0.4}, {"dropout": 0.4, "recurrent_dropout": 0.2}]:
        case(cls, units=3, x=X, y=(None, 3), weights=3, call=TRAIN, is_random=True, **rates)

CELLS = {
    "one": lambda: layers.GRUCell(3),
    "plain": lambda: layers.SimpleRNNCell(3, activation="relu"),
    "memory": lambda: layers.LSTMCell(3, unit_forget_bias=False),
    "stack": lambda: layers.StackedRNNCells([layers.LSTMCell(2), layers.SimpleRNNCell(3)]),
}
for kind, cell in CELLS.items():
    weights = 6 if kind == "stack" else 3
    for call in [None, GAPS]:
        case(layers.RNN, cell=cell, x=X, y=(None, 3), weights=weights, call=call)
        case(layers.RNN, cell=cell, x=X, y=(None, 3, 3), weights=weights, call=call, return_sequences=True, go_backwards=True)
case(layers.RNN, cell=CELLS["memory"], return_state=True, x=X, y=[(None, 3), (None, 3), (None, 3)], weights=3)

# The inner layers' initial weights are not asked for: all weights come from the case.
INNER = {
    "SimpleRNN": (lambda **options: layers.SimpleRNN(2, **options), 6, 1),
    "LSTM": (lambda **options: layers.LSTM(2, **options), 6, 2),
    "GRU": (lambda **options: layers.GRU(2, **options), 6, 1),
}


def both_ways(kind, merge_mode, call=None, more=None, **options):
    make, weights, number = INNER[kind]
    width = 4 if merge_mode == "concat" else 2
    output = (None, 3, width) if options.get("return_sequences") else (None, width)
    states = [(None, 2)] * (2 * number) if options.get("return_state") else []
    y = [output, output, *states] if merge_mode is None else [output, *states] if states else output
    case(
        layers.Bidirectional, layer=lambda: make(**options), merge_mode=merge_mode, x=X, y=y, weights=weights, call=call, more=more
    )


for kind, merge_mode in itertools.product(INNER, ["concat", "sum", "mul", "ave", None]):
    for sequences, state in itertools.product([False, True], repeat=2):
        both_ways(kind, merge_mode, return_sequences=sequences, return_state=state)
    both_ways(kind, merge_mode, return_sequences=True, call=GAPS)
both_ways("LSTM", "concat", more={"initial_state": [(None, 2)] * 4})
both_ways("GRU", "sum", more={"initial_state": [(None, 2)] * 2}, return_sequences=True)
both_ways("GRU", "sum", call=MASK, return_state=True)
case(
    layers.Bidirectional,
    layer=lambda: layers.LSTM(2, return_sequences=True),
    backward_layer=lambda: layers.GRU(2, return_sequences=True, go_backwards=True),
    x=X,
    y=(None, 3, 4),
    weights=6,
)

case(layers.TimeDistributed, layer=lambda: layers.Dense(2, activation="relu"), x=(None, 4, 3), y=(None, 4, 2), weights=2)
case(layers.TimeDistributed, layer=lambda: layers.Dense(2), x=X, y=(None, 3, 2), weights=2, call=GAPS)
case(layers.TimeDistributed, layer=lambda: layers.LayerNormalization(), x=(None, 3, 2, 4), y=(None, 3, 2, 4), weights=2)
case(layers.TimeDistributed, layer=lambda: layers.LSTM(2), x=(None, 2, 3, 4), y=(None, 2, 2), weights=3)
case(
    layers.TimeDistributed,
    layer=lambda: layers.LSTM(2),
    x=(None, 2, 3, 4),
    y=(None, 2, 2),
    weights=3,
    call={"mask": [[[True, False, True], [True, True, True]], [[False, False, True], [True, True, False]]]},
)
case(
    layers.TimeDistributed,
    layer=lambda: layers.TimeDistributed(layers.Dense(2)),
    x=(None, 2, 3, 4),
    y=(None, 2, 3, 2),
    weights=2,
)

for rank, cls in [(1, layers.ConvLSTM1D), (2, layers.ConvLSTM2D), (3, layers.ConvLSTM3D)]:
    pictures, kept = (None, 2, *[3] * rank, 2), (None, *[3] * rank, 2)
    case(cls, filters=2, kernel_size=2, x=pictures, y=(None, *[2] * rank, 2), weights=3)
    case(cls, filters=2, kernel_size=3, padding="same", return_sequences=True, x=pictures, y=(None, 2, *kept[1:]), weights=3)
    case(cls, filters=2, kernel_size=2, padding="same", return_state=True, x=pictures, y=[kept] * 3, weights=3)
    case(cls, filters=1, kernel_size=2, strides=2, x=pictures, y=(None, *[1] * rank, 1), weights=3, go_backwards=True)
    mask = {"mask": [[False, True], [True, False]]}
    case(cls, filters=1, kernel_size=2, dilation_rate=2, x=pictures, y=(None, *[1] * rank, 1), weights=2, use_bias=False, call=mask)
    case(cls, filters=2, kernel_size=2, x=pictures, y=(None, *[2] * rank, 2), weights=3, dropout=0.3, call=TRAIN, is_random=True)
