// Elementwise ops of one operand.
#include "kernels/probabilities.h"
#include "ops/elementwise.h"

namespace keraunos {
namespace {

using kernels::MapOp;
using F = Formula;
// Gradient with respect to x from the gradient g of y = op(x).
using UnaryGradient = F (*)(const F& g, const F& x, const F& y);

constexpr double kPi = 3.14159265358979323846;
constexpr double kLn2 = 0.69314718055994530942;
constexpr double kLn10 = 2.30258509299404568402;
constexpr double kSqrtPi = 1.77245385090551602730;

F number_like(const F& x, double value) { return x.number(value); }

// Derivative of digamma: recurrence up to x + 6, then the asymptotic series (Abramowitz & Stegun 6.4.12); reflection below 1/2.
F trigamma(const F& x) {
  const F is_low = x.apply("less", x.number(0.5));
  F z = is_low.choose(1.0 - x, x);
  F sum = number_like(x, 0.0);
  for (int i = 0; i < 6; ++i) {
    sum = sum + 1.0 / (z * z);
    z = z + 1.0;
  }
  const F r = 1.0 / z;
  const F r2 = r * r;
  const F tail = r + r2 * (0.5 + r * (1.0 / 6 + r2 * (-1.0 / 30 + r2 * (1.0 / 42 + r2 * (-1.0 / 30)))));
  const F high = sum + tail;
  const F s = kPi / is_low.choose(x * kPi, x.number(1.0)).apply("sin");
  return is_low.choose(s * s - high, high);
}

// (numerator / x) where x is not 0, else `at_zero`; no NaN leaks through the branch that is not taken.
F divide_unless_zero(const F& numerator, const F& x, double at_zero) {
  const F is_zero = x.apply("equal", x.number(0.0));
  return is_zero.choose(x.number(at_zero), numerator / is_zero.choose(x.number(1.0), x));
}

struct UnaryRow {
  const char* name;
  MapOp map;
  UnaryGradient gradient = nullptr;
  bool gives_bool = false;
  AtZero at_zero = AtZero::kAnything;
};

const UnaryRow kUnaryOps[] = {
    {"negative", MapOp::kNegative, [](const F& g, const F&, const F&) { return -g; }, false, AtZero::kZeroWithFirst},
    {"absolute", MapOp::kAbsolute, [](const F& g, const F& x, const F&) { return g * x.apply("sign"); }},
    {"sign", MapOp::kSign},
    {"exp", MapOp::kExp, [](const F& g, const F&, const F& y) { return g * y; }},
    {"expm1", MapOp::kExpm1, [](const F& g, const F&, const F& y) { return g * (y + 1.0); }},
    {"log", MapOp::kLog, [](const F& g, const F& x, const F&) { return g / x; }},
    {"log1p", MapOp::kLog1p, [](const F& g, const F& x, const F&) { return g / (x + 1.0); }},
    {"log2", MapOp::kLog2, [](const F& g, const F& x, const F&) { return g / (x * kLn2); }},
    {"log10", MapOp::kLog10, [](const F& g, const F& x, const F&) { return g / (x * kLn10); }},
    {"sqrt", MapOp::kSqrt, [](const F& g, const F&, const F& y) { return g * 0.5 / y; }, false, AtZero::kZeroWithFirst},
    {"rsqrt", MapOp::kRsqrt, [](const F& g, const F&, const F& y) { return g * -0.5 * (y * y * y); }},
    {"square", MapOp::kSquare, [](const F& g, const F& x, const F&) { return g * 2.0 * x; }, false, AtZero::kZeroWithFirst},
    {"reciprocal", MapOp::kReciprocal, [](const F& g, const F&, const F& y) { return -g * (y * y); }},
    {"sin", MapOp::kSin, [](const F& g, const F& x, const F&) { return g * x.apply("cos"); }},
    {"cos", MapOp::kCos, [](const F& g, const F& x, const F&) { return -g * x.apply("sin"); }},
    {"tan", MapOp::kTan, [](const F& g, const F&, const F& y) { return g * (1.0 + y * y); }},
    {"arcsin", MapOp::kArcsin, [](const F& g, const F& x, const F&) { return g * (1.0 - x * x).apply("rsqrt"); }},
    {"arccos", MapOp::kArccos, [](const F& g, const F& x, const F&) { return -g * (1.0 - x * x).apply("rsqrt"); }},
    {"arctan", MapOp::kArctan, [](const F& g, const F& x, const F&) { return g / (1.0 + x * x); }},
    {"sinh", MapOp::kSinh, [](const F& g, const F& x, const F&) { return g * x.apply("cosh"); }},
    {"cosh", MapOp::kCosh, [](const F& g, const F& x, const F&) { return g * x.apply("sinh"); }},
    {"tanh", MapOp::kTanh, [](const F& g, const F&, const F& y) { return g.apply("tanh_grad", y); }},
    {"arcsinh", MapOp::kArcsinh, [](const F& g, const F& x, const F&) { return g * (x * x + 1.0).apply("rsqrt"); }},
    {"arccosh", MapOp::kArccosh, [](const F& g, const F& x, const F&) { return g * ((x - 1.0) * (x + 1.0)).apply("rsqrt"); }},
    {"arctanh", MapOp::kArctanh, [](const F& g, const F& x, const F&) { return g / ((1.0 - x) * (1.0 + x)); }},
    {"erf", MapOp::kErf, [](const F& g, const F& x, const F&) { return g * (2.0 / kSqrtPi) * (-(x * x)).apply("exp"); }},
    {"erfinv", MapOp::kErfinv, [](const F& g, const F&, const F& y) { return g * (kSqrtPi / 2.0) * (y * y).apply("exp"); }},
    {"sigmoid", MapOp::kSigmoid, [](const F& g, const F&, const F& y) { return g.apply("sigmoid_grad", y); }},
    {"softplus", MapOp::kSoftplus, [](const F& g, const F& x, const F&) { return g.apply("softplus_grad", x); }},
    {"relu", MapOp::kRelu, [](const F& g, const F&, const F& y) { return g.apply("relu_grad", y); }},
    {"gelu", MapOp::kGelu, [](const F& g, const F& x, const F&) { return g.apply("gelu_grad", x); }},
    {"floor", MapOp::kFloor},
    {"ceil", MapOp::kCeil},
    {"round", MapOp::kRound},
    {"trunc", MapOp::kTrunc},
    {"lgamma", MapOp::kLgamma, [](const F& g, const F& x, const F&) { return g * x.apply("digamma"); }},
    {"digamma", MapOp::kDigamma, [](const F& g, const F& x, const F&) { return g * trigamma(x); }},
    {"cbrt", MapOp::kCbrt, [](const F& g, const F&, const F& y) { return g / (y * y * 3.0); }},
    {"exp2", MapOp::kExp2, [](const F& g, const F&, const F& y) { return g * y * kLn2; }},
    // Derivatives of the modified Bessel functions: Abramowitz & Stegun 9.6.26-28.
    {"i0", MapOp::kI0, [](const F& g, const F& x, const F&) { return g * x.apply("i1"); }},
    {"i0e", MapOp::kI0e, [](const F& g, const F& x, const F& y) { return g * (x.apply("i1e") - x.apply("sign") * y); }},
    {"i1", MapOp::kI1, [](const F& g, const F& x, const F& y) { return g * (x.apply("i0") - divide_unless_zero(y, x, 0.5)); }},
    {"i1e", MapOp::kI1e,
     [](const F& g, const F& x, const F& y) { return g * (x.apply("i0e") - divide_unless_zero(y, x, 0.5) - x.apply("sign") * y); }},
    {"sinc", MapOp::kSinc,
     [](const F& g, const F& x, const F& y) { return g * divide_unless_zero((x * kPi).apply("cos") - y, x, 0.0); }},
    {"isnan", MapOp::kIsNan, nullptr, true},
    {"isinf", MapOp::kIsInf, nullptr, true},
    {"isfinite", MapOp::kIsFinite, nullptr, true},
    {"signbit", MapOp::kSignbit, nullptr, true},
    {"logical_not", MapOp::kLogicalNot, nullptr, true},
    {"bitwise_not", MapOp::kBitwiseNot},
};

std::vector<Value> apply_gradient(UnaryGradient gradient, const GradientContext& context) {
  Builder& build = context.build;
  return {gradient({build, context.gradients[0]}, {build, context.inputs[0]}, {build, context.outputs[0]}).value()};
}

Value gelu_body(Builder& build, const Value& value) {
  const F x(build, value);
  return x * 0.5 * (1.0 + (x * 0.70710678118654752440).apply("erf"));
}

Value softplus_body(Builder& build, const Value& value) {
  const F x(build, value);
  return x.apply("relu") + (-x.apply("absolute")).apply("exp").apply("log1p");
}

Body body_of(Value (*body)(Builder&, const Value&)) {
  return [body](Builder& build, const std::vector<Value>& inputs, const Attributes&) -> std::vector<Value> { return {body(build, inputs[0])}; };
}

Op identity_like(const char* name) {
  Op op = elementwise_op(name, MapOp::kCopy, 1, false);
  op.is_view = true;
  return op;
}

}  // namespace

void register_elementwise_unary(Registry& registry) {
  for (const UnaryRow& row : kUnaryOps) {
    Op op = elementwise_op(row.name, row.map, 1, row.gives_bool);
    op.at_zero = row.at_zero;
    if (row.gradient) {
      op.gradient = [gradient = row.gradient](const GradientContext& context) { return apply_gradient(gradient, context); };
    }
    if (row.map == MapOp::kGelu) op.body = body_of(gelu_body);
    if (row.map == MapOp::kSoftplus) op.body = body_of(softplus_body);
    registry.add(std::move(op));
  }
  Op identity = identity_like("identity");
  identity.gradient = [](const GradientContext& context) { return std::vector<Value>{context.gradients[0]}; };
  registry.add(std::move(identity));
  registry.add(identity_like("stop_gradient"));
  // The identity, and a note if a value is no probability: the caller looks at it when a run is over.
  Op probabilities = elementwise_op("expect_probabilities", MapOp::kCopy, 1, false);
  probabilities.map_loop = [](Dtype operand, Dtype) { return kernels::find_probability_loop(operand); };
  probabilities.gradient = [](const GradientContext& context) { return std::vector<Value>{context.gradients[0]}; };
  probabilities.body = body_of([](Builder& build, const Value& x) { return build.emit1("identity", {x}); });
  registry.add(std::move(probabilities));
  // Memory of its own: what a variable is given when another variable's content is its new value.
  Op copy = elementwise_op("copy", MapOp::kCopy, 1, false);
  copy.gradient = [](const GradientContext& context) { return std::vector<Value>{context.gradients[0]}; };
  registry.add(std::move(copy));
}

}  // namespace keraunos
