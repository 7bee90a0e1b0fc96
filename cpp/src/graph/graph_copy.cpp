#include "graph/graph_copy.h"

namespace keraunos {

GraphCopy::GraphCopy(const Graph& source, VariableMap variable_for)
    : source_(source), variable_for_(std::move(variable_for)), result_(std::make_shared<Graph>()), values_(source.values().size(), -1) {
  for (std::size_t v = 0; v < values_.size(); ++v) {
    const GraphValue& value = source.values()[v];
    const std::size_t number = static_cast<std::size_t>(value.source);
    switch (value.kind) {
      case ValueKind::kInput: values_[v] = result_->add_input(value.spec, source.inputs()[number].name); break;
      case ValueKind::kConstant: values_[v] = result_->add_constant(source.constants()[number]); break;
      case ValueKind::kVariable: values_[v] = result_->read_variable(variable(source.variables()[number].variable)); break;
      case ValueKind::kNode: break;
    }
  }
}

std::vector<int> GraphCopy::values(const std::vector<int>& old) const {
  std::vector<int> fresh;
  fresh.reserve(old.size());
  for (int v : old) fresh.push_back(value(v));
  return fresh;
}

void GraphCopy::copy(const Node& node) {
  const std::vector<int> outputs = add(*node.op, values(node.inputs), node.attributes, node.scope);
  for (std::size_t i = 0; i < outputs.size(); ++i) set_value(node.outputs[i], outputs[i]);
}

std::vector<int> GraphCopy::add(const Op& op, std::vector<int> inputs, Attributes attributes, const std::string& scope) {
  return result_->add_node(op, std::move(inputs), std::move(attributes), scope);
}

std::shared_ptr<const Graph> GraphCopy::finish() {
  for (const GraphVariable& known : source_.variables()) {
    if (known.update >= 0) result_->assign_variable(variable(known.variable), value(known.update));
  }
  result_->set_outputs(values(source_.outputs()));
  return result_;
}

}  // namespace keraunos
