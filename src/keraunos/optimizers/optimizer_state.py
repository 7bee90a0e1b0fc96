"""The variables of an optimizer: making them, keeping them in order, and moving them to and from files."""

import warnings

from keraunos import initializers
from keraunos.naming import name_scope
from keraunos.variable import Variable


class OptimizerState:
    """Keeps every variable that it sees as an attribute, in the order in which files hold them."""

    # Set by the optimizer.
    name = None
    built = False

    def __init__(self):
        # First of all attributes: from here on, `__setattr__` keeps the variables it sees.
        self.__dict__["_variables"] = []
        self.__dict__["_kept_ids"] = set()
        self._trainable_variables_indices = {}
        self.__dict__["_trainable_variables"] = []

    def _set_trainable_variables(self, variables):
        self._trainable_variables_indices = {self._var_key(v): i for i, v in enumerate(variables)}
        # Not through `__setattr__`: these variables belong to the model.
        self.__dict__["_trainable_variables"] = list(variables)

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name != "_compiled_step"}

    def __setstate__(self, state):
        # A copy has other variables, and so other ids.
        self.__dict__.update(state)
        self.__dict__["_kept_ids"] = {id(variable) for variable in self._variables}
        self._set_trainable_variables(self._trainable_variables)

    @property
    def variables(self):
        """All variables: step count, learning rate, then those made by `build`."""
        return self._variables[:]

    def add_variable(
        self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None
    ):
        """Makes a variable of this optimizer.

        Arguments:
            shape: shape.
            initializer: initializer or its name.
            dtype: dtype; `keraunos.config.floatx()` by default.
            aggregation, layout: kept for Keras's signature.
            name: name.
        """
        self._check_super_called()
        with name_scope(self.name, caller=self):
            variable = Variable(
                initializer=initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                layout=layout,
                name=name,
            )
        self._keep(variable)
        return variable

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Makes a variable with the shape and dtype of another one, named after it."""
        path = getattr(reference_variable, "path", None)
        if path is None:
            path = str(reference_variable.name).replace(":", "_")
        return self.add_variable(
            shape=reference_variable.shape,
            initializer=initializer,
            dtype=reference_variable.dtype,
            name=f"{path.replace('/', '_')}_{name or 'var'}",
            layout=getattr(reference_variable, "_layout", None),
        )

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Makes one variable per trainable variable, or several.

        Arguments:
            trainable_variables: variables of the model.
            name: name, or list of names for several variables each.
            initializer: initializer, or list of initializers, one per name.

        Returns:
            List of variables (tuple of lists for a list of names). It holds `None` for trainable variables that are
            overwritten by their gradient.
        """
        names = [name] if isinstance(name, str) else list(name)
        values = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(names) != len(values):
            raise ValueError(
                "The number of provided names must match the number of provided initializers. "
                f"Received name='{name}', initializer='{initializer}'"
            )
        made = tuple([] for _ in names)
        for variable in trainable_variables:
            for variables, one_name, one_initializer in zip(made, names, values):
                if self._is_overwritten(variable):
                    variables.append(None)
                else:
                    variables.append(self.add_variable_from_reference(variable, one_name, one_initializer))
        return made[0] if isinstance(name, str) else made

    def _own_variable(self, value, name, dtype):
        with name_scope(self.name, caller=self):
            variable = Variable(
                value, name=name, dtype=dtype, trainable=False, aggregation="only_first_replica"
            )
        self._keep(variable)
        return variable

    def _keep(self, value):
        """Remembers variables, also inside lists, tuples and dictionaries."""
        if isinstance(value, Variable):
            if id(value) not in self._kept_ids:
                self._kept_ids.add(id(value))
                self._variables.append(value)
        elif isinstance(value, dict):
            self._keep(list(value.values()))
        elif isinstance(value, (list, tuple)):
            for element in value:
                self._keep(element)

    def _forget(self, variable):
        self._kept_ids.discard(id(variable))
        self.__dict__["_variables"] = [kept for kept in self._variables if kept is not variable]

    def __setattr__(self, name, value):
        self._check_super_called()
        super().__setattr__(name, value)
        self._keep(value)
        # Values of one step, and properties that assign variables, change nothing that a native step holds.
        if name in self.__dict__ and name != "_step_values":
            self.__dict__.pop("_compiled_step", None)

    def _check_super_called(self):
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"In optimizer '{self.__class__.__name__}', you forgot to call `super().__init__()` as the first "
                "statement in the `__init__()` method. Go add it!"
            )

    def _var_key(self, variable):
        return id(variable)

    def _get_variable_index(self, variable):
        return self._trainable_variables_indices[self._var_key(variable)]

    def _is_overwritten(self, variable):
        return getattr(variable, "overwrite_with_gradient", False)

    def set_weights(self, weights):
        """Sets all variables from a list of arrays."""
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling "
                "`set_weights()`."
            )
        for variable, weight in zip(self._variables, weights):
            if tuple(variable.shape) != tuple(weight.shape):
                raise ValueError(
                    f"Optimizer variable {variable.path} has shape {tuple(variable.shape)} not compatible with "
                    f"provided weight shape {tuple(weight.shape)}."
                )
        for variable, weight in zip(self._variables, weights):
            variable.assign(weight)

    def save_own_variables(self, store):
        """Writes the variables into a dictionary under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable

    def load_own_variables(self, store):
        """Reads the variables from what `save_own_variables` wrote; other counts are skipped with a warning."""
        if len(store.keys()) != len(self.variables):
            message = (
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(self.variables)} "
                f"variables whereas the saved optimizer has {len(store.keys())} variables. "
            )
            if len(self.variables) == 0:
                message += "This is likely because the optimizer has not been called/built yet."
            warnings.warn(message, stacklevel=2)
            return
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])
