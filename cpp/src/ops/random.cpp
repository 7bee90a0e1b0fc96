// Random tensors. The seed (two uint32) comes first; equal seeds give equal bits for any number of threads.
#include <cmath>
#include <limits>

#include "base/threads.h"
#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/half_precision.h"
#include "ops/random_streams.h"
#include "ops/registry.h"
#include "ops/rules.h"
#include "ops/seed.h"

namespace keraunos {

void require_seed(const InferContext& context, std::size_t i) {
  const TensorSpec& seed = context.inputs[i];
  const bool is_pair = seed.shape.rank() == 1 && (seed.shape[0] == 2 || seed.shape[0] == kUnknown);
  if (is_pair && seed.dtype == Dtype::kUint32) return;
  throw value_error(context.op.name, "the seed must be two uint32 numbers", std::string(name_of(seed.dtype)) + ' ' + seed.shape.text());
}

namespace {

ShapeRule sized_specs(std::size_t first_size, bool is_floating_only) {
  return [=](const InferContext& context) -> std::vector<TensorSpec> {
    require_seed(context, 0);
    const Dtype dtype = context.attributes.dtype("dtype");
    if (is_floating_only != is_floating(dtype) || dtype == Dtype::kBool) {
      throw type_error(context.op.name, is_floating_only ? "needs a floating-point dtype" : "needs an integer dtype", name_of(dtype));
    }
    return {{dtype, sizes_from(context, context.attributes.ints("shape"), first_size)}};
  };
}

using Fill32 = void (*)(const std::uint32_t*, float*, std::int64_t);
using Fill64 = void (*)(const std::uint32_t*, double*, std::int64_t);

Kernel fill_with(const KernelRequest& request, Fill32 fill32, Fill64 fill64) {
  const std::int64_t n = request.outputs[0].shape.elements();
  if (request.outputs[0].dtype == Dtype::kFloat32) return [=](const KernelCall& call) { fill32(call.in<std::uint32_t>(0), call.out<float>(0), n); };
  return [=](const KernelCall& call) { fill64(call.in<std::uint32_t>(0), call.out<double>(0), n); };
}

// Numbers just below 1 would round to 1 in 16 bits: they are cut to the bits that the result keeps.
Kernel half_uniform(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const Dtype dtype = request.outputs[0].dtype;
  const float steps = dtype == Dtype::kBfloat16 ? 256.0f : 2048.0f;
  request.workspace_bytes = static_cast<std::size_t>(n) * sizeof(float);
  return [=](const KernelCall& call) {
    float* numbers = static_cast<float*>(call.workspace);
    kernels::random_uniform_f32(call.in<std::uint32_t>(0), numbers, n);
    parallel_for(n, 16 * 1024, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) numbers[i] = std::floor(numbers[i] * steps) / steps;
    });
    kernels::cast_elements(Dtype::kFloat32, dtype, numbers, call.outputs[0], n);
  };
}

Kernel uniform_kernel(KernelRequest& request) {
  if (is_half(request.outputs[0].dtype)) return half_uniform(request);
  return fill_with(request, kernels::random_uniform_f32, kernels::random_uniform_f64);
}

Kernel normal_kernel(KernelRequest& request) { return fill_with(request, kernels::random_normal_f32, kernels::random_normal_f64); }

Kernel truncated_normal_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const Dtype dtype = request.outputs[0].dtype;
  return [=](const KernelCall& call) { fill_truncated_normal(call.in<std::uint32_t>(0), dtype, call.outputs[0], n); };
}

// ---------------------------------------------------------------- random_integer(seed, low, high, *dims)

std::vector<TensorSpec> integer_specs(const InferContext& context) {
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    require_scalar(context, i, i == 1 ? "low" : "high");
    require_integer(context, i, i == 1 ? "low" : "high");
  }
  return sized_specs(3, false)(context);
}

// A scalar of any integer dtype; numbers of uint64 above INT64_MAX keep their bits.
std::uint64_t bits_of(Dtype dtype, const void* value) {
  if (dtype == Dtype::kUint64) return *static_cast<const std::uint64_t*>(value);
  std::int64_t number = 0;
  kernels::find_cast_loop(dtype, Dtype::kInt64)(value, &number, 1);
  return static_cast<std::uint64_t>(number);
}

