#include <algorithm>
#include <array>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"
#include "graph/uses.h"

namespace keraunos {
namespace {

class DenseFinder {
 public:
  explicit DenseFinder(const Graph& graph) : graph_(graph), uses_(graph) {}

  struct Match {
    int bias = -1;  // value
    int view = -1;  // node, or -1: parts the product's last axis before the bias is added, as heads of an attention are
    int add = -1;   // node
    int activation = -1;  // node, or -1
  };

  // The bias and activation that follow this product and nobody else sees.
  Match match(const Node& node) const {
    Match found;
    const bool is_convolution = node.op->name == "conv";
    if (!(is_convolution || is_dense(node)) || !is_float(node.outputs[0])) return found;
    int product = node.outputs[0];
    int view = -1;
    int add = uses_.only_user(product);
    if (add >= 0 && !is_convolution && node_at(add).op->name == "reshape") {
      view = add;
      product = node_at(view).outputs[0];
      add = uses_.only_user(product);
    }
    if (add < 0 || node_at(add).op->name != "add") return found;
    const std::vector<int>& operands = node_at(add).inputs;
    const int bias = operands[0] == product ? operands[1] : operands[0];
    const Shape& rows = shape(node.outputs[0]);
    if (bias == product || !is_bias(shape(bias), shape(product), rows[rows.rank() - 1])) return found;
    found.bias = bias;
    found.view = view;
    found.add = add;
    const int next = uses_.only_user(node_at(add).outputs[0]);
    static const std::array<const char*, 3> kFused = {"relu", "sigmoid", "tanh"};
    const auto last = is_convolution ? kFused.begin() + 1 : kFused.end();
    if (next >= 0 && std::find(kFused.begin(), last, node_at(next).op->name) != last) found.activation = next;
    return found;
  }

  // The bias with one axis.
  int flat_bias(GraphCopy& copy, const Match& match) const {
    const int bias = copy.value(match.bias);
    if (shape(match.bias).rank() == 1) return bias;
    return copy.add(find_op("reshape"), {bias}, {{"shape", Ints{shape(match.bias).elements()}}}, node_at(match.add).scope)[0];
  }
  // The view, of another value than in the source.
  static int seen_through(GraphCopy& copy, const Node& view, int value) {
    std::vector<int> inputs = copy.values(view.inputs);
    inputs[0] = value;
    return copy.add(*view.op, std::move(inputs), view.attributes, view.scope)[0];
  }

  const Node& node_at(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }

 private:
  bool is_dense(const Node& node) const {
    return node.op->name == "matmul" && !node.attributes.boolean("transpose_a") && shape(node.inputs[0]).rank() >= 2 && shape(node.inputs[1]).rank() == 2;
  }
  // Whether the bias adds the same numbers to every row of `size` numbers.
  static bool is_bias(const Shape& bias, const Shape& product, std::int64_t size) {
    if (bias.rank() < 1 || bias.rank() > product.rank() || !bias.is_known() || bias.elements() != size) return false;
    for (int axis = 0; axis < bias.rank(); ++axis) {
      if (bias[axis] != product[product.rank() - bias.rank() + axis]) return false;
    }
    return true;
  }
  const Shape& shape(int value) const { return graph_.values()[static_cast<std::size_t>(value)].spec.shape; }
  bool is_float(int value) const {
    const Dtype dtype = graph_.values()[static_cast<std::size_t>(value)].spec.dtype;
    return dtype == Dtype::kFloat32 || dtype == Dtype::kFloat64;
  }

  const Graph& graph_;
  Uses uses_;
};

}  // namespace

std::shared_ptr<const Graph> fuse_dense(const std::shared_ptr<const Graph>& graph) {
  const DenseFinder finder(*graph);
  GraphCopy copy(*graph);
  const std::size_t count = graph->nodes().size();
  std::vector<DenseFinder::Match> at(count);   // by the last node of a match
  std::vector<int> product(count, -1);         // the matmul or conv of a match, by its last node
  std::vector<bool> is_swallowed(count, false);
  for (std::size_t n = 0; n < count; ++n) {
    const DenseFinder::Match match = finder.match(graph->nodes()[n]);
    if (match.add < 0) continue;
    const std::size_t last = static_cast<std::size_t>(match.activation >= 0 ? match.activation : match.add);
    at[last] = match;
    product[last] = static_cast<int>(n);
    is_swallowed[n] = is_swallowed[static_cast<std::size_t>(match.add)] = true;
    if (match.view >= 0) is_swallowed[static_cast<std::size_t>(match.view)] = true;
  }
  for (std::size_t n = 0; n < count; ++n) {
    const Node& node = graph->nodes()[n];
    if (product[n] >= 0) {
      const Node& fused = finder.node_at(product[n]);
      const std::string activation = at[n].activation >= 0 ? node.op->name : "linear";
      const bool is_convolution = fused.op->name == "conv";
      Attributes attributes = fused.attributes;
      if (!is_convolution) attributes = {{"transpose_b", fused.attributes.boolean("transpose_b")}};
      attributes.set("activation", activation);
      const std::vector<int> inputs = {copy.value(fused.inputs[0]), copy.value(fused.inputs[1]), finder.flat_bias(copy, at[n])};
      const int result = copy.add(find_op(is_convolution ? "biased_conv" : "dense"), inputs, attributes, fused.scope)[0];
      copy.set_value(node.outputs[0], at[n].view < 0 ? result : finder.seen_through(copy, finder.node_at(at[n].view), result));
    } else if (!is_swallowed[n]) {
      copy.copy(node);
    }
  }
  return copy.finish();
}

}  // namespace keraunos
