// Reductions over axes, and argmax/argmin.
#include "kernels/kernels.h"
#include "ops/axis_rules.h"
#include "ops/elementwise.h"
#include "ops/half_precision.h"
#include "ops/reduce_runs.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

using kernels::ReduceOp;

std::vector<bool> marked(const Ints& axes, int rank) {
  std::vector<bool> marks(static_cast<std::size_t>(rank), false);
  for (std::int64_t axis : axes) marks[static_cast<std::size_t>(axis)] = true;
  return marks;
}

Shape reduced_shape(const Shape& shape, const std::vector<bool>& is_reduced, bool keepdims) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_reduced[static_cast<std::size_t>(axis)]) {
      result.push_back(shape[axis]);
    } else if (keepdims) {
      result.push_back(1);
    }
  }
  return result;
}

// The largest of no numbers does not exist.
void require_not_empty(const InferContext& context, const std::vector<bool>& is_reduced) {
  for (int axis = 0; axis < context.shape(0).rank(); ++axis) {
    if (is_reduced[static_cast<std::size_t>(axis)] && context.shape(0)[axis] == 0) {
      throw value_error(context.op.name, "cannot reduce an axis of size 0", context.shape(0));
    }
  }
}

ShapeRule reduction_specs(ReduceOp reduce) {
  return [reduce](const InferContext& context) -> std::vector<TensorSpec> {
    const Shape& shape = context.shape(0);
    const std::vector<bool> is_reduced = marked(checked_axes(context, shape.rank()), shape.rank());
    const bool is_logical = reduce == ReduceOp::kAny || reduce == ReduceOp::kAll;
    if (is_logical ? context.dtype(0) != Dtype::kBool : !kernels::find_reduce_loop(reduce, computed_in(context.dtype(0)))) {
      throw type_error(context.op.name, "does not take this dtype", name_of(context.dtype(0)));
    }
    if (reduce == ReduceOp::kMax || reduce == ReduceOp::kMin) require_not_empty(context, is_reduced);
    return {{context.dtype(0), reduced_shape(shape, is_reduced, context.attributes.boolean("keepdims"))}};
  };
}

std::vector<TensorSpec> arg_specs(const InferContext& context) {
  const Shape& shape = context.shape(0);
  std::vector<bool> is_reduced(static_cast<std::size_t>(shape.rank()), false);
  is_reduced[static_cast<std::size_t>(checked_axis(context, shape.rank()))] = true;
  require_not_empty(context, is_reduced);
  return {{Dtype::kInt32, reduced_shape(shape, is_reduced, context.attributes.boolean("keepdims"))}};
}

KernelMaker reduction_kernel(ReduceOp reduce) {
  return in_float32([reduce](KernelRequest& request) {
    return make_reduction(request, reduce, marked(request.attributes.ints("axes"), request.shape(0).rank()));
  });
}

KernelMaker arg_kernel(ReduceOp reduce) {
  return in_float32([reduce](KernelRequest& request) {
    const int rank = request.shape(0).rank();
    std::vector<bool> is_reduced(static_cast<std::size_t>(rank), false);
    is_reduced[static_cast<std::size_t>(request.attributes.integer("axis"))] = true;
    return make_reduction(request, reduce, is_reduced);
  });
}

// ---------------------------------------------------------------- gradients

// The reduced value with its axes back at size 1.
Value with_axes(const GradientContext& context, const Value& value) {
  const Ints& axes = context.attributes.ints("axes");
  if (context.attributes.boolean("keepdims") || axes.empty()) return value;
  return context.build.emit1("expand_dims", {value}, {{"axes", axes}});
}

std::vector<Value> sum_gradient(const GradientContext& context) {
  return {context.build.broadcast_like(with_axes(context, context.gradients[0]), context.inputs[0])};
}

std::vector<Value> mean_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& x = context.inputs[0];
  const Value& g = context.gradients[0];
  std::int64_t count = 1;
  for (std::int64_t axis : context.attributes.ints("axes")) {
    const std::int64_t size = x.shape()[static_cast<int>(axis)];
    count = size == kUnknown || count == kUnknown ? kUnknown : count * size;
  }
  const Value divisor = count == kUnknown ? build.cast(build.emit1("size_ratio", {x, context.outputs[0]}), g.dtype())
                                          : build.constant_like(static_cast<double>(count), g);
  return {build.broadcast_like(with_axes(context, build.divide(g, divisor)), x)};
}

// Equal extremes share the gradient evenly, as in JAX, TensorFlow and PyTorch (amax).
std::vector<Value> extreme_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& x = context.inputs[0];
  const Formula g(build, with_axes(context, context.gradients[0]));
  const Value is_extreme = build.emit1("equal", {x, with_axes(context, context.outputs[0])});
  const Formula share(build, build.cast(is_extreme, x.dtype()));
  const Formula count(build, build.sum(share, context.attributes.ints("axes"), true));
  return {(share * (g / count)).value()};
}

