"""Losses given to `compile`: which loss belongs to which output, and their weighted sum."""

from keraunos import config, ops, tree
from keraunos import losses as losses_module
from keraunos import metrics as metrics_module
from keraunos.naming import get_object_name, name_scope
from keraunos.training.compile_metrics import is_binary_or_sparse_categorical

_CROSSENTROPY = ("crossentropy", "ce")


def is_nested(structure):
    return isinstance(structure, (list, tuple, dict))


def batch_size_of(x):
    """Number of rows of a tensor: an `int`, or a scalar tensor if it is not known yet."""
    return ops.shape(x)[0]


def check_loss(loss):
    """Raises a `ValueError` if a name in the argument `loss` is unknown."""
    for identifier in tree.flatten(loss):
        if isinstance(identifier, str) and identifier.lower() not in _CROSSENTROPY:
            losses_module.get(identifier)


def resolve_loss(identifier, y_true, y_pred):
    """Returns the `Loss` for a name, function or object; `"ce"` is chosen by the shapes."""
    if str(identifier).lower() in _CROSSENTROPY:
        is_binary, is_sparse = is_binary_or_sparse_categorical(y_true, y_pred)
        if is_binary:
            loss = losses_module.binary_crossentropy
        elif is_sparse:
            loss = losses_module.sparse_categorical_crossentropy
        else:
            loss = losses_module.categorical_crossentropy
    else:
        loss = losses_module.get(identifier)
    if isinstance(loss, losses_module.Loss):
        return loss
    name = identifier if isinstance(identifier, str) else get_object_name(loss)
    return losses_module.LossFunctionWrapper(_checked(loss, name), name=name)


def _checked(function, name):
    if getattr(function, "__module__", "").startswith("keraunos.losses"):
        return function

    def checked(y_true, y_pred, **kwargs):
        values = function(y_true, y_pred, **kwargs)
        if values is None or type(values).__module__ == "numpy":
            kind = "None" if values is None else f"a NumPy value ({type(values).__name__})"
            raise ValueError(
                f"The loss '{name}' must return a tensor computed with `keraunos.ops`, with one "
                f"value per sample or a single value. Received: {kind}, which has no gradient."
            )
        return values

    checked.__name__ = getattr(function, "__name__", name)
    return checked


class OutputLoss:
    """The loss of one output.

    Attributes:
        path: keys and indices that lead to the output.
        identifier: what the user gave.
        loss: `Loss` object, made when the shapes are known.
        weight: factor, `None` for 1.
        output_name: name of the output, `None` if unknown.
    """

    def __init__(self, path, identifier, weight, output_name):
        self.path = path
        self.identifier = identifier
        self.weight = weight
        self.output_name = output_name
        self.loss = None
        self.fixed_name = None

    @property
    def name(self):
        """Name for logs: the path, with names in the place of indices."""
        if self.fixed_name is not None:
            return self.fixed_name
        own = self.loss.name if self.output_name is None else self.output_name
        path = self.path
        if not path:
            path = (own,)
        elif isinstance(path[-1], int):
            path = (*path[:-1], own)
        return "/".join(str(part) for part in path)


def _output_loss(loss, weight, names, path):
    """The entry of a single loss for the output, or the structure of outputs, at `path`."""
    if not is_nested(names):
        return OutputLoss(path, loss, weight, names)
    entry = OutputLoss(path, loss, weight, None)
    shown = path or ["_".join(str(name) for name in (names if isinstance(names, dict) else tree.flatten(names)))]
    entry.fixed_name = "/".join(str(part) for part in shown)
    return entry


