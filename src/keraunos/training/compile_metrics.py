"""Metrics given to `compile`: one group per output of the model."""

from collections import OrderedDict

from keraunos import metrics as metrics_module
from keraunos import tree
from keraunos.naming import get_object_name

_ACCURACY = ("accuracy", "acc")


def is_binary_or_sparse_categorical(y_true, y_pred):
    """Tells from the shapes whether targets are binary, or class indices.

    Returns:
        Pair of booleans.
    """
    prediction_size = y_pred.shape[-1]
    is_binary = prediction_size == 1
    fewer_axes = len(y_true.shape) < len(y_pred.shape)
    has_index = y_true.shape[-1] == 1 and (prediction_size is None or prediction_size > 1)
    return is_binary, fewer_axes or has_index


def check_metrics(value, name):
    """Checks the argument `metrics` or `weighted_metrics` as far as that is possible at once.

    Raises:
        ValueError: if it is no list, tuple or dict, or holds an unknown name.
    """
    if value and not isinstance(value, (list, tuple, dict)):
        raise ValueError(
            f"Expected `{name}` argument to be a list, tuple, or dict. "
            f"Received instead: {name}={value} of type {type(value)}"
        )
    for identifier in tree.flatten(value or []):
        if isinstance(identifier, str) and identifier.lower() not in _ACCURACY:
            metrics_module.get(identifier)


def resolve_metric(identifier, y_true, y_pred):
    """Returns the `Metric` for a name, function or object."""
    if identifier is None:
        raise ValueError("Expected metric, received `None`")
    if str(identifier).lower() in _ACCURACY:
        is_binary, is_sparse = is_binary_or_sparse_categorical(y_true, y_pred)
        if is_binary:
            metric_class = metrics_module.BinaryAccuracy
        elif is_sparse:
            metric_class = metrics_module.SparseCategoricalAccuracy
        else:
            metric_class = metrics_module.CategoricalAccuracy
        return metric_class(name=str(identifier))
    metric = metrics_module.get(identifier)
    name = identifier if isinstance(identifier, str) else get_object_name(metric)
    if not isinstance(metric, metrics_module.Metric):
        metric = metrics_module.MeanMetricWrapper(metric)
    metric.name = name
    return metric


class MetricsList:
    """The metrics of one output.

    Attributes:
        metrics: list of `Metric` objects.
        output_name: name of the output, `None` if the model has only one.
    """

    def __init__(self, identifiers, y_true, y_pred, output_name=None):
        if not isinstance(identifiers, (list, tuple)):
            identifiers = [identifiers]
        self.metrics = [resolve_metric(item, y_true, y_pred) for item in identifiers]
        self.output_name = output_name

    def update_state(self, y_true, y_pred, sample_weight=None):
        for metric in self.metrics:
            metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def reset_state(self):
        for metric in self.metrics:
            metric.reset_state()