// The product of all others, from running products on both sides; right when elements are zero.
Value product_gradient_along(Builder& build, const Value& x, const Value& g, std::int64_t axis) {
  const int rank = x.shape().rank();
  const auto others = [&](bool is_reverse) {
    const Value running = build.emit1("cumprod", {x}, {{"axis", axis}, {"reverse", is_reverse}});
    Ints begin(static_cast<std::size_t>(rank), 0), end(static_cast<std::size_t>(rank), INT64_MAX), strides(static_cast<std::size_t>(rank), 1);
    Ints low(static_cast<std::size_t>(rank), 0), high(static_cast<std::size_t>(rank), 0);
    const auto at = static_cast<std::size_t>(axis);
    if (is_reverse) {
      begin[at] = 1;
      high[at] = 1;
    } else {
      end[at] = -1;
      low[at] = 1;
    }
    const Value shifted = build.emit1("slice", {running}, {{"begin", begin}, {"end", end}, {"strides", strides}});
    return build.emit1("pad", {shifted, build.constant_like(1.0, x)}, {{"low", low}, {"high", high}});
  };
  return build.multiply(g, build.multiply(others(false), others(true)));
}

std::vector<Value> product_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Ints& axes = context.attributes.ints("axes");
  std::vector<Value> partial = {context.inputs[0]};
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    partial.push_back(build.emit1("prod", {partial.back()}, {{"axes", Ints{axes[i]}}, {"keepdims", true}}));
  }
  Value g = with_axes(context, context.gradients[0]);
  for (std::size_t i = axes.size(); i-- > 0;) g = product_gradient_along(build, partial[i], g, axes[i]);
  return {g};
}

std::vector<Value> logsumexp_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Formula x(build, context.inputs[0]);
  const Formula y(build, with_axes(context, context.outputs[0]));
  const Formula g(build, with_axes(context, context.gradients[0]));
  return {(g * (x - y).apply("exp")).value()};
}

std::vector<Value> logsumexp_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const Ints& axes = attributes.ints("axes");
  const Formula x(build, inputs[0]);
  const Formula peak(build, build.emit1("max", {x}, {{"axes", axes}, {"keepdims", true}}));
  const Formula is_finite = peak.apply("isfinite");
  const Formula shift = is_finite.choose(peak, peak.number(0.0));
  const Value y = (Formula(build, build.sum((x - shift).apply("exp"), axes, true)).apply("log") + shift).value();
  if (attributes.boolean("keepdims") || axes.empty()) return {y};
  return {build.emit1("squeeze", {y}, {{"axes", axes}})};
}

struct ReductionRow {
  const char* name;
  ReduceOp reduce;
  GradientRule gradient;
};

}  // namespace

void register_reductions(Registry& registry) {
  const ReductionRow rows[] = {
      {"sum", ReduceOp::kSum, sum_gradient},         {"mean", ReduceOp::kMean, mean_gradient},
      {"max", ReduceOp::kMax, extreme_gradient},     {"min", ReduceOp::kMin, extreme_gradient},
      {"prod", ReduceOp::kProd, product_gradient},   {"any", ReduceOp::kAny, nullptr},
      {"all", ReduceOp::kAll, nullptr},              {"logsumexp", ReduceOp::kLogsumexp, logsumexp_gradient},
  };
  for (const ReductionRow& row : rows) {
    Op op;
    op.name = row.name;
    op.axis_rule = reduced_axes("axes");
    op.is_view_when_unchanged = row.reduce != ReduceOp::kLogsumexp;
    op.attributes = {{"axes", AttributeKind::kInts}, {"keepdims", AttributeKind::kBool, false, false}};
    op.shape_rule = reduction_specs(row.reduce);
    op.kernel = reduction_kernel(row.reduce);
    op.gradient = row.gradient;
    if (row.reduce == ReduceOp::kLogsumexp) op.body = logsumexp_body;
    registry.add(std::move(op));
  }
  for (const auto& [name, reduce] : {std::pair{"argmax", ReduceOp::kArgmax}, std::pair{"argmin", ReduceOp::kArgmin}}) {
    Op op;
    op.name = name;
    op.attributes = {{"axis", AttributeKind::kInt}, {"keepdims", AttributeKind::kBool, false, false}};
    op.shape_rule = arg_specs;
    op.kernel = arg_kernel(reduce);
    op.axis_rule = reduced_axes("axis");
    registry.add(std::move(op));
  }
}

}  // namespace keraunos
