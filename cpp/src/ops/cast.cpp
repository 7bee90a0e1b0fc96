#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/registry.h"

namespace keraunos {
namespace {

std::vector<TensorSpec> cast_specs(const InferContext& context) { return {{context.attributes.dtype("dtype"), context.shape(0)}}; }

Kernel cast_kernel(KernelRequest& request) {
  const Dtype from = request.dtype(0);
  const Dtype to = request.outputs[0].dtype;
  const std::int64_t n = request.shape(0).elements();
  return [=](const KernelCall& call) { kernels::cast_elements(from, to, call.inputs[0], call.outputs[0], n); };
}

// Nothing flows through integers.
std::vector<Value> cast_gradient(const GradientContext& context) {
  if (!is_floating(context.inputs[0].dtype()) || !is_floating(context.outputs[0].dtype())) return std::vector<Value>(1);
  return {context.build.cast(context.gradients[0], context.inputs[0].dtype())};
}

}  // namespace

void register_cast(Registry& registry) {
  Op op;
  op.name = "cast";
  op.attributes = {{"dtype", AttributeKind::kDtype}};
  op.shape_rule = cast_specs;
  op.kernel = cast_kernel;
  op.gradient = cast_gradient;
  op.axis_rule = broadcast_axes();
  op.is_conversion = true;
  op.at_zero = AtZero::kZeroWithFirst;
  registry.add(std::move(op));
}

}  // namespace keraunos
