#include <map>
#include <utility>

#include "graph/fixed_values.h"
#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

// Smaller kernels are read as fast where they lie; a second copy of a larger one takes too much memory for what it gives.
constexpr std::size_t kLeastBytes = std::size_t{32} << 10;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

bool is_dense(const Graph& graph, const Node& node) {
  const auto rank = [&](std::size_t i) { return graph.values()[static_cast<std::size_t>(node.inputs[i])].spec.shape.rank(); };
  return node.op->name == "dense" || (node.op->name == "matmul" && !node.attributes.boolean("transpose_a") && rank(0) >= 2 && rank(1) == 2);
}

bool is_worth_packing(const TensorSpec& kernel) {
  const std::size_t bytes = static_cast<std::size_t>(kernel.shape.elements()) * size_of(kernel.dtype);
  return (kernel.dtype == Dtype::kFloat32 || kernel.dtype == Dtype::kFloat64) && bytes >= kLeastBytes && bytes <= kMostBytes;
}

}  // namespace

std::shared_ptr<const Graph> pack_dense(const std::shared_ptr<const Graph>& graph) {
  const FixedValues fixed(*graph);
  GraphCopy copy(*graph);
  std::map<std::pair<int, bool>, int> packed;  // by the kernel, and whether it is transposed
  for (const Node& node : graph->nodes()) {
    const int kernel = is_dense(*graph, node) ? node.inputs[1] : -1;
    const bool can_be_packed = kernel >= 0 && fixed.is_fixed(kernel) && !fixed.is_fixed(node.inputs[0]) &&
                               is_worth_packing(graph->values()[static_cast<std::size_t>(kernel)].spec);
    if (!can_be_packed) {
      copy.copy(node);
      continue;
    }
    const bool is_transposed = node.attributes.boolean("transpose_b");
    const auto [place, is_new] = packed.try_emplace({kernel, is_transposed}, -1);
    if (is_new) place->second = copy.add(find_op("pack_dense_kernel"), {copy.value(kernel)}, {{"transpose_b", is_transposed}}, node.scope)[0];
    std::vector<int> inputs = {copy.value(node.inputs[0]), copy.value(kernel), place->second};
    const bool has_bias = node.op->name == "dense";
    if (has_bias) inputs.push_back(copy.value(node.inputs[2]));
    const std::string activation = has_bias ? node.attributes.text("activation") : "linear";
    const Attributes attributes = {{"transpose_b", is_transposed}, {"activation", activation}};
    copy.set_value(node.outputs[0], copy.add(find_op("packed_dense"), std::move(inputs), attributes, node.scope)[0]);
  }
  return copy.finish();
}

}  // namespace keraunos
