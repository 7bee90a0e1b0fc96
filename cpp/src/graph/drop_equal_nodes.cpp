#include <algorithm>
#include <unordered_map>

#include "graph/equal_nodes.h"
#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

struct Emitted {
  const Node* node;
  std::vector<int> inputs;
};

}  // namespace

std::shared_ptr<const Graph> drop_equal_nodes(const std::shared_ptr<const Graph>& graph) {
  GraphCopy copy(*graph);
  std::unordered_map<const Op*, std::vector<Emitted>> emitted;
  for (const Node& node : graph->nodes()) {
    std::vector<int> inputs = copy.values(node.inputs);
    std::vector<Emitted>& alike = emitted[node.op];
    const auto twin = std::find_if(alike.begin(), alike.end(), [&](const Emitted& other) {
      return node.op->is_pure && other.inputs == inputs && are_equal(other.node->attributes, node.attributes);
    });
    if (twin == alike.end()) {
      copy.copy(node);
      alike.push_back({&node, std::move(inputs)});
      continue;
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) copy.set_value(node.outputs[i], copy.value(twin->node->outputs[i]));
  }
  return copy.finish();
}

}  // namespace keraunos
