"""The inference call of a model as an ONNX file."""

import onnx

from keraunos import tree
from keraunos.export.onnx_builder import OnnxBuilder
from keraunos.export.onnx_builder import value_info
from keraunos.export.onnx_translator import OnnxTranslator
from keraunos.export.onnx_value import Value
from keraunos.export.signature import as_spec
from keraunos.export.signature import input_signature_of
from keraunos.export.signature import output_names_of
from keraunos.saving.atomic import atomic_write
from keraunos.tracing import trace_graph

# The lowest version that has all operators used here, so that old runtimes read the file.
OPSET = 18
# Protocol Buffers hold no more in one message.
MAX_BYTES = 2**31 - 1


def write_onnx(model, filepath, input_signature=None, opset_version=None):
    """Writes a model's inference call as an ONNX file.

    Inputs and outputs have Keras's names, weights the names of their paths. Open sizes stay open; the first is called `batch`.

    Args:
        model: The model, built.
        filepath: The file.
        input_signature: A list with a structure of specs for each argument of the call; what the model was built with if `None`.
        opset_version: The version of ONNX's operators, 18 or later; 18 if `None`.

    Raises:
        NotImplementedError: for an op that has no translation, a call that changes variables, a file of 2 GiB or more.
    """
    proto = onnx_model_of(model, input_signature, opset_version)
    with atomic_write(filepath) as file:
        file.write(proto.SerializeToString())


def onnx_model_of(model, input_signature=None, opset_version=None):
    """Returns the checked `onnx.ModelProto` of a model's inference call. Arguments as `write_onnx`."""
    opset = OPSET if opset_version is None else opset_version
    if not OPSET <= opset <= onnx.defs.onnx_opset_version():
        raise ValueError(
            f"export: `opset_version` must be between {OPSET} and {onnx.defs.onnx_opset_version()}. Received: opset_version={opset_version}"
        )
    signature = input_signature_of(model) if input_signature is None else input_signature
    signature = list(signature) if isinstance(signature, (list, tuple)) else [signature]
    return function_model(model, tree.map_structure(as_spec, signature), output_names_of(model), model.name, opset)


def function_model(function, signature, output_names=None, name="function", opset=OPSET):
    """Returns the checked `onnx.ModelProto` of a function of tensors.

    Args:
        function: Takes one positional argument for each entry of `signature`.
        signature: A list of structures of `InputSpec`.
        output_names: A name for each output, or `None`.
        name: The graph's name.
        opset: The version of ONNX's operators.
    """
    specs = tree.flatten(signature)
    names = _input_names(specs)
    graph, _ = trace_graph(
        lambda *tensors: function(*tree.pack_sequence_as(signature, list(tensors))),
        [(spec.dtype, spec.shape) for spec in specs],
        names,
    )
    builder = OnnxBuilder()
    inputs = [Value(builder.name(name), spec.dtype, tuple(spec.shape)) for name, spec in zip(names, specs)]
    if output_names is None or len(output_names) != len(graph.outputs):
        output_names = [f"output_{i}" for i in range(len(graph.outputs))]
    output_names = [builder.name(name) for name in output_names]
    results = OnnxTranslator(builder).translate(graph, inputs)
    for value, output in zip(results, output_names):
        builder.nodes.append(onnx.helper.make_node("Identity", [value.name], [output], name=builder.name("output")))
    proto = onnx.helper.make_graph(
        builder.nodes,
        name,
        [value_info(value.name, value.dtype, _open_names(value.shape, i)) for i, value in enumerate(inputs)],
        [value_info(output, value.dtype, value.shape) for output, value in zip(output_names, results)],
        builder.initializers,
    )
    return _checked(proto, opset)


def _input_names(specs):
    return [spec.name or f"input_{i}" for i, spec in enumerate(specs)]


def _open_names(shape, which):
    """Keras's names of open sizes."""
    names = ["batch" if axis == 0 else f"dim_{which}_{axis}" for axis in range(len(shape))]
    return [name if size is None else size for name, size in zip(names, shape)]


def _checked(graph, opset):
    from keraunos import __version__

    size = sum(tensor.ByteSize() for tensor in graph.initializer)
    if size > MAX_BYTES:
        raise NotImplementedError(f"export: ONNX files of 2 GiB or more are not built. Received: weights of {size} bytes")
    imports = [onnx.helper.make_opsetid("", opset)]
    version = onnx.helper.find_min_ir_version_for(imports)
    proto = onnx.helper.make_model(
        graph, opset_imports=imports, ir_version=version, producer_name="keraunos", producer_version=__version__
    )
    onnx.checker.check_model(proto, full_check=True)
    return proto
