#include "runtime/trace.h"

#include "bindings.h"

namespace keraunos::python {
namespace {

// Python's context in which ops run now, although a trace is open around it.
struct EagerScope {};

}  // namespace

void bind_trace(py::module_& m) {
  py::class_<Graph, std::shared_ptr<Graph>>(m, "Graph")
      .def_property_readonly("node_count", [](const Graph& g) { return g.nodes().size(); })
      .def_property_readonly("input_specs",
                             [](const Graph& g) {
                               py::list specs;
                               for (const GraphInput& input : g.inputs()) {
                                 const TensorSpec& spec = g.values()[static_cast<std::size_t>(input.value)].spec;
                                 specs.append(py::make_tuple(name_of(spec.dtype), shape_to_python(spec.shape)));
                               }
                               return specs;
                             })
      .def_property_readonly("output_specs",
                             [](const Graph& g) {
                               py::list specs;
                               for (int output : g.outputs()) {
                                 const TensorSpec& spec = g.values()[static_cast<std::size_t>(output)].spec;
                                 specs.append(py::make_tuple(name_of(spec.dtype), shape_to_python(spec.shape)));
                               }
                               return specs;
                             })
      .def_property_readonly("op_names",
                             [](const Graph& g) {
                               std::vector<std::string> names;
                               for (const Node& node : g.nodes()) names.push_back(node.op->name);
                               return names;
                             })
      .def_property_readonly("variables",
                             [](const Graph& g) {
                               std::vector<std::shared_ptr<Variable>> variables;
                               for (const GraphVariable& v : g.variables()) variables.push_back(v.variable);
                               return variables;
                             })
      .def("__str__", &Graph::text);

  py::class_<Trace>(m, "Trace")
      .def(py::init([](bool scratch, bool branch) {
             return std::make_unique<Trace>(branch ? TraceKind::kBranch : scratch ? TraceKind::kScratch : TraceKind::kFunction);
           }),
           py::arg("scratch") = false, py::arg("branch") = false)
      .def("__enter__",
           [](Trace& trace) -> Trace& {
             push_trace(&trace);
             return trace;
           },
           py::return_value_policy::reference)
      .def("__exit__", [](Trace& trace, const py::args&) { pop_trace(&trace); })
      .def("input",
           [](Trace& trace, const std::string& dtype, const py::object& shape, const std::string& name) {
             return trace.add_input({dtype_from_name(dtype), shape_from_python(shape)}, name);
           },
           py::arg("dtype"), py::arg("shape"), py::arg("name") = "")
      .def("finish", [](Trace& trace, const std::vector<Value>& outputs) { return std::const_pointer_cast<Graph>(trace.finish(outputs)); })
      .def_property_readonly("captures", &Trace::captures);
  py::class_<EagerScope>(m, "EagerScope")
      .def(py::init<>())
      .def("__enter__", [](EagerScope&) { push_trace(nullptr); })
      .def("__exit__", [](EagerScope&, const py::args&) { pop_trace(nullptr); });
  m.def("is_tracing", &is_tracing);
}

}  // namespace keraunos::python
