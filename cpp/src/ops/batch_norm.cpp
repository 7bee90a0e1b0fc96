// Batch normalization over the last axis with the batch's own statistics, and its gradient (Ioffe and Szegedy, 2015).
// The forms with relu are what fusion makes of a relu that follows.
#include "kernels/normalization.h"
#include "ops/formula.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// ---------------------------------------------------------------- shapes

void check_columns(const InferContext& context, std::size_t x, std::size_t first_vector) {
  require_floating(context, x);
  require_min_rank(context, x, 2);
  const Shape& shape = context.shape(x);
  for (std::size_t i = first_vector; i < context.inputs.size(); ++i) {
    require_same_dtype(context, x, i);
    const std::int64_t size = shape[shape.rank() - 1];
    const bool is_vector = context.shape(i).rank() == 1;
    if (!is_vector || (size != kUnknown && context.shape(i)[0] != kUnknown && context.shape(i)[0] != size)) {
      throw value_error(context.op.name, "parameters must have one value for each element of the last axis", both(shape, context.shape(i)));
    }
  }
}

// x, gamma, beta -> y, mean, variance
std::vector<TensorSpec> batch_norm_specs(const InferContext& context) {
  check_columns(context, 0, 1);
  return {context.inputs[0], context.inputs[1], context.inputs[1]};
}

// g, x, gamma, beta, mean, variance -> dx, dgamma, dbeta
std::vector<TensorSpec> batch_norm_grad_specs(const InferContext& context) {
  check_columns(context, 1, 2);
  require_same_dtype(context, 0, 1);
  if (context.shape(0).is_known() && context.shape(1).is_known() && context.shape(0) != context.shape(1)) {
    throw value_error(context.op.name, "the gradient must have the shape of the input", both(context.shape(0), context.shape(1)));
  }
  return {context.inputs[1], context.inputs[2], context.inputs[2]};
}

// ---------------------------------------------------------------- kernels

template <class T>
kernels::BatchNorm<T> norm_of(const KernelRequest& request, const Shape& shape, bool has_relu) {
  kernels::BatchNorm<T> norm;
  norm.rows = product(shape, 0, shape.rank() - 1);
  norm.n = shape[shape.rank() - 1];
  norm.epsilon = static_cast<T>(request.attributes.number("epsilon"));
  norm.has_relu = has_relu;
  return norm;
}

template <class T>
Kernel batch_norm_kernel_of(KernelRequest& request, bool has_relu) {
  const kernels::BatchNorm<T> norm = norm_of<T>(request, request.shape(0), has_relu);
  request.workspace_bytes = kernels::batch_norm_workspace(norm);
  return [norm](const KernelCall& call) {
    kernels::batch_norm(norm, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.out<T>(0), call.out<T>(1), call.out<T>(2), call.workspace);
  };
}

template <class T>
Kernel batch_norm_grad_kernel_of(KernelRequest& request, bool has_relu) {
  const kernels::BatchNorm<T> norm = norm_of<T>(request, request.shape(1), has_relu);
  request.workspace_bytes = kernels::batch_norm_workspace(norm);
  return [norm](const KernelCall& call) {
    kernels::batch_norm_grad(norm, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.in<T>(3), call.in<T>(4), call.in<T>(5), call.out<T>(0),
                             call.out<T>(1), call.out<T>(2), call.workspace);
  };
}

KernelMaker batch_norm_kernel(bool has_relu) {
  return in_float32([has_relu](KernelRequest& request) {
    return request.dtype(0) == Dtype::kFloat64 ? batch_norm_kernel_of<double>(request, has_relu)
                                               : batch_norm_kernel_of<float>(request, has_relu);
  });
}

KernelMaker batch_norm_grad_kernel(bool has_relu) {
  return in_float32([has_relu](KernelRequest& request) {
    return request.dtype(0) == Dtype::kFloat64 ? batch_norm_grad_kernel_of<double>(request, has_relu)
                                               : batch_norm_grad_kernel_of<float>(request, has_relu);
  });
}

// ---------------------------------------------------------------- bodies and gradients

// Arithmetic along all axes but the last.
struct OverRows {
  Builder& build;
  Ints axes;

  OverRows(Builder& builder, const Value& x) : build(builder) {
    for (int axis = 0; axis + 1 < x.shape().rank(); ++axis) axes.push_back(axis);
  }
  Formula of(const Value& value) const { return {build, value}; }
  Formula sum(const Formula& x) const { return of(build.sum(x, axes, false)); }
  Formula mean(const Formula& x) const { return of(build.emit1("mean", {x}, {{"axes", axes}, {"keepdims", false}})); }
  Formula count(const Value& x, const Value& vector) const { return of(build.cast(build.emit1("size_ratio", {x, vector}), x.dtype())); }
  Formula inverse(const Value& variance, const Attributes& attributes) const {
    return (of(variance) + attributes.number("epsilon")).apply("rsqrt");
  }
};

std::vector<Value> batch_norm_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const OverRows over(build, inputs[0]);
  const Formula x = over.of(inputs[0]), gamma = over.of(inputs[1]), beta = over.of(inputs[2]);
  const Formula mean = over.mean(x);
  const Formula distance = x - mean;
  const Formula variance = over.mean(distance.apply("square"));
  return {distance * (gamma * over.inverse(variance, attributes)) + beta, mean, variance};
}

