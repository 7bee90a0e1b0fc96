"""The part of `Layer` that creates state: `build`, its wrapper, `add_weight`, and how state is rebuilt from a file."""

import inspect
import math
import os
import warnings
from functools import wraps

from keraunos import constraints, initializers, regularizers
from keraunos.dtypes import standardize_dtype
from keraunos.layers.call_spec import default, is_default
from keraunos.naming import current_path, name_scope
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.variable import Variable
from keraunos.weights_budget import charge

_LOCKED = (
    "You cannot add new elements of state (variables or sub-layers) to a layer that is already built. All state must "
    "be created in the `__init__()` method or in the `build()` method."
)
_ITEM_SIZES = {"bool": 1, "float16": 2, "bfloat16": 2, "float64": 8, "int64": 8, "uint64": 8, "int8": 1, "uint8": 1}


def wrap_build(build):
    """Gives a `build` method what every build needs: the name scope, the record of shapes, and the lock after it."""

    @wraps(build)
    def build_wrapper(self, *args, **kwargs):
        attributes = self.__dict__
        if attributes.get("_is_building"):
            # `super().build(...)` inside a build: the outer one does the rest.
            return build(self, *args, **kwargs)
        attributes["_is_building"] = True
        try:
            with self._open_name_scope():
                self._path = current_path()
                build(self, *args, **kwargs)
        finally:
            del attributes["_is_building"]
        shapes = dict(_signature_without_self(build).bind(*args, **kwargs).arguments)
        object.__setattr__(self, "_build_shapes_dict", shapes)
        self.built = True
        self._post_build()
        self._lock_state()
        return None

    build_wrapper._is_build_wrapper = True
    return build_wrapper