class CompileLoss:
    """The losses given to `compile`; called with targets and predictions, it returns their sum.

    Args:
        loss: name, function, `Loss` object, or a list or dict of those that fits the outputs.
        loss_weights: factor, or list or dict of factors.
        output_names: names of the model's outputs, `None` if it has none.

    Raises:
        ValueError: if a name is unknown, or losses and outputs do not fit.
    """

    def __init__(self, loss, loss_weights=None, reduction="sum_over_batch_size", output_names=None):
        is_weight = isinstance(loss_weights, (list, tuple, dict, float, int))
        if loss_weights is not None and not is_weight:
            raise ValueError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, "
                "tuple, or dict (multiple output case). "
                f"Received instead: loss_weights={loss_weights} of type {type(loss_weights)}"
            )
        check_loss(loss)
        _check_weight_count(loss, loss_weights)
        self.name = "compile_loss"
        self.reduction = reduction
        self.built = False
        self.output_names = output_names
        self._user_loss = loss
        self._user_loss_weights = loss_weights
        self._entries = []
        self._trackers = []

    @property
    def dtype(self):
        return config.floatx()

    @property
    def metrics(self):
        """One `Mean` per loss if there are several, else none."""
        return self._trackers

    @property
    def variables(self):
        return [variable for tracker in self._trackers for variable in tracker.variables]

    def build(self, y_true, y_pred):
        """Assigns losses to outputs, now that these are known."""
        self._entries = self._assign(y_pred)
        for entry, target in zip(self._entries, self._per_output(y_true, y_pred)):
            entry.loss = resolve_loss(entry.identifier, target, _follow(y_pred, entry.path))
        self._trackers = []
        if len(self._entries) > 1:
            self._trackers = [
                metrics_module.Mean(name=f"{entry.name}_loss") for entry in self._entries
            ]
        self.built = True

    # Losses to outputs.

    def _assign(self, y_pred):
        loss, weights = self._user_loss, self._user_loss_weights
        if isinstance(loss, dict) and not isinstance(y_pred, dict):
            loss, weights = self._order_by_name(y_pred)
        weights = _spread_weights(loss, weights)
        entries = []
        names = self._names_like(y_pred)
        if is_nested(loss):
            self._assign_part(loss, weights, y_pred, names, (), entries)
        else:
            self._assign_to_all(loss, weights, y_pred, names, entries)
        return entries

    def _order_by_name(self, y_pred):
        loss, weights = self._user_loss, self._user_loss_weights
        names = self.output_names
        if not names or set(names) != set(loss):
            raise ValueError(
                f"Expected keys {names or '(the model has no named outputs)'} in loss dict, but "
                f"found loss.keys()={list(loss)}"
            )
        loss = [loss[name] for name in names]
        if isinstance(weights, dict):
            weights = [weights.get(name) for name in names]
        return loss, weights

    def _names_like(self, y_pred):
        names = self.output_names
        count = len(tree.flatten(y_pred))
        if not names or len(names) != count:
            names = [None] * count
        return tree.pack_sequence_as(y_pred, list(names)) if is_nested(y_pred) else names[0]

    def _assign_part(self, loss, weights, y_pred, names, path, entries):
        """Assigns a part of the losses to the part of the outputs at `path`.

        A list that is not of the outputs' own type holds several losses for the same outputs, and a single loss
        for a structure of outputs is one that takes the whole structure.
        """
        if loss is None:
            return
        if not is_nested(loss):
            entries.append(_output_loss(loss, weights, names, path))
            return
        outputs = tree.flatten(y_pred)
        is_list = isinstance(loss, (list, tuple))
        is_plain_list = is_list and not any(map(is_nested, loss))
        if is_plain_list and len(loss) == len(outputs):
            paths = [(*path, *inner) for inner in paths_of(y_pred)]
            flat_names = tree.flatten(names) if is_nested(names) else [names]
            for item, weight, name, item_path in zip(loss, weights, flat_names, paths):
                if item is not None:
                    entries.append(OutputLoss(item_path, item, weight, name))
            return
        if is_plain_list and not path and len(loss) > len(outputs):
            raise ValueError(
                f"`loss` must have one entry per output. Received: {len(loss)} losses for "
                f"{len(outputs)} outputs"
            )
        if is_list and not isinstance(y_pred, type(loss)):
            for item, weight in zip(loss, weights):
                self._assign_part(item, weight, y_pred, names, path, entries)
            return
        if not isinstance(loss, type(y_pred)) or not is_nested(y_pred):
            raise KeyError(
                f"The path: {path} in the `loss` argument, can't be found in the model's output "
                "(`y_pred`)."
            )
        keys = loss.keys() if isinstance(loss, dict) else range(len(loss))
        for key in keys:
            if loss[key] is None:
                continue
            is_known = key in y_pred if isinstance(y_pred, dict) else key < len(y_pred)
            if not is_known:
                raise KeyError(
                    f"The path: {(*path, key)} in the `loss` argument, can't be found in either "
                    "the model's output (`y_pred`) or in the labels (`y_true`)."
                )
            self._assign_part(
                loss[key], weights[key], y_pred[key], names[key], (*path, key), entries
            )

    def _assign_to_all(self, loss, weight, y_pred, names, entries):
        flat_names = tree.flatten(names) if is_nested(names) else [names]
        for path, name in zip(paths_of(y_pred), flat_names):
            entries.append(OutputLoss(path, loss, weight, name))

    # Targets to outputs.

    def _per_output(self, y_true, y_pred):
        """Returns the part of `y_true` (or of the sample weights) for every loss."""
        if not is_nested(y_pred):
            if is_nested(y_true):
                leaves = tree.flatten(y_true)
                if len(leaves) != 1:
                    raise _different_structures(y_true, y_pred)
                y_true = leaves[0]
            return [y_true] * len(self._entries)
        if not is_nested(y_true) and len(y_pred) == 1:
            y_true = [y_true] if not isinstance(y_pred, dict) else {next(iter(y_pred)): y_true}
        if isinstance(y_true, dict) and not isinstance(y_pred, dict) and self.output_names:
            if set(self.output_names) == set(y_true):
                y_true = [y_true[name] for name in self.output_names]
        if have_same_paths(y_true, y_pred):
            return [_follow(y_true, entry.path) for entry in self._entries]
        leaves = tree.flatten(y_true)
        if isinstance(y_true, (list, tuple)) and len(leaves) == len(tree.flatten(y_pred)):
            packed = tree.pack_sequence_as(y_pred, leaves)
            return [_follow(packed, entry.path) for entry in self._entries]
        # Targets only for the outputs that have a loss.
        if len(leaves) == len(self._entries):
            return leaves
        raise _different_structures(y_true, y_pred)

    def __call__(self, y_true, y_pred, sample_weight=None):
        with name_scope(self.name):
            return self.call(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred, sample_weight=None):
        """Returns the sum of all losses as a scalar, `None` if no output has a loss."""
        if y_true is None:
            raise ValueError(
                "`y` is required: the loss given to `compile()` needs targets. Received: y=None"
            )
        if not self.built:
            self.build(y_true, y_pred)
        targets = self._per_output(y_true, y_pred)
        if is_nested(sample_weight):
            weights = self._per_output(sample_weight, y_pred)
        else:
            weights = [sample_weight] * len(targets)
        total = None
        trackers = self._trackers or [None] * len(targets)
        for entry, target, weight, tracker in zip(self._entries, targets, weights, trackers):
            prediction = _follow(y_pred, entry.path)
            value = ops.cast(entry.loss(target, prediction, weight), self.dtype)
            if tracker is not None:
                # Without the factor: the logs show each loss by itself.
                rows = batch_size_of(tree.flatten(prediction)[0])
                tracker.update_state(value, sample_weight=rows)
            if entry.weight is not None:
                value = ops.multiply(value, entry.weight)
            total = value if total is None else ops.add(total, value)
        return total


