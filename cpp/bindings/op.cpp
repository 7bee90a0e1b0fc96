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

Attributes attributes_from_python(const Op& op, const py::dict& given) {
  Attributes attributes;
  std::size_t used = 0;
  for (const AttributeRule& rule : op.attributes) {
    PyObject* item = PyDict_GetItemString(given.ptr(), rule.name);
    if (!item) continue;
    ++used;
    try {
      attributes.set(rule.name, attribute_from_python(rule, py::handle(item)));
    } catch (const py::cast_error&) {
      throw type_error(op.name, std::string("the attribute '") + rule.name + "' has a wrong type", std::string(py::repr(py::handle(item))));
    }
  }
  if (used != given.size()) throw value_error(op.name, "got an attribute that it does not have", std::string(py::repr(given)));
  return attributes;
}

py::object execute_from_python(const std::string& name, const py::sequence& given, const py::dict& attributes) {
  const Op& op = find_op(name);
  std::vector<Value> inputs;
  inputs.reserve(given.size());
  for (const py::handle& item : given) inputs.push_back(value_from_python(item));
  std::vector<Value> outputs = execute(op, inputs, attributes_from_python(op, attributes));
  if (outputs.size() == 1) return py::cast(std::move(outputs[0]));
  py::tuple result(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) result[i] = py::cast(std::move(outputs[i]));
  return result;
}

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
  m.def("execute", &execute_from_python, py::arg("name"), py::arg("inputs"), py::arg("attributes") = py::dict());
  m.def("ops", &describe_ops);
  m.def("set_scope", &set_current_scope);
  m.def("get_scope", &current_scope);
}

}  // namespace keraunos::python
