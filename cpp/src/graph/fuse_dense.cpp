#include <algorithm>
#include <array>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"
#include "graph/uses.h"

namespace keraunos {
namespace {

class DenseFinder {
 public:
  explicit DenseFinder(const Graph& graph) : graph_(graph), uses_(graph) {}

  struct Match {
    int bias = -1;  // value
    int add = -1;   // node
    int activation = -1;  // node, or -1
  };

  // The bias and activation that follow this product and nobody else sees.
  Match match(const Node& node) const {
    Match found;
    const bool is_convolution = node.op->name == "conv";
    if (!(is_convolution || is_dense(node)) || !is_float(node.outputs[0])) return found;
    const int add = uses_.only_user(node.outputs[0]);
    if (add < 0 || node_at(add).op->name != "add") return found;
    const std::vector<int>& operands = node_at(add).inputs;
    const int bias = operands[0] == node.outputs[0] ? operands[1] : operands[0];
    const Shape& product = shape(node.outputs[0]);
    if (bias == node.outputs[0] || shape(bias).rank() != 1 || shape(bias)[0] != product[product.rank() - 1] || shape(bias)[0] == kUnknown) {
      return found;
    }
    found.bias = bias;
    found.add = add;
    const int next = uses_.only_user(node_at(add).outputs[0]);
    static const std::array<const char*, 3> kFused = {"relu", "sigmoid", "tanh"};
    const auto last = is_convolution ? kFused.begin() + 1 : kFused.end();
    if (next >= 0 && std::find(kFused.begin(), last, node_at(next).op->name) != last) found.activation = next;
    return found;
  }

  const Node& node_at(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }

 private:
  bool is_dense(const Node& node) const {
    return node.op->name == "matmul" && !node.attributes.boolean("transpose_a") && shape(node.inputs[0]).rank() >= 2 && shape(node.inputs[1]).rank() == 2;
  }
  const Shape& shape(int value) const { return graph_.values()[static_cast<std::size_t>(value)].spec.shape; }
  bool is_float(int value) const {
    const Dtype dtype = graph_.values()[static_cast<std::size_t>(value)].spec.dtype;
    return dtype == Dtype::kFloat32 || dtype == Dtype::kFloat64;
  }

  const Graph& graph_;
  Uses uses_;
};

}  // namespace

std::shared_ptr<const Graph> fuse_dense(const std::shared_ptr<const Graph>& graph) {
  const DenseFinder finder(*graph);
  GraphCopy copy(*graph);
  const std::size_t count = graph->nodes().size();
  std::vector<DenseFinder::Match> at(count);   // by the last node of a match
  std::vector<int> product(count, -1);         // the matmul or conv of a match, by its last node
  std::vector<bool> is_swallowed(count, false);
  for (std::size_t n = 0; n < count; ++n) {
    const DenseFinder::Match match = finder.match(graph->nodes()[n]);
    if (match.add < 0) continue;
    const std::size_t last = static_cast<std::size_t>(match.activation >= 0 ? match.activation : match.add);
    at[last] = match;
    product[last] = static_cast<int>(n);
    is_swallowed[n] = is_swallowed[static_cast<std::size_t>(match.add)] = true;
  }
  for (std::size_t n = 0; n < count; ++n) {
    const Node& node = graph->nodes()[n];
    if (product[n] >= 0) {
      const Node& fused = finder.node_at(product[n]);
      const std::string activation = at[n].activation >= 0 ? node.op->name : "linear";
      const bool is_convolution = fused.op->name == "conv";
      Attributes attributes = fused.attributes;
      if (!is_convolution) attributes = {{"transpose_b", fused.attributes.boolean("transpose_b")}};
      attributes.set("activation", activation);
      const std::vector<int> inputs = {copy.value(fused.inputs[0]), copy.value(fused.inputs[1]), copy.value(at[n].bias)};
      copy.set_value(node.outputs[0], copy.add(find_op(is_convolution ? "biased_conv" : "dense"), inputs, attributes, fused.scope)[0]);
    } else if (!is_swallowed[n]) {
      copy.copy(node);
    }
  }
  return copy.finish();
}

}  // namespace keraunos