std::vector<Value> batch_norm_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const OverRows over(build, inputs[1]);
  const Formula g = over.of(inputs[0]), x = over.of(inputs[1]), gamma = over.of(inputs[2]);
  const Formula inverse = over.inverse(inputs[5], attributes);
  const Formula normal = (x - over.of(inputs[4])) * inverse;
  const Formula dx = gamma * inverse * (g - over.mean(g) - normal * over.mean(g * normal));
  return {dx, over.sum(g * normal), over.sum(g)};
}

std::vector<Value> with_relu_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  std::vector<Value> outputs = batch_norm_body(build, inputs, attributes);
  outputs[0] = build.emit1("relu", {outputs[0]});
  return outputs;
}

std::vector<Value> with_relu_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const OverRows over(build, inputs[1]);
  const Formula scale = over.of(inputs[2]) * over.inverse(inputs[5], attributes);
  const Formula y = (over.of(inputs[1]) - over.of(inputs[4])) * scale + over.of(inputs[3]);
  std::vector<Value> masked = inputs;
  masked[0] = build.emit1("relu_grad", {inputs[0], build.emit1("relu", {y})});
  return batch_norm_grad_body(build, masked, attributes);
}

std::vector<Value> batch_norm_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const std::vector<Value>& in = context.inputs;
  const OverRows over(build, in[0]);
  const Value g = context.gradients[0].is_empty() ? build.zeros_like(in[0]) : context.gradients[0];
  std::vector<Value> result =
      build.emit_named("batch_norm_grad", {g, in[0], in[1], in[2], context.outputs[1], context.outputs[2]}, context.attributes);
  const Value& from_mean = context.gradients[1];
  const Value& from_variance = context.gradients[2];
  const Formula count = over.count(in[0], in[1]);
  if (!from_mean.is_empty()) result[0] = over.of(result[0]) + over.of(from_mean) / count;
  if (!from_variance.is_empty()) {
    const Formula distance = over.of(in[0]) - over.of(context.outputs[1]);
    result[0] = over.of(result[0]) + distance * (over.of(from_variance) * 2.0 / count);
  }
  return result;
}

// With n = (x - mean) i, i = 1 / sqrt(variance + epsilon), m() the mean over the rows, and the incoming h (of dx), u (of
// dgamma), w (of dbeta), the op's inputs being independent: the derivatives of
// sum(h gamma i (g - m(g) - n m(g n))) + sum(u g n) + sum(w g).
std::vector<Value> batch_norm_grad_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const std::vector<Value>& in = context.inputs;
  const OverRows over(build, in[1]);
  const auto incoming = [&](std::size_t i, std::size_t like) {
    return over.of(context.gradients[i].is_empty() ? build.zeros_like(in[like]) : context.gradients[i]);
  };
  const Formula h = incoming(0, 1), u = incoming(1, 2), w = incoming(2, 2);
  const Formula g = over.of(in[0]), x = over.of(in[1]), gamma = over.of(in[2]), mean = over.of(in[4]);
  const Formula i = over.inverse(in[5], context.attributes);
  const Formula n = (x - mean) * i, scale = gamma * i;
  const Formula mean_gn = over.mean(g * n), mean_hn = over.mean(h * n);
  const Formula d_scale = over.sum(h * (g - over.mean(g) - n * mean_gn));
  const Formula d_n = u * g - scale * (h * mean_gn + g * mean_hn);
  const Formula d_x = d_n * i;
  const Formula d_i = d_scale * gamma + over.sum(d_n * (x - mean));
  const Formula d_g = scale * (h - over.mean(h) - n * mean_hn) + u * n + w;
  return {d_g, d_x, d_scale * i, Value(), -over.sum(d_x), d_i * i * i * i * -0.5};
}

Op batch_norm_op(const char* name, bool has_relu) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = 3;
  op.attributes = {{"epsilon", AttributeKind::kFloat}};
  op.shape_rule = batch_norm_specs;
  op.kernel = batch_norm_kernel(has_relu);
  op.body = has_relu ? with_relu_body : batch_norm_body;
  return op;
}

Op batch_norm_grad_op(const char* name, bool has_relu) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = 6;
  op.attributes = {{"epsilon", AttributeKind::kFloat}};
  op.shape_rule = batch_norm_grad_specs;
  op.kernel = batch_norm_grad_kernel(has_relu);
  op.body = has_relu ? with_relu_grad_body : batch_norm_grad_body;
  return op;
}

}  // namespace

void register_batch_norm(Registry& registry) {
  Op forward = batch_norm_op("batch_norm", false);
  forward.gradient = batch_norm_gradient;
  registry.add(std::move(forward));
  Op backward = batch_norm_grad_op("batch_norm_grad", false);
  backward.gradient = batch_norm_grad_gradient;
  registry.add(std::move(backward));
  registry.add(batch_norm_op("batch_norm_relu", true));
  registry.add(batch_norm_grad_op("batch_norm_relu_grad", true));
}

}  // namespace keraunos
