// Shape changes that undo each other: axes of size 1, and sums over what broadcasting added.
#include <algorithm>

#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/half_precision.h"
#include "ops/reduce_runs.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

Kernel copy_kernel(KernelRequest& request) {
  const std::size_t bytes = static_cast<std::size_t>(request.shape(0).elements()) * size_of(request.dtype(0));
  return [bytes](const KernelCall& call) { kernels::copy_bytes(call.inputs[0], call.outputs[0], bytes); };
}

// `axes` are positions in the result.
std::vector<TensorSpec> expand_dims_specs(const InferContext& context) {
  const Shape& shape = context.shape(0);
  const int rank = shape.rank() + static_cast<int>(context.attributes.ints("axes").size());
  const Ints& axes = checked_axes(context, rank);
  Shape result;
  int next = 0;
  for (int axis = 0; axis < rank; ++axis) {
    const bool is_new = std::find(axes.begin(), axes.end(), axis) != axes.end();
    result.push_back(is_new ? 1 : shape[next++]);
  }
  return {{context.dtype(0), result}};
}

std::vector<TensorSpec> squeeze_specs(const InferContext& context) {
  const Shape& shape = context.shape(0);
  const Ints& axes = checked_axes(context, shape.rank());
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) {
      result.push_back(shape[axis]);
    } else if (shape[axis] != 1 && shape[axis] != kUnknown) {
      throw value_error("squeeze", "axes must have size 1", shape, "axes=" + list_text(axes));
    }
  }
  return {{context.dtype(0), result}};
}

GradientRule inverse_view(const char* inverse) {
  return [inverse](const GradientContext& context) -> std::vector<Value> {
    return {context.build.emit1(inverse, {context.gradients[0]}, {{"axes", context.attributes.ints("axes")}})};
  };
}

std::vector<TensorSpec> reduce_to_specs(const InferContext& context) {
  const Shape& from = context.shape(0);
  const Shape& to = context.shape(1);
  bool fits = to.rank() <= from.rank();
  for (int back = 1; fits && back <= to.rank(); ++back) {
    const std::int64_t a = from[from.rank() - back];
    const std::int64_t b = to[to.rank() - back];
    fits = a == b || b == 1 || a == kUnknown || b == kUnknown;
  }
  if (!fits) throw value_error("reduce_to", "the reference must broadcast to the operand's shape", both(from, to));
  return {{context.dtype(0), to}};
}

Kernel reduce_to_kernel(KernelRequest& request) {
  const Shape& from = request.shape(0);
  const Shape& to = request.shape(1);
  if (from.elements() == to.elements() && from.elements() > 0) return copy_kernel(request);
  std::vector<bool> is_reduced(static_cast<std::size_t>(from.rank()), true);
  for (int back = 1; back <= to.rank(); ++back) {
    is_reduced[static_cast<std::size_t>(from.rank() - back)] = to[to.rank() - back] == 1;
  }
  return make_reduction(request, kernels::ReduceOp::kSum, is_reduced);
}

std::vector<Value> reduce_to_gradient(const GradientContext& context) {
  return {context.build.broadcast_like(context.gradients[0], context.inputs[0]), Value()};
}

Op view_op(const char* name, const char* inverse, ShapeRule rule, AxisRule axes) {
  Op op;
  op.name = name;
  op.attributes = {{"axes", AttributeKind::kInts}};
  op.shape_rule = std::move(rule);
  op.kernel = copy_kernel;
  op.gradient = inverse_view(inverse);
  op.axis_rule = std::move(axes);
  op.is_view = true;
  return op;
}

}  // namespace

void register_reduction_views(Registry& registry) {
  registry.add(view_op("expand_dims", "squeeze", expand_dims_specs, inserted_axes()));
  registry.add(view_op("squeeze", "expand_dims", squeeze_specs, removed_axes()));

  Op reduce_to;
  reduce_to.name = "reduce_to";
  reduce_to.min_inputs = reduce_to.max_inputs = 2;
  reduce_to.shape_rule = reduce_to_specs;
  reduce_to.kernel = in_float32(reduce_to_kernel);
  reduce_to.gradient = reduce_to_gradient;
  reduce_to.axis_rule = broadcast_axes();
  reduce_to.shape_only_inputs = 1u << 1;
  reduce_to.is_view_when_unchanged = true;
  registry.add(std::move(reduce_to));
}

}  // namespace keraunos
