#include "graph/fixed_values.h"

#include <algorithm>

namespace keraunos {

bool trains(const Graph& graph) {
  const std::vector<GraphVariable>& all = graph.variables();
  return std::any_of(all.begin(), all.end(), [](const GraphVariable& v) { return v.update >= 0 && v.update != v.read && v.variable->is_trainable(); });
}

FixedValues::FixedValues(const Graph& graph) : is_fixed_(graph.values().size(), false) {
  if (trains(graph)) return;
  for (std::size_t v = 0; v < is_fixed_.size(); ++v) {
    const GraphValue& value = graph.values()[v];
    if (value.kind == ValueKind::kConstant) is_fixed_[v] = true;
    if (value.kind == ValueKind::kVariable) is_fixed_[v] = graph.variables()[static_cast<std::size_t>(value.source)].update < 0;
  }
  for (const Node& node : graph.nodes()) {
    const bool is_fixed = node.op->is_pure && std::all_of(node.inputs.begin(), node.inputs.end(), [this](int input) { return this->is_fixed(input); });
    for (int output : node.outputs) {
      is_fixed_[static_cast<std::size_t>(output)] = is_fixed && graph.values()[static_cast<std::size_t>(output)].spec.shape.is_known();
    }
  }
}

}  // namespace keraunos
