#include <algorithm>
#include <cstdint>
#include <functional>
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

// Of the op and the values it reads.
std::size_t hash_of(const Op& op, const std::vector<int>& inputs) {
  std::uint64_t hash = std::hash<const Op*>()(&op);
  for (const int input : inputs) hash = (hash ^ static_cast<std::uint64_t>(input)) * 0x9E3779B97F4A7C15u;
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

}  // namespace

std::shared_ptr<const Graph> drop_equal_nodes(const std::shared_ptr<const Graph>& graph) {
  GraphCopy copy(*graph);
  std::unordered_map<std::size_t, std::vector<Emitted>> emitted;
  for (const Node& node : graph->nodes()) {
    if (!node.op->is_pure) {
      copy.copy(node);
      continue;
    }
    std::vector<int> inputs = copy.values(node.inputs);
    std::vector<Emitted>& alike = emitted[hash_of(*node.op, inputs)];
    const auto twin = std::find_if(alike.begin(), alike.end(), [&](const Emitted& other) {
      return other.node->op == node.op && other.inputs == inputs && are_equal(other.node->attributes, node.attributes);
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