class CompileMetrics(metrics_module.Metric):
    """All metrics given to `compile`, as one metric whose result is a dict.

    Args:
        metrics: names, functions or objects, as in `compile`.
        weighted_metrics: the same, for metrics that use sample weights.
        output_names: names of the model's outputs, `None` if it has none.

    Raises:
        ValueError: if the metrics do not fit the outputs, or a name is unknown.
    """

    def __init__(self, metrics, weighted_metrics, name="compile_metrics", output_names=None):
        super().__init__(name=name)
        check_metrics(metrics, "metrics")
        check_metrics(weighted_metrics, "weighted_metrics")
        for attribute, value in (
            ("_user_metrics", metrics),
            ("_user_weighted_metrics", weighted_metrics),
            ("built", False),
            ("output_names", output_names),
            ("_names", None),
            ("_groups", []),
            ("_weighted_groups", []),
        ):
            self._set(attribute, value)

    def _set(self, name, value):
        # Metrics track their attributes; those of the user are not state of this object.
        object.__setattr__(self, name, value)

    @property
    def metrics(self):
        """The single metrics, in the order in which they were given."""
        groups = [*self._groups, *self._weighted_groups]
        return [metric for group in groups if group is not None for metric in group.metrics]

    @property
    def variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true, y_pred):
        """Makes the metrics, now that the shapes are known."""
        count = len(tree.flatten(y_pred))
        is_flat = isinstance(y_pred, (list, tuple, dict)) and len(y_pred) == count
        names = self.output_names
        if is_flat and isinstance(y_pred, dict):
            names = self._names_of_dict(y_pred)
        self._set("_names", names if count > 1 and is_flat else None)
        arguments = (count, names, y_true, y_pred, is_flat)
        self._set("_groups", self._make_groups("metrics", self._user_metrics, *arguments))
        self._set(
            "_weighted_groups",
            self._make_groups("weighted_metrics", self._user_weighted_metrics, *arguments),
        )
        self._set("built", True)

    def _names_of_dict(self, y_pred):
        if self.output_names and set(y_pred) == set(self.output_names):
            return self.output_names
        return list(y_pred) if isinstance(y_pred, OrderedDict) else sorted(y_pred)

    def _make_groups(self, argument, metrics, count, names, y_true, y_pred, is_flat):
        if not metrics:
            return [None] * count
        if count == 1:
            target, prediction = self._single(y_true), tree.flatten(y_pred)[0]
            return [MetricsList(tree.flatten(metrics), target, prediction)]
        per_output = None
        if is_flat and isinstance(metrics, (list, tuple)) and len(metrics) == count:
            per_output = metrics
        elif is_flat and names and isinstance(metrics, dict) and set(metrics) <= set(names):
            per_output = [metrics.get(name) for name in names]
        try:
            if per_output is not None:
                return [
                    None if item is None else MetricsList(item, target, prediction, name)
                    for item, target, prediction, name in zip(
                        per_output,
                        self._flatten(y_true),
                        self._flatten(y_pred),
                        names or [None] * count,
                    )
                ]
            remaining_names = iter(names or [None] * count)
            groups = []
            _match(metrics, y_true, y_pred, remaining_names, groups)
            return groups
        except (ValueError, TypeError) as error:
            raise ValueError(self._message(error, argument, metrics, y_pred)) from error

    def _message(self, error, argument, metrics, y_pred):
        structure = tree.map_structure(lambda _: "X", y_pred)
        if self.output_names:
            rule = (
                "either be a dict or a list matching the output names of the functional model "
                f"{self.output_names} or match the output structure of the model: {structure}"
            )
        else:
            rule = f"match the output structure of the model: {structure}"
        return (
            f"{error}\nInvalid `{argument}`. `{argument}` should contain metrics objects and "
            f"{rule}.\nReceived: {argument}={metrics}"
        )

    def _single(self, y_true):
        leaves = tree.flatten(y_true)
        if not leaves or leaves[0] is None:
            raise ValueError("`y` is required: the metrics need targets. Received: y=None")
        return leaves[0]

    def _flatten(self, y):
        if isinstance(y, dict) and self._names is not None:
            return [y.get(name) for name in self._names]
        return tree.flatten(y)

    def update_state(self, y_true, y_pred, sample_weight=None):
        if not self.built:
            self.build(y_true, y_pred)
        y_true, y_pred = self._flatten(y_true), self._flatten(y_pred)
        for group, target, prediction in zip(self._groups, y_true, y_pred):
            if group is not None:
                group.update_state(target, prediction)
        weights = [None] * len(y_true)
        if sample_weight is not None:
            weights = self._flatten(sample_weight)
            if len(weights) < len(y_true):
                weights = [weights[0]] * len(y_true)
        for group, target, prediction, weight in zip(
            self._weighted_groups, y_true, y_pred, weights
        ):
            if group is not None:
                group.update_state(target, prediction, weight)

    def reset_state(self):
        for metric in self.metrics:
            metric.reset_state()

    def result(self):
        """Returns a dict from names to results. Names that occur again get a number."""
        if not self.built:
            raise ValueError("Cannot get result() since the metric has not yet been built.")
        results, counts = {}, {}
        for groups, prefix in ((self._groups, None), (self._weighted_groups, "weighted_")):
            for group in groups:
                for metric in group.metrics if group is not None else ():
                    name = _result_name(group, metric.name, counts, prefix)
                    results[name] = metric.result()
        return results

    def get_config(self):
        raise NotImplementedError

    @classmethod
    def from_config(cls, config):
        raise NotImplementedError


def _result_name(group, name, counts, prefix):
    """Returns a name not used yet: plain, then with the prefix, then numbered."""
    before = f"{group.output_name}_" if group.output_name else ""
    candidate = before + name
    if candidate in counts and prefix is not None:
        candidate = f"{before}{prefix}{name}"
    if candidate not in counts:
        counts[candidate] = 1
        return candidate
    number = counts[candidate]
    counts[candidate] += 1
    return f"{candidate}_{number}"


def _match(metrics, y_true, y_pred, names, groups):
    """Walks through metrics, targets and predictions of the same nested structure."""
    if isinstance(y_pred, dict):
        if not isinstance(metrics, dict) or set(metrics) != set(y_pred):
            raise ValueError("The structures of metrics and outputs differ.")
        for key in sorted(y_pred):
            _match(metrics[key], y_true[key], y_pred[key], names, groups)
    elif isinstance(y_pred, (list, tuple)):
        if not isinstance(metrics, (list, tuple)) or len(metrics) != len(y_pred):
            raise ValueError("The structures of metrics and outputs differ.")
        for item, target, prediction in zip(metrics, y_true, y_pred):
            _match(item, target, prediction, names, groups)
    else:
        name = next(names)
        groups.append(None if metrics is None else MetricsList(metrics, y_true, y_pred, name))
