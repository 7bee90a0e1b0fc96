// What the binding files share: conversions between Python objects and values of the core.
#pragma once

#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "keraunos/graph.h"
#include "keraunos/op.h"

namespace keraunos::python {

namespace py = pybind11;

void bind_errors(py::module_& m);
void bind_tensor(py::module_& m);
void bind_variable(py::module_& m);
void bind_ops(py::module_& m);
void bind_graph(py::module_& m);
void bind_trace(py::module_& m);
void bind_tape(py::module_& m);
void bind_function(py::module_& m);
void bind_arguments(py::module_& m);
void bind_call_table(py::module_& m);
void bind_model(py::module_& m);

// To be called while a C++ exception is caught: makes it the one that Python sees.
void set_python_error();

// None stands for kUnknown.
Shape shape_from_python(const py::handle& object);
py::tuple shape_to_python(const Shape& shape);

// A copy of anything that NumPy can read; `dtype` empty keeps NumPy's.
Tensor tensor_from_python(const py::object& object, const std::string& dtype);
// The memory of a C-contiguous array or of a tensor, without a copy; an error that names the rule otherwise.
Tensor borrow(const py::handle& object);
std::vector<Tensor> borrow_all(const py::sequence& objects);
// An array on the tensor's memory when nobody else holds it, else on a copy.
py::array array_from_tensor(const Tensor& tensor);
// The value of an object that is exactly a Tensor, else nullptr.
const Value* plain_value(const py::handle& object);
// A Tensor or a Variable as a value.
Value value_from_python(const py::handle& object);

}  // namespace keraunos::python
