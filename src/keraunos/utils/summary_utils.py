"""The table that `Model.summary()` prints, in the forms of Keras 3, Keras 2 and TensorFlow 2."""

import re
import shutil

from keraunos import tree
from keraunos.utils.io_utils import print_msg

STYLES = ("keras3", "keras2", "tf2")

_style = "keras3"


def set_summary_style(style):
    """Sets the form in which `Model.summary()` prints unless told otherwise.

    Args:
        style: `"keras3"` (a box with memory sizes, the default), `"keras2"` (ruled with `_` and `=`), or
            `"tf2"` (blank lines between the layers).

    Raises:
        ValueError: for another style.
    """
    global _style
    _style = _checked(style)


def summary_style():
    """The form in which `Model.summary()` prints."""
    return _style


def _checked(style):
    if style not in STYLES:
        raise ValueError(f"summary: `style` must be one of {STYLES}. Received: style={style!r}")
    return style


def print_summary(
    model,
    line_length=None,
    positions=None,
    print_fn=None,
    expand_nested=False,
    show_trainable=False,
    layer_range=None,
    style=None,
):
    """Prints the summary of a model. See `Model.summary` for the arguments."""
    style = _checked(style or _style)
    rows = SummaryRows(model, expand_nested, layer_range)
    if style == "keras3":
        text = _keras3_text(model, rows, line_length, positions, show_trainable)
    else:
        text = _ruled_text(model, rows, line_length, positions, show_trainable, style)
    if print_fn is None:
        print_msg(text, line_break=False)
    elif style == "keras3":
        print_fn(text)
    else:
        for line in text.splitlines():
            print_fn(line)


# ---------------------------------------------------------------------------------------------------------
# What is in the rows


class SummaryRows:
    """The layers of a model with the texts that describe them."""

    def __init__(self, model, expand_nested, layer_range):
        from keraunos.models.functional import Functional

        is_functional = isinstance(model, Functional)
        layers = model._operations if is_functional else model.layers
        self.has_connections = is_functional and not _is_chain(model)
        nodes = [node for group in model._nodes_by_depth.values() for node in group] if is_functional else []
        self._relevant_nodes = {id(node) for node in nodes}
        first, last = layer_bounds(layers, layer_range)
        self.layers = []
        for layer in layers[first:last]:
            self._add(layer, 0, expand_nested)

    def _add(self, layer, level, expand_nested):
        self.layers.append((layer, level))
        if expand_nested:
            for child in getattr(layer, "layers", None) or ():
                self._add(child, level + 1, True)

    def name(self, layer, level):
        prefix = "   " * level + "└ " if level else ""
        return f"{prefix}{layer.name} ({type(layer).__name__})"

    def parameter_count(self, layer):
        """The number of parameters, or `None` when the layer is not built."""
        if not hasattr(layer, "built"):
            return 0
        return layer.count_params() if layer.built else None

    def trainable(self, layer):
        if not getattr(layer, "weights", None):
            return "-"
        return "Y" if layer.trainable else "N"

    def connections(self, layer):
        """Where the inputs of a layer come from, as `["name[0][0]", ...]`."""
        found = []
        for node in layer._inbound_nodes:
            if self._relevant_nodes and id(node) not in self._relevant_nodes:
                continue
            for x in node.input_tensors:
                operation, node_index, tensor_index = x._keras_history
                found.append(f"{operation.name}[{node_index}][{tensor_index}]")
        return found


def _is_chain(model):
    """True when the layers simply follow each other."""
    groups = list(model._nodes_by_depth.values())
    if any(len(group) > 1 or len(group[0].input_tensors) > 1 for group in groups):
        return False
    nodes = {id(group[0]) for group in groups}
    return all(sum(id(node) in nodes for node in layer._inbound_nodes) <= 1 for layer in model.layers)


def format_layer_shape(layer):
    """The output shape of a layer as text: `"(None, 4)"`, several of them, or `"?"` when it is not known."""
    if layer._inbound_nodes:
        shapes = [_format_shape(x.shape) for x in layer._inbound_nodes[-1].output_tensors]
        return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"
    build_shapes = getattr(layer, "_build_shapes_dict", None)
    if not build_shapes:
        return "?"
    try:
        shapes = tree.map_shape_structure(_format_shape, _output_shape(layer, build_shapes))
    except Exception:  # a user's compute_output_shape() may raise anything
        return "?"
    flat = tree.flatten(shapes)
    return flat[0] if len(flat) == 1 else str(shapes).replace("'", "")


