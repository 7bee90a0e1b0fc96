#include "graph/axis_orders.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_set>

namespace keraunos {
namespace {

constexpr std::int64_t kUnknownSize = 32;  // what an open size counts as: mostly it is the batch, the same in all values

std::int64_t bytes_of(const TensorSpec& spec) {
  std::int64_t bytes = static_cast<std::int64_t>(size_of(spec.dtype));
  for (std::int64_t size : spec.shape.sizes()) bytes *= size == kUnknown ? kUnknownSize : size;
  return bytes;
}

bool is_data(const Op& op, std::size_t input) { return input >= 32 || (op.shape_only_inputs >> input & 1u) == 0; }

AxisOrder restricted(const AxisOrder& order, const Ints& roles) {
  AxisOrder result;
  result.reserve(roles.size());
  for (std::int64_t axis : order) {
    const auto found = std::find(roles.begin(), roles.end(), axis);
    if (found != roles.end()) result.push_back(found - roles.begin());
  }
  return result;
}

Ints composed(const Ints& outer, const Ints& inner) {
  Ints result;
  result.reserve(inner.size());
  for (std::int64_t axis : inner) result.push_back(outer[static_cast<std::size_t>(axis)]);
  return result;
}

Ints inverse(const Ints& axes) {
  Ints result(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) result[static_cast<std::size_t>(axes[i])] = static_cast<std::int64_t>(i);
  return result;
}

}  // namespace

AxisOrder natural_order(int rank) {
  AxisOrder order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

AxisOrder memory_key(const Shape& shape, const AxisOrder& order) {
  AxisOrder key;
  for (std::int64_t axis : order) {
    if (shape[static_cast<int>(axis)] != 1) key.push_back(axis);
  }
  return key;
}

// Flexible nodes that share values with all of the axes, and those values.
struct AxisOrders::Region {
  struct Member {
    int node;
    Ints axes;  // per axis of the node: the region's
  };
  struct Shared {
    int value;
    Ints axes;
  };
  std::vector<Member> members;
  std::vector<Shared> shared;
  std::vector<int> touched;  // every value that a member reads or writes
};

AxisOrders::AxisOrders(const Graph& graph) : graph_(graph), reads_(graph.values().size()), is_kept_(graph.values().size(), false) {
  const auto specs_of = [&](const std::vector<int>& values) {
    std::vector<TensorSpec> specs;
    for (int v : values) specs.push_back(value(v).spec);
    return specs;
  };
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& each = graph.nodes()[n];
    const AxisRule& rule = each.op->axis_rule;
    roles_.push_back(rule.roles ? rule.roles(specs_of(each.inputs), specs_of(each.outputs), each.attributes) : AxisRoles());
    order_.push_back(natural_order(roles_.back().rank));
    for (std::size_t i = 0; i < each.inputs.size(); ++i) reads_[static_cast<std::size_t>(each.inputs[i])].emplace_back(static_cast<int>(n), i);
  }
  for (int output : graph.outputs()) is_kept_[static_cast<std::size_t>(output)] = true;
  for (const GraphVariable& v : graph.variables()) {
    if (v.update >= 0) is_kept_[static_cast<std::size_t>(v.update)] = true;
  }
  std::vector<bool> is_seen(graph.nodes().size(), false);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    if (!is_seen[n] && is_flexible(static_cast<int>(n))) settle(region_from(static_cast<int>(n), is_seen));
  }
}

AxisOrder AxisOrders::of_input(int n, std::size_t input) const {
  if (!is_flexible(n)) return natural_order(value(node(n).inputs[input]).spec.shape.rank());
  return restricted(of_node(n), roles(n).inputs[input]);
}

AxisOrder AxisOrders::of_value(int v) const {
  const GraphValue& made = value(v);
  if (made.kind != ValueKind::kNode || !is_flexible(made.source)) return natural_order(made.spec.shape.rank());
  return restricted(of_node(made.source), roles(made.source).outputs[static_cast<std::size_t>(made.output)]);
}

