// Elementwise ops of two operands, and select.
#include "ops/elementwise.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

using kernels::MapOp;
using F = Formula;
// Gradient with respect to one operand, before sums over broadcast axes.
using BinaryGradient = F (*)(const F& g, const F& a, const F& b, const F& y);

F is_equal(const F& a, const F& b) { return a.apply("equal", b); }

// Equal operands share the gradient evenly, as in JAX and PyTorch.
F picked(const F& g, const F& is_picked, const F& is_tie) {
  const F zero = g.number(0.0);
  return is_picked.choose(g, is_tie.choose(g * 0.5, zero));
}

// x^(y-1) * y is infinity * 0 at x = 0, y = 0, where the derivative is 0.
F power_gradient_a(const F& g, const F& a, const F& b, const F&) {
  const F is_flat = is_equal(b, b.number(0.0));
  const F exponent = is_flat.choose(b.number(0.0), b - 1.0);
  return g * b * a.apply("power", exponent);
}

F power_gradient_b(const F& g, const F& a, const F&, const F& y) {
  const F is_positive = a.apply("greater", a.number(0.0));
  const F log_a = is_positive.choose(a, a.number(1.0)).apply("log");
  return g * y * log_a;
}

// The share of one operand in log(exp(a) + exp(b)); one half where both are the same infinity.
F logaddexp_share(const F& a, const F& b) { return is_equal(a, b).choose(a.number(0.5), (a - b).apply("sigmoid")); }

struct BinaryRow {
  const char* name;
  MapOp map;
  BinaryGradient a = nullptr;
  BinaryGradient b = nullptr;
  bool gives_bool = false;
  AtZero at_zero = AtZero::kAnything;
};

const BinaryRow kBinaryOps[] = {
    {"add", MapOp::kAdd, [](const F& g, const F&, const F&, const F&) { return g; },
     [](const F& g, const F&, const F&, const F&) { return g; }, false, AtZero::kOther},
    {"subtract", MapOp::kSubtract, [](const F& g, const F&, const F&, const F&) { return g; },
     [](const F& g, const F&, const F&, const F&) { return -g; }, false, AtZero::kFirst},
    {"multiply", MapOp::kMultiply, [](const F& g, const F&, const F& b, const F&) { return g * b; },
     [](const F& g, const F& a, const F&, const F&) { return g * a; }, false, AtZero::kZeroWithAny},
    {"divide", MapOp::kDivide, [](const F& g, const F&, const F& b, const F&) { return g / b; },
     [](const F& g, const F&, const F& b, const F& y) { return -(g * y) / b; }, false, AtZero::kZeroWithFirst},
    {"floor_divide", MapOp::kFloorDivide},
    {"mod", MapOp::kMod, [](const F& g, const F&, const F&, const F&) { return g; },
     [](const F& g, const F& a, const F& b, const F&) { return -g * a.apply("floor_divide", b); }},
    {"power", MapOp::kPower, power_gradient_a, power_gradient_b},
    {"maximum", MapOp::kMaximum,
     [](const F& g, const F& a, const F& b, const F&) { return picked(g, a.apply("greater", b), is_equal(a, b)); },
     [](const F& g, const F& a, const F& b, const F&) { return picked(g, b.apply("greater", a), is_equal(a, b)); }},
    {"minimum", MapOp::kMinimum,
     [](const F& g, const F& a, const F& b, const F&) { return picked(g, a.apply("less", b), is_equal(a, b)); },
     [](const F& g, const F& a, const F& b, const F&) { return picked(g, b.apply("less", a), is_equal(a, b)); }},
    {"arctan2", MapOp::kArctan2, [](const F& g, const F& a, const F& b, const F&) { return g * b / (a * a + b * b); },
     [](const F& g, const F& a, const F& b, const F&) { return -g * a / (a * a + b * b); }},
    {"hypot", MapOp::kHypot, [](const F& g, const F& a, const F&, const F& y) { return g * a / y; },
     [](const F& g, const F&, const F& b, const F& y) { return g * b / y; }},
    {"copysign", MapOp::kCopysign,
     [](const F& g, const F& a, const F& b, const F&) { return g * a.apply("sign") * b.number(1.0).apply("copysign", b); }},
    {"nextafter", MapOp::kNextafter},
    {"logaddexp", MapOp::kLogaddexp, [](const F& g, const F& a, const F& b, const F&) { return g * logaddexp_share(a, b); },
     [](const F& g, const F& a, const F& b, const F&) { return g * logaddexp_share(b, a); }},
    {"gcd", MapOp::kGcd},
    {"lcm", MapOp::kLcm},
    {"heaviside", MapOp::kHeaviside, nullptr,
     [](const F& g, const F& a, const F&, const F&) { return is_equal(a, a.number(0.0)).choose(g, g.number(0.0)); }},
    {"equal", MapOp::kEqual, nullptr, nullptr, true},
    {"not_equal", MapOp::kNotEqual, nullptr, nullptr, true},
    {"greater", MapOp::kGreater, nullptr, nullptr, true},
    {"greater_equal", MapOp::kGreaterEqual, nullptr, nullptr, true},
    {"less", MapOp::kLess, nullptr, nullptr, true},
    {"less_equal", MapOp::kLessEqual, nullptr, nullptr, true},
    {"logical_and", MapOp::kLogicalAnd, nullptr, nullptr, true},
    {"logical_or", MapOp::kLogicalOr, nullptr, nullptr, true},
    {"logical_xor", MapOp::kLogicalXor, nullptr, nullptr, true},
    {"bitwise_and", MapOp::kBitwiseAnd},
    {"bitwise_or", MapOp::kBitwiseOr},
    {"bitwise_xor", MapOp::kBitwiseXor},
    {"left_shift", MapOp::kLeftShift},
    {"right_shift", MapOp::kRightShift},
};

