"""Settings of the library: default float type, fuzz factor, image layout, threads, switches."""

from __future__ import annotations

_FLOATX = ("float16", "bfloat16", "float32", "float64")
_DATA_FORMATS = ("channels_last", "channels_first")

_floatx = "float32"
_epsilon = 1e-7
_image_data_format = "channels_last"
_dtype_policy = None
_max_epochs = None
_max_steps_per_epoch = None
_flash_attention = None
_is_traceback_filtering_enabled = True
_is_interactive_logging_enabled = True
_is_unsafe_deserialization_enabled = False


def floatx():
    """The default float type, `"float32"` unless set otherwise."""
    return _floatx


def set_floatx(value):
    """Sets the default float type: `"float16"`, `"bfloat16"`, `"float32"` or `"float64"`."""
    global _floatx
    if value not in _FLOATX:
        raise ValueError(f"Unknown `floatx` value: {value}. Expected one of {set(_FLOATX)}")
    _floatx = str(value)


def epsilon():
    """The fuzz factor of numeric expressions, `1e-7` unless set otherwise."""
    return _epsilon


def set_epsilon(value):
    """Sets the fuzz factor of numeric expressions."""
    global _epsilon
    _epsilon = value


def image_data_format():
    """The default layout of images: `"channels_last"` or `"channels_first"`."""
    return _image_data_format


def set_image_data_format(data_format):
    """Sets the default layout of images."""
    global _image_data_format
    _image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format):
    """`data_format` in lower case, or the default one for `None`; `ValueError` for anything else."""
    if data_format is None:
        return image_data_format()
    lowered = str(data_format).lower()
    if lowered not in _DATA_FORMATS:
        raise ValueError(
            "The `data_format` argument must be one of "
            f"{set(_DATA_FORMATS)}. Received: data_format={data_format}"
        )
    return lowered


def backend():
    """The name of the backend: `"keraunos"`."""
    return "keraunos"


def set_backend(backend):
    """Accepted for `"keraunos"`; there is no other backend."""
    if backend != "keraunos":
        raise ValueError(f"keraunos computes with its own core and has no other backend. Received: backend={backend}")


def dtype_policy():
    """The global dtype policy, `float32` unless set by `set_dtype_policy`."""
    global _dtype_policy
    if _dtype_policy is None:
        from keraunos.dtype_policies import DTypePolicy

        _dtype_policy = DTypePolicy(floatx())
    return _dtype_policy


def set_dtype_policy(policy):
    """Sets the global dtype policy, given as a policy or as its name (`"mixed_bfloat16"`)."""
    global _dtype_policy
    from keraunos import dtype_policies

    if not isinstance(policy, dtype_policies.DTypePolicy):
        if not isinstance(policy, (str, dict)):
            raise ValueError(
                "Invalid `policy` argument. Expected the string name of a policy (such as 'mixed_float16') or a "
                f"`DTypePolicy` instance. Received: policy={policy} (of type {type(policy)})"
            )
        policy = dtype_policies.get(policy)
    _dtype_policy = policy


def reset_dtype_policy():
    """Forgets the global dtype policy; `dtype_policy()` follows `floatx` again."""
    global _dtype_policy
    _dtype_policy = None


def get_num_threads():
    """How many threads the core may use."""
    from keraunos import _core

    return _core.get_num_threads()


def set_num_threads(count):
    """Sets how many threads the core may use; 0 lets it choose. Results do not depend on it."""
    from keraunos import _core

    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError(f"set_num_threads: `count` must be an integer >= 0. Received: count={count}")
    _core.set_num_threads(count)


def enable_traceback_filtering():
    """Turns on shortened error messages of layers."""
    global _is_traceback_filtering_enabled
    _is_traceback_filtering_enabled = True


def disable_traceback_filtering():
    """Leaves errors inside layers exactly as they were raised."""
    global _is_traceback_filtering_enabled
    _is_traceback_filtering_enabled = False


def is_traceback_filtering_enabled():
    """Whether errors inside layers get the layer's name and arguments added."""
    return _is_traceback_filtering_enabled


def enable_interactive_logging():
    """Progress goes to standard output (the default)."""
    global _is_interactive_logging_enabled
    _is_interactive_logging_enabled = True


def disable_interactive_logging():
    """Progress goes to the `absl`-style Python logger."""
    global _is_interactive_logging_enabled
    _is_interactive_logging_enabled = False


def is_interactive_logging_enabled():
    """Whether progress goes to standard output."""
    return _is_interactive_logging_enabled


def enable_flash_attention():
    """Accepted; attention has one implementation, which never stores the whole score matrix of a long sequence."""
    global _flash_attention
    _flash_attention = True


def disable_flash_attention():
    """Accepted, see `enable_flash_attention`."""
    global _flash_attention
    _flash_attention = False


def is_flash_attention_enabled():
    """What was asked for by `enable_flash_attention` or `disable_flash_attention`, else `None`."""
    return _flash_attention


def is_nnx_enabled():
    """Always `False`: NNX belongs to another backend."""
    return False


def enable_unsafe_deserialization():
    """Accepted and recorded. Loading never runs code from a file, whatever this says."""
    global _is_unsafe_deserialization_enabled
    _is_unsafe_deserialization_enabled = True


def max_epochs():
    """The upper limit of epochs in `fit`, or `None`."""
    return _max_epochs


def set_max_epochs(max_epochs):
    """Limits the epochs of every `fit`; `None` or a negative number removes the limit."""
    global _max_epochs
    _max_epochs = _limit(max_epochs, "max_epochs")


def max_steps_per_epoch():
    """The upper limit of steps per epoch in `fit`, `evaluate` and `predict`, or `None`."""
    return _max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch):
    """Limits the steps of every epoch; `None` or a negative number removes the limit."""
    global _max_steps_per_epoch
    _max_steps_per_epoch = _limit(max_steps_per_epoch, "max_steps_per_epoch")


def _limit(value, name):
    if value is None or value < 0:
        return None
    if not isinstance(value, int):
        raise ValueError(f"`{name}` must be an integer or None. Received: {name}={value}")
    return value
