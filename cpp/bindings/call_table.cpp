#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "arguments.h"
#include "runtime/function.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos::python {
namespace {

constexpr std::size_t kMaxCalls = 64;

// An output that is an input, perhaps under another shape. Nothing is computed or copied for it.
struct HandedOn {
  std::size_t input = 0;
  bool is_same = false;  // under its own shape, and so the same object
};

// Where an output that is not computed comes from, if that is an input.
std::optional<HandedOn> handed_on_as(const Graph& graph, int output) {
  const GraphValue* value = &graph.values()[static_cast<std::size_t>(output)];
  const bool is_same = value->kind == ValueKind::kInput;
  while (value->kind == ValueKind::kNode) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(value->source)];
    if (!node.op->is_view) return {};
    value = &graph.values()[static_cast<std::size_t>(node.inputs[0])];
  }
  if (value->kind != ValueKind::kInput) return {};
  return HandedOn{static_cast<std::size_t>(value->source), is_same};
}

// False when the output is an input, a variable or a constant, perhaps under another shape: it would be copied.
bool is_computed(const Graph& graph, int output) {
  const GraphValue* value = &graph.values()[static_cast<std::size_t>(output)];
  while (value->kind == ValueKind::kNode) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(value->source)];
    if (!node.op->is_view && !node.op->is_view_when_unchanged) return true;
    value = &graph.values()[static_cast<std::size_t>(node.inputs[0])];
  }
  return false;
}

bool has_updates(const Graph& graph) {
  return std::any_of(graph.variables().begin(), graph.variables().end(), [](const GraphVariable& variable) { return variable.update >= 0; });
}

// One native call, for arguments of one signature.
class NativeCall {
 public:
  // Stands for what no native call can do.
  NativeCall() = default;

  // `pack`: from the list of outputs to what Python expects; None for the only output itself. `left`: None, or a tuple of the
  // training mode that the call leaves in its context.
  NativeCall(const Function& function, const std::vector<Tensor>& inputs, py::object pack, const py::object& left) : pack_(std::move(pack)) {
    const Graph& graph = function.graph();
    runs_ = has_updates(graph);
    for (int output : graph.outputs()) {
      handed_on_.push_back(handed_on_as(graph, output));
      if (handed_on_.back()) continue;
      if (!is_computed(graph, output)) return;
      runs_ = true;
    }
    call_.emplace(function, inputs);
    if (!left.is_none()) left_ = left.cast<py::tuple>()[0];
  }

  bool is_possible() const { return call_.has_value(); }

  py::object run(const Arguments& given, const py::handle& context) const {
    if (!call_) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    std::vector<Tensor> outputs;
    if (runs_) {
      const py::gil_scoped_release release;
      outputs = (*call_)(given.tensors());
    }
    py::object result = packed(given, outputs);
    if (left_ && PyObject_SetAttr(context.ptr(), training_name(), left_.ptr()) != 0) throw py::error_already_set();
    return result;
  }

 private:
  py::object packed(const Arguments& given, std::vector<Tensor>& outputs) const {
    const auto object = [&](std::size_t i) { return handed_on_[i] ? handed_on(given, i) : py::cast(Value(std::move(outputs[i]))); };
    if (pack_.is_none()) return object(0);
    py::list results(handed_on_.size());
    for (std::size_t i = 0; i < handed_on_.size(); ++i) results[i] = object(i);
    return pack_(results);
  }

  py::object handed_on(const Arguments& given, std::size_t output) const {
    const HandedOn& source = *handed_on_[output];
    PyObject* const object = given.object(source.input);
    if (source.is_same && object) return py::reinterpret_borrow<py::object>(object);
    const Tensor& tensor = given.tensors()[source.input];
    const Shape& shape = call_->outputs()[output].shape;
    // The memory of an array is the user's, who may write to it.
    return py::cast(Value((object ? tensor : tensor.copy()).reshaped(shape)));
  }

  std::optional<Function::ShapedCall> call_;
  bool runs_ = false;                               // else it only hands on
  std::vector<std::optional<HandedOn>> handed_on_;  // of each output
  py::object pack_;
  py::object left_;
};

// Native calls by the structure, dtypes, shapes and settings of what they are called with. `context` is that of the layer call
// around this one or None, `dtype` that of the innermost scope of conversion.
class CallTable {
 public:
  // What the call gives. None where the table knows no call; NotImplemented where none may stand for Python's.
  py::object run(const py::handle& arguments, const py::handle& keywords, const py::handle& context, const py::handle& dtype) {
    Arguments given;
    if (!take(given, arguments, keywords, context, dtype)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
    const auto found = calls_.find(given.signature());
    if (found == calls_.end()) return py::none();
    const std::shared_ptr<const NativeCall> call = found->second;  // other threads may change the table while this one computes
    return call->run(given, context);
  }

  // What the table files such a call under; None where no native call may stand for Python's.
  static py::object signature(const py::handle& arguments, const py::handle& keywords, const py::handle& context, const py::handle& dtype) {
    Arguments given;
    if (!take(given, arguments, keywords, context, dtype)) return py::none();
    return py::bytes(given.signature());
  }

  // False where an output is neither computed nor handed on: then no native call may stand for Python's.
  bool add(const py::bytes& signature, const Function& function, const py::sequence& inputs, const py::object& pack, const py::object& left) {
    auto call = std::make_shared<const NativeCall>(function, borrow_all(inputs), pack, left);
    const bool is_possible = call->is_possible();
    insert(signature, std::move(call));
    return is_possible;
  }

  // From now on no native call may stand for Python's.
  void refuse(const py::bytes& signature) { insert(signature, std::make_shared<const NativeCall>()); }

  void clear() { calls_.clear(); }

 private:
  static bool take(Arguments& given, const py::handle& arguments, const py::handle& keywords, const py::handle& context, const py::handle& dtype) {
    if (is_tracing() || is_recording()) return false;
    return given.take(arguments) && given.take(keywords) && given.take(dtype) && given.take_mode(context);
  }

  void insert(const py::bytes& signature, std::shared_ptr<const NativeCall> call) {
    if (calls_.size() == kMaxCalls) calls_.clear();
    calls_[std::string(std::string_view(signature))] = std::move(call);
  }

  std::unordered_map<std::string, std::shared_ptr<const NativeCall>> calls_;
};

// Every layer call comes through here: a plain C function of Python's needs no overloads and no keywords.
PyObject* run_entry(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 4) {
    PyErr_SetString(PyExc_TypeError, "run() takes the arguments, the keywords, the context and the dtype of a call");
    return nullptr;
  }
  try {
    auto* const table = reinterpret_cast<py::detail::instance*>(self)->get_value_and_holder().value_ptr<CallTable>();
    return table->run(arguments[0], arguments[1], arguments[2], arguments[3]).release().ptr();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyMethodDef run_method = {"run", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(run_entry)), METH_FASTCALL, nullptr};

}  // namespace

void bind_call_table(py::module_& m) {
  py::class_<CallTable> table(m, "CallTable");
  table.def(py::init<>())
      .def_static("signature", &CallTable::signature)
      .def("add", &CallTable::add, py::arg("signature"), py::arg("function"), py::arg("inputs"), py::arg("pack"), py::arg("left") = py::none())
      .def("refuse", &CallTable::refuse)
      .def("clear", &CallTable::clear);
  auto* const type = reinterpret_cast<PyTypeObject*>(table.ptr());
  table.attr("run") = py::reinterpret_steal<py::object>(PyDescr_NewMethod(type, &run_method));
}

}  // namespace keraunos::python
