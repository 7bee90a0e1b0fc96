// scan(*carry, *xs, *captures)
#include <cstring>
#include <limits>

#include "runtime/control_flow.h"
#include "runtime/replay.h"
#include "runtime/sub_graph.h"

namespace keraunos::control_flow {
namespace {

struct ScanParts {
  GraphPointer body;
  std::size_t carry;
  std::size_t xs;  // number of scanned inputs
  bool is_reversed;

  std::size_t captures_begin() const { return carry + xs; }
};

ScanParts scan_parts(const Attributes& attributes) {
  return {attributes.graph("body"), count(attributes, "carry_count"), count(attributes, "xs_count"), attributes.boolean("reverse")};
}

TensorSpec without_first_axis(const TensorSpec& spec) {
  if (spec.shape.rank() < 1) throw value_error("scan", "`xs` must have a leading axis to scan over", spec.shape);
  return {spec.dtype, Shape(std::vector<std::int64_t>(spec.shape.sizes().begin() + 1, spec.shape.sizes().end()))};
}

TensorSpec with_first_axis(std::int64_t length, const TensorSpec& spec) {
  std::vector<std::int64_t> sizes = {length};
  sizes.insert(sizes.end(), spec.shape.sizes().begin(), spec.shape.sizes().end());
  return {spec.dtype, Shape(std::move(sizes))};
}

std::int64_t scan_length(const ScanParts& parts, const Attributes& attributes, const std::vector<TensorSpec>& inputs) {
  return parts.xs > 0 ? inputs[parts.carry].shape[0] : attributes.integer("length");
}

std::vector<TensorSpec> body_inputs(const ScanParts& parts, const std::vector<TensorSpec>& inputs) {
  std::vector<TensorSpec> specs = inputs;
  for (std::size_t i = 0; i < parts.xs; ++i) {
    specs[parts.carry + i] = without_first_axis(inputs[parts.carry + i]);
    const std::int64_t length = inputs[parts.carry + i].shape[0];
    const std::int64_t first = inputs[parts.carry].shape[0];
    if (length != first && length != kUnknown && first != kUnknown) throw value_error("scan", "every one of `xs` must be equally long", length, first);
  }
  return specs;
}

std::vector<TensorSpec> scan_specs(const InferContext& context) {
  require_count(context, "carry_count", context.inputs.size());
  require_count(context, "xs_count", context.inputs.size() - count(context.attributes, "carry_count"));
  require_count(context, "length", std::numeric_limits<std::int32_t>::max());
  require_inputs(context, "body", context.inputs.size());
  const ScanParts parts = scan_parts(context.attributes);
  const std::vector<TensorSpec> results = results_of(*parts.body, body_inputs(parts, context.inputs));
  const std::int64_t length = scan_length(parts, context.attributes, context.inputs);
  if (results.size() < parts.carry) throw value_error("scan", "the body must give every carry", results.size(), parts.carry);
  std::vector<TensorSpec> specs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i < parts.carry) require_same_state(context, "the carry", context.inputs[i], results[i]);
    specs.push_back(i < parts.carry ? context.inputs[i] : with_first_axis(length, results[i]));
  }
  return specs;
}

Kernel scan_kernel(KernelRequest& request) {
  const ScanParts parts = scan_parts(request.attributes);
  const std::int64_t length = scan_length(parts, request.attributes, request.inputs);
  const std::vector<TensorSpec> specs = body_inputs(parts, request.inputs);
  const auto body = std::make_shared<SubGraph>(parts.body, specs);
  const std::size_t inputs = request.inputs.size();
  const std::size_t outputs = request.outputs.size();
  std::vector<std::size_t> carry_bytes;
  std::vector<std::size_t> offsets;
  std::size_t total = 0;
  for (std::size_t i = 0; i < parts.carry; ++i) {
    carry_bytes.push_back(bytes_of(request.inputs[i]));
    offsets.push_back(total);
    total += (carry_bytes.back() + 63) / 64 * 64;
  }
  std::vector<std::size_t> slice_bytes(inputs, 0);
  for (std::size_t i = parts.carry; i < parts.captures_begin(); ++i) slice_bytes[i] = bytes_of(specs[i]);
  std::vector<std::size_t> result_bytes(outputs, 0);
  for (std::size_t i = parts.carry; i < outputs; ++i) {
    result_bytes[i] = length > 0 ? bytes_of(request.outputs[i]) / static_cast<std::size_t>(length) : 0;
  }
  request.workspace_bytes = total;
  return [=](const KernelCall& call) {
    SubGraph::Run step(*body);
    for (std::size_t i = 0; i < parts.carry; ++i) {
      std::memcpy(call.outputs[i], call.inputs[i], carry_bytes[i]);
      step.input(i, call.outputs[i]);
      step.output(i, static_cast<char*>(call.workspace) + offsets[i]);
    }
    for (std::size_t i = parts.captures_begin(); i < inputs; ++i) step.input(i, call.inputs[i]);
    for (std::int64_t n = 0; n < length; ++n) {
      const std::size_t t = static_cast<std::size_t>(parts.is_reversed ? length - 1 - n : n);
      for (std::size_t i = parts.carry; i < parts.captures_begin(); ++i) step.input(i, static_cast<const char*>(call.inputs[i]) + t * slice_bytes[i]);
      for (std::size_t i = parts.carry; i < outputs; ++i) step.output(i, static_cast<char*>(call.outputs[i]) + t * result_bytes[i]);
      step.run();
      for (std::size_t i = 0; i < parts.carry; ++i) std::memcpy(call.outputs[i], static_cast<char*>(call.workspace) + offsets[i], carry_bytes[i]);
    }
  };
}

