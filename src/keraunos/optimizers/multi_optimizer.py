"""Several optimizers in one, each for some of the variables."""

import re
from collections.abc import MutableMapping

from keraunos.optimizers.loss_scale_optimizer import LossScaleOptimizer
from keraunos.optimizers.optimizer import Optimizer


class OptimizerMap(MutableMapping):
    """Dictionary from regular expressions for variable paths to optimizers, with a default.

    Arguments:
        default_optimizer: optimizer of the variables that nothing matches.
        optimizer_map: dictionary from regular expression (or exact path) to optimizer.

    ```python
    optimizers = keraunos.optimizers.OptimizerMap(keraunos.optimizers.SGD(), {"embedding/.*": keraunos.optimizers.Adam()})
    ```
    """

    def __init__(self, default_optimizer, optimizer_map=None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"default_optimizer must be a Keras Optimizer instance. Received: {default_optimizer}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self):
        """Optimizer of the variables that nothing matches."""
        return self._default_optimizer

    def __getitem__(self, key):
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}.")
        return self._optimizer_map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key, optimizer):
        if key in self._optimizer_map:
            raise ValueError(
                f"'{key}' already exists in the OptimizerMap with value {self._optimizer_map[key]}. Please make sure "
                "to not use duplicated keys."
            )
        if not isinstance(key, str):
            raise ValueError(f"key must be a string. Received: {key}")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"optimizer must be a Keras Optimizer instance. Received: {optimizer}")
        if isinstance(optimizer, LossScaleOptimizer):
            raise ValueError("optimizer cannot be LossScaleOptimizer.")
        if isinstance(optimizer, MultiOptimizer):
            raise ValueError("optimizer cannot be MultiOptimizer.")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key):
        del self._optimizer_map[key]

    def __len__(self):
        return len(self._optimizer_map)

    def __iter__(self):
        return iter(self._optimizer_map)

    def __call__(self, variable):
        return self[variable.path]

    def get_config(self):
        """Dictionary of the constructor arguments."""
        from keraunos import serialization

        return {
            "default_optimizer": serialization.serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialization.serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a map from what `get_config` returned."""
        from keraunos import serialization

        return cls(
            serialization.deserialize_keras_object(config["default_optimizer"], custom_objects=custom_objects),
            serialization.deserialize_keras_object(config["optimizer_map"], custom_objects=custom_objects),
        )


class MultiOptimizer(Optimizer):
    """Applies to each variable the optimizer that `optimizer_map(variable)` names.

    Arguments:
        optimizer_map: `OptimizerMap`, or a function from variable to optimizer.
        loss_scale_factor: as for `Optimizer`; given to all optimizers.
        name: optional name.
    """

    def __init__(self, optimizer_map, loss_scale_factor=None, name=None):
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._inner_optimizers = []
        known = list(optimizer_map.values()) if hasattr(optimizer_map, "values") else []
        known.append(getattr(optimizer_map, "default_optimizer", None))
        for optimizer in known:
            if optimizer is not None:
                self._position(optimizer)

    def _position(self, optimizer):
        """Index of an inner optimizer, which is added when it is new."""
        for position, known in enumerate(self._inner_optimizers):
            if known is optimizer:
                return position
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    def __setstate__(self, state):
        super().__setstate__(state)
        if self.built:
            positions = self._var_to_optimizer_idx.values()
            self._var_to_optimizer_idx = dict(zip(self._trainable_variables_indices, positions))

    def build(self, var_list):
        if self.built:
            return
        self._var_to_optimizer_idx = {}
        for variable in var_list:
            optimizer = self._optimizer_map(variable)
            if not isinstance(optimizer, Optimizer):
                raise ValueError(f"Optimizer for variable {variable.path} is not an Optimizer instance.")
            if isinstance(optimizer, LossScaleOptimizer):
                raise ValueError("LossScaleOptimizer cannot be used inside an MultiOptimizer.")
            if isinstance(optimizer, MultiOptimizer):
                raise ValueError("MultiOptimizer cannot be used inside an MultiOptimizer.")
            self._var_to_optimizer_idx[self._var_key(variable)] = self._position(optimizer)
        for optimizer, variables in zip(self._inner_optimizers, self._by_optimizer(var_list, var_list)):
            if variables:
                optimizer.build(variables)
        super().build(var_list)

    def _by_optimizer(self, variables, values):
        """Splits `values`, one per variable, into one list per inner optimizer."""
        parts = [[] for _ in self._inner_optimizers]
        for variable, value in zip(variables, values):
            parts[self._var_to_optimizer_idx[self._var_key(variable)]].append(value)
        return parts

    @property
    def optimizers(self):
        """The inner optimizers."""
        return self._inner_optimizers

    @property
    def variables(self):
        """Own variables, then those of the inner optimizers."""
        variables = self._variables[:]
        for optimizer in self._inner_optimizers:
            variables.extend(optimizer.variables)
        return variables

    @property
    def learning_rate(self):
        """Not available: each inner optimizer has its own."""
        raise AttributeError(
            "Learning rate cannot be accessed on a MultiOptimizer. Access the learning rate on the individual "
            "sub-optimizers instead."
        )

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(
            "Learning rate cannot be set on a MultiOptimizer. Set the learning rate on the individual sub-optimizers "
            "instead."
        )

    @property
    def loss_scale_factor(self):
        """Factor on the loss, the same for all inner optimizers."""
        return getattr(self, "_loss_scale_factor", None)

    @loss_scale_factor.setter
    def loss_scale_factor(self, value):
        self._loss_scale_factor = value
        for optimizer in getattr(self, "_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    @property
    def iterations(self):
        """Number of steps taken."""
        return self._iterations

    def apply(self, grads, trainable_variables=None):
        """One step of each inner optimizer on its variables."""
        if len(grads) == 0:
            return
        if trainable_variables is None and not self.built:
            raise ValueError(
                "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                "variables. Call `optimizer.build(trainable_variables)` first."
            )
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        if len(grads) != len(self._trainable_variables_indices):
            raise ValueError(
                f"Gradients must match trainable variables one-to-one. Received {len(grads)} gradients and "
                f"{len(self._trainable_variables_indices)} variables."
            )
        self._check_variables_are_known(variables)
        parts = zip(
            self._inner_optimizers, self._by_optimizer(variables, grads), self._by_optimizer(variables, variables)
        )
        for optimizer, inner_grads, inner_variables in parts:
            if inner_variables:
                optimizer.apply(inner_grads, inner_variables)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list):
        for optimizer, variables in zip(self._inner_optimizers, self._by_optimizer(var_list, var_list)):
            if variables:
                optimizer.finalize_variable_values(variables)

    def set_weights(self, weights):
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling "
                "`set_weights()`."
            )
        own = len(self._variables)
        for variable, weight in zip(self._variables, weights[:own]):
            variable.assign(weight)
        rest = weights[own:]
        for optimizer in self._inner_optimizers:
            count = len(optimizer.variables)
            if count:
                optimizer.set_weights(rest[:count])
                rest = rest[count:]

    def get_config(self):
        from keraunos import serialization

        return {
            "optimizer_map": serialization.serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from keraunos import serialization

        config = dict(config)
        config["optimizer_map"] = serialization.deserialize_keras_object(
            config["optimizer_map"], custom_objects=custom_objects
        )
        return cls(**config)
