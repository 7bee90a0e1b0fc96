// A graph as Python sees it: its values by number, and the nodes, inputs, outputs and variables that name them.
#include "keraunos/graph.h"

#include "bindings.h"
#include "runtime/execute.h"
#include "runtime/replay.h"

namespace keraunos::python {
namespace {

const TensorSpec& spec_of(const Graph& graph, int value) { return graph.values()[static_cast<std::size_t>(value)].spec; }

py::tuple spec_to_python(const TensorSpec& spec) { return py::make_tuple(name_of(spec.dtype), shape_to_python(spec.shape)); }

py::list input_specs(const Graph& graph) {
  py::list specs;
  for (const GraphInput& input : graph.inputs()) specs.append(spec_to_python(spec_of(graph, input.value)));
  return specs;
}

py::list output_specs(const Graph& graph) {
  py::list specs;
  for (int output : graph.outputs()) specs.append(spec_to_python(spec_of(graph, output)));
  return specs;
}

std::vector<std::string> op_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) names.push_back(node.op->name);
  return names;
}

std::vector<std::shared_ptr<Variable>> variables(const Graph& graph) {
  std::vector<std::shared_ptr<Variable>> result;
  for (const GraphVariable& entry : graph.variables()) result.push_back(entry.variable);
  return result;
}

struct AttributeToPython {
  template <class T>
  py::object operator()(const T& plain) const { return py::cast(plain); }
  py::object operator()(Dtype dtype) const { return py::cast(name_of(dtype)); }
  py::object operator()(const Tensor& tensor) const { return py::cast(Value(tensor)); }
  py::object operator()(const std::shared_ptr<const Graph>& graph) const { return py::cast(std::const_pointer_cast<Graph>(graph)); }
};

py::list nodes(const Graph& graph) {
  py::list result;
  for (const Node& node : graph.nodes()) {
    py::dict attributes;
    for (const auto& [name, attribute] : node.attributes.items()) attributes[py::str(name)] = std::visit(AttributeToPython{}, attribute);
    result.append(py::make_tuple(node.op->name, attributes, node.inputs, node.outputs, node.scope));
  }
  return result;
}

py::list value_specs(const Graph& graph) {
  py::list specs;
  for (const GraphValue& value : graph.values()) specs.append(spec_to_python(value.spec));
  return specs;
}

py::list inputs(const Graph& graph) {
  py::list result;
  for (const GraphInput& input : graph.inputs()) result.append(py::make_tuple(input.name, input.value));
  return result;
}

// Value number -> its tensor.
py::dict constants(const Graph& graph) {
  py::dict result;
  for (std::size_t i = 0; i < graph.values().size(); ++i) {
    const Tensor* constant = graph.constant_of(static_cast<int>(i));
    if (constant) result[py::int_(i)] = py::cast(Value(*constant));
  }
  return result;
}

// (variable, value that stands for its content before the run, value that it gets), -1 where there is none.
py::list variable_values(const Graph& graph) {
  py::list result;
  for (const GraphVariable& entry : graph.variables()) result.append(py::make_tuple(entry.variable, entry.read, entry.update));
  return result;
}

// The node in other ops, as its op's record defines it; None when the op is defined by its kernel alone.
py::object body_of_node(const Graph& graph, std::size_t index) {
  const Node& node = graph.nodes().at(index);
  if (!node.op->body) return py::none();
  std::vector<TensorSpec> specs;
  for (int input : node.inputs) specs.push_back(spec_of(graph, input));
  const auto body = build_graph(specs, [&](const std::vector<Value>& values) { return node.op->body(execution_builder(), values, node.attributes); });
  return py::cast(std::const_pointer_cast<Graph>(body));
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<Graph, std::shared_ptr<Graph>>(m, "Graph")
      .def_property_readonly("node_count", [](const Graph& graph) { return graph.nodes().size(); })
      .def_property_readonly("input_specs", &input_specs)
      .def_property_readonly("output_specs", &output_specs)
      .def_property_readonly("op_names", &op_names)
      .def_property_readonly("variables", &variables)
      .def_property_readonly("nodes", &nodes)
      .def_property_readonly("value_specs", &value_specs)
      .def_property_readonly("inputs", &inputs)
      .def_property_readonly("outputs", [](const Graph& graph) { return graph.outputs(); })
      .def_property_readonly("constants", &constants)
      .def_property_readonly("variable_values", &variable_values)
      .def("body_of_node", &body_of_node)
      .def("__str__", &Graph::text);
}

}  // namespace keraunos::python
