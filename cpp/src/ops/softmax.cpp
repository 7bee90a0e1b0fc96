// Softmax and log-softmax along one axis, and their gradients.
#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/elementwise.h"
#include "ops/half_precision.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

std::vector<TensorSpec> softmax_specs(const InferContext& context) {
  require_floating(context, 0);
  checked_axis(context, context.shape(0).rank());
  return {context.inputs[0]};
}

std::vector<TensorSpec> softmax_grad_specs(const InferContext& context) {
  require_floating(context, 0);
  require_same_dtype(context, 0, 1);
  const Shape shape = broadcast_shapes(context.op.name.c_str(), context.shape(0), context.shape(1));
  if (context.shape(0).is_known() && context.shape(1).is_known() && context.shape(0) != context.shape(1)) {
    throw value_error(context.op.name, "operands must have the same shape", both(context.shape(0), context.shape(1)));
  }
  checked_axis(context, shape.rank());
  return {{context.dtype(0), shape}};
}

// The loops take rows of contiguous elements; another axis is turned to the end in the workspace and back.
struct Rows {
  std::int64_t rows = 0, n = 0;
  bool is_turned = false;
  kernels::StridedCopy to_rows, from_rows;
  std::size_t bytes = 0;

  Rows(const Shape& shape, int axis, Dtype dtype) {
    n = shape[axis];
    const std::int64_t outer = product(shape, 0, axis);
    const std::int64_t inner = product(shape, axis + 1, shape.rank());
    rows = outer * inner;
    is_turned = inner != 1;
    bytes = (static_cast<std::size_t>(rows * n) * size_of(dtype) + 63) / 64 * 64;
    to_rows = kernels::StridedCopy({{outer, n * inner, n * inner}, {inner, 1, n}, {n, inner, 1}}, size_of(dtype));
    from_rows = kernels::StridedCopy({{outer, n * inner, n * inner}, {n, 1, inner}, {inner, n, 1}}, size_of(dtype));
  }
};

using FindRowLoop = kernels::RowLoop (*)(Dtype);
using FindRowGradLoop = kernels::RowGradLoop (*)(Dtype);

KernelMaker softmax_kernel(FindRowLoop find) {
  return in_float32([find](KernelRequest& request) -> Kernel {
    const Rows plan(request.shape(0), static_cast<int>(request.attributes.integer("axis")), request.dtype(0));
    if (plan.rows * plan.n == 0) return [](const KernelCall&) {};
    const kernels::RowLoop loop = find(request.dtype(0));
    if (!plan.is_turned) {
      return [loop, rows = plan.rows, n = plan.n](const KernelCall& call) { loop(call.inputs[0], call.outputs[0], rows, n); };
    }
    request.workspace_bytes = 2 * plan.bytes;
    return [loop, plan](const KernelCall& call) {
      char* in = static_cast<char*>(call.workspace);
      char* out = in + plan.bytes;
      plan.to_rows.run(call.inputs[0], in);
      loop(in, out, plan.rows, plan.n);
      plan.from_rows.run(out, call.outputs[0]);
    };
  });
}

KernelMaker softmax_grad_kernel(FindRowGradLoop find) {
  return in_float32([find](KernelRequest& request) -> Kernel {
    const Rows plan(request.outputs[0].shape, static_cast<int>(request.attributes.integer("axis")), request.dtype(0));
    if (plan.rows * plan.n == 0) return [](const KernelCall&) {};
    const kernels::RowGradLoop loop = find(request.dtype(0));
    if (!plan.is_turned) {
      return [loop, rows = plan.rows, n = plan.n](const KernelCall& call) {
        loop(call.inputs[1], call.inputs[0], call.outputs[0], rows, n);
      };
    }
    request.workspace_bytes = 3 * plan.bytes;
    return [loop, plan](const KernelCall& call) {
      char* g = static_cast<char*>(call.workspace);
      char* y = g + plan.bytes;
      char* out = y + plan.bytes;
      plan.to_rows.run(call.inputs[0], g);
      plan.to_rows.run(call.inputs[1], y);
      loop(y, g, out, plan.rows, plan.n);
      plan.from_rows.run(out, call.outputs[0]);
    };
  });
}

// ---------------------------------------------------------------- gradients and bodies

// Arithmetic along the axis of one of these ops.
struct AlongAxis {
  Builder& build;
  std::int64_t axis;

  Formula sum(const Formula& x) const { return {build, build.sum(x, {axis}, true)}; }
  Formula max(const Formula& x) const { return {build, build.emit1("max", {x}, {{"axes", Ints{axis}}, {"keepdims", true}})}; }
  Formula grad(const char* op, const Formula& g, const Formula& y) const { return {build, build.emit1(op, {g, y}, {{"axis", axis}})}; }
};