def _output_shape(layer, build_shapes):
    shape = getattr(layer, "output_shape", None)
    return layer.compute_output_shape(**build_shapes) if shape is None else shape


def _format_shape(shape):
    return f"({', '.join(str(size) for size in shape)})"


def layer_bounds(layers, layer_range=None):
    """The first place and the place after the last of the layers in a range of names or patterns."""
    if layer_range is None:
        return 0, len(layers)
    if len(layer_range) != 2:
        raise ValueError(
            "layer_range must be a list or tuple of length 2. "
            f"Received: layer_range = {layer_range} of length {len(layer_range)}"
        )
    if not all(isinstance(name, str) for name in layer_range):
        raise ValueError(f"layer_range should contain string type only. Received: {layer_range}")
    lower, upper = (
        [index for index, layer in enumerate(layers) if re.match(pattern, layer.name)] for pattern in layer_range
    )
    if not lower or not upper:
        raise ValueError(
            f"Passed layer_names do not match the layer names in the model. Received: {layer_range}"
        )
    if min(lower) > max(upper):
        return min(upper), max(lower) + 1
    return min(lower), max(upper) + 1


# ---------------------------------------------------------------------------------------------------------
# Numbers of parameters


def count_params(weights):
    """How many numbers a list of variables holds."""
    total = 0
    for weight in weights:
        size = 1
        for length in weight.shape:
            size *= length
        total += size
    return int(total)


def weight_memory_size(weights):
    """How many bytes a list of variables takes; one that occurs twice counts once."""
    unique = {id(weight): weight for weight in weights}.values()
    return sum(count_params([weight]) * _bits(weight.dtype) for weight in unique) / 8


def _bits(dtype):
    digits = re.search(r"\d+", str(dtype).replace("bfloat16", "16").split("_")[0])
    return int(digits.group()) if digits else 8


