// Dot-product attention of heads side by side (Vaswani et al., 2017), and its gradient, which makes the weights again
// instead of keeping them (Dao et al., 2022).
#include "kernels/attention.h"
#include "ops/formula.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// ---------------------------------------------------------------- shapes

void require_equal_sizes(const InferContext& context, std::size_t a, std::size_t b, std::initializer_list<int> axes) {
  for (int axis : axes) {
    const std::int64_t one = context.shape(a)[axis], other = context.shape(b)[axis];
    if (one != kUnknown && other != kUnknown && one != other) {
      throw value_error(context.op.name, "query, key and value do not fit together", both(context.shape(a), context.shape(b)));
    }
  }
}

// q, k, v from input `first` on.
void check_heads(const InferContext& context, std::size_t first) {
  const std::size_t q = first, k = first + 1, v = first + 2;
  for (std::size_t i = q; i <= v; ++i) {
    require_floating(context, i);
    require_same_dtype(context, q, i);
    if (context.shape(i).rank() != 4) throw value_error(context.op.name, "takes tensors of rank 4", context.shape(i));
  }
  require_equal_sizes(context, q, k, {0, 2, 3});
  require_equal_sizes(context, k, v, {0, 1, 2});
}

void check_mask(const InferContext& context, std::size_t mask, std::size_t first) {
  if (context.inputs.size() <= mask) return;
  if (context.dtype(mask) != Dtype::kBool) throw type_error(context.op.name, "the mask must be bool", name_of(context.dtype(mask)));
  const Shape& q = context.shape(first);
  const Shape scores = {q[0], q[2], q[1], context.shape(first + 1)[1]};
  const Shape& shape = context.shape(mask);
  for (int axis = 0; axis < 4; ++axis) {
    const bool fits = shape.rank() == 4 && (shape[axis] == 1 || shape[axis] == kUnknown || scores[axis] == kUnknown || shape[axis] == scores[axis]);
    if (!fits) throw value_error(context.op.name, "the mask must broadcast to (batch, heads, queries, length)", both(scores, shape));
  }
}

// q, k, v (, mask) -> y, statistics
std::vector<TensorSpec> attention_specs(const InferContext& context) {
  check_heads(context, 0);
  check_mask(context, 3, 0);
  const Shape& q = context.shape(0);
  Shape result = q;
  result[3] = context.shape(2)[3];
  return {{context.dtype(0), result}, {computed_in(context.dtype(0)), {q[0], q[2], q[1], 2}}};
}

// g, q, k, v, y, statistics (, mask) -> dq, dk, dv
std::vector<TensorSpec> attention_grad_specs(const InferContext& context) {
  check_heads(context, 1);
  check_mask(context, 6, 1);
  require_same_dtype(context, 0, 1);
  require_same_dtype(context, 4, 1);
  const Shape& q = context.shape(1);
  const Shape result = {q[0], q[1], q[2], context.shape(3)[3]};
  require_shape(context, 0, result);
  require_shape(context, 4, result);
  require_shape(context, 5, {q[0], q[2], q[1], 2});
  if (context.dtype(5) != computed_in(context.dtype(1))) {
    throw type_error(context.op.name, "the statistics must have the dtype that attention computes in", name_of(context.dtype(5)));
  }
  return {context.inputs[1], context.inputs[2], context.inputs[3]};
}

// ---------------------------------------------------------------- kernels

template <class T>
kernels::Attention<T> attention_of(const KernelRequest& request, std::size_t first, std::size_t mask) {
  const Shape& q = request.shape(first);
  kernels::Attention<T> attention;
  attention.batch = q[0];
  attention.queries = q[1];
  attention.heads = q[2];
  attention.size = q[3];
  attention.length = request.shape(first + 1)[1];
  attention.value_size = request.shape(first + 2)[3];
  attention.scale = static_cast<T>(request.attributes.number("scale"));
  attention.is_causal = request.attributes.boolean("causal");
  attention.has_mask = request.inputs.size() > mask;
  if (attention.has_mask) {
    const Ints strides = strides_of(request.shape(mask));
    for (int axis = 0; axis < 4; ++axis) {
      attention.mask_strides[axis] = request.shape(mask)[axis] == 1 ? 0 : strides[static_cast<std::size_t>(axis)];
    }
  }
  return attention;
}

