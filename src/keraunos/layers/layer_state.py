"""The part of `Layer` that lists its state: variables, weights, metrics, `trainable`, and how weights are moved."""

import collections
import math

import numpy as np


class LayerState:
    """Mix-in of `Layer`."""

    @property
    def trainable(self):
        """Whether the optimizer may change this layer. Setting it also sets the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        value = bool(value)
        self._trainable = value
        for variable in self._trainable_variables:
            variable.trainable = value
        for layer in self._layers:
            layer.trainable = value

    def _own_variables(self):
        return self._trainable_variables + self._non_trainable_variables

    @property
    def variables(self):
        """All state of the layer and the layers inside it, seeds included."""
        found = _by_id(self._own_variables())
        for generator in self._seed_generators:
            found[id(generator.state)] = generator.state
        for layer in self._layers:
            found.update(_by_id(layer.variables))
        return list(found.values())

    @property
    def trainable_variables(self):
        """The variables that the optimizer updates."""
        if not self.trainable:
            return []
        return [variable for variable in self.variables if variable.trainable]

    @property
    def non_trainable_variables(self):
        """The variables that the optimizer leaves alone."""
        if not self.trainable:
            return self.variables
        return [variable for variable in self.variables if not variable.trainable]

    @property
    def weights(self):
        """The variables without the seeds: what `get_weights` and files hold."""
        found = _by_id(self._own_variables())
        for layer in self._layers:
            found.update(_by_id(layer.weights))
        return list(found.values())

    @property
    def trainable_weights(self):
        """The weights that the optimizer updates."""
        if not self.trainable:
            return []
        return [weight for weight in self.weights if weight.trainable]

    @property
    def non_trainable_weights(self):
        """The weights that the optimizer leaves alone."""
        if not self.trainable:
            return self.weights
        return [weight for weight in self.weights if not weight.trainable]

    @property
    def metrics(self):
        """The metrics of the layer and of the layers inside it."""
        found = list(self._metrics)
        for layer in self._layers:
            found.extend(layer.metrics)
        return found

    @property
    def metrics_variables(self):
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def get_weights(self):
        """Returns the values of `weights` as NumPy arrays."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights):
        """Sets the values of `weights` from a list of arrays. Nothing changes when one of them does not fit.

        Raises:
            ValueError: for a wrong number of arrays or a wrong shape.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length "
                f"{len(weights)}, but the layer was expecting {len(own)} weights."
            )
        values = [value if hasattr(value, "shape") else np.asarray(value) for value in weights]
        for variable, value in zip(own, values):
            if tuple(variable.shape) != tuple(value.shape):
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{tuple(value.shape)}."
                )
        for variable, value in zip(own, values):
            variable.assign(value)

    def count_params(self):
        """Returns the number of numbers in `weights`.

        Raises:
            ValueError: if the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. You can build "
                "it manually via: `layer.build(input_shape)`."
            )
        return sum(math.prod(weight.shape) for weight in self.weights)

    def save_own_variables(self, store):
        """Puts the layer's own variables into `store`, under "0", "1", ..."""
        for index, variable in enumerate(self._own_variables()):
            store[f"{index}"] = variable

    def _check_load_own_variables(self, store):
        own = self._own_variables()
        count = len(store.keys())
        if count == len(own):
            return
        if not own and not self.built:
            raise ValueError(
                f"Layer '{self.name}' was never built and thus it doesn't have any variables. However the weights "
                f"file lists {count} variables for this layer.\nIn most cases, this error indicates that either:\n\n"
                "1. The layer is owned by a parent layer that implements a `build()` method, but calling the "
                f"parent's `build()` method did NOT create the state of the child layer '{self.name}'. A `build()` "
                "method must create ALL state for the layer, including the state of any children layers.\n\n"
                "2. You need to implement the `def build_from_config(self, config)` method on layer "
                f"'{self.name}', to specify how to rebuild it during loading. In this case, you might also want to "
                "implement `def get_build_config(self)`, which makes the build config when saving."
            )
        raise ValueError(
            f"Layer '{self.name}' expected {len(own)} variables, but received {count} variables during loading. "
            f"Expected: {[variable.name for variable in own]}"
        )

    def load_own_variables(self, store):
        """Sets the layer's own variables from what `save_own_variables` stored."""
        self._check_load_own_variables(store)
        for index, variable in enumerate(self._own_variables()):
            variable.assign(store[f"{index}"])

    def _flatten_layers(self, include_self=True, recursive=True):
        found = [self] if include_self else []
        seen = set()
        waiting = collections.deque(self._layers)
        while waiting:
            layer = waiting.popleft()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            found.append(layer)
            if recursive:
                waiting.extendleft(layer._layers)
        return found


def _by_id(variables):
    """Each variable once, in the order in which they first come."""
    return {id(variable): variable for variable in variables}