def readable_memory_size(size):
    """A number of bytes as text: `"11.41 KB"`."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _totals(model):
    """`(label, variables)` of the lines below the table."""
    trainable, fixed = model.trainable_weights, model.non_trainable_weights
    optimizer = getattr(model, "optimizer", None) if getattr(model, "compiled", False) else None
    slots = list(optimizer.variables) if optimizer is not None and getattr(optimizer, "built", False) else None
    lines = [
        ("Total params", [*trainable, *fixed, *(slots or ())]),
        ("Trainable params", trainable),
        ("Non-trainable params", fixed),
    ]
    if slots is not None:
        lines.append(("Optimizer params", slots))
    return lines


# ---------------------------------------------------------------------------------------------------------
# The box of Keras 3


def _keras3_text(model, rows, line_length, positions, show_trainable):
    header = ["Layer (type)", "Output Shape", "Param #"]
    alignment = ["left", "left", "right"]
    default_length = 88
    positions = positions or ([0.3, 0.56, 0.74, 1.0] if rows.has_connections else [0.45, 0.80, 1.0])
    if rows.has_connections:
        header.append("Connected to")
        alignment.append("left")
        default_length = 108
    if show_trainable:
        header.append("Trainable")
        alignment.append("center")
        default_length += 12
        positions = [position * 0.90 for position in positions] + [1.0]
    line_length = line_length or min(default_length, shutil.get_terminal_size().columns - 4)
    widths = _column_widths(positions, line_length)

    body = []
    for layer, level in rows.layers:
        count = rows.parameter_count(layer)
        cells = [
            rows.name(layer, level),
            format_layer_shape(layer),
            "0 (unbuilt)" if count is None else f"{count:,}",
        ]
        if rows.has_connections:
            cells.append(", ".join(rows.connections(layer)) or "-")
        if show_trainable:
            cells.append(rows.trainable(layer))
        body.append(cells)

    lines = [f'Model: "{model.name}"', *_box(header, body, widths, alignment)]
    for label, weights in _totals(model):
        lines.append(f" {label}: {count_params(weights):,} ({readable_memory_size(weight_memory_size(weights))})")
    return "\n".join(lines) + "\n"


def _column_widths(positions, line_length):
    """Inner widths of the columns, so that the box is `line_length` wide."""
    widths = []
    current = 0
    for position in positions:
        width = int(position * line_length) - current
        if width < 4:
            raise ValueError("Insufficient console width to print summary.")
        widths.append(width)
        current += width
    # Borders and padding come out of the columns, evenly.
    excess = sum(widths) + 2 * len(widths) - (line_length - len(widths) - 1)
    fitted = []
    for index, width in enumerate(widths):
        taken = round(excess / (len(widths) - index))
        fitted.append(max(width + 2 - taken, 3) - 2)
        excess -= taken
    return fitted


def _box(header, body, widths, alignment):
    def rule(left, line, middle, right):
        return left + middle.join(line * (width + 2) for width in widths) + right

    def row(cells, bar):
        wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths)]
        height = max(len(lines) for lines in wrapped)
        text = []
        for index in range(height):
            parts = [
                _align(lines[index] if index < len(lines) else "", width, kind)
                for lines, width, kind in zip(wrapped, widths, alignment)
            ]
            text.append(bar + bar.join(f" {part} " for part in parts) + bar)
        return text

    lines = [rule("┏", "━", "┳", "┓"), *row(header, "┃"), rule("┡", "━", "╇", "┩")]
    for index, cells in enumerate(body):
        if index:
            lines.append(rule("├", "─", "┼", "┤"))
        lines.extend(row(cells, "│"))
    lines.append(rule("└", "─", "┴", "┘"))
    return lines


def _wrap(text, width):
    """Breaks a text between words. A line that is still too long ends in an ellipsis."""
    lines = [""]
    for word in re.findall(r"\s*\S+\s*", text):
        if lines[-1] and len(lines[-1]) + len(word.rstrip()) > width >= len(lines[-1].rstrip()):
            lines.append("")
        lines[-1] += word
    lines = [line.rstrip() for line in lines]
    return [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]


def _align(text, width, kind):
    if kind == "right":
        return text.rjust(width)
    if kind == "center":
        left = (width - len(text)) // 2
        return (" " * left + text).ljust(width)
    return text.ljust(width)


# ---------------------------------------------------------------------------------------------------------
# The ruled forms of older versions


def _ruled_text(model, rows, line_length, positions, show_trainable, style):
    header = ["Layer (type)", "Output Shape", "Param #"]
    if rows.has_connections:
        line_length = line_length or 98
        positions = positions or [0.33, 0.55, 0.67, 1.0]
        header.append("Connected to")
    else:
        line_length = line_length or 65
        positions = positions or [0.45, 0.85, 1.0]
    if show_trainable:
        line_length += 11
        positions = [*positions[:-1], positions[-1] * 0.88, 1.0]
        header.append("Trainable")
    if positions[-1] <= 1:
        positions = [int(line_length * position) for position in positions]
    margin = " " if style == "tf2" else ""
    between = " " * line_length if style == "tf2" else "_" * line_length

    lines = [f'Model: "{model.name}"', "_" * line_length, _ruled_row([margin + header[0], *header[1:]], positions)]
    lines.append("=" * line_length)
    for index, (layer, level) in enumerate(rows.layers):
        if index:
            lines.append(between)
        shape = format_layer_shape(layer)
        if style == "tf2" and type(layer).__name__ == "InputLayer":
            shape = f"[{shape}]"
        count = rows.parameter_count(layer)
        cells = [margin + rows.name(layer, level), shape, "0" if count is None else str(count)]
        connections = rows.connections(layer) if rows.has_connections else []
        if rows.has_connections:
            cells.append(connections[0] if connections else "")
        if show_trainable:
            cells.append(rows.trainable(layer))
        lines.append(_ruled_row(cells, positions))
        for connection in connections[1:]:
            lines.append(_ruled_row([margin, "", "", connection], positions))
    if style == "tf2":
        lines.append(between)
    lines.append("=" * line_length)
    for label, weights in _totals(model)[:3]:
        if label == "Total params":
            weights = model.weights
        lines.append(f"{label}: {count_params(weights):,}")
    lines.append("_" * line_length)
    return "\n".join(lines) + "\n"


def _ruled_row(cells, positions):
    line = ""
    for index, cell in enumerate(cells):
        if index:
            line = line[:-1] + " "
        line = (line + cell)[: positions[index]].ljust(positions[index])
    return line