template <class T>
Kernel attention_kernel_of(KernelRequest& request) {
  const kernels::Attention<T> attention = attention_of<T>(request, 0, 3);
  request.workspace_bytes = kernels::attention_workspace(attention);
  return [attention](const KernelCall& call) {
    const unsigned char* mask = attention.has_mask ? call.in<unsigned char>(3) : nullptr;
    kernels::attention(attention, call.in<T>(0), call.in<T>(1), call.in<T>(2), mask, call.out<T>(0), call.out<T>(1), call.workspace);
  };
}

template <class T>
Kernel attention_grad_kernel_of(KernelRequest& request) {
  const kernels::Attention<T> attention = attention_of<T>(request, 1, 6);
  request.workspace_bytes = kernels::attention_workspace(attention);
  return [attention](const KernelCall& call) {
    const unsigned char* mask = attention.has_mask ? call.in<unsigned char>(6) : nullptr;
    kernels::attention_grad(attention, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.in<T>(3), call.in<T>(4), call.in<T>(5), mask,
                            call.out<T>(0), call.out<T>(1), call.out<T>(2), call.workspace);
  };
}

Kernel attention_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? attention_kernel_of<double>(request) : attention_kernel_of<float>(request);
}

Kernel attention_grad_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? attention_grad_kernel_of<double>(request) : attention_grad_kernel_of<float>(request);
}

// ---------------------------------------------------------------- bodies and gradients

// Arithmetic with the heads in front: [batch, heads, position, size].
struct Heads {
  Builder& build;
  const Attributes& attributes;
  Formula q, k, v;
  Value mask;  // empty when everything is seen

  Heads(Builder& builder, const std::vector<Value>& inputs, std::size_t first, const Attributes& options)
      : build(builder), attributes(options), q(turned(inputs[first])), k(turned(inputs[first + 1])), v(turned(inputs[first + 2])) {
    const std::size_t at = first == 0 ? 3 : 6;
    if (inputs.size() > at) mask = inputs[at];
    if (!options.boolean("causal")) return;
    const Value causal = build.emit1("greater_equal", {positions(inputs[first], -1), positions(inputs[first + 1], 0)});
    mask = mask.is_empty() ? causal : build.emit1("logical_and", {mask, causal});
  }

  // Positions and heads change places, both ways.
  Formula turned(const Value& x) const { return {build, build.transpose(x, {0, 2, 1, 3})}; }
  Formula product(const Formula& a, const Formula& b, bool transpose_a, bool transpose_b) const {
    return {build, build.matmul(a, b, transpose_a, transpose_b)};
  }
  Formula sum(const Formula& x) const { return {build, build.sum(x, {3}, true)}; }
  Formula number(double value) const { return {build, build.constant_like(value, q)}; }
  double scale() const { return attributes.number("scale"); }

  Formula peak(const Formula& scores) const {
    return {build, build.emit1("max", {scores}, {{"axes", Ints{3}}, {"keepdims", true}})};
  }
  Formula scores() const {
    const Formula all = product(q, k, false, true) * scale();
    return mask.is_empty() ? all : Formula(build, build.select(mask, all, number(low())));
  }
  Formula weights() const { return {build, build.emit1("softmax", {scores()}, {{"axis", std::int64_t{3}}})}; }
  // No gradient reaches a score that is not seen.
  Formula seen(const Formula& slopes) const {
    return mask.is_empty() ? slopes : Formula(build, build.select(mask, slopes, number(0)));
  }
  // The score of what a query does not see.
  double low() const {
    switch (q.value().dtype()) {
      case Dtype::kFloat64: return -0.7 * 1.79769313486231570815e308;
      case Dtype::kFloat16: return -0.7 * 65504;
      default: return -0.7 * 3.40282346638528859812e38;
    }
  }

 private:
  // Positions of x as a column (end = -1) or a row.
  Value positions(const Value& x, int end) const {
    const Value length = build.emit1("dim", {x}, {{"axis", std::int64_t{1}}});
    const Value row = build.emit1("iota", {length}, {{"size", kFromInput}, {"dtype", Dtype::kInt32}});
    return end < 0 ? build.emit1("expand_dims", {row}, {{"axes", Ints{1}}}) : row;
  }
};

std::vector<Value> attention_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const Heads heads(build, inputs, 0, attributes);
  const Formula scores = heads.scores(), peak = heads.peak(scores);
  const Formula powers = (scores - peak).apply("exp");
  const Formula share = 1.0 / heads.sum(powers);
  const Value statistics = build.emit1("concatenate", {peak, share}, {{"axis", std::int64_t{3}}});
  return {heads.turned(heads.product(powers * share, heads.v, false, false)), build.cast(statistics, computed_in(inputs[0].dtype()))};
}