GradientRule through(const char* grad_op) {
  return [grad_op](const GradientContext& context) -> std::vector<Value> {
    const AlongAxis along{context.build, context.attributes.integer("axis")};
    return {along.grad(grad_op, {context.build, context.gradients[0]}, {context.build, context.outputs[0]}).value()};
  };
}

// f = y (g - sum(g y)), incoming gradient h: df/dg is symmetric; dy = h (g - sum(g y)) - g sum(h y).
std::vector<Value> softmax_grad_gradient(const GradientContext& context) {
  const AlongAxis along{context.build, context.attributes.integer("axis")};
  const Formula h(context.build, context.gradients[0]), g(context.build, context.inputs[0]), y(context.build, context.inputs[1]);
  std::vector<Value> result(2);
  if (context.wanted[0]) result[0] = along.grad("softmax_grad", h, y);
  if (context.wanted[1]) result[1] = h * (g - along.sum(g * y)) - g * along.sum(h * y);
  return result;
}

// f = g - exp(y) sum(g): dg = h - sum(h exp(y)); dy = -h exp(y) sum(g).
std::vector<Value> log_softmax_grad_gradient(const GradientContext& context) {
  const AlongAxis along{context.build, context.attributes.integer("axis")};
  const Formula h(context.build, context.gradients[0]), g(context.build, context.inputs[0]), y(context.build, context.inputs[1]);
  const Formula p = y.apply("exp");
  std::vector<Value> result(2);
  if (context.wanted[0]) result[0] = h - along.sum(h * p);
  if (context.wanted[1]) result[1] = -h * p * along.sum(g);
  return result;
}

Formula softmax_formula(const AlongAxis& along, const Formula& x) {
  const Formula powers = (x - along.max(x)).apply("exp");
  return powers / along.sum(powers);
}

Formula log_softmax_formula(const AlongAxis& along, const Formula& x) {
  const Formula shifted = x - along.max(x);
  return shifted - along.sum(shifted.apply("exp")).apply("log");
}

template <Formula (*formula)(const AlongAxis&, const Formula&)>
std::vector<Value> unary_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  return {formula({build, attributes.integer("axis")}, {build, inputs[0]}).value()};
}

Formula softmax_grad_formula(const AlongAxis& along, const Formula& g, const Formula& y) { return y * (g - along.sum(g * y)); }

Formula log_softmax_grad_formula(const AlongAxis& along, const Formula& g, const Formula& y) { return g - y.apply("exp") * along.sum(g); }

template <Formula (*formula)(const AlongAxis&, const Formula&, const Formula&)>
std::vector<Value> binary_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  return {formula({build, attributes.integer("axis")}, {build, inputs[0]}, {build, inputs[1]}).value()};
}

AxisRule rows_along_axis() {
  AxisRule rule = axes_with_one_named();
  rule.turns_rows = true;
  return rule;
}

Op softmax_op(const char* name, FindRowLoop find, const char* grad_op, Body body) {
  Op op;
  op.name = name;
  op.attributes = {{"axis", AttributeKind::kInt}};
  op.shape_rule = softmax_specs;
  op.kernel = softmax_kernel(find);
  op.gradient = through(grad_op);
  op.body = std::move(body);
  op.axis_rule = rows_along_axis();
  return op;
}

Op softmax_grad_op(const char* name, FindRowGradLoop find, GradientRule gradient, Body body) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = 2;
  op.attributes = {{"axis", AttributeKind::kInt}};
  op.shape_rule = softmax_grad_specs;
  op.kernel = softmax_grad_kernel(find);
  op.gradient = std::move(gradient);
  op.body = std::move(body);
  op.axis_rule = rows_along_axis();
  return op;
}

}  // namespace

void register_softmax(Registry& registry) {
  registry.add(softmax_op("softmax", kernels::find_softmax, "softmax_grad", unary_body<softmax_formula>));
  registry.add(softmax_op("log_softmax", kernels::find_log_softmax, "log_softmax_grad", unary_body<log_softmax_formula>));
  registry.add(softmax_grad_op("softmax_grad", kernels::find_softmax_grad, softmax_grad_gradient, binary_body<softmax_grad_formula>));
  registry.add(softmax_grad_op("log_softmax_grad", kernels::find_log_softmax_grad, log_softmax_grad_gradient,
                               binary_body<log_softmax_grad_formula>));
}

}  // namespace keraunos