def _follow(structure, path):
    for key in path:
        structure = structure[key]
    return structure


def paths_of(structure):
    """Returns the paths of all leaves, in the order of `tree.flatten`."""
    if isinstance(structure, dict):
        keys = structure if hasattr(structure, "move_to_end") else sorted(structure)
        return [(key, *rest) for key in keys for rest in paths_of(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [(i, *rest) for i, item in enumerate(structure) for rest in paths_of(item)]
    return [()]


def have_same_paths(a, b):
    """Whether two structures have the same keys and lengths; lists and tuples count as equal."""
    if isinstance(b, dict):
        if not isinstance(a, dict) or set(a) != set(b):
            return False
        return all(have_same_paths(a[key], b[key]) for key in b)
    if isinstance(b, (list, tuple)):
        if not isinstance(a, (list, tuple)) or len(a) != len(b):
            return False
        return all(map(have_same_paths, a, b))
    return not is_nested(a)


def _check_weight_count(loss, weights):
    if weights is None or not is_nested(weights):
        return
    count = len(tree.flatten(loss))
    if count != len(tree.flatten(weights)):
        raise ValueError(
            f"`loss_weights` must match the number of losses, got {count} losses and "
            f"{len(weights)} weights."
        )


def _spread_weights(loss, weights):
    """Returns weights in the structure of the losses."""
    if not is_nested(loss):
        leaves = tree.flatten(weights) if is_nested(weights) else [weights]
        return leaves[0]
    if weights is None:
        return tree.map_structure(lambda _: None, loss)
    if have_same_paths(weights, loss):
        return weights
    return tree.pack_sequence_as(loss, tree.flatten(weights))


def _different_structures(y_true, y_pred):
    true_structure = tree.map_structure(lambda _: "*", y_true)
    pred_structure = tree.map_structure(lambda _: "*", y_pred)
    return ValueError(
        "y_true and y_pred have different structures.\n"
        f"y_true: {true_structure}\ny_pred: {pred_structure}\n"
    )