def _signature_without_self(method):
    signature = inspect.signature(method)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class LayerBuilding:
    """Mix-in of `Layer`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not getattr(cls.build, "_is_build_wrapper", False):
            cls.build = wrap_build(cls.build)

    @wrap_build
    @default
    def build(self, input_shape):
        """Creates the variables. Subclasses override this; the shape's batch size is `None`."""
        self._check_super_called()
        if is_default(self.build) and any(not layer.built for layer in self._layers):
            warnings.warn(
                f"`build()` was called on layer '{self.name}', however the layer does not have a `build()` method "
                "implemented and it looks like it has unbuilt state. This will cause the layer to be marked as "
                "built, despite not being actually built, which may cause failures down the line. Make sure to "
                "implement a proper `build()` method.",
                stacklevel=3,
            )
        self.built = True

    def _build_at_init(self):
        """Marks a layer without variables as built."""
        if is_default(self.build):
            self.built = True
            self._post_build()
            self._lock_state()

    def _post_build(self):
        initial_weights = self.__dict__.pop("_initial_weights", None)
        if initial_weights is not None:
            self.set_weights(initial_weights)

    def _lock_state(self):
        if not self._tracker.locked:
            self._tracker.lock(msg=_LOCKED)

    def _maybe_build(self, call_spec):
        if self.built:
            return
        if not is_default(self.build):
            self.build(**call_spec.shapes_for(self.build, type(self).__name__))
            # `build` may have set or narrowed the input spec.
            self._assert_input_compatibility(call_spec.first_arg)
            return
        shapes = call_spec.shapes()
        if any(not layer.built for layer in self._layers):
            # Without a build() of its own, the layer's children are built by tracing its call.
            try:
                compute_output_spec(self.call, **call_spec.arguments_dict)
            except RecursionError:
                raise  # Every level would try again.
            except Exception as error:
                if call_spec.eager:
                    return
                warnings.warn(
                    f"Layer '{self.name}' looks like it has unbuilt state, but Keras is not able to trace the layer "
                    "`call()` in order to build it automatically. Possible causes:\n"
                    "1. The `call()` method of your layer may be crashing. Try to `__call__()` the layer eagerly on "
                    "some test input first to see if it works. E.g. `x = np.random.random((3, 4)); y = layer(x)`\n"
                    "2. If the `call()` method is correct, then you may need to implement the "
                    "`def build(self, input_shape)` method on your layer. It should create all variables used by the "
                    f"layer (e.g. by calling `layer.build()` on all its children layers).\nException encountered: "
                    f"''{error}''",
                    stacklevel=4,
                )
        self.build(next(iter(shapes.values()), None))

    def get_build_config(self):
        """Returns the shapes that the layer was built with, as `build_from_config` takes them."""
        shapes = self._build_shapes_dict
        if shapes is None:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": shapes}

    def build_from_config(self, config):
        """Builds the layer from the result of `get_build_config()`."""
        if not config:
            return
        if "input_shape" in config:
            self.build(config["input_shape"])
        elif "shapes_dict" in config:
            self.build(**config["shapes_dict"])

    def add_variable(
        self,
        shape,
        initializer,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        name=None,
    ):
        """Alias of `add_weight` without positional surprises."""
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    def add_weight(
        self,
        *args,
        shape=None,
        initializer=None,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        aggregation="none",
        overwrite_with_gradient=False,
        name=None,
    ):
        """Creates a variable of this layer.

        Args:
            *args: `shape`, `initializer` and `dtype` by position, as older code has it.
            shape: Shape without unknown sizes; `()` if left out.
            initializer: What fills it: glorot uniform for floats and zeros otherwise if left out.
            dtype: The policy's variable dtype if `None`.
            trainable: Whether the optimizer updates it.
            autocast: Whether it is cast to the compute dtype when read inside `call`.
            regularizer: Penalty that is added to `losses`.
            constraint: Projection applied after each update.
            aggregation: Accepted for Keras's sake.
            overwrite_with_gradient: Whether its gradient is its new value.
            name: Name of the variable.

        Returns:
            The `Variable`.
        """
        self._check_super_called()
        if args:
            shape, initializer, dtype = _merge_positional(args, shape, initializer, dtype)
        shape = () if shape is None else shape
        dtype = self.variable_dtype if dtype is None else standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if "float" in dtype else "zeros"
        initializer = initializers.get(initializer)
        self._check_memory(shape, dtype, name)
        with name_scope(self.name, caller=self):
            variable = Variable(
                initializer=initializer,
                shape=shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._track_variable(variable)
        return variable

    def _check_memory(self, shape, dtype, name):
        """Refuses sizes that cannot be meant, before anything is allocated."""
        sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
        if not all(isinstance(size, int) for size in sizes):
            return
        needed = math.prod(sizes) * _ITEM_SIZES.get(dtype, 4)
        charge(needed, f"Layer '{self.name}': variable '{name}' of shape {tuple(sizes)}")
        if needed > 1 << 30 and needed > _physical_memory():
            raise MemoryError(
                f"Layer '{self.name}': variable '{name}' of shape {tuple(sizes)} needs {needed} bytes, "
                f"more than this machine's {_physical_memory()}."
            )

    def _track_variable(self, variable):
        store = "trainable_variables" if variable.trainable else "non_trainable_variables"
        self._tracker.add_to_store(store, variable)
        if not self.trainable:
            variable.trainable = False
        self._post_track_variable(variable)

    def _untrack_variable(self, variable):
        was_locked = self._tracker.locked
        self._tracker.unlock()
        self._tracker.untrack(variable)
        if was_locked:
            self._tracker.lock()
        self._post_untrack_variable(variable)

    def _post_track_variable(self, variable):
        """Hook of subclasses that keep lists of their own."""

    def _post_untrack_variable(self, variable):
        """Hook of subclasses that keep lists of their own."""


def _merge_positional(args, shape, initializer, dtype):
    if len(args) > 3:
        raise TypeError(f"add_weight() takes at most 3 positional arguments but {len(args)} were given.")
    if isinstance(args[0], str):
        raise ValueError(
            f"`name` must be passed as a keyword argument. Received: add_weight('{args[0]}', ...). "
            f"Use: add_weight(shape=..., name='{args[0]}')."
        )
    merged = []
    named = {"shape": shape, "initializer": initializer, "dtype": dtype}
    for index, (name, keyword) in enumerate(named.items()):
        if index >= len(args):
            merged.append(keyword)
            continue
        if keyword is not None:
            raise ValueError(f"`{name}` was passed both positionally and as a keyword argument.")
        merged.append(args[index])
    return merged


def _physical_memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 40
