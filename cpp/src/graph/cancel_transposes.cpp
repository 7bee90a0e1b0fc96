#include <algorithm>
#include <map>

#include "graph/axis_orders.h"
#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

bool is_transpose(const Node& node) { return node.op->name == "transpose"; }

// Writes the graph again with the chosen orders. Where a value is read in another order than it has, a transpose is written.
class Rewriter {
 public:
  Rewriter(const Graph& graph, const AxisOrders& orders) : graph_(graph), orders_(orders), copy_(graph) {}

  std::shared_ptr<const Graph> run() {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) write(static_cast<int>(n));
    for (int output : graph_.outputs()) restore(output);
    for (const GraphVariable& v : graph_.variables()) {
      if (v.update >= 0) restore(v.update);
    }
    return copy_.finish();
  }

 private:
  const Shape& shape(int old) const { return graph_.values()[static_cast<std::size_t>(old)].spec.shape; }

  int emit(const char* op, int input, Ints axes, const std::string& scope) {
    return axes.empty() ? input : copy_.add(find_op(op), {input}, {{"axes", std::move(axes)}}, scope)[0];
  }

  void write(int n) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(n)];
    const AxisRoles& roles = orders_.roles(n);
    std::vector<int> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(in_order(node.inputs[i], orders_.of_input(n, i), node.scope));
    if (roles.rank > 1 && is_transpose(node)) {
      copy_.set_value(node.outputs[0], inputs[0]);
      return;
    }
    if (roles.rank < 2 || orders_.of_node(n) == natural_order(roles.rank)) {
      set_outputs(node, copy_.add(*node.op, std::move(inputs), node.attributes, node.scope));
      return;
    }
    const AxisOrder& order = orders_.of_node(n);
    if (node.op->axis_rule.broadcasts) {
      for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = emit("expand_dims", inputs[i], filled_places(order, roles.inputs[i]), node.scope);
      if (node.op->map_loop) drop_leading_ones(n, inputs);
    }
    std::vector<int> outputs = copy_.add(*node.op, std::move(inputs), node.op->axis_rule.attributes(node.attributes, order), node.scope);
    if (node.op->axis_rule.broadcasts) {
      for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = emit("squeeze", outputs[i], filled_places(order, roles.outputs[i]), node.scope);
    }
    set_outputs(node, outputs);
  }

  void set_outputs(const Node& node, const std::vector<int>& outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) copy_.set_value(node.outputs[i], outputs[i]);
  }

  // Where an operand that lacks some axes needs them with size 1: behind its first one.
  static Ints filled_places(const AxisOrder& order, const Ints& roles) {
    Ints places;
    std::int64_t place = 0;
    for (std::int64_t axis : order) {
      const bool is_there = std::find(roles.begin(), roles.end(), axis) != roles.end();
      if (!is_there && place > 0) places.push_back(place);
      place += is_there || place > 0 ? 1 : 0;
    }
    return places;
  }

  // Numbers for the last axis alone become a vector, as passes that look for a bias expect it.
  void drop_leading_ones(int n, std::vector<int>& inputs) {
    const Node& node = graph_.nodes()[static_cast<std::size_t>(n)];
    const AxisOrder& order = orders_.of_node(n);
    const Shape& result = shape(node.outputs[0]);
    const auto whole = std::find_if(node.inputs.begin(), node.inputs.end(), [&](int input) { return shape(input) == result; });
    if (whole == node.inputs.end()) return;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Shape& operand = shape(node.inputs[i]);
      if (node.inputs[i] == *whole || operand.rank() != result.rank()) continue;
      Ints places;
      while (places.size() < order.size() && operand[static_cast<int>(order[places.size()])] == 1) places.push_back(static_cast<std::int64_t>(places.size()));
      inputs[i] = emit("squeeze", inputs[i], std::move(places), node.scope);
    }
  }

  // The value with its axes in this order.
  int in_order(int old, const AxisOrder& wanted, const std::string& scope) {
    const AxisOrder given = orders_.of_value(old);
    if (given == wanted) return copy_.value(old);
    const auto [place, is_new] = reordered_.try_emplace({old, wanted}, -1);
    if (!is_new) return place->second;
    const bool is_same_memory = memory_key(shape(old), given) == memory_key(shape(old), wanted);
    if (is_same_memory) {
      const int squeezed = emit("squeeze", copy_.value(old), places_of_ones(old, given), scope);
      return place->second = emit("expand_dims", squeezed, places_of_ones(old, wanted), scope);
    }
    Ints axes;
    for (std::int64_t axis : wanted) axes.push_back(std::find(given.begin(), given.end(), axis) - given.begin());
    return place->second = emit("transpose", copy_.value(old), std::move(axes), scope);
  }

  Ints places_of_ones(int old, const AxisOrder& order) const {
    Ints places;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (shape(old)[static_cast<int>(order[i])] == 1) places.push_back(static_cast<std::int64_t>(i));
    }
    return places;
  }

  // What the graph gives has its axes as they were.
  void restore(int old) { copy_.set_value(old, in_order(old, natural_order(shape(old).rank()), "")); }

  const Graph& graph_;
  const AxisOrders& orders_;
  GraphCopy copy_;
  std::map<std::pair<int, AxisOrder>, int> reordered_;
};

}  // namespace

std::shared_ptr<const Graph> cancel_transposes(const std::shared_ptr<const Graph>& given) {
  if (std::none_of(given->nodes().begin(), given->nodes().end(), is_transpose)) return given;
  // A transpose that nobody reads is no reason to move others.
  const std::shared_ptr<const Graph> graph = drop_unread_nodes(given);
  const auto is_view = [&](const Node& node) {
    if (!is_transpose(node)) return false;
    const Shape& shape = graph->values()[static_cast<std::size_t>(node.inputs[0])].spec.shape;
    return memory_key(shape, node.attributes.ints("axes")) == memory_key(shape, natural_order(shape.rank()));
  };
  const AxisOrders orders(*graph);
  if (orders.are_natural() && std::none_of(graph->nodes().begin(), graph->nodes().end(), is_view)) return graph;
  return drop_unread_nodes(drop_idle_views(Rewriter(*graph, orders).run()));
}

}  // namespace keraunos
