#include "keraunos/tensor.h"

#include <array>
#include <cstring>

#include "bindings.h"
#include "runtime/execute.h"

namespace keraunos::python {
namespace {

// NumPy has no bfloat16 of its own; the package ml_dtypes adds one.
py::object bfloat16_dtype() {
  try {
    return py::dtype::from_args(py::module_::import("ml_dtypes").attr("bfloat16"));
  } catch (py::error_already_set&) {
    return py::none();
  }
}

Error symbolic_error(const char* what) {
  return Error(ErrorKind::kTrace, std::string("A traced tensor has no value yet, so ") + what +
                                      " cannot read it. Use keraunos.ops (ops.where, ops.cond, ops.while_loop) instead of Python on values.");
}

const Tensor& concrete(const Value& value, const char* what) {
  if (value.is_symbolic()) throw symbolic_error(what);
  return value.tensor();
}

Dtype dtype_of_array(const py::array& array) {
  const py::dtype dtype = array.dtype();
  const py::ssize_t size = dtype.itemsize();
  switch (dtype.kind()) {
    case 'f':
      if (size == 4) return Dtype::kFloat32;
      if (size == 8) return Dtype::kFloat64;
      break;
    case 'i':
      if (size == 4) return Dtype::kInt32;
      if (size == 8) return Dtype::kInt64;
      break;
    default: break;
  }
  const std::string name = py::str(dtype.attr("name"));
  return dtype_from_name(name);
}

Shape shape_of_array(const py::array& array) {
  std::vector<std::int64_t> sizes(array.shape(), array.shape() + array.ndim());
  return Shape(std::move(sizes));
}

double scalar(const Value& value, const char* what) {
  const Tensor& tensor = concrete(value, what);
  if (tensor.elements() != 1) throw type_error(what, "only a tensor of one element can be converted to a Python scalar", tensor.shape());
  return tensor.value_at(0);
}

// One string per dtype, made once: Python compares and hashes it at no cost.
py::object dtype_name(Dtype dtype) {
  static std::array<PyObject*, kDtypeCount> names{};
  PyObject*& name = names.at(static_cast<std::size_t>(dtype));
  if (!name) name = PyUnicode_InternFromString(name_of(dtype));
  return py::reinterpret_borrow<py::object>(name);
}

py::array as_array(const Value& value) { return array_from_tensor(concrete(value, "numpy()")); }

py::object convert_array(const Value& value, const py::object& dtype, const py::object&) {
  py::object array = as_array(value);
  return dtype.is_none() ? array : array.attr("astype")(dtype);
}


}  // namespace

Shape shape_from_python(const py::handle& object) {
  Shape shape;
  for (const py::handle& size : object) shape.push_back(size.is_none() ? kUnknown : size.cast<std::int64_t>());
  return shape;
}

py::tuple shape_to_python(const Shape& shape) {
  py::tuple result(static_cast<std::size_t>(shape.rank()));
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] == kUnknown) {
      result[static_cast<std::size_t>(i)] = py::none();
    } else {
      result[static_cast<std::size_t>(i)] = shape[i];
    }
  }
  return result;
}

Tensor tensor_from_python(const py::object& object, const std::string& dtype) {
  if (!dtype.empty()) {
    const Dtype wanted = dtype_from_name(dtype);
    if (PyBool_Check(object.ptr())) return Tensor::scalar_int(object.ptr() == Py_True, wanted);
    if (PyFloat_Check(object.ptr())) return Tensor::scalar(PyFloat_AS_DOUBLE(object.ptr()), wanted);
    if (PyLong_Check(object.ptr())) {
      int overflow = 0;
      const long long integer = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
      if (overflow == 0) {
        return is_floating(wanted) ? Tensor::scalar(PyLong_AsDouble(object.ptr()), wanted) : Tensor::scalar_int(integer, wanted);
      }
    }
  }
  const py::array array = py::array::ensure(object, py::array::c_style);
  if (!array) throw py::error_already_set();
  const py::array native =
      array.dtype().byteorder() == '>' ? py::array(array.attr("astype")(array.dtype().attr("newbyteorder")("="))) : array;
  Tensor tensor(dtype_of_array(native), shape_of_array(native));
  if (tensor.bytes() > 0) std::memcpy(tensor.data(), native.data(), tensor.bytes());
  if (!dtype.empty() && dtype_from_name(dtype) != tensor.dtype()) return cast(tensor, dtype_from_name(dtype));
  return tensor;
}

