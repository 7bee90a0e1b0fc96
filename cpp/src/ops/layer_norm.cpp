// Layer normalization over the last axes (Ba et al., 2016); not centred: root mean square normalization (Zhang and
// Sennrich, 2019). gamma and beta have the sizes of the axes.
#include "kernels/normalization.h"
#include "ops/formula.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// ---------------------------------------------------------------- shapes

void check_parameter(const InferContext& context, std::size_t x, std::size_t parameter) {
  require_same_dtype(context, x, parameter);
  const Shape& shape = context.shape(x);
  const Shape& sizes = context.shape(parameter);
  bool fits = sizes.rank() >= 1 && sizes.rank() <= shape.rank();
  for (int axis = 0; fits && axis < sizes.rank(); ++axis) {
    const std::int64_t size = shape[shape.rank() - sizes.rank() + axis];
    fits = size == kUnknown || sizes[axis] == kUnknown || size == sizes[axis];
  }
  if (!fits) throw value_error(context.op.name, "parameters must have the sizes of the last axes", both(shape, sizes));
}

Shape rows_of(const Shape& shape, const Shape& sizes) {
  Shape rows;
  for (int axis = 0; axis < shape.rank() - sizes.rank(); ++axis) rows.push_back(shape[axis]);
  return rows;
}

// x, gamma, beta -> y, mean, inverse (one for each row)
std::vector<TensorSpec> layer_norm_specs(const InferContext& context) {
  require_floating(context, 0);
  check_parameter(context, 0, 1);
  check_parameter(context, 0, 2);
  const TensorSpec rows = {context.dtype(0), rows_of(context.shape(0), context.shape(1))};
  return {context.inputs[0], rows, rows};
}

// g, x, gamma, mean, inverse -> dx, dgamma, dbeta
std::vector<TensorSpec> layer_norm_grad_specs(const InferContext& context) {
  require_floating(context, 1);
  check_parameter(context, 1, 2);
  require_same_dtype(context, 0, 1);
  require_shape(context, 0, context.shape(1));
  for (const std::size_t statistic : {std::size_t{3}, std::size_t{4}}) {
    require_same_dtype(context, 1, statistic);
    require_shape(context, statistic, rows_of(context.shape(1), context.shape(2)));
  }
  return {context.inputs[1], context.inputs[2], context.inputs[2]};
}

// ---------------------------------------------------------------- kernels

template <class T>
kernels::LayerNorm<T> norm_of(const KernelRequest& request, const Shape& shape, const Shape& sizes) {
  kernels::LayerNorm<T> norm;
  norm.n = sizes.elements();
  norm.rows = product(shape, 0, shape.rank() - sizes.rank());
  norm.epsilon = static_cast<T>(request.attributes.number("epsilon"));
  norm.is_centred = request.attributes.boolean("centred");
  return norm;
}

template <class T>
Kernel layer_norm_kernel_of(KernelRequest& request) {
  const kernels::LayerNorm<T> norm = norm_of<T>(request, request.shape(0), request.shape(1));
  return [norm](const KernelCall& call) {
    kernels::layer_norm(norm, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.out<T>(0), call.out<T>(1), call.out<T>(2));
  };
}

template <class T>
Kernel layer_norm_grad_kernel_of(KernelRequest& request) {
  const kernels::LayerNorm<T> norm = norm_of<T>(request, request.shape(1), request.shape(2));
  request.workspace_bytes = kernels::layer_norm_grad_workspace(norm);
  return [norm](const KernelCall& call) {
    kernels::layer_norm_grad(norm, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.in<T>(3), call.in<T>(4), call.out<T>(0),
                             call.out<T>(1), call.out<T>(2), call.workspace);
  };
}

Kernel layer_norm_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? layer_norm_kernel_of<double>(request) : layer_norm_kernel_of<float>(request);
}

Kernel layer_norm_grad_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? layer_norm_grad_kernel_of<double>(request) : layer_norm_grad_kernel_of<float>(request);
}

// ---------------------------------------------------------------- bodies and gradients

// Arithmetic along the last axes (means stay with size 1 there) and over the rows.
struct InRows {
  Builder& build;
  Ints last, first;

  InRows(Builder& builder, const Value& x, const Value& gamma) : build(builder) {
    const int rows = x.shape().rank() - gamma.shape().rank();
    for (int axis = 0; axis < x.shape().rank(); ++axis) (axis < rows ? first : last).push_back(axis);
  }
  Formula of(const Value& value) const { return {build, value}; }
  Formula sum(const Formula& x) const { return of(build.sum(x, last, true)); }
  Formula mean(const Formula& x) const { return of(build.emit1("mean", {x}, {{"axes", last}, {"keepdims", true}})); }
  Formula over_rows(const Formula& x) const { return of(build.sum(x, first, false)); }
  // One value for each row, made to broadcast, and back.
  Formula spread(const Value& row) const { return of(build.emit1("expand_dims", {row}, {{"axes", last}})); }
  Value squeezed(const Formula& x) const { return build.emit1("squeeze", {x}, {{"axes", last}}); }
  Formula count(const Value& x, const Value& row) const { return of(build.cast(build.emit1("size_ratio", {x, row}), x.dtype())); }
};

