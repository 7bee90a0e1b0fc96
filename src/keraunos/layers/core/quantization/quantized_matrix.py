"""What the quantized layers share: how their one matrix is replaced, stored and loaded."""

from keraunos import dtype_policies, ops, serialization
from keraunos.dtype_policies import Int4DTypePolicy
from keraunos.layers.core.lora import LowRankAdaptation
from keraunos.quantizers.quantization_config import Int4QuantizationConfig

_INTEGER_MODES = ("int8", "int4")


class QuantizedMatrix(LowRankAdaptation):
    """Mix-in of layers with one matrix, `_kernel` or `_embeddings`, that can be quantized.

    Subclasses have `variable_serialization_spec`, `quantized_build`, which names the shape as Keras does, a
    `_<mode>_build(shape, config)` and a `_<mode>_call` for each mode, and for the modes of integers `_quantized_values`
    and `_float_matrix`.
    """

    @property
    def variable_serialization_spec(self):
        """Dictionary from quantization mode to the names of the variables in the order of files."""
        raise NotImplementedError

    def _quantized_values(self, mode, matrix, config):
        """Dictionary from names of variables to their values for a float `matrix`."""
        raise NotImplementedError

    def _float_matrix(self):
        """The matrix, made from the integers."""
        raise NotImplementedError

    def _quantize_matrix(self, cls, mode, type_check, config):
        """What `quantize` does for a layer of class `cls`."""
        if type_check and type(self) is not cls:
            raise self._not_implemented_error(self.quantize)
        if mode not in self.variable_serialization_spec:
            raise self._quantization_mode_error(mode)
        self.quantization_config = config
        shape = tuple(self._own_matrix().shape)
        values = {}
        if mode in _INTEGER_MODES:
            values = self._quantized_values(mode, ops.convert_to_tensor(self._own_matrix()), config)
            self._forget_floats()
        self.quantized_build(shape, mode, config)
        for name, value in values.items():
            self._stored_variable(name).assign(value)
        if self._own_policy().quantization_mode is None:
            name = self._policy_mode(mode, config)
            self.dtype_policy = dtype_policies.get(f"{name}_from_{self._own_policy().name}")

    def _forget_floats(self):
        """Deletes the float variables that integers take the place of."""
        delattr(self, f"_{self._lora_matrix}")

    def _build_mode(self, shape, mode, config):
        """What `quantized_build` does for a float matrix of that shape."""
        if mode is None or mode not in self.variable_serialization_spec:
            raise self._quantization_mode_error(mode)
        getattr(self, f"_{mode}_build")(tuple(shape), config)
        self._is_quantized = True

    def _block_size(self, config):
        """Rows that share a scale in the mode int4, `None` for all of them."""
        policy = self._own_policy()
        size = None
        if isinstance(config, Int4QuantizationConfig):
            size = config.block_size
        elif isinstance(policy, Int4DTypePolicy):
            size = policy.block_size
        return None if size == -1 else size

    def _policy_mode(self, mode, config):
        if mode in ("gptq", "awq"):
            return config.dtype_policy_string()
        return f"int4/{self._block_size(config) or -1}" if mode == "int4" else mode

    def _lora_shape(self):
        if self.quantization_mode == "gptq":
            raise NotImplementedError("lora is not currently supported with GPTQ quantization.")
        return self._matrix_shape if self.quantization_mode == "int4" else super()._lora_shape()

    # -- Files

    def _stored_variable(self, name):
        """The variable that files call `name`, `None` where the layer has none."""
        return getattr(self, f"_{name}" if name == self._lora_matrix else name, None)

    def _values_to_store(self):
        """The values that differ from the variables: the matrix with its adaptation merged into it."""
        mode = self.quantization_mode
        if mode is None:
            return {self._lora_matrix: self._adapted(self._own_matrix())}
        if not self.lora_enabled or mode in ("gptq", "awq"):
            return {}
        if mode not in _INTEGER_MODES:
            raise ValueError(f"Unsupported quantization mode: {mode}")
        merged = ops.add(self._float_matrix(), self._adaptation())
        # A custom quantizer is for the trained weights; what is merged takes that of the layer.
        config = Int4QuantizationConfig(block_size=self._int4_block_size) if mode == "int4" else None
        return self._quantized_values(mode, merged, config)

    def _names_in_files(self):
        mode = self.quantization_mode
        if mode not in self.variable_serialization_spec:
            raise self._quantization_mode_error(mode)
        return [name for name in self.variable_serialization_spec[mode] if self._stored_variable(name) is not None]

    def save_own_variables(self, store):
        """Stores the adapted matrix as one: files do not depend on the adaptation."""
        if not self.built:
            return
        names = self._names_in_files()
        values = self._values_to_store()
        for index, name in enumerate(names):
            store[f"{index}"] = values[name] if name in values else self._stored_variable(name)

    def load_own_variables(self, store):
        """Loads the matrix and forgets what was learned beside it."""
        if not self.lora_enabled:
            self._check_load_own_variables(store)
        if not self.built:
            return
        self._note_loaded(self.quantization_mode)
        for index, name in enumerate(self._names_in_files()):
            self._stored_variable(name).assign(store[f"{index}"])
        if self.lora_enabled:
            for variable in self._adapting_variables():
                variable.assign(ops.zeros(variable.shape))

    def _note_loaded(self, mode):
        """Hook of layers that compute differently once weights are loaded."""

    def _quantization_entries(self):
        return {"quantization_config": serialization.serialize_keras_object(self.quantization_config)}

    @classmethod
    def from_config(cls, config):
        if isinstance(config.get("quantization_config"), dict):
            quantization_config = serialization.deserialize_keras_object(config["quantization_config"])
            config = {**config, "quantization_config": quantization_config}
        return super().from_config(config)