// Runs the scan again keeping every carry, then walks it backwards: each step differentiates the body at its own carry.
std::vector<Value> scan_gradient(const GradientContext& context) {
  const ScanParts parts = scan_parts(context.attributes);
  const std::vector<TensorSpec> inner = body_inputs(parts, specs_of(context.inputs));
  const std::size_t carry = parts.carry;
  const std::vector<Value> captures = part(context.inputs, parts.captures_begin(), context.inputs.size());
  const std::vector<Value> xs = part(context.inputs, carry, parts.captures_begin());

  const GraphPointer remember = build_graph(inner, [&](const std::vector<Value>& values) {
    const std::vector<Value> results = replay(*parts.body, values);
    return joined(part(results, 0, carry), part(values, 0, carry));
  });
  const Attributes same = {{"body", remember}, {"carry_count", static_cast<std::int64_t>(carry)}, {"xs_count", static_cast<std::int64_t>(parts.xs)},
                           {"length", context.attributes.integer("length")}, {"reverse", parts.is_reversed}};
  const std::vector<Value> remembered = context.build.emit_named("scan", context.inputs, same);
  const std::vector<Value> carries = part(remembered, carry, 2 * carry);

  // State of the walk: gradients of the carry, and sums of the gradients of the captures (floating ones only).
  std::vector<std::size_t> carry_floats;
  std::vector<std::size_t> capture_floats;
  std::vector<Value> state;
  for (std::size_t i = 0; i < carry; ++i) {
    if (!is_floating(context.inputs[i].dtype())) continue;
    carry_floats.push_back(i);
    state.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (!is_floating(captures[i].dtype())) continue;
    capture_floats.push_back(i);
    state.push_back(context.build.zeros_like(captures[i]));
  }
  std::vector<Value> scanned = joined(carries, xs);
  std::vector<std::size_t> result_floats;
  for (std::size_t i = carry; i < context.outputs.size(); ++i) {
    if (!is_floating(context.outputs[i].dtype())) continue;
    result_floats.push_back(i);
    scanned.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  std::vector<TensorSpec> walk_inputs = specs_of(state);
  for (const Value& value : scanned) walk_inputs.push_back(without_first_axis(value.spec()));
  walk_inputs = joined(walk_inputs, specs_of(captures));

  const GraphPointer walk = build_graph(walk_inputs, [&](const std::vector<Value>& values) {
    const std::size_t x_begin = state.size() + carry;
    const std::size_t g_begin = x_begin + parts.xs;
    const std::size_t c_begin = g_begin + result_floats.size();
    const std::vector<Value> at = joined(part(values, state.size(), g_begin), part(values, c_begin, values.size()));
    std::vector<Value> flowing(context.outputs.size());
    for (std::size_t i = 0; i < carry_floats.size(); ++i) flowing[carry_floats[i]] = values[i];
    for (std::size_t i = 0; i < result_floats.size(); ++i) flowing[result_floats[i]] = values[g_begin + i];
    const std::vector<Value> found = replay_gradient(*parts.body, at, flowing);
    std::vector<Value> results;
    for (std::size_t i : carry_floats) results.push_back(found[i]);
    for (std::size_t i = 0; i < capture_floats.size(); ++i) {
      results.push_back(context.build.add(values[carry_floats.size() + i], found[carry + parts.xs + capture_floats[i]]));
    }
    for (std::size_t i = 0; i < parts.xs; ++i) {
      if (is_floating(xs[i].dtype())) results.push_back(found[carry + i]);
    }
    return results;
  });
  const Attributes backwards = {{"body", walk}, {"carry_count", static_cast<std::int64_t>(state.size())},
                                {"xs_count", static_cast<std::int64_t>(scanned.size())}, {"length", context.attributes.integer("length")},
                                {"reverse", !parts.is_reversed}};
  const std::vector<Value> found = context.build.emit_named("scan", joined(joined(state, scanned), captures), backwards);

  std::vector<Value> gradients(context.inputs.size());
  for (std::size_t i = 0; i < carry_floats.size(); ++i) gradients[carry_floats[i]] = found[i];
  for (std::size_t i = 0; i < capture_floats.size(); ++i) gradients[parts.captures_begin() + capture_floats[i]] = found[carry_floats.size() + i];
  std::size_t next = state.size();
  for (std::size_t i = 0; i < parts.xs; ++i) {
    if (is_floating(xs[i].dtype())) gradients[carry + i] = found[next++];
  }
  return gradients;
}

}  // namespace

Op scan_op() {
  Op op;
  op.name = "scan";
  op.min_inputs = 0;
  op.max_inputs = -1;
  op.attributes = {{"body", AttributeKind::kGraph}, {"carry_count", AttributeKind::kInt}, {"xs_count", AttributeKind::kInt},
                   {"length", AttributeKind::kInt, false, std::int64_t{0}}, {"reverse", AttributeKind::kBool, false, false}};
  op.shape_rule = scan_specs;
  op.kernel = scan_kernel;
  op.gradient = scan_gradient;
  return op;
}

}  // namespace keraunos::control_flow
