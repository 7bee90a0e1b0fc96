#include <unordered_map>

#include "bindings.h"
#include "runtime/execute.h"
#include "runtime/trace.h"

namespace keraunos::python {
namespace {

Attribute attribute_from_python(const AttributeRule& rule, const py::handle& object) {
  switch (rule.kind) {
    case AttributeKind::kBool: return object.cast<bool>();
    case AttributeKind::kInt: return object.cast<std::int64_t>();
    case AttributeKind::kFloat: return object.cast<double>();
    case AttributeKind::kString: return object.cast<std::string>();
    case AttributeKind::kDtype: return dtype_from_name(object.cast<std::string>());
    case AttributeKind::kInts: {
      Ints ints;
      for (const py::handle& item : object) ints.push_back(item.cast<std::int64_t>());
      return ints;
    }
    case AttributeKind::kFloats: {
      Floats floats;
      for (const py::handle& item : object) floats.push_back(item.cast<double>());
      return floats;
    }
    case AttributeKind::kTensor: return object.cast<const Value&>().tensor();
    case AttributeKind::kGraph: return std::const_pointer_cast<const Graph>(object.cast<std::shared_ptr<Graph>>());
  }
  throw type_error("execute", "unknown kind of attribute");
}

// By name, without making a string of the rule's: an eager op has a microsecond for everything.
PyObject* find_item(PyObject* dict, const char* name) {
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t position = 0;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (PyUnicode_Check(key) && PyUnicode_CompareWithASCIIString(key, name) == 0) return value;
  }
  return nullptr;
}

Attributes attributes_from_python(const Op& op, PyObject* given) {
  Attributes attributes;
  if (given == nullptr || PyDict_GET_SIZE(given) == 0) return attributes;
  Py_ssize_t used = 0;
  for (const AttributeRule& rule : op.attributes) {
    PyObject* item = find_item(given, rule.name);
    if (!item) continue;
    ++used;
    try {
      attributes.set(rule.name, attribute_from_python(rule, py::handle(item)));
    } catch (const py::cast_error&) {
      throw type_error(op.name, std::string("the attribute '") + rule.name + "' has a wrong type", std::string(py::repr(py::handle(item))));
    }
  }
  if (used != PyDict_GET_SIZE(given)) throw value_error(op.name, "got an attribute that it does not have", std::string(py::repr(py::handle(given))));
  return attributes;
}

// Names of ops are literals, so that one object stands for each; it is kept, and with it its address.
const Op& op_of_name(PyObject* name) {
  static auto& known = *new std::unordered_map<PyObject*, const Op*>;  // guarded by the interpreter's lock
  const auto found = known.find(name);
  if (found != known.end()) return *found->second;
  const Op& op = find_op(py::cast<std::string>(py::handle(name)));
  if (PyUnicode_CHECK_INTERNED(name)) known.emplace(py::handle(name).inc_ref().ptr(), &op);
  return op;
}

py::object execute_from_python(PyObject* name, PyObject* given, PyObject* attributes) {
  const Op& op = op_of_name(name);
  const py::object sequence = py::reinterpret_steal<py::object>(PySequence_Fast(given, "execute: the inputs must be a sequence"));
  if (!sequence) throw py::error_already_set();
  PyObject** const items = PySequence_Fast_ITEMS(sequence.ptr());
  const auto count = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()));
  std::vector<Value> inputs;
  inputs.reserve(count);
  for (std::size_t i = 0; i < count; ++i) inputs.push_back(value_from_python(items[i]));
  std::vector<Value> outputs = execute(op, inputs, attributes_from_python(op, attributes));
  if (outputs.size() == 1) return py::cast(std::move(outputs[0]));
  py::tuple result(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) result[i] = py::cast(std::move(outputs[i]));
  return std::move(result);
}

// A plain C function of Python's: every eager op comes through here, and its arguments need no overloads and no keywords.
PyObject* execute_entry(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count < 2 || count > 3 || !PyUnicode_Check(arguments[0]) || (count == 3 && !PyDict_Check(arguments[2]))) {
    PyErr_SetString(PyExc_TypeError, "execute() takes the name of an op, a sequence of inputs and a dict of attributes");
    return nullptr;
  }
  try {
    return execute_from_python(arguments[0], arguments[1], count == 3 ? arguments[2] : nullptr).release().ptr();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyMethodDef execute_method = {"execute", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(execute_entry)), METH_FASTCALL,
                              "execute(name, inputs, attributes={}, /)\n--\n\nRuns an op, or adds it to the open trace."};

// Twice in every call of a layer, so that it is a plain C function too.
PyObject* swap_scope_entry(PyObject*, PyObject* scope) {
  Py_ssize_t size = 0;
  const char* const text = PyUnicode_AsUTF8AndSize(scope, &size);
  if (!text) return nullptr;
  const std::string& outer = current_scope();
  PyObject* const result = PyUnicode_FromStringAndSize(outer.data(), static_cast<Py_ssize_t>(outer.size()));
  set_current_scope(std::string(text, static_cast<std::size_t>(size)));
  return result;
}

PyMethodDef swap_scope_method = {"swap_scope", swap_scope_entry, METH_O,
                                 "swap_scope(scope, /)\n--\n\nSets the path that errors and nodes name, and returns the one before."};

const char* kind_name(AttributeKind kind) {
  static constexpr const char* kNames[] = {"bool", "int", "float", "str", "dtype", "ints", "floats", "tensor", "graph"};
  return kNames[static_cast<std::size_t>(kind)];
}

py::list describe_ops() {
  py::list result;
  for (const Op* op : all_ops()) {
    py::dict attributes;
    for (const AttributeRule& rule : op->attributes) attributes[rule.name] = kind_name(rule.kind);
    py::dict entry;
    entry["name"] = op->name;
    entry["attributes"] = attributes;
    entry["has_gradient"] = static_cast<bool>(op->gradient);
    entry["is_elementwise"] = static_cast<bool>(op->map_loop);
    entry["has_axis_rule"] = static_cast<bool>(op->axis_rule.roles);
    entry["turns_rows"] = op->axis_rule.turns_rows;
    entry["has_body"] = static_cast<bool>(op->body);
    entry["min_inputs"] = op->min_inputs;
    entry["max_inputs"] = op->max_inputs;
    result.append(entry);
  }
  return result;
}

}  // namespace

void bind_ops(py::module_& m) {
  m.attr("execute") = py::reinterpret_steal<py::object>(PyCFunction_NewEx(&execute_method, nullptr, py::str("keraunos._core").ptr()));
  m.def("ops", &describe_ops);
  m.attr("swap_scope") = py::reinterpret_steal<py::object>(PyCFunction_NewEx(&swap_scope_method, nullptr, py::str("keraunos._core").ptr()));
}

}  // namespace keraunos::python
