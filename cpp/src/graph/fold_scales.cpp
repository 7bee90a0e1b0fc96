#include <algorithm>
#include <vector>

#include "graph/fixed_values.h"
#include "graph/graph_copy.h"
#include "graph/rewrite.h"
#include "graph/uses.h"

namespace keraunos {
namespace {

// A product with a fixed kernel, and what follows it alone: fixed numbers for each output channel, added, subtracted or multiplied.
struct Chain {
  int product = -1;         // node
  std::vector<int> follow;  // nodes
};

class ChainFinder {
 public:
  explicit ChainFinder(const Graph& graph) : graph_(graph), uses_(graph), fixed_(graph) {}

  const Node& node(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }

  Chain chain_at(int n) const {
    Chain chain;
    if (!is_product(node(n))) return chain;
    chain.product = n;
    int value = node(n).outputs[0];
    for (int next = uses_.only_user(value); next >= 0 && is_by_channel(node(next), value); next = uses_.only_user(value)) {
      chain.follow.push_back(next);
      value = node(next).outputs[0];
    }
    return chain;
  }

  // The operand that is not the product, or what it became.
  static int other_operand(const Node& node, int value) { return node.inputs[0] == value ? node.inputs[1] : node.inputs[0]; }

 private:
  const TensorSpec& spec(int value) const { return graph_.values()[static_cast<std::size_t>(value)].spec; }

  bool is_product(const Node& node) const {
    const std::string& op = node.op->name;
    const bool is_dense = op == "dense" || (op == "matmul" && !node.attributes.boolean("transpose_a") && spec(node.inputs[0]).shape.rank() >= 2 &&
                                            spec(node.inputs[1]).shape.rank() == 2);
    if (!(op == "conv" || op == "biased_conv" || is_dense)) return false;
    if ((op == "dense" || op == "biased_conv") && (node.attributes.text("activation") != "linear" || !fixed_.is_fixed(node.inputs[2]))) return false;
    if (is_dense && node.attributes.boolean("transpose_b")) return false;
    const Dtype dtype = spec(node.outputs[0]).dtype;
    return fixed_.is_fixed(node.inputs[1]) && (dtype == Dtype::kFloat32 || dtype == Dtype::kFloat64);
  }

  bool is_by_channel(const Node& node, int value) const {
    const std::string& op = node.op->name;
    const bool is_first = node.inputs[0] == value;
    if (!(op == "add" || op == "multiply" || (op == "subtract" && is_first))) return false;
    const int other = other_operand(node, value);
    const Shape &numbers = spec(other).shape, &product = spec(value).shape;
    if (other == value || !fixed_.is_fixed(other) || numbers.rank() < 1 || numbers.rank() > product.rank()) return false;
    return numbers[numbers.rank() - 1] == product[product.rank() - 1] && numbers.elements() == numbers[numbers.rank() - 1];
  }

  const Graph& graph_;
  Uses uses_;
  FixedValues fixed_;
};

// Writes the chain as one product with other fixed numbers; gives the value of its result.
int fold(const ChainFinder& finder, const Chain& chain, GraphCopy& copy) {
  const Node& product = finder.node(chain.product);
  const auto emit = [&](const char* op, std::vector<int> inputs, Attributes attributes = {}) {
    return copy.add(find_op(op), std::move(inputs), std::move(attributes), product.scope)[0];
  };
  int kernel = copy.value(product.inputs[1]), bias = product.inputs.size() == 3 ? copy.value(product.inputs[2]) : -1;
  int value = product.outputs[0];
  for (int n : chain.follow) {
    const Node& node = finder.node(n);
    const int numbers = emit("reshape", {copy.value(ChainFinder::other_operand(node, value))}, {{"shape", Ints{-1}}});
    const std::string& op = node.op->name;
    if (op == "multiply") {
      kernel = emit("multiply", {kernel, numbers});
      if (bias >= 0) bias = emit("multiply", {bias, numbers});
    } else if (bias >= 0) {
      bias = emit(op.c_str(), {bias, numbers});
    } else {
      bias = op == "subtract" ? emit("negative", {numbers}) : numbers;
    }
    value = node.outputs[0];
  }
  int result;
  if (product.op->name == "conv" || product.op->name == "biased_conv") {
    Attributes attributes;
    for (const auto& [name, given] : product.attributes.items()) {
      if (name != "activation") attributes.set(name, given);
    }
    result = emit("conv", {copy.value(product.inputs[0]), kernel}, std::move(attributes));
  } else {
    result = emit("matmul", {copy.value(product.inputs[0]), kernel}, {{"transpose_a", false}, {"transpose_b", false}});
  }
  return bias >= 0 ? emit("add", {result, bias}) : result;
}

}  // namespace

std::shared_ptr<const Graph> fold_scales(const std::shared_ptr<const Graph>& graph) {
  const ChainFinder finder(*graph);
  GraphCopy copy(*graph);
  const std::size_t count = graph->nodes().size();
  std::vector<Chain> at(count);  // by the last node of a chain
  std::vector<bool> is_swallowed(count, false);
  for (std::size_t n = 0; n < count; ++n) {
    const Chain chain = finder.chain_at(static_cast<int>(n));
    if (chain.follow.empty()) continue;
    is_swallowed[n] = true;
    for (int follower : chain.follow) is_swallowed[static_cast<std::size_t>(follower)] = true;
    at[static_cast<std::size_t>(chain.follow.back())] = chain;
  }
  for (std::size_t n = 0; n < count; ++n) {
    if (at[n].product >= 0) {
      copy.set_value(graph->nodes()[n].outputs[0], fold(finder, at[n], copy));
    } else if (!is_swallowed[n]) {
      copy.copy(graph->nodes()[n]);
    }
  }
  return fuse_dense(copy.finish());
}

}  // namespace keraunos
