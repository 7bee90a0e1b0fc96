#include "runtime/trace.h"

#include "bindings.h"

namespace keraunos::python {
namespace {

// Python's context in which ops run now, although a trace is open around it.
struct EagerScope {};

}  // namespace

void bind_trace(py::module_& m) {
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
