// Facts about shapes as values: zeros_like, ones_like, dim, size_ratio.
#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

KernelMaker constant_kernel(double value) {
  return [value](KernelRequest& request) -> Kernel {
    const Tensor element = Tensor::scalar(value, request.outputs[0].dtype);
    const std::int64_t n = request.outputs[0].shape.elements();
    return [element, n](const KernelCall& call) { kernels::fill_elements(element.data(), call.outputs[0], n, size_of(element.dtype())); };
  };
}

Op like_op(const char* name, double value) {
  Op op;
  op.name = name;
  op.shape_rule = same_as_first;
  op.kernel = constant_kernel(value);
  op.axis_rule = broadcast_axes();
  op.shape_only_inputs = 1u;
  return op;
}

std::vector<TensorSpec> dim_specs(const InferContext& context) {
  checked_axis(context, context.shape(0).rank());
  return {{Dtype::kInt32, Shape()}};
}

Kernel dim_kernel(KernelRequest& request) {
  const auto size = static_cast<std::int32_t>(request.shape(0)[static_cast<int>(request.attributes.integer("axis"))]);
  return [size](const KernelCall& call) { *call.out<std::int32_t>(0) = size; };
}

std::vector<TensorSpec> size_ratio_specs(const InferContext&) { return {{Dtype::kFloat32, Shape()}}; }

// A ratio to nothing is 1, so that dividing by it stays harmless.
Kernel size_ratio_kernel(KernelRequest& request) {
  const auto over = static_cast<double>(request.shape(0).elements());
  const auto under = static_cast<double>(request.shape(1).elements());
  const auto ratio = static_cast<float>(under == 0 ? 1.0 : over / under);
  return [ratio](const KernelCall& call) { *call.out<float>(0) = ratio; };
}

}  // namespace

void register_likes(Registry& registry) {
  registry.add(like_op("zeros_like", 0.0));
  registry.add(like_op("ones_like", 1.0));

  Op dim;
  dim.name = "dim";
  dim.attributes = {{"axis", AttributeKind::kInt}};
  dim.shape_rule = dim_specs;
  dim.kernel = dim_kernel;
  dim.axis_rule = axes_with_one_named();
  dim.shape_only_inputs = 1u;
  registry.add(std::move(dim));

  Op ratio;
  ratio.name = "size_ratio";
  ratio.min_inputs = ratio.max_inputs = 2;
  ratio.shape_rule = size_ratio_specs;
  ratio.kernel = size_ratio_kernel;
  ratio.axis_rule = broadcast_axes();
  ratio.shape_only_inputs = 3u;
  registry.add(std::move(ratio));
}

}  // namespace keraunos
