#include "keraunos/graph.h"

#include <sstream>

namespace keraunos {

int Graph::add_value(TensorSpec spec, ValueKind kind, int source, int output) {
  values_.push_back({std::move(spec), kind, source, output});
  return static_cast<int>(values_.size()) - 1;
}

int Graph::add_input(const TensorSpec& spec, std::string name) {
  const int value = add_value(spec, ValueKind::kInput, static_cast<int>(inputs_.size()), 0);
  inputs_.push_back({std::move(name), value});
  return value;
}

int Graph::add_constant(Tensor tensor) {
  constants_.push_back(std::move(tensor));
  return add_value(constants_.back().spec(), ValueKind::kConstant, static_cast<int>(constants_.size()) - 1, 0);
}

const Tensor* Graph::constant_of(int value) const {
  const GraphValue& v = values_[static_cast<std::size_t>(value)];
  return v.kind == ValueKind::kConstant ? &constants_[static_cast<std::size_t>(v.source)] : nullptr;
}

std::vector<int> Graph::add_node(const Op& op, std::vector<int> inputs, Attributes attributes, std::string scope) {
  std::vector<TensorSpec> specs;
  std::vector<const Tensor*> known;
  specs.reserve(inputs.size());
  known.reserve(inputs.size());
  for (int input : inputs) {
    specs.push_back(values_[static_cast<std::size_t>(input)].spec);
    known.push_back(constant_of(input));
  }
  const std::vector<TensorSpec> results = op.shape_rule({op, specs, attributes, known});
  const int node = static_cast<int>(nodes_.size());
  std::vector<int> outputs;
  outputs.reserve(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    outputs.push_back(add_value(results[i], ValueKind::kNode, node, static_cast<int>(i)));
  }
  nodes_.push_back({&op, std::move(attributes), std::move(inputs), outputs, std::move(scope)});
  return outputs;
}

GraphVariable& Graph::entry(const std::shared_ptr<Variable>& variable) {
  const auto [known, is_new] = variable_numbers_.emplace(variable.get(), variables_.size());
  if (is_new) variables_.push_back({variable, -1, -1});
  return variables_[known->second];
}

int Graph::read_variable(const std::shared_ptr<Variable>& variable) {
  GraphVariable& known = entry(variable);
  if (known.update >= 0) return known.update;
  if (known.read < 0) {
    const int number = static_cast<int>(&known - variables_.data());
    known.read = add_value(variable->spec(), ValueKind::kVariable, number, 0);
  }
  return known.read;
}

void Graph::assign_variable(const std::shared_ptr<Variable>& variable, int value) {
  const TensorSpec spec = variable->spec();
  const TensorSpec& given = values_[static_cast<std::size_t>(value)].spec;
  bool fits = given.dtype == spec.dtype && given.shape.rank() == spec.shape.rank();
  for (int axis = 0; fits && axis < spec.shape.rank(); ++axis) {
    fits = given.shape[axis] == kUnknown || given.shape[axis] == spec.shape[axis];
  }
  if (!fits) {
    throw value_error("Variable '" + variable->name() + "'", "a new value must have the variable's dtype and shape",
                      std::string(name_of(given.dtype)) + " " + given.shape.text() + " for " + name_of(spec.dtype) + " " +
                          spec.shape.text());
  }
  entry(variable).update = value;
}

std::string Graph::text() const {
  std::ostringstream out;
  for (const GraphInput& input : inputs_) out << "%" << input.value << " = input " << input.name << '\n';
  for (const Node& node : nodes_) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const GraphValue& value = values_[static_cast<std::size_t>(node.outputs[i])];
      out << (i ? ", %" : "%") << node.outputs[i] << ':' << name_of(value.spec.dtype) << value.spec.shape;
    }
    out << " = " << node.op->name << '(';
    for (std::size_t i = 0; i < node.inputs.size(); ++i) out << (i ? ", %" : "%") << node.inputs[i];
    out << ")\n";
  }
  for (const GraphVariable& v : variables_) {
    if (v.read >= 0) out << "%" << v.read << " = variable " << v.variable->name() << '\n';
    if (v.update >= 0) out << v.variable->name() << " <- %" << v.update << '\n';
  }
  out << "return";
  for (int output : outputs_) out << " %" << output;
  out << '\n';
  return out.str();
}

}  // namespace keraunos
