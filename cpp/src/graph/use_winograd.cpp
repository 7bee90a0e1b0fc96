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
class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), fixed_(graph), trains_(trains(graph)) {}

  // A kernel that is fixed is transformed once, one that is trained in every step, whose many images are worth it.
  bool may_be_winograd(const Node& node) const {
    const bool is_gradient = node.op->name == "conv_input_grad" && node.inputs.size() == 3;
    if (!is_gradient && node.op->name != "conv" && node.op->name != "biased_conv") return false;
    return (trains_ || fixed_.is_fixed(node.inputs[1])) && may_pay(node, is_gradient);
  }

 private:
  const TensorSpec& spec(int value) const { return graph_.values()[static_cast<std::size_t>(value)].spec; }

  bool may_pay(const Node& node, bool is_gradient) const {
    const Shape &kernel = spec(node.inputs[1]).shape, &image = spec(node.inputs[is_gradient ? 2 : 0]).shape, &result = spec(node.outputs[0]).shape;
    const Dtype dtype = spec(node.outputs[0]).dtype;
    if (kernel.rank() != 4 || (dtype != Dtype::kFloat32 && dtype != Dtype::kFloat64)) return false;
    const bool is_plain = is_all(node.attributes.ints("strides"), 1) && is_all(node.attributes.ints("dilations"), 1);
    if (!is_plain || kernel[0] != 3 || kernel[1] != 3 || kernel[2] != image[3]) return false;
    const std::int64_t in = kernel[is_gradient ? 3 : 2], out = kernel[is_gradient ? 2 : 3];
    const auto is_large = [&](int axis) { return result[axis] == kUnknown || result[axis] >= kernels::kLeastWinogradPlaces; };
    return in >= kernels::kLeastWinogradChannels && out > 0 && out % kernels::kLeastWinogradChannels == 0 && is_large(1) && is_large(2);
  }

  const Graph& graph_;
  FixedValues fixed_;
  bool trains_;
};

}  // namespace

std::shared_ptr<const Graph> use_winograd(const std::shared_ptr<const Graph>& graph) {
  const Finder finder(*graph);
  GraphCopy copy(*graph);
  std::map<std::pair<int, bool>, int> transformed;  // by the kernel and whether it is turned
  for (const Node& node : graph->nodes()) {
    if (!finder.may_be_winograd(node)) {
      copy.copy(node);
      continue;
    }
    const bool is_gradient = node.op->name == "conv_input_grad";
    const auto [place, is_new] = transformed.try_emplace({node.inputs[1], is_gradient}, -1);
    if (is_new) place->second = copy.add(find_op("winograd_kernel"), {copy.value(node.inputs[1])}, {{"turned", is_gradient}}, node.scope)[0];
    std::vector<int> inputs = copy.values(node.inputs);
    inputs.insert(inputs.begin() + (is_gradient ? 3 : 2), place->second);
    Attributes attributes = node.attributes;
    if (node.op->name == "conv") attributes.set("activation", std::string("linear"));
    const Op& op = find_op(is_gradient ? "winograd_input_grad" : "winograd_conv");
    copy.set_value(node.outputs[0], copy.add(op, std::move(inputs), std::move(attributes), node.scope)[0]);
  }
  return copy.finish();
}

}  // namespace keraunos
