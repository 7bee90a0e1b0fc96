#include "arguments.h"

#include <algorithm>
#include <utility>

namespace keraunos::python {
namespace {

bool has_attributes(PyObject* tensor) {
  PyObject** const attributes = _PyObject_GetDictPtr(tensor);
  return attributes && *attributes && PyDict_GET_SIZE(*attributes) > 0;
}

bool is_array(const py::handle& object) {
  static PyObject* const array_type = py::module_::import("numpy").attr("ndarray").cast<py::object>().release().ptr();
  return reinterpret_cast<PyObject*>(Py_TYPE(object.ptr())) == array_type;
}

// Dtypes and shapes of tensors and arrays, alone or in tuples and lists. False for anything else, and for tensors that carry
// attributes (masks). Traced tensors count.
bool put_shapes(const py::handle& object, Signature& signature) {
  PyObject* const item = object.ptr();
  if (const Value* value = plain_value(object)) return !has_attributes(item) && signature.put_spec(value->dtype(), value->shape());
  if (PyTuple_CheckExact(item) || PyList_CheckExact(item)) {
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(item);
    signature.mark(PyTuple_CheckExact(item) ? '(' : '[');
    signature.put(count);
    for (Py_ssize_t i = 0; i < count; ++i) {
      if (!put_shapes(PySequence_Fast_GET_ITEM(item, i), signature)) return false;
    }
    return true;
  }
  if (!is_array(object)) return false;
  const py::array array = py::reinterpret_borrow<py::array>(object);
  signature.mark('a');
  signature.put(array.dtype().num());
  signature.mark(array.dtype().byteorder());
  signature.put(array.ndim());
  for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) signature.put(array.shape(axis));
  return true;
}

PyObject* shapes_entry(PyObject*, PyObject* arguments) {
  try {
    Signature signature;
    if (!put_shapes(arguments, signature)) Py_RETURN_NONE;
    return PyBytes_FromStringAndSize(signature.text().data(), static_cast<Py_ssize_t>(signature.text().size()));
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyMethodDef shapes_method = {"shapes_key", shapes_entry, METH_O,
                             "shapes_key(arguments, /)\n--\n\nA key made of dtypes and shapes, None where there is more than tensors."};

}  // namespace

PyObject* training_name() {
  static PyObject* const name = PyUnicode_InternFromString("training");
  return name;
}

bool Signature::put_spec(Dtype dtype, const Shape& shape) {
  mark('x');
  put(static_cast<std::int64_t>(dtype));
  put(shape.rank());
  for (const std::int64_t size : shape.sizes()) put(size);
  return true;
}

bool Signature::put_text(PyObject* text) {
  Py_ssize_t size = 0;
  const char* const letters = PyUnicode_AsUTF8AndSize(text, &size);
  if (!letters) throw py::error_already_set();
  mark('s');
  put(size);
  text_.append(letters, static_cast<std::size_t>(size));
  return true;
}

bool Arguments::take(const py::handle& object) {
  PyObject* const item = object.ptr();
  if (const Value* value = plain_value(object)) return take_tensor(item, *value);
  if (item == Py_None) return signature_.mark('N');
  if (item == Py_True) return signature_.mark('T');
  if (item == Py_False) return signature_.mark('F');
  if (PyUnicode_Check(item)) return signature_.put_text(item);
  if (PyTuple_CheckExact(item)) return signature_.mark('(') && take_items(&PyTuple_GET_ITEM(item, 0), PyTuple_GET_SIZE(item));
  if (PyList_CheckExact(item)) return signature_.mark('[') && take_items(PySequence_Fast_ITEMS(item), PyList_GET_SIZE(item));
  if (PyDict_CheckExact(item)) return signature_.mark('{') && take_dict(item);
  return take_array(object);
}

bool Arguments::take_mode(const py::handle& context) {
  if (context.is_none()) return signature_.mark('O');
  const py::object training = py::reinterpret_steal<py::object>(PyObject_GetAttr(context.ptr(), training_name()));
  if (!training) throw py::error_already_set();
  return take(training);
}

bool Arguments::take_tensor(PyObject* item, const Value& value) {
  return !value.is_symbolic() && !has_attributes(item) && keep(value.tensor(), item);
}

bool Arguments::take_array(const py::handle& object) {
  if (!is_array(object)) return false;
  try {
    return keep(borrow(object), nullptr);
  } catch (const Error&) {
    return false;  // not contiguous, or of a dtype without a tensor
  }
}

bool Arguments::take_items(PyObject* const* items, Py_ssize_t count) {
  signature_.put(count);
  for (Py_ssize_t i = 0; i < count; ++i) {
    if (!take(items[i])) return false;
  }
  return true;
}

bool Arguments::take_dict(PyObject* dict) {
  std::vector<std::pair<PyObject*, PyObject*>> entries;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (!PyUnicode_Check(key)) return false;
    entries.emplace_back(key, value);
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return PyUnicode_Compare(a.first, b.first) < 0; });
  signature_.put(static_cast<std::int64_t>(entries.size()));
  for (const auto& [name, item] : entries) {
    signature_.put_text(name);
    if (!take(item)) return false;
  }
  return true;
}

bool Arguments::keep(Tensor tensor, PyObject* object) {
  signature_.put_spec(tensor.dtype(), tensor.shape());
  tensors_.push_back(std::move(tensor));
  objects_.push_back(object);
  return true;
}

void bind_arguments(py::module_& m) {
  m.attr("shapes_key") = py::reinterpret_steal<py::object>(PyCFunction_NewEx(&shapes_method, nullptr, py::str("keraunos._core").ptr()));
}

}  // namespace keraunos::python
