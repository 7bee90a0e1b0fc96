// Running sums and products along an axis.
#include "kernels/movement_cumulative.h"
#include "ops/axis_rules.h"
#include "ops/elementwise.h"
#include "ops/half_precision.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

using kernels::RunningOp;

ShapeRule cumulative_specs(RunningOp running) {
  return [running](const InferContext& context) -> std::vector<TensorSpec> {
    checked_axis(context, context.shape(0).rank());
    if (!kernels::find_running_loop(running, computed_in(context.dtype(0)))) {
      throw type_error(context.op.name, "does not take this dtype", name_of(context.dtype(0)));
    }
    return {context.inputs[0]};
  };
}

KernelMaker cumulative_kernel(RunningOp running) {
  return in_float32([running](KernelRequest& request) -> Kernel {
    const Shape& shape = request.shape(0);
    const int axis = static_cast<int>(request.attributes.integer("axis"));
    const std::int64_t outer = product(shape, 0, axis);
    const std::int64_t n = shape[axis];
    const std::int64_t inner = product(shape, axis + 1, shape.rank());
    const bool is_reverse = request.attributes.boolean("reverse");
    const kernels::RunningLoop loop = kernels::find_running_loop(running, request.dtype(0));
    return [=](const KernelCall& call) { loop(call.inputs[0], call.outputs[0], outer, n, inner, is_reverse); };
  });
}

Formula running_value(Builder& build, const char* op, const Value& x, std::int64_t axis, bool is_reverse) {
  return {build, build.emit1(op, {x}, {{"axis", axis}, {"reverse", is_reverse}})};
}

std::vector<Value> cumsum_gradient(const GradientContext& context) {
  const std::int64_t axis = context.attributes.integer("axis");
  return {running_value(context.build, "cumsum", context.gradients[0], axis, !context.attributes.boolean("reverse")).value()};
}

// dx_i = sum over j >= i of g_j y_j / x_i. At the first zero the others' product takes the zero's place (that zero set to 1);
// behind it every product keeps that zero, so the gradient is 0.
std::vector<Value> cumprod_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const std::int64_t axis = context.attributes.integer("axis");
  const bool is_reverse = context.attributes.boolean("reverse");
  const Formula x(build, context.inputs[0]);
  const Formula y(build, context.outputs[0]);
  const Formula g(build, context.gradients[0]);
  const Formula zero = x.number(0.0);
  const Formula one = x.number(1.0);
  const Formula is_zero = x.apply("equal", zero);
  const Formula zeros_so_far = running_value(build, "cumsum", build.cast(is_zero, x.value().dtype()), axis, is_reverse);
  const Formula is_first_zero = is_zero.apply("logical_and", zeros_so_far.apply("equal", one));
  const Formula without_zero = running_value(build, "cumprod", is_first_zero.choose(one, x), axis, is_reverse);
  const Formula at_zero = running_value(build, "cumsum", g * without_zero, axis, !is_reverse);
  const Formula elsewhere = running_value(build, "cumsum", g * y, axis, !is_reverse) / is_zero.choose(one, x);
  return {is_first_zero.choose(at_zero, is_zero.choose(zero, elsewhere)).value()};
}

}  // namespace

void register_cumulative(Registry& registry) {
  for (const bool is_sum : {true, false}) {
    Op op;
    op.name = is_sum ? "cumsum" : "cumprod";
    op.attributes = {{"axis", AttributeKind::kInt}, {"reverse", AttributeKind::kBool, false, false}};
    op.shape_rule = cumulative_specs(is_sum ? RunningOp::kSum : RunningOp::kProduct);
    op.kernel = cumulative_kernel(is_sum ? RunningOp::kSum : RunningOp::kProduct);
    op.axis_rule = axes_with_one_named();
    op.gradient = is_sum ? cumsum_gradient : cumprod_gradient;
    registry.add(std::move(op));
  }
}

}  // namespace keraunos
