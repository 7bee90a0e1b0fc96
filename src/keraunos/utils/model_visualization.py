"""Pictures of models: `model_to_dot` and `plot_model`. Needs pydot, and graphviz for image files."""

import os

from keraunos.ops.function import make_node_key
from keraunos.utils.summary_utils import format_layer_shape

_NO_PYDOT = "You must install pydot (`pip install pydot`) for `{}` to work."


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Returns a built model as a pydot graph.

    Args:
        model: The model.
        show_shapes: Whether to show output shapes.
        show_dtype: Whether to show dtypes.
        show_layer_names: Whether to show the names of the layers.
        rankdir: `"TB"` from top to bottom, `"LR"` from left to right.
        expand_nested: Whether nested models are drawn as clusters.
        dpi: Resolution of images.
        subgraph: Whether to return a cluster instead of a graph.
        show_layer_activations: Whether to show activations.
        show_trainable: Whether to show which layers are trainable.
        splines: How edges are drawn.

    Raises:
        ValueError: when the model is not built, or for an unknown argument.
        ImportError: when pydot is not installed.
    """
    _check(model, kwargs)
    pydot = _import_pydot("model_to_dot")
    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=model.name)
        dot.set("label", model.name)
        dot.set("labeljust", "l")
    else:
        dot = pydot.Dot()
        for key, value in (("rankdir", rankdir), ("concentrate", True), ("dpi", dpi), ("splines", splines)):
            dot.set(key, value)
        dot.set_node_defaults(shape="box")
    picture = _Picture(
        pydot,
        expand_nested=expand_nested,
        shapes=show_shapes,
        dtype=show_dtype,
        names=show_layer_names,
        activations=show_layer_activations,
        trainable=show_trainable,
    )
    picture.draw(dot, model)
    return dot


class _Picture:
    """Draws models into pydot graphs."""

    def __init__(self, pydot, expand_nested, **shown):
        self.pydot = pydot
        self.expand_nested = expand_nested
        self.shown = shown

    def draw(self, dot, model):
        """Adds the layers and edges of a model; returns its first and last layers."""
        from keraunos.models.functional import Functional

        functional = model if isinstance(model, Functional) else getattr(model, "_functional", None)
        if functional is None:
            return self._draw_chain(dot, model.layers)
        ends = {}
        for operation in functional.operations:
            ends[operation] = self._draw_operation(dot, operation)
        for operation in functional.operations:
            for index, node in enumerate(operation._inbound_nodes):
                if make_node_key(operation, index) not in functional._nodes:
                    continue
                for x in node.input_tensors:
                    source = x._keras_history.operation
                    if source in ends:
                        self._connect(dot, ends[source][1], ends[operation][0])
        first = [ends[x._keras_history.operation][0] for x in functional.inputs]
        last = [ends[x._keras_history.operation][1] for x in functional.outputs]
        return first[0], last[0]

    def _draw_chain(self, dot, layers):
        ends = [self._draw_operation(dot, layer) for layer in layers]
        for before, after in zip(ends, ends[1:]):
            self._connect(dot, before[1], after[0])
        return (ends[0][0], ends[-1][1]) if ends else (None, None)

    def _draw_operation(self, dot, operation):
        if self.expand_nested and getattr(operation, "layers", None):
            cluster = self.pydot.Cluster(style="dashed", graph_name=operation.name, label=operation.name)
            ends = self.draw(cluster, operation)
            dot.add_subgraph(cluster)
            return ends
        dot.add_node(self.pydot.Node(str(id(operation)), label=self._label(operation), shape="box"))
        return operation, operation

    def _connect(self, dot, source, target):
        source, target = str(id(source)), str(id(target))
        if not dot.get_edge(source, target):
            dot.add_edge(self.pydot.Edge(source, target, penwidth="2"))

    def _label(self, operation):
        kind = type(operation).__name__
        shown = self.shown
        lines = [f"{operation.name} ({kind})" if shown["names"] else kind]
        activation = getattr(operation, "activation", None)
        if shown["activations"] and activation is not None:
            name = getattr(activation, "__name__", getattr(activation, "name", activation))
            lines.append(f"Activation: {name}")
        if shown["dtype"]:
            lines.append(f"Output dtype: {_dtype(operation)}")
        if shown["shapes"]:
            lines.append(f"Output shape: {format_layer_shape(operation)}")
        if shown["trainable"] and hasattr(operation, "trainable"):
            lines.append("Trainable" if operation.trainable else "Non-trainable")
        text = "\\n".join(line.replace('"', "'") for line in lines)
        return f'"{text}"'


def _dtype(operation):
    if operation._inbound_nodes:
        return ", ".join(str(x.dtype) for x in operation._inbound_nodes[0].output_tensors)
    return getattr(operation, "compute_dtype", "?")


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Draws a built model into a file, whose ending tells the format.

    Args:
        model: The model.
        to_file: Path of the picture.
        **kwargs: See `model_to_dot`, which also tells the other arguments.

    Returns:
        A Jupyter image of the file, when Jupyter is installed.

    Raises:
        ValueError: when the model is not built, or for an unknown argument.
        ImportError: when pydot or graphviz is not installed.
    """
    _check(model, kwargs)
    pydot = _import_pydot("plot_model")
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    path = os.fspath(to_file)
    extension = os.path.splitext(path)[1][1:] or "png"
    try:
        dot.write(path, format="raw" if extension == "dot" else extension)
    except (OSError, pydot.PydotException) as error:
        raise ImportError(
            "You must install graphviz (see instructions at https://graphviz.gitlab.io/download/) for `plot_model` "
            f"to work. Its program `dot` could not be run: {error}"
        ) from None
    if extension in ("pdf", "dot"):
        return None
    try:
        from IPython import display
    except ImportError:
        return None
    return display.Image(filename=path)


def _check(model, kwargs):
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by calling the model "
            "on a batch of data."
        )


def _import_pydot(what):
    try:
        import pydot
    except ImportError:
        raise ImportError(_NO_PYDOT.format(what)) from None
    return pydot
