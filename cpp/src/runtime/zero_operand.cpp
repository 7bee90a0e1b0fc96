#include "runtime/zero_operand.h"

namespace keraunos {

ZeroOperand::ZeroOperand(const Graph& graph, const Resolved& resolved, const std::vector<int>& nodes, int operand)
    : resolved_(resolved), operand_(operand) {
  for (int n : nodes) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(n)];
    const std::vector<int>& in = node.inputs;
    const auto is_zero_at = [this, &in](std::size_t i) { return i < in.size() && is_zero(in[i]); };
    int other = root(node.outputs[0]);
    switch (node.op->at_zero) {
      case AtZero::kAnything: break;
      case AtZero::kZeroWithFirst:
        if (is_zero_at(0)) other = operand;
        break;
      case AtZero::kZeroWithAny:
        if (is_zero_at(0) || is_zero_at(1)) other = operand;
        break;
      case AtZero::kOther:
        if (is_zero_at(0)) other = stands_for(in[1]);
        if (is_zero_at(1)) other = stands_for(in[0]);
        break;
      case AtZero::kFirst:
        if (is_zero_at(1)) other = stands_for(in[0]);
        break;
    }
    others_[root(node.outputs[0])] = other;
  }
}

int ZeroOperand::stands_for(int value) const {
  const auto other = others_.find(root(value));
  return other == others_.end() ? root(value) : other->second;
}

}  // namespace keraunos
