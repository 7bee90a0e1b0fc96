#include <algorithm>
#include <vector>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

class BiasGradientFinder {
 public:
  explicit BiasGradientFinder(const Graph& graph) : graph_(graph), maker_(graph.values().size(), -1), sums_(graph.values().size()) {
    for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
      const Node& node = graph.nodes()[n];
      for (int output : node.outputs) maker_[static_cast<std::size_t>(output)] = static_cast<int>(n);
      if (node.op->name == "reduce_to") sums_[static_cast<std::size_t>(node.inputs[0])].push_back(n);
    }
  }

  // The sum over all places of the gradient that this gradient of a kernel reads, or -1.
  int bias_gradient_of(std::size_t n) const {
    const Node& node = graph_.nodes()[n];
    if (node.op->name != "conv_weight_grad" || !is_float(node.outputs[0])) return -1;
    for (std::size_t other : sums_[static_cast<std::size_t>(node.inputs[1])]) {
      const Node& sum = graph_.nodes()[other];
      if (is_sum_over_places(sum, node) && are_made_before(other, node.inputs) && are_made_before(n, sum.inputs)) return static_cast<int>(other);
    }
    return -1;
  }

 private:
  bool is_sum_over_places(const Node& sum, const Node& gradient) const {
    const Shape& bias = shape(sum.inputs[1]);
    const Shape& kernel = shape(gradient.inputs[2]);
    const std::int64_t channels = kernel[kernel.rank() - 1];
    return bias.rank() > 0 && bias.is_known() && bias[bias.rank() - 1] == channels && bias.elements() == channels && channels > 0;
  }
  bool are_made_before(std::size_t n, const std::vector<int>& values) const {
    return std::all_of(values.begin(), values.end(), [&](int value) { return maker_[static_cast<std::size_t>(value)] < static_cast<int>(n); });
  }
  const Shape& shape(int value) const { return graph_.values()[static_cast<std::size_t>(value)].spec.shape; }
  bool is_float(int value) const {
    const Dtype dtype = graph_.values()[static_cast<std::size_t>(value)].spec.dtype;
    return dtype == Dtype::kFloat32 || dtype == Dtype::kFloat64;
  }

  const Graph& graph_;
  std::vector<int> maker_;
  std::vector<std::vector<std::size_t>> sums_;  // per value: the nodes that sum it to another shape
};

}  // namespace

std::shared_ptr<const Graph> fuse_bias_gradients(const std::shared_ptr<const Graph>& graph) {
  const BiasGradientFinder finder(*graph);
  const std::vector<Node>& nodes = graph->nodes();
  std::vector<int> other(nodes.size(), -1);  // of both nodes of a pair
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int sum = finder.bias_gradient_of(n);
    if (sum < 0 || other[static_cast<std::size_t>(sum)] >= 0) continue;
    other[n] = sum;
    other[static_cast<std::size_t>(sum)] = static_cast<int>(n);
  }
  GraphCopy copy(*graph);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    if (other[n] < 0) {
      copy.copy(nodes[n]);
    } else if (other[n] > static_cast<int>(n)) {
      const Node& second = nodes[static_cast<std::size_t>(other[n])];
      const bool is_kernel_first = nodes[n].op->name == "conv_weight_grad";
      const Node &kernel = is_kernel_first ? nodes[n] : second, &bias = is_kernel_first ? second : nodes[n];
      const std::vector<int> outputs = copy.add(find_op("biased_conv_weight_grad"), copy.values(kernel.inputs), kernel.attributes, kernel.scope);
      copy.set_value(kernel.outputs[0], outputs[0]);
      // With channels first, what was added had axes of size 1.
      const bool is_flat = graph->values()[static_cast<std::size_t>(bias.outputs[0])].spec.shape.rank() == 1;
      const int sum = is_flat ? outputs[1] : copy.add(find_op("reshape_like"), {outputs[1], copy.value(bias.inputs[1])}, {}, bias.scope)[0];
      copy.set_value(bias.outputs[0], sum);
    }
  }
  return copy.finish();
}

}  // namespace keraunos