std::vector<Value> layer_norm_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const InRows in(build, inputs[0], inputs[1]);
  const Formula x = in.of(inputs[0]), gamma = in.of(inputs[1]), beta = in.of(inputs[2]);
  const Formula mean = attributes.boolean("centred") ? in.mean(x) : in.of(build.zeros_like(in.mean(x)));
  const Formula distance = x - mean;
  const Formula inverse = (in.mean(distance.apply("square")) + attributes.number("epsilon")).apply("rsqrt");
  return {distance * inverse * gamma + beta, in.squeezed(mean), in.squeezed(inverse)};
}

std::vector<Value> layer_norm_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const InRows in(build, inputs[1], inputs[2]);
  const Formula g = in.of(inputs[0]), x = in.of(inputs[1]), gamma = in.of(inputs[2]), inverse = in.spread(inputs[4]);
  const Formula normal = (x - in.spread(inputs[3])) * inverse, scaled = g * gamma;
  const Formula centred = attributes.boolean("centred") ? scaled - in.mean(scaled) : scaled;
  return {(centred - normal * in.mean(scaled * normal)) * inverse, in.over_rows(g * normal), in.over_rows(g)};
}

std::vector<Value> layer_norm_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const std::vector<Value>& inputs = context.inputs;
  const InRows in(build, inputs[0], inputs[1]);
  const Value g = context.gradients[0].is_empty() ? build.zeros_like(inputs[0]) : context.gradients[0];
  std::vector<Value> result =
      build.emit_named("layer_norm_grad", {g, inputs[0], inputs[1], context.outputs[1], context.outputs[2]}, context.attributes);
  const Formula count = in.count(inputs[0], context.outputs[1]);
  if (!context.gradients[1].is_empty() && context.attributes.boolean("centred")) {
    result[0] = in.of(result[0]) + in.spread(context.gradients[1]) / count;
  }
  if (!context.gradients[2].is_empty()) {
    const Formula inverse = in.spread(context.outputs[2]);
    const Formula distance = in.of(inputs[0]) - in.spread(context.outputs[1]);
    result[0] = in.of(result[0]) - distance * (in.spread(context.gradients[2]) * inverse * inverse * inverse / count);
  }
  return result;
}

// With n = (x - mean) i, s = g gamma, m() the mean of a row, and the incoming h (of dx), u (of dgamma), w (of dbeta), the op's
// inputs being independent: the derivatives of sum(h i (s - m(s) - n m(s n))) + sum(u g n) + sum(w g).
std::vector<Value> layer_norm_grad_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const std::vector<Value>& inputs = context.inputs;
  const InRows in(build, inputs[1], inputs[2]);
  const auto incoming = [&](std::size_t i, std::size_t like) {
    return in.of(context.gradients[i].is_empty() ? build.zeros_like(inputs[like]) : context.gradients[i]);
  };
  const Formula h = incoming(0, 1), u = incoming(1, 2), w = incoming(2, 2);
  const Formula g = in.of(inputs[0]), x = in.of(inputs[1]), gamma = in.of(inputs[2]), i = in.spread(inputs[4]);
  const Formula distance = x - in.spread(inputs[3]), n = distance * i, s = g * gamma;
  const bool is_centred = context.attributes.boolean("centred");
  const Formula mean_sn = in.mean(s * n), mean_hn = in.mean(h * n);
  const Formula d_s = i * ((is_centred ? h - in.mean(h) : h) - n * mean_hn);
  const Formula d_n = u * g - i * (h * mean_sn + s * mean_hn);
  const Formula d_x = d_n * i;
  const Formula d_i = in.sum(h * ((is_centred ? s - in.mean(s) : s) - n * mean_sn)) + in.sum(d_n * distance);
  return {d_s * gamma + u * n + w, d_x, in.over_rows(d_s * g), in.squeezed(-in.sum(d_x)), in.squeezed(d_i)};
}

const std::vector<AttributeRule> kAttributes = {{"epsilon", AttributeKind::kFloat}, {"centred", AttributeKind::kBool, false, true}};

}  // namespace

void register_layer_norm(Registry& registry) {
  Op forward;
  forward.name = "layer_norm";
  forward.min_inputs = forward.max_inputs = 3;
  forward.attributes = kAttributes;
  forward.shape_rule = layer_norm_specs;
  forward.kernel = in_float32(layer_norm_kernel);
  forward.gradient = layer_norm_gradient;
  forward.body = layer_norm_body;
  registry.add(std::move(forward));

  Op backward;
  backward.name = "layer_norm_grad";
  backward.min_inputs = backward.max_inputs = 5;
  backward.attributes = kAttributes;
  backward.shape_rule = layer_norm_grad_specs;
  backward.kernel = in_float32(layer_norm_grad_kernel);
  backward.gradient = layer_norm_grad_gradient;
  backward.body = layer_norm_grad_body;
  registry.add(std::move(backward));
}

}  // namespace keraunos