bool is_below(std::uint64_t low, Dtype low_dtype, std::uint64_t high, Dtype high_dtype) {
  const bool is_low_negative = low_dtype != Dtype::kUint64 && static_cast<std::int64_t>(low) < 0;
  const bool is_high_negative = high_dtype != Dtype::kUint64 && static_cast<std::int64_t>(high) < 0;
  return is_low_negative == is_high_negative ? low < high : is_low_negative;
}

Kernel integer_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const Dtype dtype = request.outputs[0].dtype;
  const Dtype low_dtype = request.dtype(1);
  const Dtype high_dtype = request.dtype(2);
  request.workspace_bytes = static_cast<std::size_t>(2 * n) * sizeof(std::uint32_t);
  return [=](const KernelCall& call) {
    if (n == 0) return;
    const std::uint64_t low = bits_of(low_dtype, call.inputs[1]);
    const std::uint64_t high = bits_of(high_dtype, call.inputs[2]);
    if (!is_below(low, low_dtype, high, high_dtype)) {
      throw value_error("random_integer", "low must be less than high", std::to_string(static_cast<std::int64_t>(low)) + " and " + std::to_string(static_cast<std::int64_t>(high)));
    }
    fill_integers(call.in<std::uint32_t>(0), dtype, low, high - low, static_cast<std::uint32_t*>(call.workspace), call.outputs[0], n);
  };
}

// ---------------------------------------------------------------- random_permutation(seed, *dims){size}, random_gamma(seed, alpha)

std::vector<TensorSpec> permutation_specs(const InferContext& context) {
  require_seed(context, 0);
  const Shape shape = sizes_from(context, {context.attributes.integer("size")}, 1);
  if (shape[0] > std::numeric_limits<std::int32_t>::max()) throw value_error("random_permutation", "size must fit in int32", shape);
  return {{Dtype::kInt32, shape}};
}

Kernel permutation_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  request.workspace_bytes = static_cast<std::size_t>(2 * n) * sizeof(std::uint32_t);
  return [n](const KernelCall& call) {
    fill_permutation(call.in<std::uint32_t>(0), static_cast<std::uint32_t*>(call.workspace), call.out<std::int32_t>(0), n);
  };
}

std::vector<TensorSpec> gamma_specs(const InferContext& context) {
  require_seed(context, 0);
  require_floating(context, 1);
  const Dtype dtype = context.attributes.dtype("dtype");
  if (dtype != context.dtype(1)) throw type_error("random_gamma", "alpha must have the result's dtype", std::string(name_of(context.dtype(1))) + " and " + name_of(dtype));
  return {{dtype, context.shape(1)}};
}

Kernel gamma_kernel(KernelRequest& request) {
  const std::int64_t n = request.outputs[0].shape.elements();
  const Dtype dtype = request.outputs[0].dtype;
  return [=](const KernelCall& call) { fill_gamma(call.in<std::uint32_t>(0), dtype, call.inputs[1], call.outputs[0], n); };
}

Op sized_op(const char* name, int explicit_inputs, ShapeRule rule, KernelMaker kernel) {
  Op op;
  op.name = name;
  op.min_inputs = explicit_inputs;
  op.max_inputs = -1;
  op.attributes = {{"shape", AttributeKind::kInts}, {"dtype", AttributeKind::kDtype}};
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.value_inputs = ~0u << explicit_inputs;
  return op;
}

}  // namespace

void register_random(Registry& registry) {
  registry.add(sized_op("random_uniform", 1, sized_specs(1, true), uniform_kernel));
  registry.add(sized_op("random_normal", 1, sized_specs(1, true), in_float32(normal_kernel)));
  registry.add(sized_op("random_truncated_normal", 1, sized_specs(1, true), in_float32(truncated_normal_kernel)));
  registry.add(sized_op("random_integer", 3, integer_specs, integer_kernel));

  Op permutation = sized_op("random_permutation", 1, permutation_specs, permutation_kernel);
  permutation.max_inputs = 2;
  permutation.attributes = {{"size", AttributeKind::kInt}};
  registry.add(std::move(permutation));

  Op gamma;
  gamma.name = "random_gamma";
  gamma.min_inputs = gamma.max_inputs = 2;
  gamma.attributes = {{"dtype", AttributeKind::kDtype}};
  gamma.shape_rule = gamma_specs;
  gamma.kernel = in_float32(gamma_kernel);
  registry.add(std::move(gamma));
}

}  // namespace keraunos