std::vector<Value> attention_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const Heads heads(build, inputs, 1, attributes);
  const Value statistics = build.cast(inputs[5], inputs[0].dtype());
  const auto statistic = [&](std::int64_t i) {
    const Attributes part = {{"begin", Ints{0, 0, 0, i}}, {"end", Ints{INT64_MAX, INT64_MAX, INT64_MAX, i + 1}}, {"strides", Ints{1, 1, 1, 1}}};
    return Formula(build, build.emit1("slice", {statistics}, part));
  };
  const Formula g = heads.turned(inputs[0]), y = heads.turned(inputs[4]);
  // The peak of a query that sees nothing may come from a wider dtype, where it is lower.
  const Formula peak = statistic(0).apply("maximum", statistic(0).number(heads.low()));
  const Formula p = (heads.scores() - peak).apply("exp") * statistic(1);
  const Formula slopes = heads.product(g, heads.v, false, true);
  const Formula s = heads.seen(p * (slopes - heads.sum(g * y))) * heads.scale();
  return {heads.turned(heads.product(s, heads.k, false, false)), heads.turned(heads.product(s, heads.q, true, false)),
          heads.turned(heads.product(p, g, true, false))};
}

std::vector<Value> attention_gradient(const GradientContext& context) {
  if (!context.gradients[1].is_empty()) throw make_error(ErrorKind::kNotImplemented, "attention", "no gradient flows through the statistics");
  std::vector<Value> inputs = {context.gradients[0], context.inputs[0], context.inputs[1], context.inputs[2], context.outputs[0], context.outputs[1]};
  if (context.inputs.size() > 3) inputs.push_back(context.inputs[3]);
  std::vector<Value> result = context.build.emit_named("attention_grad", inputs, context.attributes);
  result.resize(context.inputs.size());
  return result;
}

// The derivatives of sum(a dq) + sum(b dk) + sum(c dv), result and statistics taken as functions of q, k and v. With the
// weights P, D = g v^T and S = P (D - sum(P D)): dq = scale S k, dk = scale S^T q, dv = P^T g.
std::vector<Value> attention_grad_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Heads heads(build, context.inputs, 1, context.attributes);
  const auto incoming = [&](std::size_t i) {
    return heads.turned(context.gradients[i].is_empty() ? build.zeros_like(context.inputs[i + 1]) : context.gradients[i]);
  };
  const Formula a = incoming(0), b = incoming(1), c = incoming(2), g = heads.turned(context.inputs[0]);
  const Formula p = heads.weights(), d = heads.product(g, heads.v, false, true);
  const Formula centred = d - heads.sum(p * d), s = heads.seen(p * centred) * heads.scale();
  const Formula into_s = heads.seen(heads.product(a, heads.k, false, true) + heads.product(heads.q, b, false, true)) * heads.scale();
  const Formula mean = heads.sum(into_s * p);
  const Formula into_p = heads.product(g, c, false, true) + into_s * centred - d * mean;
  const Formula into_d = p * (into_s - mean);
  const Formula z = heads.seen(p * (into_p - heads.sum(p * into_p))) * heads.scale();
  std::vector<Value> result(context.inputs.size());
  result[0] = heads.turned(heads.product(p, c, false, false) + heads.product(into_d, heads.v, false, false));
  result[1] = heads.turned(heads.product(z, heads.k, false, false) + heads.product(s, b, false, false));
  result[2] = heads.turned(heads.product(z, heads.q, true, false) + heads.product(s, a, true, false));
  result[3] = heads.turned(heads.product(into_d, g, true, false));
  return result;
}

const std::vector<AttributeRule> kAttributes = {{"scale", AttributeKind::kFloat}, {"causal", AttributeKind::kBool, false, false}};

}  // namespace

void register_attention(Registry& registry) {
  Op forward;
  forward.name = "attention";
  forward.min_inputs = 3;
  forward.max_inputs = 4;
  forward.attributes = kAttributes;
  forward.shape_rule = attention_specs;
  forward.kernel = in_float32(attention_kernel);
  forward.gradient = attention_gradient;
  forward.body = attention_body;
  registry.add(std::move(forward));

  Op backward;
  backward.name = "attention_grad";
  backward.min_inputs = 6;
  backward.max_inputs = 7;
  backward.attributes = kAttributes;
  backward.shape_rule = attention_grad_specs;
  backward.kernel = in_float32(attention_grad_kernel);
  backward.gradient = attention_grad_gradient;
  backward.body = attention_grad_body;
  registry.add(std::move(backward));
}

}  // namespace keraunos
