// The same elements under another shape or order: reshape, transpose, broadcast_to.
#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/broadcast_copy.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

Kernel copy_kernel(KernelRequest& request) {
  const std::size_t bytes = static_cast<std::size_t>(request.outputs[0].shape.elements()) * size_of(request.dtype(0));
  return [bytes](const KernelCall& call) { kernels::copy_bytes(call.inputs[0], call.outputs[0], bytes); };
}

// ---------------------------------------------------------------- reshape

[[noreturn]] void fail_reshape(const Shape& from, const Ints& shape) {
  throw value_error("reshape", "sizes must have the same product", from.text() + " and shape=" + list_text(shape));
}

// The size at `wildcard`, where everything else is known; kUnknown where it is not.
std::int64_t wildcard_size(const Shape& from, const Shape& to, int wildcard, const Ints& wanted) {
  Shape others = to;
  others[wildcard] = 1;
  if (!others.is_known() || !from.is_known()) return kUnknown;
  const std::int64_t rest = others.elements();
  if (rest == 0) return from.elements() == 0 ? 0 : (fail_reshape(from, wanted), 0);
  if (from.elements() % rest != 0) fail_reshape(from, wanted);
  return from.elements() / rest;
}

std::vector<TensorSpec> reshape_specs(const InferContext& context) {
  const Ints& wanted = context.attributes.ints("shape");
  const Shape& from = context.shape(0);
  Shape to = sizes_from(context, wanted, 1, true);
  int wildcard = -1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] != -1) continue;
    if (wildcard >= 0) throw value_error("reshape", "at most one size may be -1", "shape=" + list_text(wanted));
    wildcard = static_cast<int>(i);
  }
  if (wildcard >= 0) to[wildcard] = wildcard_size(from, to, wildcard, wanted);
  if (from.is_known() && to.is_known() && from.elements() != to.elements()) fail_reshape(from, wanted);
  return {{context.dtype(0), to}};
}

std::vector<Value> reshape_gradient(const GradientContext& context) {
  std::vector<Value> result(context.inputs.size());
  result[0] = context.build.reshape_like(context.gradients[0], context.inputs[0]);
  return result;
}

// ---------------------------------------------------------------- transpose

std::vector<TensorSpec> transpose_specs(const InferContext& context) {
  const Shape& shape = context.shape(0);
  const Ints& axes = context.attributes.ints("axes");
  std::vector<bool> is_seen(static_cast<std::size_t>(shape.rank()), false);
  bool is_permutation = static_cast<int>(axes.size()) == shape.rank();
  Shape result;
  for (std::size_t i = 0; is_permutation && i < axes.size(); ++i) {
    is_permutation = axes[i] >= 0 && axes[i] < shape.rank() && !is_seen[static_cast<std::size_t>(axes[i])];
    if (!is_permutation) break;
    is_seen[static_cast<std::size_t>(axes[i])] = true;
    result.push_back(shape[static_cast<int>(axes[i])]);
  }
  if (!is_permutation) throw value_error("transpose", "axes must be a permutation of the operand's axes", shape, "axes=" + list_text(axes));
  return {{context.dtype(0), result}};
}

Kernel transpose_kernel(KernelRequest& request) {
  const Shape& out = request.outputs[0].shape;
  const Ints& axes = request.attributes.ints("axes");
  const Ints source = strides_of(request.shape(0));
  const Ints target = strides_of(out);
  std::vector<kernels::CopyAxis> loops;
  for (std::size_t i = 0; i < axes.size(); ++i) loops.push_back({out[static_cast<int>(i)], source[static_cast<std::size_t>(axes[i])], target[i]});
  return copy_with(kernels::StridedCopy(std::move(loops), size_of(request.dtype(0))));
}

std::vector<Value> transpose_gradient(const GradientContext& context) {
  const Ints& axes = context.attributes.ints("axes");
  Ints inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) inverse[static_cast<std::size_t>(axes[i])] = static_cast<std::int64_t>(i);
  return {context.build.transpose(context.gradients[0], inverse)};
}

// ---------------------------------------------------------------- broadcast_to

std::vector<TensorSpec> broadcast_to_specs(const InferContext& context) {
  const Shape to = sizes_from(context, context.attributes.ints("shape"), 1);
  require_broadcastable("broadcast_to", context.shape(0), to);
  return {{context.dtype(0), to}};
}

Kernel broadcast_kernel(KernelRequest& request) {
  return copy_with(broadcast_copy(request.shape(0), request.outputs[0].shape, size_of(request.dtype(0))));
}

std::vector<Value> broadcast_gradient(const GradientContext& context) {
  std::vector<Value> result(context.inputs.size());
  result[0] = context.build.reduce_to(context.gradients[0], context.inputs[0]);
  return result;
}

// Sizes from inputs stand in the order of the axes: one of them may go anywhere.
AxisRule broadcast_to_axes() {
  AxisRule rule = axes_with_entries({"shape"});
  rule.broadcasts = true;
  rule.roles = [roles = rule.roles](const std::vector<TensorSpec>& inputs, const std::vector<TensorSpec>& outputs, const Attributes& attributes) {
    return inputs.size() <= 2 ? roles(inputs, outputs, attributes) : AxisRoles();
  };
  return rule;
}

// ---------------------------------------------------------------- shapes taken from another value

std::vector<TensorSpec> broadcast_like_specs(const InferContext& context) {
  require_broadcastable("broadcast_like", context.shape(0), context.shape(1));
  return {{context.dtype(0), context.shape(1)}};
}

std::vector<TensorSpec> reshape_like_specs(const InferContext& context) {
  const Shape& from = context.shape(0);
  const Shape& to = context.shape(1);
  if (from.is_known() && to.is_known() && from.elements() != to.elements()) {
    throw value_error("reshape_like", "shapes must have the same number of elements", both(from, to));
  }
  return {{context.dtype(0), to}};
}

Op shape_op(const char* name, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  return op;
}

Op with_sizes(Op op) {
  op.attributes = {{"shape", AttributeKind::kInts}};
  op.max_inputs = -1;
  op.value_inputs = ~1u;
  return op;
}

Op with_reference(Op op) {
  op.min_inputs = op.max_inputs = 2;
  op.shape_only_inputs = 1u << 1;
  return op;
}

Op as_view(Op op) {
  op.is_view = true;
  return op;
}

Op as_view_when_unchanged(Op op) {
  op.is_view_when_unchanged = true;
  return op;
}

}  // namespace

void register_shapes(Registry& registry) {
  registry.add(as_view(with_sizes(shape_op("reshape", reshape_specs, copy_kernel, reshape_gradient))));
  registry.add(as_view(with_reference(shape_op("reshape_like", reshape_like_specs, copy_kernel, reshape_gradient))));
  Op broadcast_to = as_view_when_unchanged(with_sizes(shape_op("broadcast_to", broadcast_to_specs, broadcast_kernel, broadcast_gradient)));
  broadcast_to.axis_rule = broadcast_to_axes();
  registry.add(std::move(broadcast_to));
  Op broadcast_like = as_view_when_unchanged(with_reference(shape_op("broadcast_like", broadcast_like_specs, broadcast_kernel, broadcast_gradient)));
  broadcast_like.axis_rule = broadcast_axes();
  registry.add(std::move(broadcast_like));
  Op transpose = shape_op("transpose", transpose_specs, transpose_kernel, transpose_gradient);
  transpose.attributes = {{"axes", AttributeKind::kInts}};
  transpose.axis_rule = transposed_axes();
  registry.add(std::move(transpose));
}

}  // namespace keraunos
