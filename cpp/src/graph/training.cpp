#include "graph/training.h"

#include <algorithm>
#include <vector>

namespace keraunos {
namespace {

// The updated variables, and what is made of one of them without arithmetic.
class UpdatedVariables {
 public:
  explicit UpdatedVariables(const Graph& graph) : holds_(graph.values().size(), false) {
    for (const GraphVariable& v : graph.variables()) {
      if (v.read >= 0 && v.update >= 0) holds_[static_cast<std::size_t>(v.read)] = true;
    }
    for (const Node& node : graph.nodes()) {
      const bool is_moved = node.op->is_view || node.op->is_view_when_unchanged || node.op->name == "cast" || node.op->name == "transpose";
      if (is_moved && holds(node.inputs[0])) holds_[static_cast<std::size_t>(node.outputs[0])] = true;
    }
  }

  bool holds(int value) const { return holds_[static_cast<std::size_t>(value)]; }

 private:
  std::vector<bool> holds_;
};

}  // namespace

bool trains_products(const Graph& graph) {
  const UpdatedVariables updated(graph);
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [&](const Node& node) {
    const bool is_product = node.op->name == "matmul" || node.op->name == "dense";
    return is_product && std::any_of(node.inputs.begin(), node.inputs.end(), [&](int value) { return updated.holds(value); });
  });
}

}  // namespace keraunos
