#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"
#include "ops/seed.h"

namespace keraunos {
namespace {

std::vector<TensorSpec> dropout_specs(const InferContext& context) {
  require_floating(context, 0);
  require_seed(context, 1);
  const double rate = context.attributes.number("rate");
  if (!(rate >= 0.0 && rate <= 1.0)) throw value_error("dropout", "rate must be in [0, 1]", rate);
  return {context.inputs[0]};
}

Kernel dropout_kernel(KernelRequest& request) {
  const std::int64_t n = request.shape(0).elements();
  const double rate = request.attributes.number("rate");
  const Dtype dtype = request.dtype(0);
  if (rate == 1.0) {
    const Tensor zero = Tensor::scalar(0.0, dtype);
    return [=](const KernelCall& call) { kernels::fill_elements(zero.data(), call.outputs[0], n, size_of(zero.dtype())); };
  }
  if (rate == 0.0) return [=](const KernelCall& call) { kernels::copy_bytes(call.inputs[0], call.outputs[0], static_cast<std::size_t>(n) * size_of(dtype)); };
  const double scale = 1.0 / (1.0 - rate);
  if (dtype == Dtype::kFloat32) {
    return [=](const KernelCall& call) { kernels::dropout_f32(call.in<std::uint32_t>(1), call.in<float>(0), call.out<float>(0), n, rate, scale); };
  }
  return [=](const KernelCall& call) { kernels::dropout_f64(call.in<std::uint32_t>(1), call.in<double>(0), call.out<double>(0), n, rate, scale); };
}

// The same elements are kept: the same op on the gradient, with the same seed.
std::vector<Value> dropout_gradient(const GradientContext& context) {
  return {context.build.emit1("dropout", {context.gradients[0], context.inputs[1]}, context.attributes), Value()};
}

}  // namespace

void register_dropout(Registry& registry) {
  Op op;
  op.name = "dropout";
  op.min_inputs = op.max_inputs = 2;
  op.attributes = {{"rate", AttributeKind::kFloat}};
  op.shape_rule = dropout_specs;
  op.kernel = in_float32(dropout_kernel);
  op.gradient = dropout_gradient;
  registry.add(std::move(op));
}

}  // namespace keraunos
