"""All variables of a model as nested dictionaries."""

from keraunos.models.variable_mapping import map_saveable_variables


class StateTree:
    """The part of `Model` that hands out and takes its state by name."""

    def _get_variable_map(self):
        store = {}
        map_saveable_variables(self, store=store, visited=set())
        return store

    def get_state_tree(self, value_format="backend_tensor"):
        """Returns all variables of the model as nested dictionaries of their paths.

        Args:
            value_format: `"backend_tensor"` or `"numpy_array"`.

        Returns:
            Dictionary with the keys `trainable_variables`, `non_trainable_variables`,
            `optimizer_variables` and `metrics_variables`.
        """
        groups = {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": self.optimizer.variables,
            "metrics_variables": self.metrics_variables,
        }
        return {name: _nest(variables, value_format) for name, variables in groups.items()}

    def set_state_tree(self, state_tree):
        """Assigns the values of such a dictionary (or of parts of it) to the variables of the same paths.

        Raises:
            ValueError: for a key that is not one of the four groups.
        """
        for group, values in state_tree.items():
            if group == "optimizer_variables":
                optimizer = getattr(self, "optimizer", None)
                variables = optimizer.variables if optimizer is not None else []
            elif group in ("trainable_variables", "non_trainable_variables", "metrics_variables"):
                variables = getattr(self, group)
            else:
                raise ValueError(f"Unknown variable name: {group}")
            by_path = {variable.path: variable for variable in variables}
            for path, value in _flatten(values).items():
                if path in by_path:
                    by_path[path].assign(value)


def _nest(variables, value_format):
    if value_format not in ("backend_tensor", "numpy_array"):
        raise ValueError(
            "Invalid `value_format` argument. Expected one of {'numpy_array', 'backend_tensor'}. "
            f"Received: value_format={value_format}"
        )
    paths = set()
    nested = {}
    for variable in variables:
        if variable.path in paths:
            raise ValueError(
                f"The following variable path is found twice in the model: '{variable.path}'. "
                "`get_state_tree()` can only be called when all variable paths are unique. Make sure to give "
                "unique names to your layers (and other objects)."
            )
        paths.add(variable.path)
        *groups, name = variable.path.split("/")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[name] = variable.value if value_format == "backend_tensor" else variable.numpy()
    return nested


def _flatten(nested, prefix=""):
    flat = {}
    for key, value in nested.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{key}/"))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
