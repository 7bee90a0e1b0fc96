"""What a layer case is: one line in a file of `cases/`, run by `test_battery.py`, put to real Keras by `record.py`.

`case(layers.Dense, units=4, x=(None, 3), y=(None, 4), weights=2)`: the constructor's arguments, the shape of the
input (a list of shapes for several), the shape of the output (a list for several, in the order of the flattened
structure), and the number of weights. Further keys:

* `call`: keyword arguments of the call, such as `{"training": True}`; a mask as a nested list, several as a tuple.
* `separate`: several inputs are arguments of their own, not one list.
* `more`: further call arguments that are tensors: name -> shape or list of shapes.
* `integers`: inputs are whole numbers below this one.
* `is_random`: values are not compared while training.
* `differs`: values are on purpose not those of Keras; the reason.
"""

import sys

CASES = []
BATCH = 2


class Case:
    """A layer with its arguments and what is expected of it."""

    def __init__(self, cls, x, y, weights=0, call=None, more=None, separate=False, integers=None, is_random=False, differs=None, **arguments):
        self.family = None
        self.cls = cls
        self.x = x
        self.y = y
        self.weights = weights
        self.call = call or {}
        self.more = more or {}
        self.separate = separate
        self.integers = integers
        self.is_random = is_random
        self.differs = differs
        self.arguments = arguments

    @property
    def output_shapes(self):
        """The shapes of all outputs, a list."""
        return self.y if isinstance(self.y, list) else [self.y]

    @property
    def has_mask(self):
        """Whether the call has a mask, and so a batch size of its own."""
        return any(is_mask(name, value) for name, value in self.call.items())

    @property
    def flags(self):
        """The call's arguments that hold no tensors."""
        return {name: value for name, value in self.call.items() if not is_mask(name, value)}

    def run(self, layer, x, arguments=None):
        """What the layer returns for these inputs."""
        return layer(*(x if self.separate else [x]), **(arguments or {}))

    def make(self, **more):
        """A new layer."""
        arguments = {key: value() if callable(value) else value for key, value in self.arguments.items()}
        return self.cls(**{**arguments, **more})

    def __repr__(self):
        arguments = ", ".join(f"{key}={_text(value)}" for key, value in self.arguments.items())
        extra = "".join(f", {key}" for key in (*self.call, *self.more))
        for name, value in self.call.items():
            if is_mask(name, value) and value != MASK["mask"]:
                extra += "".join(sign for sign in str(value).replace("None", "N") if sign in "TFN")
        return f"{self.cls.__name__}({arguments}){self.x}{extra}".replace(" ", "")


def is_mask(name, value):
    """Whether a call's argument is a mask, and no flag."""
    return name.endswith("mask") and not isinstance(value, bool)


def _text(value):
    """An argument; for a layer its class and what it returns."""
    if not callable(value):
        return value
    layer = value()
    inner = getattr(layer, "layer", None)
    flags = ("return_sequences", "return_state", "go_backwards")
    shown = [f"({_text(lambda: inner)})" if inner else "", *(f"+{flag}" for flag in flags if getattr(layer, flag, False))]
    return layer.__class__.__name__ + "".join(shown)


def case(cls, **description):
    """Adds a case to the family whose file asks for it."""
    added = Case(cls, **description)
    added.family = sys._getframe(1).f_globals["__name__"].rpartition(".")[2]
    CASES.append(added)


MASK = {"mask": [[True, True, False], [True, False, False]]}
TRAIN = {"training": True}
