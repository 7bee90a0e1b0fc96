#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bindings.h"
#include "runtime/function.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos::python {
namespace {

constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kUsualSignature = 160;  // bytes

// What a call is given, as a table sees it: nestings of tensors and arrays, None, booleans and strings.
class Arguments {
 public:
  Arguments() { signature_.reserve(kUsualSignature); }

  // False for what a native call must not stand for: other objects, traced tensors, and tensors that carry attributes (masks).
  bool take(const py::handle& object) {
    PyObject* const item = object.ptr();
    if (const Value* value = plain_value(object)) return take_tensor(item, *value);
    if (item == Py_None) return mark('N');
    if (item == Py_True) return mark('T');
    if (item == Py_False) return mark('F');
    if (PyUnicode_Check(item)) return take_text(item);
    if (PyTuple_CheckExact(item)) return mark('(') && take_items(&PyTuple_GET_ITEM(item, 0), PyTuple_GET_SIZE(item));
    if (PyList_CheckExact(item)) return mark('[') && take_items(PySequence_Fast_ITEMS(item), PyList_GET_SIZE(item));
    if (PyDict_CheckExact(item)) return mark('{') && take_dict(item);
    return take_array(object);
  }

  const std::string& signature() const { return signature_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // in the order of Python's tree.flatten

 private:
  bool mark(char sign) {
    signature_ += sign;
    return true;
  }

  void put(std::int64_t number) { signature_.append(reinterpret_cast<const char*>(&number), sizeof number); }

  bool take_tensor(PyObject* item, const Value& value) {
    PyObject** const attributes = _PyObject_GetDictPtr(item);
    if (value.is_symbolic() || (attributes && *attributes && PyDict_GET_SIZE(*attributes) > 0)) return false;
    return keep(value.tensor());
  }

  bool take_array(const py::handle& object) {
    static const py::object array_type = py::module_::import("numpy").attr("ndarray");
    if (reinterpret_cast<PyObject*>(Py_TYPE(object.ptr())) != array_type.ptr()) return false;
    try {
      return keep(borrow(object));
    } catch (const Error&) {
      return false;  // not contiguous, or of a dtype without a tensor
    }
  }

  bool keep(Tensor tensor) {
    mark('x');
    put(static_cast<std::int64_t>(tensor.dtype()));
    put(tensor.shape().rank());
    for (const std::int64_t size : tensor.shape().sizes()) put(size);
    tensors_.push_back(std::move(tensor));
    return true;
  }

  bool take_text(PyObject* item) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(item, &size);
    if (!text) throw py::error_already_set();
    mark('s');
    put(size);
    signature_.append(text, static_cast<std::size_t>(size));
    return true;
  }

  bool take_items(PyObject* const* items, Py_ssize_t count) {
    put(count);
    for (Py_ssize_t i = 0; i < count; ++i) {
      if (!take(items[i])) return false;
    }
    return true;
  }

  bool take_dict(PyObject* dict) {
    std::vector<std::pair<PyObject*, PyObject*>> entries;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    Py_ssize_t position = 0;
    while (PyDict_Next(dict, &position, &key, &value)) {
      if (!PyUnicode_Check(key)) return false;
      entries.emplace_back(key, value);
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return PyUnicode_Compare(a.first, b.first) < 0; });
    put(static_cast<std::int64_t>(entries.size()));
    for (const auto& [name, item] : entries) {
      take_text(name);
      if (!take(item)) return false;
    }
    return true;
  }

  std::string signature_;
  std::vector<Tensor> tensors_;
};

// Native calls by the structure, dtypes, shapes and settings of what they are called with.
class CallTable {
 public:
  // What the call gives. None where the table knows no call; NotImplemented where none may stand for Python's.
  py::object run(const py::handle& arguments, const py::handle& keywords, const py::handle& training, const py::handle& dtype) {
    Arguments given;
    if (!take(given, arguments, keywords, training, dtype)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    const auto found = entries_.find(given.signature());
    if (found == entries_.end()) return py::none();
    const Entry entry = found->second;  // a copy: other threads may change the table while this one computes
    if (!entry.function) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    std::vector<Tensor> outputs;
    {
      const py::gil_scoped_release release;
      outputs = entry.function->call(given.tensors());
    }
    if (entry.pack.is_none()) return py::cast(Value(std::move(outputs[0])));
    py::list results(outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) results[i] = py::cast(Value(std::move(outputs[i])));
    return entry.pack(results);
  }

  // What `add` takes; None where no native call may stand for Python's.
  static py::object signature(const py::handle& arguments, const py::handle& keywords, const py::handle& training, const py::handle& dtype) {
    Arguments given;
    if (!take(given, arguments, keywords, training, dtype)) return py::none();
    return py::bytes(given.signature());
  }

  void add(const py::bytes& signature, const std::shared_ptr<Function>& function, const py::object& pack) {
    if (entries_.size() == kMaxEntries) entries_.clear();
    entries_[std::string(std::string_view(signature))] = {function, pack};
  }

  // From now on no native call may stand for Python's.
  void refuse(const py::bytes& signature) { add(signature, nullptr, py::none()); }

  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::shared_ptr<Function> function;  // nullptr: refused
    py::object pack;  // from the list of outputs to what Python expects; None for the only output itself
  };

  static bool take(Arguments& given, const py::handle& arguments, const py::handle& keywords, const py::handle& training, const py::handle& dtype) {
    if (is_tracing() || is_recording()) return false;
    return given.take(arguments) && given.take(keywords) && given.take(training) && given.take(dtype);
  }

  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace

void bind_call_table(py::module_& m) {
  py::class_<CallTable>(m, "CallTable")
      .def(py::init<>())
      .def("run", &CallTable::run)
      .def_static("signature", &CallTable::signature)
      .def("add", &CallTable::add)
      .def("refuse", &CallTable::refuse)
      .def("clear", &CallTable::clear);
}

}  // namespace keraunos::python
