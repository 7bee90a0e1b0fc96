#include <vector>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"
#include "graph/uses.h"

namespace keraunos {
namespace {

// The other node of the pair that a node replaces, or -1.
struct Pairs {
  std::vector<int> relu_of_norm;       // by the batch_norm
  std::vector<int> relu_grad_of_grad;  // by the batch_norm_grad
  std::vector<bool> is_swallowed;
};

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), uses_(graph) {
    const std::size_t count = graph.nodes().size();
    pairs_.relu_of_norm.assign(count, -1);
    pairs_.relu_grad_of_grad.assign(count, -1);
    pairs_.is_swallowed.assign(count, false);
    for (std::size_t n = 0; n < count; ++n) {
      if (graph.nodes()[n].op->name == "batch_norm") look_behind(static_cast<int>(n));
    }
  }
  const Pairs& pairs() const { return pairs_; }

 private:
  const Node& node(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }
  bool is(int n, const char* op) const { return n >= 0 && node(n).op->name == op; }

  void swallow(std::vector<int>& pairs, int kept, int other) {
    pairs[static_cast<std::size_t>(kept)] = other;
    pairs_.is_swallowed[static_cast<std::size_t>(other)] = true;
  }

  void look_behind(int norm) {
    const int relu = uses_.only_user(node(norm).outputs[0]);
    if (!is(relu, "relu")) return;
    swallow(pairs_.relu_of_norm, norm, relu);
    for (int user : uses_.users(node(relu).outputs[0])) {
      if (!is(user, "relu_grad") || node(user).inputs[1] != node(relu).outputs[0]) continue;
      const int grad = uses_.only_user(node(user).outputs[0]);
      if (is(grad, "batch_norm_grad") && is_gradient_of(grad, norm, user)) swallow(pairs_.relu_grad_of_grad, grad, user);
    }
  }

  bool is_gradient_of(int grad, int norm, int relu_grad) const {
    const Node& g = node(grad);
    const Node& n = node(norm);
    return g.inputs == std::vector<int>{node(relu_grad).outputs[0], n.inputs[0], n.inputs[1], n.inputs[2], n.outputs[1], n.outputs[2]} &&
           g.attributes.number("epsilon") == n.attributes.number("epsilon");
  }

  const Graph& graph_;
  Uses uses_;
  Pairs pairs_;
};

}  // namespace

std::shared_ptr<const Graph> fuse_batch_norm(const std::shared_ptr<const Graph>& graph) {
  const Finder finder(*graph);
  const Pairs& pairs = finder.pairs();
  GraphCopy copy(*graph);
  const auto fused = [&](const char* op, const Node& node, std::vector<int> inputs) {
    return copy.add(find_op(op), std::move(inputs), node.attributes, node.scope);
  };
  for (std::size_t n = 0; n < graph->nodes().size(); ++n) {
    const Node& node = graph->nodes()[n];
    if (pairs.is_swallowed[n]) continue;
    if (const int relu = pairs.relu_of_norm[n]; relu >= 0) {
      const std::vector<int> outputs = fused("batch_norm_relu", node, copy.values(node.inputs));
      copy.set_value(graph->nodes()[static_cast<std::size_t>(relu)].outputs[0], outputs[0]);
      copy.set_value(node.outputs[1], outputs[1]);
      copy.set_value(node.outputs[2], outputs[2]);
    } else if (const int relu_grad = pairs.relu_grad_of_grad[n]; relu_grad >= 0) {
      std::vector<int> inputs = copy.values(node.inputs);
      inputs[0] = copy.value(graph->nodes()[static_cast<std::size_t>(relu_grad)].inputs[0]);
      const std::vector<int> outputs = fused("batch_norm_relu_grad", node, std::move(inputs));
      for (std::size_t k = 0; k < outputs.size(); ++k) copy.set_value(node.outputs[k], outputs[k]);
    } else {
      copy.copy(node);
    }
  }
  return copy.finish();
}

}  // namespace keraunos
