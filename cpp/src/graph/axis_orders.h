// In which order the axes of each node's operands should stand.
#pragma once

#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

// Place i holds axis order[i].
using AxisOrder = Ints;

AxisOrder natural_order(int rank);
// The order without the axes of size 1, which stand anywhere: memory of equal keys is the same.
AxisOrder memory_key(const Shape& shape, const AxisOrder& order);

// Chooses an order of axes for every node that can work in any, so that what its neighbours give and take needs few transposes. Nodes that are
// joined by values of their rank change together, and only if the bytes that are transposed become fewer, or the same behind instead of before
// them: there they do not part a product from its bias.
class AxisOrders {
 public:
  explicit AxisOrders(const Graph& graph);

  bool are_natural() const { return are_natural_; }
  // Of the axes of the node.
  const AxisOrder& of_node(int node) const { return order_[static_cast<std::size_t>(node)]; }
  // Of the axes of the value, as the node reads it and as it is written.
  AxisOrder of_input(int node, std::size_t input) const;
  AxisOrder of_value(int value) const;
  // Which of the node's axes those of its operands are; rank 0 where they stand as they stand.
  const AxisRoles& roles(int node) const { return roles_[static_cast<std::size_t>(node)]; }

 private:
  struct Region;

  const GraphValue& value(int v) const { return graph_.values()[static_cast<std::size_t>(v)]; }
  const Node& node(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }
  bool is_flexible(int n) const { return roles(n).rank > 1; }
  Region region_from(int start, std::vector<bool>& is_seen) const;
  std::vector<AxisOrder> wanted_around(const Region& region) const;
  void settle(const Region& region);
  void set_order(const Region& region, const AxisOrder& order);
  std::int64_t transposed_bytes(const Region& region) const;
  std::int64_t transposed_bytes_of(int v) const;
  int parted_products(const Region& region) const;

  const Graph& graph_;
  std::vector<AxisRoles> roles_;
  std::vector<AxisOrder> order_;
  std::vector<std::vector<std::pair<int, std::size_t>>> reads_;  // per value: node and operand
  std::vector<bool> is_kept_;                                    // an output or update of the graph
  bool are_natural_ = true;
};

}  // namespace keraunos
