#include "ops/half_precision.h"

#include <algorithm>
#include <array>

#include "base/memory.h"
#include "kernels/movement.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// Kernels read at most this many inputs; sizes that follow them were known before and are not read.
constexpr std::size_t kMaxOperands = 12;

struct Staged {
  std::size_t operand;
  Dtype dtype;
  std::int64_t elements;
  std::size_t offset;  // in the workspace
};

struct StagedKernel {
  Kernel inner;
  std::vector<Staged> inputs;
  std::vector<Staged> outputs;
  std::size_t input_count = 0;
  std::size_t output_count = 0;
  std::size_t inner_offset = 0;

  void operator()(const KernelCall& call) const {
    char* workspace = static_cast<char*>(call.workspace);
    std::array<const void*, kMaxOperands> sources{};
    std::array<void*, kMaxOperands> targets{};
    std::copy(call.inputs, call.inputs + input_count, sources.begin());
    std::copy(call.outputs, call.outputs + output_count, targets.begin());
    for (const Staged& staged : inputs) {
      kernels::cast_elements(staged.dtype, Dtype::kFloat32, sources[staged.operand], workspace + staged.offset, staged.elements);
      sources[staged.operand] = workspace + staged.offset;
    }
    for (const Staged& staged : outputs) targets[staged.operand] = workspace + staged.offset;
    inner({sources.data(), targets.data(), workspace + inner_offset});
    for (const Staged& staged : outputs) {
      kernels::cast_elements(Dtype::kFloat32, staged.dtype, workspace + staged.offset, call.outputs[staged.operand], staged.elements);
    }
  }
};

bool has_half(const std::vector<TensorSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(), [](const TensorSpec& spec) { return is_half(spec.dtype); });
}

std::vector<TensorSpec> in_float32(std::vector<TensorSpec> specs) {
  for (TensorSpec& spec : specs) spec.dtype = computed_in(spec.dtype);
  return specs;
}

std::size_t reserve(std::size_t& bytes, std::int64_t elements) {
  const std::size_t offset = bytes;
  const std::size_t wanted = static_cast<std::size_t>(elements) * sizeof(float);
  bytes += (wanted + kAlignment - 1) / kAlignment * kAlignment;
  return offset;
}

Kernel staged_kernel(KernelRequest& request, const KernelMaker& maker) {
  StagedKernel kernel;
  std::size_t bytes = 0;
  kernel.input_count = std::min(request.inputs.size(), kMaxOperands);
  kernel.output_count = std::min(request.outputs.size(), kMaxOperands);
  for (std::size_t i = 0; i < kernel.input_count; ++i) {
    const TensorSpec& spec = request.inputs[i];
    if (!is_half(spec.dtype) || is_shape_only(request.op, i)) continue;
    const std::int64_t elements = spec.shape.elements();
    kernel.inputs.push_back({i, spec.dtype, elements, reserve(bytes, elements)});
  }
  for (std::size_t i = 0; i < kernel.output_count; ++i) {
    const TensorSpec& spec = request.outputs[i];
    if (!is_half(spec.dtype)) continue;
    const std::int64_t elements = spec.shape.elements();
    kernel.outputs.push_back({i, spec.dtype, elements, reserve(bytes, elements)});
  }
  const std::vector<TensorSpec> inputs = in_float32(request.inputs);
  const std::vector<TensorSpec> outputs = in_float32(request.outputs);
  // Values of 16-bit tensors would be read as float32.
  std::vector<const Tensor*> values = request.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_half(request.inputs[i].dtype)) values[i] = nullptr;
  }
  KernelRequest inner{request.op, inputs, outputs, request.attributes, values, request.scope};
  kernel.inner = maker(inner);
  kernel.inner_offset = bytes;
  request.workspace_bytes = bytes + inner.workspace_bytes;
  return kernel;
}

}  // namespace

bool is_shape_only(const Op& op, std::size_t i) { return (op.shape_only_inputs >> std::min<std::size_t>(i, 31) & 1u) != 0; }

KernelMaker in_float32(KernelMaker maker) {
  return [maker = std::move(maker)](KernelRequest& request) -> Kernel {
    if (!has_half(request.inputs) && !has_half(request.outputs)) return maker(request);
    return staged_kernel(request, maker);
  };
}

}  // namespace keraunos
