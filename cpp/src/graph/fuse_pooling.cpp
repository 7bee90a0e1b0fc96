#include <algorithm>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {

// relu(x) is pooled: where a window's largest element is not above 0, no gradient passes; elsewhere it passes at a place where it is. So the
// gradient of relu, over all places, can be left to the pooling, which looks at each window anyway.
std::shared_ptr<const Graph> fuse_pooling(const std::shared_ptr<const Graph>& graph) {
  const std::vector<Node>& nodes = graph->nodes();
  std::vector<int> uses(graph->values().size(), 0), maker(graph->values().size(), -1);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    for (int input : nodes[n].inputs) ++uses[static_cast<std::size_t>(input)];
    for (int output : nodes[n].outputs) maker[static_cast<std::size_t>(output)] = static_cast<int>(n);
  }
  for (int output : graph->outputs()) ++uses[static_cast<std::size_t>(output)];
  for (const GraphVariable& variable : graph->variables()) {
    if (variable.update >= 0) ++uses[static_cast<std::size_t>(variable.update)];
  }
  // The max_pool_grad that a relu_grad ends, or -1.
  const auto pooling_of = [&](const Node& node) {
    if (node.op->name != "relu_grad" || uses[static_cast<std::size_t>(node.inputs[0])] != 1) return -1;
    const int found = maker[static_cast<std::size_t>(node.inputs[0])];
    if (found < 0) return -1;
    const Node& pooling = nodes[static_cast<std::size_t>(found)];
    return pooling.op->name == "max_pool_grad" && pooling.inputs[1] == node.inputs[1] ? found : -1;
  };
  std::vector<bool> is_swallowed(nodes.size(), false);
  for (const Node& node : nodes) {
    const int found = pooling_of(node);
    if (found >= 0) is_swallowed[static_cast<std::size_t>(found)] = true;
  }
  GraphCopy copy(*graph);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const int found = pooling_of(nodes[n]);
    if (found >= 0) {
      const Node& pooling = nodes[static_cast<std::size_t>(found)];
      Attributes attributes = pooling.attributes;
      attributes.set("relu", true);
      copy.set_value(nodes[n].outputs[0], copy.add(*pooling.op, copy.values(pooling.inputs), attributes, pooling.scope)[0]);
    } else if (!is_swallowed[n]) {
      copy.copy(nodes[n]);
    }
  }
  return copy.finish();
}

}  // namespace keraunos
