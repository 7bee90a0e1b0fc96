#include "runtime/tape.h"

#include "bindings.h"
#include "runtime/execute.h"

namespace keraunos::python {
namespace {

py::object optional(const Value& value) { return value.is_empty() ? py::object(py::none()) : py::cast(value); }

Value optional_value(const py::handle& object) { return object.is_none() ? Value() : object.cast<Value>(); }

// A variable stands for all the values under which the tape saw it.
py::list gradients(Tape& tape, const py::sequence& targets, const py::sequence& sources, const py::object& output_gradients) {
  std::vector<Value> target_values;
  std::vector<Value> target_gradients;
  for (const py::handle& target : targets) target_values.push_back(target.cast<Value>());
  if (!output_gradients.is_none()) {
    for (const py::handle& gradient : output_gradients) target_gradients.push_back(optional_value(gradient));
  }
  std::vector<Value> source_values;
  std::vector<std::size_t> counts;
  for (const py::handle& source : sources) {
    if (py::isinstance<Value>(source)) {
      source_values.push_back(source.cast<Value>());
      counts.push_back(1);
      continue;
    }
    const std::vector<Value> reads = tape.reads_of(*source.cast<std::shared_ptr<Variable>>());
    source_values.insert(source_values.end(), reads.begin(), reads.end());
    counts.push_back(reads.size());
  }
  const std::vector<Value> found = tape.gradient(target_values, target_gradients, source_values);
  py::list result;
  std::size_t next = 0;
  for (std::size_t count : counts) {
    Value total;
    for (std::size_t i = 0; i < count; ++i, ++next) {
      if (found[next].is_empty()) continue;
      total = total.is_empty() ? found[next] : execution_builder().add(total, found[next]);
    }
    result.append(optional(total));
  }
  return result;
}

py::list custom_gradient(const std::vector<Value>& outputs, const py::sequence& inputs, const py::function& callback) {
  std::vector<Value> input_values;
  for (const py::handle& input : inputs) input_values.push_back(value_from_python(input));
  std::vector<Value> fresh;
  pause_tapes();
  for (const Value& output : outputs) fresh.push_back(execution_builder().emit1("identity", {output}));
  resume_tapes();
  record_custom_on_tapes(input_values, fresh, [callback](const std::vector<Value>& output_gradients) {
    py::tuple arguments(output_gradients.size());
    for (std::size_t i = 0; i < output_gradients.size(); ++i) arguments[i] = optional(output_gradients[i]);
    std::vector<Value> results;
    for (const py::handle& gradient : callback(*arguments)) results.push_back(optional_value(gradient));
    return results;
  });
  py::list result;
  for (const Value& output : fresh) result.append(py::cast(output));
  return result;
}

}  // namespace

void bind_tape(py::module_& m) {
  py::class_<Tape>(m, "Tape")
      .def(py::init<bool, bool>(), py::arg("persistent") = false, py::arg("watch_variables") = true)
      .def("start", [](Tape& tape) { start_tape(&tape); })
      .def("stop", [](Tape& tape) { stop_tape(&tape); })
      .def("watch",
           [](Tape& tape, const py::handle& object) {
             if (py::isinstance<Value>(object)) {
               tape.watch(object.cast<const Value&>());
             } else {
               tape.watch_variable(object.cast<std::shared_ptr<Variable>>());
             }
           })
      .def("gradient", &gradients, py::arg("targets"), py::arg("sources"), py::arg("output_gradients") = py::none())
      .def("clear", &Tape::clear);
  m.def("custom_gradient", &custom_gradient);
  m.def("stop_recording", &pause_tapes);
  m.def("resume_recording", &resume_tapes);
  m.def("is_recording", &is_recording);
  m.def("recording_tapes", &recording_tapes);
}

}  // namespace keraunos::python
