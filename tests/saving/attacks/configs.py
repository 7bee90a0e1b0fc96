"""Configs that must be refused, by name. Each is the config of a whole model."""

import copy

BOMB = 10**9
LONG_BOMB = 10**15

MODULES = ["os", "subprocess", "builtins", "sys", "ctypes", "importlib", "keras.src.utils.file_utils", "numpy", "", None, 5]
MODULES += [["os"], {"a": 1}, "keras.utils", "keras.models", "keras.saving", "keras.config", "keras.datasets.mnist", "posix"]
FUNCTIONS = ["system", "eval", "exec", "open", "get_file", "load_model", "enable_unsafe_deserialization", "load_data", "print"]
FUNCTIONS += ["__import__", "load_img", "save_model", "get", "deserialize", "set_backend", "clear_session", "plot_model"]
CLASSES = ["TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "Popen", "ModelCheckpoint", "KerasFileEditor"]
NAMES = ["", ".", "..", "a/b", "a\\b", "/a", "nul\0", "line\nfeed", "esc\x1b[0m", "x" * 256, "x" * 10240, "\ud800"]
CODE = "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwA="


def model(layers=None, **changes):
    """The config of a small Sequential model, with changes to its Dense layer."""
    dense = {"name": "d", "units": 2, "activation": "linear", "use_bias": True, **changes}
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 3], "name": "i"}}
    layers = layers or [layer("Dense", dense, build_config={"input_shape": [None, 3]})]
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [first, *layers]}}


def layer(class_name, config, module="keras.layers", **more):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None, **more}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def hostile_configs():
    """Yields `(name, config)`."""
    for module in MODULES:
        yield f"class of module {module!r}", model([layer("system", {"name": "x"}, module=module)])
        yield f"activation of module {module!r}", model(activation=function(module, "system"))
    for name in FUNCTIONS:
        for module in ("keras.utils", "builtins"):
            yield f"function {module}.{name}", model(activation=function(module, name))
        yield f"initializer {name}", model(kernel_initializer=layer(name, {}, module="keras.initializers"))
        yield f"regularizer {name}", model(kernel_regularizer=function("keras.regularizers", name))
        yield f"Lambda of {name}", model([layer("Lambda", {"name": "l", "function": function("keras.utils", name)})])
    for name in CLASSES:
        yield f"class {name}", model([layer(name, {"name": "x", "filepath": "/etc/passwd", "module": CODE})])
    yield from _bytecode()
    for name in NAMES:
        yield f"name {name[:12]!r} of {len(name)}", model(name=name)
    yield from _wrong_types()
    yield from _structures()


def _bytecode():
    stored = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
    for name, value in (("__lambda__", stored), ("list", [CODE, None, None]), ("text", CODE)):
        config = {"name": "l", "function": value, "function_type": "lambda", "module": "__main__"}
        yield f"byte code as {name}", model([layer("Lambda", config)])
        yield f"byte code as {name}, legacy", model([{"class_name": "Lambda", "config": config}])
    yield "byte code as activation", model(activation=stored)
    yield "byte code as initializer", model(kernel_initializer=stored)
    yield "byte code with safe_mode", {**model([layer("Lambda", {"name": "l", "function": stored})]), "safe_mode": False}


def _wrong_types():
    wrong = {
        "units": [None, True, "3", -1, 0, 1.5, [3], {"a": 1}],
        "activation": [5, True, [1], {"a": 1}, "no_such"],
        "kernel_initializer": [5, True, [1], {"a": 1}, "no_such"],
        "bias_initializer": [5, [1], "no_such"],
        "kernel_regularizer": [5, [1], "no_such"],
        "kernel_constraint": [5, [1], "no_such"],
        "dtype": ["no_such", ["float32"], "float3r"],
        "name": [5, True, ["a"], {"a": 1}],
        "no_such_argument": [1, "x", [1]],
        "lora_rank": ["a", [2]],
    }
    for key, values in wrong.items():
        for value in values:
            yield f"{key}={value!r}", model(**{key: value})
    for value in (5, "layers", True, {"a": 1}, [5], ["Dense"], [None]):
        config = model()
        config["config"]["layers"] = value
        yield f"layers={value!r}", config
    for value in (5, "x", [1], True):
        yield f"config={value!r}", {**model(), "config": value}
        yield f"class_name={value!r}", {**model(), "class_name": value}
        config = model()
        config["config"]["layers"][1]["config"] = value
        yield f"layer config={value!r}", config
    for value in ([None, "3"], {"a": 1}, "x", [3.5, 4]):
        config = model()
        config["config"]["layers"][0]["config"]["batch_shape"] = value
        yield f"batch_shape={value!r}", config


def _structures():
    yield "pkg>Dense not registered", model([{**layer("Dense", {"units": 2}), "registered_name": "pkg>Dense"}])
    deep = "linear"
    for _ in range(300):
        deep = [deep]
    yield "deep config", model(kernel_regularizer=deep)
    yield "unknown model class", {**model(), "class_name": "NoSuchModel"}
    nested = model()
    for _ in range(80):
        nested = {"module": "keras", "class_name": "Sequential", "config": {"name": "n", "layers": [copy.copy(nested)]}}
    yield "deep models", nested
    yield "graph with a loop", {
        "module": "keras",
        "class_name": "Functional",
        "config": {
            "name": "f",
            "layers": [
                {**layer("Dense", {"name": "a", "units": 2}), "name": "a", "inbound_nodes": [[["b", 0, 0, {}]]]},
                {**layer("Dense", {"name": "b", "units": 2}), "name": "b", "inbound_nodes": [[["a", 0, 0, {}]]]},
            ],
            "input_layers": [["a", 0, 0]],
            "output_layers": [["b", 0, 0]],
        },
    }
    yield "graph of nothing", {"module": "keras", "class_name": "Functional", "config": {"name": "f"}}
    yield "tensor of objects", model(kernel_initializer={"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}})


def bombs(units):
    """Configs that need more memory than any file of a few kilobytes can fill."""
    shape = {"input_shape": [None, 3]}
    yield f"Dense({units})", model([layer("Dense", {"name": "d", "units": units}, build_config=shape)])
    table = {"name": "e", "input_dim": units, "output_dim": 8}
    yield f"Embedding({units})", model([layer("Embedding", table, build_config=shape)])
    wide = {"input_shape": [None, units]}
    first = layer("InputLayer", {"batch_shape": [None, units], "name": "i"})
    dense = layer("Dense", {"name": "d", "units": 8}, build_config=wide)
    yield f"Input({units})", {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [first, dense]}}
    norm = layer("BatchNormalization", {"name": "b"}, build_config=wide)
    yield f"BatchNormalization({units})", {
        "module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [first, norm]},
    }  # fmt: skip
