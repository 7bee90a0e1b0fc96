#include <algorithm>
#include <unordered_map>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

struct EqualAttribute {
  template <class A, class B>
  bool operator()(const A&, const B&) const { return false; }
  template <class T>
  bool operator()(const T& a, const T& b) const { return a == b; }
  bool operator()(const Tensor& a, const Tensor& b) const { return a.data() == b.data() && a.spec() == b.spec(); }
};

bool are_equal(const Attributes& a, const Attributes& b) {
  return a.items().size() == b.items().size() && std::equal(a.items().begin(), a.items().end(), b.items().begin(), [](const auto& x, const auto& y) {
           return x.first == y.first && std::visit(EqualAttribute{}, x.second, y.second);
         });
}

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