Tensor borrow(const py::handle& object) {
  if (py::isinstance<Value>(object)) return concrete(object.cast<const Value&>(), "a native call");
  if (!py::isinstance<py::array>(object)) throw type_error("Function", "inputs must be tensors or NumPy arrays", std::string(py::str(py::type::of(object))));
  const py::array array = py::reinterpret_borrow<py::array>(object);
  if ((array.flags() & py::array::c_style) == 0 || array.dtype().byteorder() == '>') {
    throw type_error("Function", "a NumPy input must be C-contiguous and of native byte order");
  }
  const Dtype dtype = dtype_of_array(array);
  Shape shape = shape_of_array(array);
  // The array stays alive as long as the tensor; letting go needs the interpreter.
  auto* keeper = new py::object(array);
  std::shared_ptr<void> owner(const_cast<void*>(array.data()), [keeper](void*) {
    const py::gil_scoped_acquire gil;
    delete keeper;
  });
  return Tensor(dtype, std::move(shape), std::move(owner));
}

std::vector<Tensor> borrow_all(const py::sequence& objects) {
  std::vector<Tensor> tensors;
  tensors.reserve(objects.size());
  for (const py::handle& object : objects) tensors.push_back(borrow(object));
  return tensors;
}

py::array array_from_tensor(const Tensor& tensor) {
  const Tensor content = tensor.is_shared() ? tensor.copy() : tensor;
  py::object dtype;
  Tensor exposed = content;
  if (content.dtype() == Dtype::kBfloat16) {
    dtype = bfloat16_dtype();
    if (dtype.is_none()) exposed = cast(content, Dtype::kFloat32);
  }
  if (!dtype || dtype.is_none()) dtype = py::dtype(name_of(exposed.dtype()));
  auto* keeper = new Tensor(exposed);
  const py::capsule owner(keeper, [](void* pointer) { delete static_cast<Tensor*>(pointer); });
  std::vector<py::ssize_t> sizes(exposed.shape().sizes().begin(), exposed.shape().sizes().end());
  return py::array(dtype.cast<py::dtype>(), sizes, keeper->data(), owner);
}

const Value* plain_value(const py::handle& object) {
  // One comparison instead of pybind11's look-up of types; an instance of a subclass takes that.
  static const PyTypeObject* const type = reinterpret_cast<PyTypeObject*>(py::type::of<Value>().ptr());
  if (Py_TYPE(object.ptr()) != type) return nullptr;
  return reinterpret_cast<py::detail::instance*>(object.ptr())->get_value_and_holder().value_ptr<Value>();
}

Value value_from_python(const py::handle& object) {
  if (const Value* value = plain_value(object)) return *value;
  if (py::isinstance<Value>(object)) return object.cast<const Value&>();
  return read_variable(object.cast<std::shared_ptr<Variable>>());
}

void bind_tensor(py::module_& m) {
  py::class_<Value>(m, "Tensor", py::dynamic_attr(), py::buffer_protocol())
      .def(py::init([](const py::object& object) { return Value(tensor_from_python(object, "")); }))
      .def_property_readonly("shape", [](const Value& v) { return shape_to_python(v.shape()); })
      .def_property_readonly("dtype", [](const Value& v) { return dtype_name(v.dtype()); })
      .def_property_readonly("ndim", [](const Value& v) { return v.shape().rank(); })
      .def_property_readonly("is_symbolic", &Value::is_symbolic)
      .def("numpy", &as_array)
      .def("__array__", &convert_array, py::arg("dtype") = py::none(), py::arg("copy") = py::none())
      .def("item",
           [](const Value& v) -> py::object {
             const Tensor& tensor = concrete(v, "item()");
             if (tensor.elements() != 1) throw value_error("item", "needs a tensor of one element", tensor.shape());
             if (tensor.dtype() == Dtype::kBool) return py::bool_(tensor.int_at(0) != 0);
             if (is_floating(tensor.dtype())) return py::float_(tensor.value_at(0));
             return py::int_(tensor.int_at(0));
           })
      .def("__float__", [](const Value& v) { return scalar(v, "float()"); })
      .def("__int__",
           [](const Value& v) -> py::int_ {
             const double number = scalar(v, "int()");
             if (is_floating(v.dtype())) return py::int_(py::float_(number));
             return py::int_(v.tensor().int_at(0));
           })
      .def("__bool__", [](const Value& v) { return scalar(v, "bool()") != 0; })
      .def("__hash__", [](const py::object& self) { return reinterpret_cast<std::intptr_t>(self.ptr()) >> 4; })
      .def("__copy__", [](const Value& v) { return v; })
      .def("__deepcopy__", [](const Value& v, const py::dict&) { return v; })
      .def("__dlpack__", [](const py::object& self, const py::kwargs&) { return self.attr("numpy")().attr("__dlpack__")(); })
      .def("__dlpack_device__", [](const Value&) { return py::make_tuple(1, 0); })
      .def_buffer([](const Value& v) {
        const py::array array = as_array(v);
        return array.request();
      });
  m.def(
      "tensor", [](const py::object& object, const py::object& dtype) { return Value(tensor_from_python(object, dtype.is_none() ? "" : dtype.cast<std::string>())); },
      py::arg("object"), py::arg("dtype") = py::none());
}

}  // namespace keraunos::python
