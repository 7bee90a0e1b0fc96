// Tensors made from sizes: fill, iota, one_hot.
#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "kernels/element_types.h"
#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

std::vector<TensorSpec> fill_specs(const InferContext& context) {
  require_scalar(context, 0, "the value");
  return {{context.dtype(0), sizes_from(context, context.attributes.ints("shape"), 1)}};
}

Kernel fill_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const std::size_t size = size_of(request.outputs[0].dtype);
  return [n, size](const KernelCall& call) { kernels::fill_elements(call.inputs[0], call.outputs[0], n, size); };
}

std::vector<Value> fill_gradient(const GradientContext& context) {
  Ints axes;
  for (int axis = 0; axis < context.gradients[0].shape().rank(); ++axis) axes.push_back(axis);
  std::vector<Value> result(context.inputs.size());
  result[0] = context.build.sum(context.gradients[0], axes, false);
  return result;
}

// ---------------------------------------------------------------- iota

std::vector<TensorSpec> iota_specs(const InferContext& context) {
  return {{context.attributes.dtype("dtype"), sizes_from(context, {context.attributes.integer("size")}, 0)}};
}

Kernel iota_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const Dtype dtype = request.outputs[0].dtype;
  if (is_half(dtype)) {
    // Counted in float32, which the cast rounds to the nearest 16-bit number.
    request.workspace_bytes = static_cast<std::size_t>(n) * sizeof(float);
    return [n, dtype](const KernelCall& call) {
      float* counted = static_cast<float*>(call.workspace);
      for (std::int64_t i = 0; i < n; ++i) counted[i] = static_cast<float>(i);
      kernels::cast_elements(Dtype::kFloat32, dtype, counted, call.outputs[0], n);
    };
  }
  return kernels::visit_arithmetic(dtype, [n, dtype](auto type) -> Kernel {
    using T = typename decltype(type)::type;
    return [n, is_bool = dtype == Dtype::kBool](const KernelCall& call) {
      T* out = call.out<T>(0);
      for (std::int64_t i = 0; i < n; ++i) out[i] = is_bool ? T(i != 0) : static_cast<T>(i);
    };
  });
}

// ---------------------------------------------------------------- one_hot

std::vector<TensorSpec> one_hot_specs(const InferContext& context) {
  require_integer(context, 0, "indices");
  const std::int64_t depth = context.attributes.integer("depth");
  if (depth < 0) throw value_error("one_hot", "depth must not be negative", "depth=" + std::to_string(depth));
  Shape shape = context.shape(0);
  shape.push_back(depth);
  return {{context.attributes.dtype("dtype"), shape}};
}

Kernel one_hot_kernel(KernelRequest& request) {
  const TensorSpec& output = request.outputs[0];
  const std::int64_t depth = output.shape[output.shape.rank() - 1];
  const std::int64_t rows = request.shape(0).elements();
  const auto size = static_cast<std::int64_t>(size_of(output.dtype));
  const Tensor zero = Tensor::scalar(0.0, output.dtype);
  const Tensor one = Tensor::scalar(1.0, output.dtype);
  if (depth == 0 || rows == 0) return [](const KernelCall&) {};
  return kernels::visit_arithmetic(request.dtype(0), [&](auto type) -> Kernel {
    using Index = typename decltype(type)::type;
    return [=](const KernelCall& call) {
      const std::int64_t grain = std::max<std::int64_t>(1, kernels::kCopyGrainBytes / (depth * size));
      parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
        char* out = call.out<char>(0);
        kernels::fill_elements(zero.data(), out + begin * depth * size, (end - begin) * depth, static_cast<std::size_t>(size));
        for (std::int64_t row = begin; row < end; ++row) {
          const auto hot = static_cast<std::int64_t>(call.in<Index>(0)[row]);
          if (hot < 0 || hot >= depth) continue;
          kernels::fill_elements(one.data(), out + (row * depth + hot) * size, 1, static_cast<std::size_t>(size));
        }
      });
    };
  });
}

}  // namespace

void register_creation(Registry& registry) {
  Op fill;
  fill.name = "fill";
  fill.max_inputs = -1;
  fill.attributes = {{"shape", AttributeKind::kInts}};
  fill.shape_rule = fill_specs;
  fill.kernel = fill_kernel;
  fill.gradient = fill_gradient;
  fill.value_inputs = ~1u;
  registry.add(std::move(fill));

  Op iota;
  iota.name = "iota";
  iota.min_inputs = 0;
  iota.max_inputs = 1;
  iota.attributes = {{"size", AttributeKind::kInt}, {"dtype", AttributeKind::kDtype}};
  iota.shape_rule = iota_specs;
  iota.kernel = iota_kernel;
  iota.value_inputs = 1u;
  registry.add(std::move(iota));

  Op one_hot;
  one_hot.name = "one_hot";
  one_hot.attributes = {{"depth", AttributeKind::kInt}, {"dtype", AttributeKind::kDtype}};
  one_hot.shape_rule = one_hot_specs;
  one_hot.kernel = one_hot_kernel;
  registry.add(std::move(one_hot));
}

}  // namespace keraunos
