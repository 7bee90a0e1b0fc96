#include <algorithm>

#include "graph/graph_copy.h"
#include "graph/rewrite.h"

namespace keraunos {
namespace {

// With one open size, the equal number of elements makes that one equal too.
bool are_surely_equal(const Shape& a, const Shape& b) {
  return a == b && std::count(a.sizes().begin(), a.sizes().end(), kUnknown) <= 1 && std::count(a.sizes().begin(), a.sizes().end(), 0) == 0;
}

}  // namespace

std::shared_ptr<const Graph> drop_idle_views(const std::shared_ptr<const Graph>& graph) {
  GraphCopy copy(*graph);
  const auto value = [&](int v) -> const GraphValue& { return graph->values()[static_cast<std::size_t>(v)]; };
  // The first value with this shape and memory, as far as views lead back.
  const auto origin = [&](int view) {
    int found = view;
    for (int v = view; value(v).kind == ValueKind::kNode;) {
      const Node& maker = graph->nodes()[static_cast<std::size_t>(value(v).source)];
      if (!maker.op->is_view) break;
      v = maker.inputs[0];
      if (are_surely_equal(value(v).spec.shape, value(view).spec.shape)) found = v;
    }
    return found;
  };
  for (const Node& node : graph->nodes()) {
    const int found = origin(node.outputs[0]);
    if (found == node.outputs[0]) {
      copy.copy(node);
    } else {
      copy.set_value(node.outputs[0], copy.value(found));
    }
  }
  return copy.finish();
}

std::shared_ptr<const Graph> drop_unread_nodes(const std::shared_ptr<const Graph>& graph) {
  std::vector<bool> is_read(graph->values().size(), false);
  for (int output : graph->outputs()) is_read[static_cast<std::size_t>(output)] = true;
  for (const GraphVariable& v : graph->variables()) {
    if (v.update >= 0) is_read[static_cast<std::size_t>(v.update)] = true;
  }
  const auto runs = [&](const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(), [&](int output) { return is_read[static_cast<std::size_t>(output)]; });
  };
  for (std::size_t n = graph->nodes().size(); n-- > 0;) {
    const Node& node = graph->nodes()[n];
    if (!runs(node)) continue;
    for (int input : node.inputs) is_read[static_cast<std::size_t>(input)] = true;
  }
  GraphCopy copy(*graph);
  for (const Node& node : graph->nodes()) {
    if (runs(node)) copy.copy(node);
  }
  return copy.finish();
}

}  // namespace keraunos
