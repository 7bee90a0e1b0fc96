"""The part of `Layer` that turns its weights into integers or 8-bit floats: `quantize`, its wrapper, and the dispatch."""

from functools import wraps

from keraunos.dtype_policies import QUANTIZATION_MODES
from keraunos.quantizers.quantization_config import validate_and_resolve_config


def wrap_quantize(quantize):
    """Gives a `quantize` method what every one needs: a checked config, and the right to replace variables."""

    @wraps(quantize)
    def quantize_wrapper(self, mode=None, config=None, **kwargs):
        attributes = self.__dict__
        if attributes.get("_is_quantizing"):
            # `super().quantize(...)` inside a quantize: the outer one has checked.
            return quantize(self, mode=mode, config=config, **kwargs)
        config = validate_and_resolve_config(mode, config)
        self._check_quantize_args(config.mode, self.compute_dtype)
        was_locked = self._tracker.locked
        self._tracker.unlock()
        attributes["_is_quantizing"] = True
        try:
            quantize(self, mode=config.mode, config=config, **kwargs)
        finally:
            del attributes["_is_quantizing"]
            if was_locked:
                self._tracker.lock()
        return None

    quantize_wrapper._is_quantize_wrapper = True
    return quantize_wrapper


class LayerQuantization:
    """Mix-in of `Layer`. A layer that can be quantized overrides `quantize`, `quantized_build` and `_<mode>_call`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not getattr(cls.quantize, "_is_quantize_wrapper", False):
            cls.quantize = wrap_quantize(cls.quantize)

    @wrap_quantize
    def quantize(self, mode=None, type_check=True, config=None):
        """Replaces the weights by integers or 8-bit floats. Layers that can override this.

        Args:
            mode: `"int8"`, `"int4"` or `"float8"`.
            type_check: Whether a subclass of a built-in layer refuses: it may use the weights in its own way.
            config: A `keraunos.quantizers.QuantizationConfig`, in place of `mode` or with it.

        Raises:
            NotImplementedError: for a layer that cannot.
            ValueError: for an unknown mode, and for a layer that is not built or quantized already.

        Example:

        >>> layer = keraunos.layers.Dense(2)
        >>> layer.build((None, 3))
        >>> layer.quantize("int8")
        >>> layer.kernel.dtype
        'int8'
        """
        raise self._not_implemented_error(self.quantize)

    def quantized_build(self, input_shape, mode):
        """Creates the variables of a quantization mode. Layers that can be quantized override this."""
        raise self._not_implemented_error(self.quantized_build)

    def quantized_call(self, *args, **kwargs):
        """The computation in the layer's quantization mode, in place of `call`."""
        mode = self.quantization_mode
        if mode not in QUANTIZATION_MODES:
            raise self._quantization_mode_error(mode)
        computation = getattr(self, f"_{mode}_call", None)
        if computation is None:
            raise self._not_implemented_error(f"_{mode}_call")
        return computation(*args, **kwargs)

    def _get_computation(self):
        return self.call if self.quantization_mode is None else self.quantized_call

    def _check_quantize_args(self, mode, compute_dtype):
        if not self.built:
            raise ValueError(
                f"Cannot quantize a layer that isn't yet built. Layer '{self.name}' (of type "
                f"'{type(self).__name__}') is not built yet."
            )
        if getattr(self, "_is_quantized", False):
            raise ValueError(
                f"Layer '{self.name}' is already quantized with dtype_policy='{self.dtype_policy.name}'. "
                f"Received: mode={mode}"
            )
        if mode == "int8" and compute_dtype == "float16":
            raise ValueError(
                f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'. Consider loading "
                "model/layer with another dtype policy such as 'mixed_bfloat16' or 'mixed_float16' before calling "
                "`quantize()`."
            )

    def _quantize_to_policy(self, policy):
        """Quantizes a built layer whose dtype policy was set to a quantized one."""
        mode = policy.quantization_mode
        if mode is None or not self.built or getattr(self, "_is_quantized", False):
            return
        if mode == "gptq":
            raise ValueError(
                f"Implicitly enabling GPTQ quantization by setting `dtype_policy` to '{policy.name}' is not supported. "
                "GPTQ requires a calibration dataset and a `GPTQConfig` object.\n\nPlease use the "
                "`.quantize('gptq', config=...)` method on the layer or model instead."
            )
        self.quantize(mode)

    def _quantization_mode_error(self, mode):
        return NotImplementedError(
            f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: quantization_mode={mode}"
        )
