#include "bindings.h"
#include "runtime/execute.h"

namespace keraunos::python {

void bind_variable(py::module_& m) {
  py::class_<Variable, std::shared_ptr<Variable>>(m, "Variable")
      .def(py::init([](const Value& value, const std::string& name) {
             if (value.is_symbolic()) throw Error(ErrorKind::kTrace, "Variable '" + name + "': a traced tensor cannot be an initial value.");
             return std::make_shared<Variable>(value.tensor(), name);
           }),
           py::arg("value"), py::arg("name") = "")
      .def("read", [](const std::shared_ptr<Variable>& v) { return read_variable(v); })
      .def("assign", [](const std::shared_ptr<Variable>& v, const Value& value) { assign_variable(v, value); })
      .def("numpy", [](const Variable& v) { return array_from_tensor(v.read()); })
      .def_property_readonly("shape", [](const Variable& v) { return shape_to_python(v.spec().shape); })
      .def_property_readonly("dtype", [](const Variable& v) { return name_of(v.spec().dtype); })
      .def_property("name", &Variable::name, &Variable::rename)
      .def_property("trainable", &Variable::is_trainable, &Variable::set_trainable);
}

}  // namespace keraunos::python
