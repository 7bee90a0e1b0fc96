"""Base class of all metrics."""

from keraunos import config, dtype_policies, initializers, ops
from keraunos.naming import auto_name, name_scope
from keraunos.stateless_scope import StatelessScope
from keraunos.variable import Variable


class Metric:
    """A number gathered over many batches, kept in variables.

    Subclasses make their variables in `__init__` (`add_variable`), and write `update_state(...)` and `result()` with
    `keraunos.ops`, so that both can be traced into the training step.

    Arguments:
        dtype: dtype (or policy) of the computation; `keraunos.config.floatx()` by default.
        name: optional name.

    ```python
    class Positives(keraunos.metrics.Metric):
        def __init__(self, name="positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_variable(shape=(), initializer="zeros", name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(keraunos.ops.sum(keraunos.ops.cast(y_pred > 0.5, "float32")))

        def result(self):
            return self.total
    ```
    """

    def __init__(self, dtype=None, name=None):
        self.name = name or auto_name(self.__class__.__name__)
        self._dtype_policy = dtype_policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._metrics = []
        # Assigned last: from here on, `__setattr__` keeps the variables and metrics it sees.
        self._variables = []

    @property
    def dtype(self):
        """Dtype of the computation, as a string."""
        return self._dtype

    @property
    def variables(self):
        """All variables, those of inner metrics last."""
        variables = list(self._variables)
        for metric in self._metrics:
            variables.extend(metric.variables)
        return variables

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """Makes a variable of this metric.

        Arguments:
            shape: shape.
            initializer: initializer or its name.
            dtype: dtype; `keraunos.config.floatx()` by default.
            aggregation: kept for Keras's signature.
            name: name.
        """
        self._check_super_called()
        with name_scope(self.name.replace("/", ">"), caller=self):
            variable = Variable(
                initializer=initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                synchronization="on_read",
                name=name,
            )
        self._keep(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """`add_variable` under its older name."""
        return self.add_variable(
            shape=shape, initializer="zeros" if initializer is None else initializer, dtype=dtype, name=name
        )

    def update_state(self, *args, **kwargs):
        """Adds a batch to the variables; to be written by subclasses."""
        raise NotImplementedError

    def result(self):
        """The value, as a tensor or a dictionary of tensors; to be written by subclasses."""
        raise NotImplementedError

    def reset_state(self):
        """Sets all variables to 0."""
        for variable in self.variables:
            variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def __call__(self, *args, **kwargs):
        self._check_super_called()
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """What `variables` would become if they had the values `metric_variables` and a batch was added."""
        with self._scope(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return self._values_in(scope)

    def stateless_result(self, metric_variables):
        """The result if `variables` had the values `metric_variables`."""
        with self._scope(metric_variables):
            return self.result()

    def stateless_reset_state(self):
        """The values that `variables` would have after `reset_state()`."""
        with StatelessScope() as scope:
            self.reset_state()
        return self._values_in(scope)

    def get_config(self):
        """Dictionary of the constructor arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Makes a metric from what `get_config` returned."""
        return cls(**config)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if "_variables" in self.__dict__ and name != "_variables":
            self._keep(value)

    def _keep(self, value):
        """Remembers variables and metrics, also inside lists, tuples and dictionaries."""
        if isinstance(value, (Variable, Metric)):
            store = self._variables if isinstance(value, Variable) else self._metrics
            if not any(value is kept for kept in store):
                store.append(value)
        elif isinstance(value, dict):
            self._keep(list(value.values()))
        elif isinstance(value, (list, tuple)):
            for element in value:
                self._keep(element)

    def _scope(self, metric_variables):
        if len(metric_variables) != len(self.variables):
            raise ValueError(
                "Argument `metric_variables` must be a list of tensors corresponding 1:1 to "
                f"{self.__class__.__name__}().variables. Received list with length {len(metric_variables)}, but "
                f"expected {len(self.variables)} variables."
            )
        return StatelessScope(state_mapping=list(zip(self.variables, metric_variables)))

    def _values_in(self, scope):
        values = []
        for variable in self.variables:
            value = scope.get_current_value(variable)
            values.append(variable if value is None else value)
        return values

    def _check_super_called(self):
        if "_variables" not in self.__dict__:
            raise RuntimeError("You forgot to call `super().__init__()` in the `__init__()` method. Go add it!")

    def _obj_type(self):
        return "Metric"

    def __repr__(self):
        return f"<{self.__class__.__name__} name={self.name}>"

    __str__ = __repr__
