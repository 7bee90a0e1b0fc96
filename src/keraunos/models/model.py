"""`Model`: a layer that can be trained, evaluated, saved and loaded."""

import warnings

from keraunos import tree
from keraunos.layers import Layer
from keraunos.layers.call_spec import is_default
from keraunos.models.state_tree import StateTree
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.quantizers.layer_filters import should_quantize_layer
from keraunos.tensor import KerasTensor
from keraunos.training.trainer import Trainer

_RESERVED_LAYERS = (
    "`Model.layers` attribute is reserved and should not be used. Please use another name."
)


class Model(StateTree, Trainer, Layer):
    """Groups layers into an object with training and inference features.

    There are three ways to make one: from symbolic inputs and outputs (`Model(inputs, outputs)` gives a
    Functional model), by a subclass with its own `call()`, and as a `Sequential`.

    Args:
        inputs: `Input` tensor, or a list, tuple or dictionary of them.
        outputs: Tensors computed from `inputs`, in any structure.
        name: Name of the model.

    Example:

    >>> inputs = keraunos.Input((20,))
    >>> hidden = keraunos.layers.Dense(64, activation="relu")(inputs)
    >>> model = keraunos.Model(inputs, keraunos.layers.Dense(10)(hidden))
    >>> model.output_shape
    (None, 10)

    >>> class Twice(keraunos.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = keraunos.layers.Dense(4)
    ...     def call(self, x):
    ...         return self.dense(x) * 2
    >>> Twice()(np.ones((2, 3))).shape
    (2, 4)
    """

    _is_compiled_at_once = True

    def __new__(cls, *args, **kwargs):
        if cls is Model and _are_functional_arguments(args, kwargs):
            from keraunos.models.functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        from keraunos.models import functional

        Trainer.__init__(self)
        if _are_functional_arguments(args, kwargs):
            _make_functional(type(self))
            functional.Functional.__init__(self, *args, **kwargs)
        else:
            Layer.__init__(self, *args, **kwargs)

    def _layer_by_layer_call(self, *args, **kwargs):
        result = super()._layer_by_layer_call(*args, **kwargs)
        if result is None or isinstance(result, (str, bool, int, float)):
            raise ValueError(
                f"Model '{self.name}': `{type(self).__name__}.call()` must return a tensor, or a list, tuple or "
                f"dictionary of tensors. It returned {result!r} (of type {type(result).__name__})"
            )
        return result

    def _operations_of_call(self):
        return []

    def call(self, *args, **kwargs):
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")

    # -------------------------------------------------------------------------------------------------
    # Layers

    @property
    def layers(self):
        """The layers of the model, in the order of their creation."""
        return list(self._flatten_layers(include_self=False, recursive=False))

    @layers.setter
    def layers(self, _):
        raise AttributeError(_RESERVED_LAYERS)

    def get_layer(self, name=None, index=None):
        """Returns a layer by its name or by its place.

        Args:
            name: Name of the layer.
            index: Place in `model.layers`.

        Raises:
            ValueError: when there is no such layer, or not exactly one of the arguments is given.
        """
        if index is not None and name is not None:
            raise ValueError(
                f"Provide only a layer name or a layer index. Received: index={index}, name={name}."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers."
                )
            return layers[index]
        if name is None:
            raise ValueError("Provide either a layer name or layer index at `get_layer`. Received neither.")
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"No such layer: {name}. Existing layers are: {_first_names(layer.name for layer in layers)}."
        )

    def summary(
        self,
        line_length=None,
        positions=None,
        print_fn=None,
        expand_nested=False,
        show_trainable=False,
        layer_range=None,
        style=None,
    ):
        """Prints a table of the layers, their output shapes and their numbers of parameters.

        Args:
            line_length: Width of the table.
            positions: Ends of the columns, as fractions of the width.
            print_fn: Called with the text instead of `print`.
            expand_nested: Whether to list the layers of nested models, too.
            show_trainable: Whether to add a column that says which layers are trainable.
            layer_range: Names (or patterns) of the first and the last layer to list.
            style: `"keras3"` (a box), `"keras2"` or `"tf2"` (ruled with `_` and `=`). By default what
                `keraunos.utils.summary_utils.set_summary_style` says.
        """
        from keraunos.utils.summary_utils import print_summary

        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
            style=style,
        )

    # -------------------------------------------------------------------------------------------------
    # Files

    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Saves the model: its config, weights, optimizer state and compile arguments.

        Args:
            filepath: Path that ends in `.keras`.
            overwrite: Whether an existing file is replaced without asking.
            zipped: `False` writes a directory instead of one file.
        """
        from keraunos.saving import saving_api

        return saving_api.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Saves all weights to a file that ends in `.weights.h5`."""
        from keraunos.saving import saving_api

        return saving_api.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Loads the weights that `save_weights()` or `save()` wrote.

        Args:
            filepath: Path of a `.weights.h5` or `.keras` file.
            skip_mismatch: Whether layers whose weights do not fit are left alone, with a warning.
        """
        from keraunos.saving import saving_api

        saving_api.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
        """Writes the model's inference call as an ONNX file, which needs no Python and no keraunos to run.

        The call is traced into ops and the ops are translated, so that layers of one's own need nothing more. Inputs
        and outputs have the names of their layers, weights those of their paths; the batch and other open sizes stay open.

        Args:
            filepath: The file. A name that ends in `.onnx` means ONNX whatever `format` is.
            format: `"onnx"`; Keras's other formats raise.
            verbose: Whether a line is printed at the end; `None` is `True`.
            input_signature: A list with a structure of `InputSpec`, `KerasTensor` or tensor for each argument of the
                call, where it should not be what the model was built with.
            **kwargs: `opset_version`, the version of ONNX's operators; 18 if it is not given.

        Raises:
            ValueError: for a format that Keras does not know, or a model whose inputs are not known.
            NotImplementedError: for Keras's other formats, and for ops that have no translation, by name.
            ImportError: when the package `onnx` is missing.

        Example:

        >>> model = keraunos.Sequential([keraunos.Input((4,)), keraunos.layers.Dense(2)])
        >>> model.export("m.onnx")  # doctest: +SKIP
        """
        from keraunos.export.model_export import export_model

        export_model(self, filepath, format=format, verbose=verbose, input_signature=input_signature, **kwargs)

    def quantize(self, mode=None, config=None, filters=None, **kwargs):
        """Quantizes the layers of the model that can be, and leaves the others with a warning.

        Args:
            mode: `"int8"`, `"int4"` or `"float8"`.
            config: A `keraunos.quantizers.QuantizationConfig`, in place of `mode` or with it.
            filters: Which layers: a regular expression for their names, a list of them, or a function of a layer.
            **kwargs: `type_check`, see `Layer.quantize`.

        Raises:
            NotImplementedError: for the modes `"gptq"` and `"awq"`, whose weights are chosen by running data through
                the model: that is not offered.
            ValueError: for a mode or an argument that Keras does not know, and for a model that is not built.

        Example:

        >>> model = keraunos.Sequential([keraunos.Input((4,)), keraunos.layers.Dense(3)])
        >>> model.quantize("int8")
        >>> model.layers[0].kernel.dtype
        'int8'
        """
        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        if filters is not None and not isinstance(filters, (str, list, tuple)) and not callable(filters):
            raise ValueError(
                "The `filters` argument must be a regex string, a list of regex strings, or a callable. "
                f"Received: {type(filters)}"
            )
        if mode in ("gptq", "awq"):
            self._check_quantization_structure(mode, config)
            raise NotImplementedError(f"Model '{self.name}': choosing weights by '{mode}' is not offered.")
        for layer in self._flatten_layers():
            if should_quantize_layer(layer, filters) and len(layer._flatten_layers()) == 1:
                try:
                    layer.quantize(mode, type_check=type_check, config=config)
                except NotImplementedError as error:
                    warnings.warn(str(error), stacklevel=3)
        self._forget_functions()

    def get_quantization_layer_structure(self, mode=None):
        """The blocks that the modes `"gptq"` and `"awq"` go through in order. Models may override this.

        Args:
            mode: The mode.

        Returns:
            `None`, or a dictionary with `"pre_block_layers"` and `"sequential_blocks"`.
        """
        return None

    def _check_quantization_structure(self, mode, config):
        structure = config.quantization_layer_structure
        if structure is None:
            structure = self.get_quantization_layer_structure(mode)
        if structure is None:
            raise ValueError(
                f"For mode='{mode}', a valid quantization structure must be provided either via "
                "`config.quantization_layer_structure` or by overriding "
                "`model.get_quantization_layer_structure(mode)`. The structure should be a dictionary with keys "
                "'pre_block_layers' and 'sequential_blocks'."
            )

    # -------------------------------------------------------------------------------------------------
    # Configs

    def to_json(self, dialect="keras3", **kwargs):
        """Returns the architecture as a JSON string, without weights.

        Args:
            dialect: `"keras3"`, which Keras 3 loads, or `"keras2"`, the form of Keras 2.
            **kwargs: Passed to `json.dumps`.
        """
        import json

        from keraunos.saving.json_text import keras3_json
        from keraunos.saving.legacy_writer import legacy_model_config

        if dialect == "keras2":
            return json.dumps(legacy_model_config(self), **kwargs)
        if dialect != "keras3":
            raise ValueError(f"to_json: `dialect` must be 'keras3' or 'keras2'. Received: dialect={dialect!r}")
        return keras3_json(self, **kwargs)

    def to_yaml(self, **kwargs):
        """Returns the architecture as a YAML string, in the form of Keras 2 with its keys in alphabetical order.

        Args:
            **kwargs: Passed to `yaml.dump`.

        Raises:
            ImportError: when PyYAML is not installed.
        """
        from keraunos.saving.yaml_format import write_yaml

        return write_yaml(self, **kwargs)

    def build_from_config(self, config):
        if not config:
            return
        shape = config.get("input_shape", config.get("shapes_dict"))
        if shape is None:
            return
        is_built = self._build_from_shapes(config)
        self._build_shapes_dict = config if "input_shape" in config else config["shapes_dict"]
        if not is_built:
            warnings.warn(
                f"Model '{self.name}' had a build config, but the model cannot be built automatically in "
                "`build_from_config(config)`. Implement `build_from_config(self, config)` (and perhaps "
                "`get_build_config(self)`), which has to create the variables of the model.",
                stacklevel=2,
            )

    def _build_from_shapes(self, config):
        """Builds from the shapes of a build config; returns whether that worked."""
        is_single = "input_shape" in config
        shapes = config["input_shape"] if is_single else config["shapes_dict"]
        try:
            if is_default(self.build):
                return self._build_by_run(shapes, is_single)
            if is_single:
                self.build(shapes)
            else:
                self.build(**shapes)
        except Exception:  # a user's build() may raise anything; the caller warns
            return False
        return True

    def _build_by_run(self, shapes, is_single):
        """Builds the layers inside by a call on symbolic tensors of these shapes."""
        if is_single:
            compute_output_spec(self.call, tree.map_shape_structure(KerasTensor, shapes))
        else:
            arguments = {
                name.removesuffix("_shape"): tree.map_shape_structure(KerasTensor, shape)
                for name, shape in shapes.items()
            }
            compute_output_spec(self.call, **arguments)
        return True

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a model from the result of `get_config()`."""
        from keraunos.models.functional import Functional
        from keraunos.models.functional_config import functional_from_config, has_functional_arguments

        is_functional = all(key in config for key in ("name", "layers", "input_layers", "output_layers"))
        if is_functional and (cls in (Functional, Model) or has_functional_arguments(cls)):
            if cls is Model:
                cls = Functional
            return functional_from_config(cls, config, custom_objects=custom_objects)
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                "Unable to revive model from config. When overriding the `get_config()` method, make sure that "
                f"the returned config contains all items used as arguments in the constructor to {cls}, which "
                "is the default behavior. You can override this default behavior by defining a "
                "`from_config(cls, config)` class method to specify how to create an instance of "
                f"{cls.__name__} from its config. Received the keys: {_first_names(config)}.\n\n"
                f"Error encountered during deserialization: {error}"
            ) from error

    def __reduce__(self):
        from keraunos.models.pickling import reduce_model

        return reduce_model(self)


def _are_functional_arguments(args, kwargs):
    return (
        len(args) == 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    )


def _make_functional(cls):
    """Puts `Functional` in the place of `Model` among the bases of a user's class.

    `class M(Model)` learns only when `super().__init__(inputs, outputs)` is called that it is a Functional one.
    """
    from keraunos.models.functional import Functional

    if cls is Model:
        return Functional
    if cls is object or issubclass(cls, Functional):
        return cls
    bases = tuple(_make_functional(base) if issubclass(base, Model) else base for base in cls.__bases__)
    if bases != cls.__bases__:
        cls.__bases__ = bases
    return cls


def _first_names(names, limit=40):
    names = list(names)
    if len(names) <= limit:
        return names
    return f"{names[:limit]} and {len(names) - limit} more"
