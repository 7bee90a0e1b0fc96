// Slices whose start is a value of the run. Starts are moved so that the slice lies inside, as in XLA.
#include <algorithm>
#include <array>

#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

void require_starts(const InferContext& context, std::size_t i) {
  require_integer(context, i, "starts");
  const Shape& starts = context.shape(i);
  const int rank = context.shape(0).rank();
  if (starts.rank() == 1 && (starts[0] == rank || starts[0] == kUnknown)) return;
  throw value_error(context.op.name, "starts must be a vector with one entry per axis", both(context.shape(0), starts));
}

void require_fit(const InferContext& context, const Shape& sizes) {
  const Shape& shape = context.shape(0);
  bool fits = sizes.rank() == shape.rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis) {
    fits = sizes[axis] == kUnknown || shape[axis] == kUnknown || sizes[axis] <= shape[axis];
  }
  if (!fits) throw value_error(context.op.name, "the slice must fit into the operand", both(shape, sizes));
}

std::vector<TensorSpec> dynamic_slice_specs(const InferContext& context) {
  require_starts(context, 1);
  const Shape sizes = sizes_from(context, context.attributes.ints("sizes"), 2);
  require_fit(context, sizes);
  return {{context.dtype(0), sizes}};
}

std::vector<TensorSpec> dynamic_update_slice_specs(const InferContext& context) {
  require_same_dtype(context, 0, 1);
  require_starts(context, 2);
  require_fit(context, context.shape(1));
  return {context.inputs[0]};
}

// Where the slice starts, in bytes.
struct Start {
  kernels::CastLoop to_int64;
  Ints strides;
  Ints last;  // the largest start at which the slice still lies inside
  std::size_t element;

  Start(const Shape& whole, const Shape& part, const TensorSpec& starts, std::size_t element_size)
      : to_int64(kernels::find_cast_loop(starts.dtype, Dtype::kInt64)), strides(strides_of(whole)), element(element_size) {
    if (whole.rank() > kernels::kMaxRank) throw value_error("dynamic_slice", "has too many dimensions", whole);
    for (int axis = 0; axis < whole.rank(); ++axis) last.push_back(whole[axis] - part[axis]);
  }

  std::size_t bytes(const void* starts) const {
    std::array<std::int64_t, kernels::kMaxRank> at{};
    to_int64(starts, at.data(), static_cast<std::int64_t>(strides.size()));
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < strides.size(); ++i) offset += std::clamp<std::int64_t>(at[i], 0, last[i]) * strides[i];
    return static_cast<std::size_t>(offset) * element;
  }
};

kernels::StridedCopy part_copy(const Shape& part, const Ints& source, const Ints& target, std::size_t element) {
  std::vector<kernels::CopyAxis> loops;
  for (int axis = 0; axis < part.rank(); ++axis) {
    loops.push_back({part[axis], source[static_cast<std::size_t>(axis)], target[static_cast<std::size_t>(axis)]});
  }
  return kernels::StridedCopy(std::move(loops), element);
}

Kernel dynamic_slice_kernel(KernelRequest& request) {
  const Shape& whole = request.shape(0);
  const Shape& part = request.outputs[0].shape;
  const std::size_t element = size_of(request.dtype(0));
  const Start start(whole, part, request.inputs[1], element);
  const kernels::StridedCopy copy = part_copy(part, strides_of(whole), strides_of(part), element);
  return [start, copy](const KernelCall& call) { copy.run(call.in<char>(0) + start.bytes(call.inputs[1]), call.outputs[0]); };
}

Kernel dynamic_update_slice_kernel(KernelRequest& request) {
  const Shape& whole = request.shape(0);
  const Shape& part = request.shape(1);
  const std::size_t element = size_of(request.dtype(0));
  const Start start(whole, part, request.inputs[2], element);
  const kernels::StridedCopy copy = part_copy(part, strides_of(part), strides_of(whole), element);
  const std::size_t bytes = static_cast<std::size_t>(whole.elements()) * element;
  return [start, copy, bytes](const KernelCall& call) {
    kernels::copy_bytes(call.inputs[0], call.outputs[0], bytes);
    copy.run(call.inputs[1], call.out<char>(0) + start.bytes(call.inputs[2]));
  };
}

std::vector<Value> dynamic_slice_gradient(const GradientContext& context) {
  Builder& build = context.build;
  std::vector<Value> result(context.inputs.size());
  result[0] = build.emit1("dynamic_update_slice", {build.zeros_like(context.inputs[0]), context.gradients[0], context.inputs[1]});
  return result;
}

std::vector<Value> dynamic_update_slice_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& g = context.gradients[0];
  const Value& update = context.inputs[1];
  const Value& starts = context.inputs[2];
  std::vector<Value> result(3);
  if (context.wanted[0]) result[0] = build.emit1("dynamic_update_slice", {g, build.zeros_like(update), starts});
  if (context.wanted[1]) {
    std::vector<Value> operands = {g, starts};
    Ints sizes;
    for (int axis = 0; axis < update.shape().rank(); ++axis) {
      const std::int64_t size = update.shape()[axis];
      sizes.push_back(size == kUnknown ? kFromInput : size);
      if (size == kUnknown) operands.push_back(build.emit1("dim", {update}, {{"axis", static_cast<std::int64_t>(axis)}}));
    }
    result[1] = build.emit1("dynamic_slice", std::move(operands), {{"sizes", sizes}});
  }
  return result;
}

}  // namespace

void register_dynamic_slicing(Registry& registry) {
  Op slice;
  slice.name = "dynamic_slice";
  slice.min_inputs = 2;
  slice.max_inputs = -1;
  slice.attributes = {{"sizes", AttributeKind::kInts}};
  slice.shape_rule = dynamic_slice_specs;
  slice.kernel = dynamic_slice_kernel;
  slice.gradient = dynamic_slice_gradient;
  slice.value_inputs = ~3u;
  registry.add(std::move(slice));

  Op update;
  update.name = "dynamic_update_slice";
  update.min_inputs = update.max_inputs = 3;
  update.shape_rule = dynamic_update_slice_specs;
  update.kernel = dynamic_update_slice_kernel;
  update.gradient = dynamic_update_slice_gradient;
  registry.add(std::move(update));
}

}  // namespace keraunos