AxisOrders::Region AxisOrders::region_from(int start, std::vector<bool>& is_seen) const {
  Region region;
  std::unordered_set<int> passed;
  const auto enter = [&](int n, Ints axes) {
    if (is_seen[static_cast<std::size_t>(n)]) return;
    is_seen[static_cast<std::size_t>(n)] = true;
    region.members.push_back({n, std::move(axes)});
  };
  // A value's other nodes name the same axes by their own roles.
  const auto pass = [&](int v, const Ints& axes) {
    if (!passed.insert(v).second) return;
    region.shared.push_back({v, axes});
    const auto meet = [&](int n, const Ints& their_roles) {
      if (is_flexible(n) && their_roles.size() == static_cast<std::size_t>(roles(n).rank)) enter(n, composed(axes, inverse(their_roles)));
    };
    if (value(v).kind == ValueKind::kNode && is_flexible(value(v).source)) {
      meet(value(v).source, roles(value(v).source).outputs[static_cast<std::size_t>(value(v).output)]);
    }
    for (const auto& [reader, input] : reads_[static_cast<std::size_t>(v)]) {
      if (is_flexible(reader)) meet(reader, roles(reader).inputs[input]);
    }
  };
  enter(start, natural_order(roles(start).rank));
  for (std::size_t m = 0; m < region.members.size(); ++m) {
    const int n = region.members[m].node;
    const Ints axes = region.members[m].axes;
    const auto visit = [&](const std::vector<int>& values, const std::vector<Ints>& their_roles) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        region.touched.push_back(values[i]);
        if (their_roles[i].size() == axes.size()) pass(values[i], composed(axes, their_roles[i]));
      }
    };
    visit(node(n).inputs, roles(n).inputs);
    visit(node(n).outputs, roles(n).outputs);
  }
  std::sort(region.touched.begin(), region.touched.end());
  region.touched.erase(std::unique(region.touched.begin(), region.touched.end()), region.touched.end());
  return region;
}

// The orders, of the region's axes, in which those around it give and take what is shared with them.
std::vector<AxisOrder> AxisOrders::wanted_around(const Region& region) const {
  std::vector<AxisOrder> wanted;
  const auto add = [&](const AxisOrder& order) {
    if (std::find(wanted.begin(), wanted.end(), order) == wanted.end()) wanted.push_back(order);
  };
  for (const Region::Shared& shared : region.shared) {
    const GraphValue& made = value(shared.value);
    const bool is_made_outside = made.kind != ValueKind::kNode || !is_flexible(made.source);
    bool is_read_outside = is_kept_[static_cast<std::size_t>(shared.value)];
    for (const auto& [reader, input] : reads_[static_cast<std::size_t>(shared.value)]) is_read_outside = is_read_outside || !is_flexible(reader);
    // Everybody who is not flexible wants the value as it is.
    if (is_made_outside || is_read_outside) add(shared.axes);
  }
  return wanted;
}

void AxisOrders::settle(const Region& region) {
  const std::int64_t now = transposed_bytes(region);
  if (now == 0) return;
  auto best = std::make_tuple(now, parted_products(region));
  AxisOrder chosen;
  for (const AxisOrder& order : wanted_around(region)) {
    set_order(region, order);
    const auto found = std::make_tuple(transposed_bytes(region), parted_products(region));
    if (found >= best) continue;
    best = found;
    chosen = order;
  }
  set_order(region, chosen);
  are_natural_ = are_natural_ && chosen.empty();
}

// An empty order leaves each node its own.
void AxisOrders::set_order(const Region& region, const AxisOrder& order) {
  for (const Region::Member& member : region.members) {
    order_[static_cast<std::size_t>(member.node)] = order.empty() ? natural_order(static_cast<int>(member.axes.size())) : composed(inverse(member.axes), order);
  }
}

std::int64_t AxisOrders::transposed_bytes(const Region& region) const {
  std::int64_t bytes = 0;
  for (int v : region.touched) bytes += transposed_bytes_of(v);
  for (const Region::Member& member : region.members) {
    const Node& each = node(member.node);
    if (!each.op->axis_rule.turns_rows || of_node(member.node).back() == each.attributes.integer("axis")) continue;
    for (int input : each.inputs) bytes += bytes_of(value(input).spec);
    bytes += bytes_of(value(each.outputs[0]).spec);
  }
  return bytes;
}

// Whoever reads the value in the same other order shares one transposed copy.
std::int64_t AxisOrders::transposed_bytes_of(int v) const {
  const Shape& shape = value(v).spec.shape;
  std::vector<AxisOrder> known = {memory_key(shape, of_value(v))};
  const auto add = [&](const AxisOrder& order) {
    AxisOrder key = memory_key(shape, order);
    if (std::find(known.begin(), known.end(), key) == known.end()) known.push_back(std::move(key));
  };
  for (const auto& [reader, input] : reads_[static_cast<std::size_t>(v)]) {
    if (is_data(*node(reader).op, input)) add(of_input(reader, input));
  }
  if (is_kept_[static_cast<std::size_t>(v)]) add(natural_order(shape.rank()));
  return static_cast<std::int64_t>(known.size() - 1) * bytes_of(value(v).spec);
}

// Results of nodes outside that are transposed before the region reads them.
int AxisOrders::parted_products(const Region& region) const {
  int count = 0;
  for (const Region::Shared& shared : region.shared) {
    const GraphValue& made = value(shared.value);
    if (made.kind != ValueKind::kNode || is_flexible(made.source)) continue;
    count += transposed_bytes_of(shared.value) > 0 ? 1 : 0;
  }
  return count;
}

}  // namespace keraunos
