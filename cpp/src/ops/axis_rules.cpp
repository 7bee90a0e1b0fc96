#include "ops/axis_rules.h"

#include <algorithm>
#include <numeric>

namespace keraunos {
namespace {

using Specs = std::vector<TensorSpec>;

Ints all_axes(int rank) {
  Ints axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Ints axes_without(int rank, const Ints& left_out) {
  Ints axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (std::find(left_out.begin(), left_out.end(), axis) == left_out.end()) axes.push_back(axis);
  }
  return axes;
}

// NumPy's rule: shapes meet at their last axes.
AxisRoles meeting_at_the_end(const Specs& inputs, const Specs& outputs, const Attributes&) {
  AxisRoles roles;
  for (const Specs* specs : {&inputs, &outputs}) {
    for (const TensorSpec& spec : *specs) roles.rank = std::max(roles.rank, spec.shape.rank());
  }
  const auto last_axes = [&](const TensorSpec& spec) {
    const Ints axes = all_axes(roles.rank);
    return Ints(axes.end() - spec.shape.rank(), axes.end());
  };
  std::transform(inputs.begin(), inputs.end(), std::back_inserter(roles.inputs), last_axes);
  std::transform(outputs.begin(), outputs.end(), std::back_inserter(roles.outputs), last_axes);
  return roles;
}

std::int64_t place_in(const Ints& order, std::int64_t axis) { return std::find(order.begin(), order.end(), axis) - order.begin(); }

Attributes with_one_named(const Attributes& attributes, const Ints& order) {
  Attributes result = attributes;
  result.set("axis", place_in(order, attributes.integer("axis")));
  return result;
}

Attributes with_some_named(const Attributes& attributes, const Ints& order) {
  Ints places;
  for (std::int64_t axis : attributes.ints("axes")) places.push_back(place_in(order, axis));
  std::sort(places.begin(), places.end());
  Attributes result = attributes;
  result.set("axes", std::move(places));
  return result;
}

AxisRule aligned(Attributes (*attributes)(const Attributes&, const Ints&)) {
  AxisRule rule;
  rule.roles = meeting_at_the_end;
  rule.attributes = attributes;
  return rule;
}

Ints named_by(const Attributes& attributes, const char* name) {
  return std::string(name) == "axis" ? Ints{attributes.integer("axis")} : attributes.ints("axes");
}

}  // namespace

AxisRule broadcast_axes() {
  AxisRule rule = aligned([](const Attributes& attributes, const Ints&) { return attributes; });
  rule.broadcasts = true;
  return rule;
}

AxisRule axes_with_one_named() { return aligned(with_one_named); }

AxisRule axes_with_some_named() { return aligned(with_some_named); }

AxisRule axes_with_entries(std::vector<const char*> names) {
  AxisRule rule;
  rule.roles = meeting_at_the_end;
  rule.attributes = [names = std::move(names)](const Attributes& attributes, const Ints& order) {
    Attributes result = attributes;
    for (const char* name : names) {
      Ints entries;
      for (std::int64_t axis : order) entries.push_back(attributes.ints(name)[static_cast<std::size_t>(axis)]);
      result.set(name, std::move(entries));
    }
    return result;
  };
  return rule;
}

AxisRule reduced_axes(const char* name) {
  AxisRule rule;
  rule.roles = [name](const Specs& inputs, const Specs&, const Attributes& attributes) -> AxisRoles {
    const int rank = inputs[0].shape.rank();
    return {rank, {all_axes(rank)}, {attributes.boolean("keepdims") ? all_axes(rank) : axes_without(rank, named_by(attributes, name))}};
  };
  rule.attributes = std::string(name) == "axis" ? with_one_named : with_some_named;
  return rule;
}

AxisRule inserted_axes() {
  AxisRule rule = removed_axes();
  rule.roles = [](const Specs&, const Specs& outputs, const Attributes& attributes) -> AxisRoles {
    const int rank = outputs[0].shape.rank();
    return {rank, {axes_without(rank, attributes.ints("axes"))}, {all_axes(rank)}};
  };
  return rule;
}

AxisRule removed_axes() {
  AxisRule rule;
  rule.roles = [](const Specs& inputs, const Specs&, const Attributes& attributes) -> AxisRoles {
    const int rank = inputs[0].shape.rank();
    return {rank, {all_axes(rank)}, {axes_without(rank, attributes.ints("axes"))}};
  };
  rule.attributes = with_some_named;
  return rule;
}

AxisRule transposed_axes() {
  AxisRule rule;
  rule.roles = [](const Specs&, const Specs& outputs, const Attributes& attributes) -> AxisRoles {
    const int rank = outputs[0].shape.rank();
    Ints places(static_cast<std::size_t>(rank));
    for (int axis = 0; axis < rank; ++axis) places[static_cast<std::size_t>(attributes.ints("axes")[static_cast<std::size_t>(axis)])] = axis;
    return {rank, {std::move(places)}, {all_axes(rank)}};
  };
  rule.attributes = [](const Attributes&, const Ints& order) { return Attributes{{"axes", all_axes(static_cast<int>(order.size()))}}; };
  return rule;
}

}  // namespace keraunos
