#include <algorithm>
#include <map>
#include <utility>

#include "graph/fixed_values.h"
#include "graph/graph_copy.h"
#include "graph/rewrite.h"
#include "kernels/winograd.h"

namespace keraunos {
namespace {

bool is_all(const Ints& numbers, std::int64_t wanted) {
  return std::all_of(numbers.begin(), numbers.end(), [wanted](std::int64_t number) { return number == wanted; });
}

// Sizes may still be unknown here; when a run is planned, the op takes the plain convolution where that is faster.
bool may_pay(const Graph& graph, const Node& node) {
  const auto spec = [&](int value) { return graph.values()[static_cast<std::size_t>(value)].spec; };
  const Shape kernel = spec(node.inputs[1]).shape, image = spec(node.inputs[0]).shape, result = spec(node.outputs[0]).shape;
  const Dtype dtype = spec(node.outputs[0]).dtype;
  if (kernel.rank() != 4 || (dtype != Dtype::kFloat32 && dtype != Dtype::kFloat64)) return false;
  const bool is_plain = is_all(node.attributes.ints("strides"), 1) && is_all(node.attributes.ints("dilations"), 1);
  const auto is_large = [&](int axis) { return result[axis] == kUnknown || result[axis] >= kernels::kLeastWinogradPlaces; };
  return is_plain && kernel[0] == 3 && kernel[1] == 3 && kernel[2] == image[3] && kernel[2] >= kernels::kLeastWinogradChannels &&
         kernel[3] % kernels::kLeastWinogradChannels == 0 && is_large(1) && is_large(2);
}

}  // namespace

std::shared_ptr<const Graph> use_winograd(const std::shared_ptr<const Graph>& graph) {
  const FixedValues fixed(*graph);
  GraphCopy copy(*graph);
  std::map<int, int> transformed;  // by the kernel
  for (const Node& node : graph->nodes()) {
    const bool is_convolution = node.op->name == "conv" || node.op->name == "biased_conv";
    if (!is_convolution || !fixed.is_fixed(node.inputs[1]) || !may_pay(*graph, node)) {
      copy.copy(node);
      continue;
    }
    const int kernel = copy.value(node.inputs[1]);
    const auto [place, is_new] = transformed.try_emplace(node.inputs[1], -1);
    if (is_new) place->second = copy.add(find_op("winograd_kernel"), {kernel}, {}, node.scope)[0];
    std::vector<int> inputs = copy.values(node.inputs);
    inputs.insert(inputs.begin() + 2, place->second);
    Attributes attributes = node.attributes;
    if (node.op->name == "conv") attributes.set("activation", std::string("linear"));
    copy.set_value(node.outputs[0], copy.add(find_op("winograd_conv"), std::move(inputs), std::move(attributes), node.scope)[0]);
  }
  return copy.finish();
}

}  // namespace keraunos
