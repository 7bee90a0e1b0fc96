#include "runtime/resolve.h"

#include "runtime/eager.h"

namespace keraunos {
namespace {

bool has_bit(std::uint32_t mask, std::size_t i) { return i < 32 ? (mask >> i & 1u) != 0 : (mask >> 31 & 1u) != 0; }

bool is_foldable(const Node& node, const std::vector<TensorSpec>& results, const Resolved& resolved) {
  if (!node.op->is_pure) return false;
  for (const TensorSpec& result : results) {
    if (result.shape.elements() > kFoldLimit) return false;
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!has_bit(node.op->shape_only_inputs, i) && !resolved.is_known(node.inputs[i])) return false;
  }
  return true;
}

void fold(const Node& node, Resolved& resolved) {
  std::vector<Value> inputs;
  inputs.reserve(node.inputs.size());
  for (int input : node.inputs) {
    const std::size_t v = static_cast<std::size_t>(input);
    // A shape-only input has no data; a view of nothing carries its spec.
    inputs.emplace_back(resolved.known[v].has_data() ? resolved.known[v] : Tensor(resolved.specs[v].dtype, resolved.specs[v].shape, nullptr));
  }
  std::vector<Tensor> results = run_eagerly(*node.op, inputs, node.attributes);
  for (std::size_t i = 0; i < results.size(); ++i) resolved.known[static_cast<std::size_t>(node.outputs[i])] = results[i];
}

void mark_live(const Graph& graph, Resolved& resolved) {
  std::vector<bool> is_needed(graph.values().size(), false);
  for (int output : graph.outputs()) is_needed[static_cast<std::size_t>(output)] = true;
  for (const GraphVariable& v : graph.variables()) {
    if (v.update >= 0) is_needed[static_cast<std::size_t>(v.update)] = true;
  }
  const std::vector<Node>& nodes = graph.nodes();
  resolved.is_live.assign(nodes.size(), false);
  for (std::size_t n = nodes.size(); n-- > 0;) {
    const Node& node = nodes[n];
    bool is_live = false;
    for (int output : node.outputs) is_live |= is_needed[static_cast<std::size_t>(output)] && !resolved.is_known(output);
    if (!is_live) continue;
    resolved.is_live[n] = true;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (is_data_input(*node.op, i)) is_needed[static_cast<std::size_t>(node.inputs[i])] = true;
    }
  }
}

}  // namespace

bool is_data_input(const Op& op, std::size_t i) { return !has_bit(op.shape_only_inputs, i) && !has_bit(op.value_inputs, i); }

Resolved resolve(const Graph& graph, const std::vector<TensorSpec>& inputs) {
  Resolved resolved;
  const std::vector<GraphValue>& values = graph.values();
  resolved.specs.resize(values.size());
  resolved.known.resize(values.size());
  resolved.root.resize(values.size());
  for (std::size_t v = 0; v < values.size(); ++v) {
    resolved.root[v] = static_cast<int>(v);
    const GraphValue& value = values[v];
    const std::size_t source = static_cast<std::size_t>(value.source);
    switch (value.kind) {
      case ValueKind::kInput: resolved.specs[v] = inputs[source]; break;
      case ValueKind::kConstant:
        resolved.known[v] = graph.constants()[source];
        resolved.specs[v] = value.spec;
        break;
      case ValueKind::kVariable: resolved.specs[v] = graph.variables()[source].variable->spec(); break;
      case ValueKind::kNode: break;
    }
  }
  for (const Node& node : graph.nodes()) {
    std::vector<TensorSpec> specs;
    std::vector<const Tensor*> known;
    specs.reserve(node.inputs.size());
    known.reserve(node.inputs.size());
    for (int input : node.inputs) {
      specs.push_back(resolved.specs[static_cast<std::size_t>(input)]);
      known.push_back(resolved.is_known(input) ? &resolved.known[static_cast<std::size_t>(input)] : nullptr);
    }
    const std::vector<TensorSpec> results = node.op->shape_rule({*node.op, specs, node.attributes, known});
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i].shape.is_known()) {
        throw value_error(node.op->name, "the size of its result depends on values, not on shapes alone", results[i].shape.text());
      }
      resolved.specs[static_cast<std::size_t>(node.outputs[i])] = results[i];
    }
    if (is_foldable(node, results, resolved)) {
      fold(node, resolved);
    } else if (node.op->is_view || (node.op->is_view_when_unchanged && results[0] == specs[0])) {
      resolved.root[static_cast<std::size_t>(node.outputs[0])] = resolved.root[static_cast<std::size_t>(node.inputs[0])];
    }
  }
  mark_live(graph, resolved);
  return resolved;
}

std::vector<TensorSpec> specs_of(const std::vector<int>& values, const Resolved& resolved) {
  std::vector<TensorSpec> specs;
  specs.reserve(values.size());
  for (int value : values) specs.push_back(resolved.specs[static_cast<std::size_t>(value)]);
  return specs;
}

std::vector<const Tensor*> known_inputs(const Node& node, const Resolved& resolved) {
  std::vector<const Tensor*> known;
  known.reserve(node.inputs.size());
  for (int input : node.inputs) known.push_back(resolved.is_known(input) ? &resolved.known[static_cast<std::size_t>(input)] : nullptr);
  return known;
}

}  // namespace keraunos
