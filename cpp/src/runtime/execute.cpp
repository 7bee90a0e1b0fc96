#include "runtime/execute.h"

#include "runtime/eager.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos {
namespace {

class ExecutionBuilder final : public Builder {
 public:
  std::vector<Value> emit(const Op& op, std::vector<Value> inputs, Attributes attributes) override {
    return execute(op, inputs, std::move(attributes));
  }
};

bool any_symbolic(const std::vector<Value>& inputs) {
  for (const Value& input : inputs) {
    if (input.is_symbolic()) return true;
  }
  return false;
}

void check_inputs(const Op& op, const std::vector<Value>& inputs, Attributes& attributes) {
  const int count = static_cast<int>(inputs.size());
  if (count < op.min_inputs || (op.max_inputs >= 0 && count > op.max_inputs)) {
    throw value_error(op.name, "wrong number of inputs", std::to_string(count));
  }
  for (const AttributeRule& rule : op.attributes) {
    if (attributes.find(rule.name)) continue;
    if (rule.is_required) throw value_error(op.name, std::string("needs the attribute '") + rule.name + "'");
    attributes.set(rule.name, rule.default_value);
  }
}

std::vector<Value> append_node(const Op& op, const std::vector<Value>& inputs, Attributes attributes) {
  Trace* trace = current_trace();
  if (!trace) {
    throw Error(ErrorKind::kTrace, op.name + ": a traced tensor was used after its trace ended. Keep values that live across calls in a Variable.");
  }
  std::vector<int> indices;
  indices.reserve(inputs.size());
  for (const Value& input : inputs) indices.push_back(trace->import(input));
  const std::vector<int> outputs = trace->graph()->add_node(op, std::move(indices), std::move(attributes), current_scope());
  std::vector<Value> values;
  values.reserve(outputs.size());
  for (int output : outputs) {
    values.emplace_back(trace->graph(), output, trace->graph()->values()[static_cast<std::size_t>(output)].spec);
  }
  return values;
}

}  // namespace

std::vector<Value> execute(const Op& op, const std::vector<Value>& inputs, Attributes attributes) {
  check_inputs(op, inputs, attributes);
  const bool has_kernel = op.kernel || op.map_loop || op.is_view;
  if (!has_kernel) return op.body(execution_builder(), inputs, attributes);
  std::vector<Value> outputs;
  if (any_symbolic(inputs)) {
    outputs = append_node(op, inputs, attributes);
  } else {
    for (Tensor& result : run_eagerly(op, inputs, attributes)) outputs.emplace_back(std::move(result));
  }
  record_on_tapes(op, inputs, outputs, attributes);
  return outputs;
}

Value read_variable(const std::shared_ptr<Variable>& variable) {
  Trace* root = current_root_trace();
  Value value = root ? root->read(variable) : Value(variable->read());
  watch_on_tapes(variable, value, current_root_depth());
  return value;
}

void assign_variable(const std::shared_ptr<Variable>& variable, const Value& value) {
  Trace* trace = current_trace();
  if (trace) {
    trace->assign(variable, value);
  } else if (value.is_symbolic()) {
    throw Error(ErrorKind::kTrace, "Variable '" + variable->name() + "': a traced tensor cannot be assigned outside of its trace.");
  } else {
    variable->assign(value.tensor());
  }
}

Builder& execution_builder() {
  static ExecutionBuilder builder;
  return builder;
}

}  // namespace keraunos