std::vector<Value> apply_gradients(const BinaryRow& row, const GradientContext& context) {
  Builder& build = context.build;
  const F g(build, context.gradients[0]);
  const F a(build, context.inputs[0]);
  const F b(build, context.inputs[1]);
  const F y(build, context.outputs[0]);
  std::vector<Value> result(2);
  if (row.a && context.wanted[0]) result[0] = unbroadcast(context, row.a(g, a, b, y), 0);
  if (row.b && context.wanted[1]) result[1] = unbroadcast(context, row.b(g, a, b, y), 1);
  return result;
}

std::vector<TensorSpec> select_specs(const InferContext& context) {
  if (context.dtype(0) != Dtype::kBool) throw type_error("select", "the condition must be bool", name_of(context.dtype(0)));
  require_same_dtype(context, 1, 2);
  const Shape branches = broadcast_shapes("select", context.shape(1), context.shape(2));
  return {{context.dtype(1), broadcast_shapes("select", context.shape(0), branches)}};
}

std::vector<Value> select_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& condition = context.inputs[0];
  const Value& g = context.gradients[0];
  const Value zero = build.constant_like(0.0, g);
  std::vector<Value> result(3);
  if (context.wanted[1]) result[1] = unbroadcast(context, build.select(condition, g, zero), 1);
  if (context.wanted[2]) result[2] = unbroadcast(context, build.select(condition, zero, g), 2);
  return result;
}

}  // namespace

void register_elementwise_binary(Registry& registry) {
  for (const BinaryRow& row : kBinaryOps) {
    Op op = elementwise_op(row.name, row.map, 2, row.gives_bool);
    op.at_zero = row.at_zero;
    if (row.a || row.b) op.gradient = [&row](const GradientContext& context) { return apply_gradients(row, context); };
    registry.add(std::move(op));
  }
  Op select = elementwise_op("select", MapOp::kSelect, 3, false);
  select.shape_rule = select_specs;
  select.gradient = select_gradient;
  registry.add(std::move(select));
}

}  // namespace keraunos
