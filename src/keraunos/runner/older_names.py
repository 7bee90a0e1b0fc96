"""Where the modules of Keras 1 and 2 went: their name -> the modules that hold their names today."""

_LAYERS = ["keraunos.layers"]
_MODELS = ["keraunos.models", "keraunos"]
_UTILS = ["keraunos.utils"]

OLDER_MODULES = {
    "keraunos.engine": ["keraunos", "keraunos.models", "keraunos.layers"],
    "keraunos.engine.base_layer": _LAYERS,
    "keraunos.engine.input_layer": _LAYERS,
    "keraunos.engine.sequential": _MODELS,
    "keraunos.engine.topology": ["keraunos.layers", "keraunos.models"],
    "keraunos.engine.training": _MODELS,
    "keraunos.layers.advanced_activations": _LAYERS,
    "keraunos.layers.convolutional": _LAYERS,
    "keraunos.layers.core": _LAYERS,
    "keraunos.layers.embeddings": _LAYERS,
    "keraunos.layers.experimental": [],
    "keraunos.layers.experimental.preprocessing": _LAYERS,
    "keraunos.layers.merge": _LAYERS,
    "keraunos.layers.noise": _LAYERS,
    "keraunos.layers.normalization": _LAYERS,
    "keraunos.layers.pooling": _LAYERS,
    "keraunos.layers.recurrent": _LAYERS,
    "keraunos.layers.wrappers": _LAYERS,
    "keraunos.optimizers.adam": ["keraunos.optimizers"],
    "keraunos.optimizers.experimental": ["keraunos.optimizers"],
    "keraunos.utils.generic_utils": ["keraunos.utils", "keraunos.saving"],
    "keraunos.utils.layer_utils": _UTILS,
    "keraunos.utils.np_utils": _UTILS,
    "keraunos.utils.vis_utils": _UTILS,
    "keraunos.utils.data_utils": _UTILS,
}
