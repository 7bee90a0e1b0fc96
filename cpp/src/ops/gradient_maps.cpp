// Elementwise gradients that have a loop of their own: op_grad(g, y) or op_grad(g, x). They have gradients too.
#include "ops/elementwise.h"

namespace keraunos {
namespace {

using kernels::MapOp;
using F = Formula;
constexpr double kInverseSqrt2Pi = 0.39894228040143267794;

// All of them are linear in g: the gradient with respect to g is the op itself on the incoming gradient.
// `bend` is the gradient with respect to the second operand.
struct GradientMapRow {
  const char* name;
  MapOp map;
  F (*value)(const F& g, const F& y);
  F (*bend)(const F& incoming, const F& g, const F& y);
};

F normal_density(const F& x) { return (x * x * -0.5).apply("exp") * kInverseSqrt2Pi; }

F normal_distribution(const F& x) { return 0.5 + (x * 0.70710678118654752440).apply("erf") * 0.5; }

const GradientMapRow kGradientMaps[] = {
    {"relu_grad", MapOp::kReluGrad, [](const F& g, const F& y) { return y.apply("greater", y.number(0.0)).choose(g, g.number(0.0)); },
     nullptr},
    {"sigmoid_grad", MapOp::kSigmoidGrad, [](const F& g, const F& y) { return g * y * (1.0 - y); },
     [](const F& incoming, const F& g, const F& y) { return incoming * g * (1.0 - y * 2.0); }},
    {"tanh_grad", MapOp::kTanhGrad, [](const F& g, const F& y) { return g * (1.0 - y * y); },
     [](const F& incoming, const F& g, const F& y) { return incoming * g * y * -2.0; }},
    {"gelu_grad", MapOp::kGeluGrad, [](const F& g, const F& x) { return g * (normal_distribution(x) + x * normal_density(x)); },
     [](const F& incoming, const F& g, const F& x) { return incoming * g * normal_density(x) * (2.0 - x * x); }},
    {"softplus_grad", MapOp::kSoftplusGrad, [](const F& g, const F& x) { return g * x.apply("sigmoid"); },
     [](const F& incoming, const F& g, const F& x) { return (incoming * g).apply("sigmoid_grad", x.apply("sigmoid")); }},
};

std::vector<Value> gradients_of(const GradientMapRow& row, const GradientContext& context) {
  Builder& build = context.build;
  const F incoming(build, context.gradients[0]);
  const F g(build, context.inputs[0]);
  const F y(build, context.inputs[1]);
  std::vector<Value> result(2);
  if (context.wanted[0]) result[0] = unbroadcast(context, incoming.apply(row.name, y), 0);
  if (row.bend && context.wanted[1]) result[1] = unbroadcast(context, row.bend(incoming, g, y), 1);
  return result;
}

}  // namespace

void register_gradient_maps(Registry& registry) {
  for (const GradientMapRow& row : kGradientMaps) {
    Op op = elementwise_op(row.name, row.map, 2, false);
    op.gradient = [&row](const GradientContext& context) { return gradients_of(row, context); };
    op.body = [&row](Builder& build, const std::vector<Value>& inputs, const Attributes&) -> std::vector<Value> {
      return {row.value({build, inputs[0]}, {build, inputs[1]}).value()};
    };
    registry.add(std::move(op));
  }
}

}  // namespace keraunos
