"""StackedRNNCells, a cell made of cells."""

from keraunos import ops, serialization, tree
from keraunos.layers.layer import Layer


class StackedRNNCells(Layer):
    """Several cells on top of each other as one: each gets the output of the one below.

    Args:
        cells: List of cells.

    Call arguments:
        inputs: Tensor `(batch, ...)`: one timestep.
        states: List with the states of each cell.
        training: Handed to the cells that take it.

    Raises:
        ValueError: for a cell without `call` or `state_size`.

    Example:

    >>> cell = keraunos.layers.StackedRNNCells([keraunos.layers.GRUCell(4), keraunos.layers.GRUCell(3)])
    >>> keraunos.layers.RNN(cell)(keraunos.ops.ones((2, 5, 6))).shape
    (2, 3)
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            if "call" not in dir(cell):
                raise ValueError(f"All cells must have a `call` method. Received cell without a `call` method: {cell}")
            if "state_size" not in dir(cell):
                raise ValueError(
                    f"All cells must have a `state_size` attribute. Received cell without a `state_size`: {cell}"
                )
        self.cells = cells

    @property
    def state_size(self):
        """The state sizes of the cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        """The output size of the last cell."""
        return output_size_of(self.cells[-1])

    def get_initial_state(self, batch_size=None):
        """The states of all cells to begin with."""
        states = []
        for cell in self.cells:
            if hasattr(cell, "get_initial_state"):
                states.append(cell.get_initial_state(batch_size=batch_size))
            else:
                zeros = [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in state_size_of(cell)]
                states.append(zeros[0] if isinstance(cell.state_size, int) else zeros)
        return states

    def call(self, inputs, states, training=False, **kwargs):
        new_states = []
        for cell, state in zip(self.cells, states):
            is_list = tree.is_nested(state)
            takes_training = isinstance(cell, Layer) and cell._call_has_training_arg
            call = cell if callable(cell) else cell.call
            more = {**kwargs, "training": training} if takes_training else kwargs
            inputs, state = call(inputs, list(state) if is_list else [state], **more)
            new_states.append(state[0] if tree.is_nested(state) and len(state) == 1 and not is_list else state)
        return inputs, new_states[0] if len(new_states) == 1 else new_states

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (tree.flatten(input_shape)[0], output_size_of(cell))

    def get_config(self):
        return {**super().get_config(), "cells": [serialization.serialize_keras_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        cells = [
            serialization.deserialize_keras_object(cell, custom_objects=custom_objects) for cell in config.pop("cells")
        ]
        return cls(cells, **config)


def state_size_of(cell):
    """The cell's state sizes as a list.

    Raises:
        ValueError: when they are neither an integer nor a list of them.
    """
    size = cell.state_size
    if size is None:
        raise ValueError("state_size must be specified as property on the RNN cell.")
    if not isinstance(size, (list, tuple, int)):
        raise ValueError("state_size must be an integer, or a list/tuple of integers (one for each state tensor).")
    return [size] if isinstance(size, int) else list(size)


def output_size_of(cell):
    """The cell's `output_size`, or the size of its first state."""
    size = getattr(cell, "output_size", None)
    return state_size_of(cell)[0] if size is None else size
