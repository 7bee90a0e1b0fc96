// Parts and surroundings with bounds known beforehand: slice, pad, flip.
#include <algorithm>

#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/broadcast_copy.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

struct Range {
  std::int64_t start, count;
};

// Python's slice(begin, end, stride).indices(size), with begin and end always given.
Range python_range(std::int64_t begin, std::int64_t end, std::int64_t stride, std::int64_t size) {
  const std::int64_t lowest = stride > 0 ? 0 : -1;
  const std::int64_t highest = stride > 0 ? size : size - 1;
  const auto clip = [&](std::int64_t bound) { return std::clamp(bound < 0 ? bound + size : bound, lowest, highest); };
  const std::int64_t start = clip(begin);
  const std::int64_t stop = clip(end);
  if (stride > 0) return {start, stop > start ? (stop - start - 1) / stride + 1 : 0};
  return {start, start > stop ? (start - stop - 1) / -stride + 1 : 0};
}

struct Bounds {
  const Ints& begin;
  const Ints& end;
  const Ints& strides;

  explicit Bounds(const Attributes& attributes)
      : begin(attributes.ints("begin")), end(attributes.ints("end")), strides(attributes.ints("strides")) {}
  Range range(int axis, std::int64_t size) const {
    const auto at = static_cast<std::size_t>(axis);
    return python_range(begin[at], end[at], strides[at], size);
  }
};

void check_bounds(const InferContext& context, const Bounds& bounds, int rank) {
  const auto n = static_cast<std::size_t>(rank);
  if (bounds.begin.size() != n || bounds.end.size() != n || bounds.strides.size() != n) {
    throw value_error(context.op.name, "begin, end and strides need one entry per axis", "begin=" + list_text(bounds.begin), "end=" + list_text(bounds.end),
                      "strides=" + list_text(bounds.strides));
  }
  for (std::int64_t stride : bounds.strides) {
    if (stride == 0 || stride < -INT64_MAX) throw value_error(context.op.name, "strides must not be 0", "strides=" + list_text(bounds.strides));
  }
}

std::vector<TensorSpec> slice_specs(const InferContext& context) {
  const Shape& shape = context.shape(0);
  const Bounds bounds(context.attributes);
  check_bounds(context, bounds, shape.rank());
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) result.push_back(shape[axis] == kUnknown ? kUnknown : bounds.range(axis, shape[axis]).count);
  return {{context.dtype(0), result}};
}

// The slice of an array of this shape, as seen from the array.
struct SliceLayout {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
};

SliceLayout layout_of(const Shape& shape, const Bounds& bounds) {
  SliceLayout layout;
  const Ints strides = strides_of(shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    const Range range = bounds.range(axis, shape[axis]);
    layout.sizes.push_back(range.count);
    // One element needs no step; a huge stride must not overflow.
    layout.strides.push_back(range.count > 1 ? strides[at] * bounds.strides[at] : 0);
    layout.offset += range.count > 0 ? range.start * strides[at] : 0;
  }
  return layout;
}

Kernel slice_kernel(KernelRequest& request) {
  const SliceLayout layout = layout_of(request.shape(0), Bounds(request.attributes));
  const Ints target = strides_of(request.outputs[0].shape);
  std::vector<kernels::CopyAxis> loops;
  for (std::size_t i = 0; i < target.size(); ++i) loops.push_back({layout.sizes[i], layout.strides[i], target[i]});
  return copy_with(kernels::StridedCopy(std::move(loops), size_of(request.dtype(0)), layout.offset, 0));
}

std::vector<Value> slice_gradient(const GradientContext& context) {
  return {context.build.emit1("slice_grad", {context.gradients[0], context.inputs[0]}, context.attributes)};
}

// ---------------------------------------------------------------- slice_grad(g, ref){begin, end, strides}: g at its place among zeros

std::vector<TensorSpec> slice_grad_specs(const InferContext& context) {
  check_bounds(context, Bounds(context.attributes), context.shape(1).rank());
  return {{context.dtype(0), context.shape(1)}};
}

Kernel slice_grad_kernel(KernelRequest& request) {
  const Shape& whole = request.shape(1);
  const SliceLayout layout = layout_of(whole, Bounds(request.attributes));
  if (Shape(layout.sizes) != request.shape(0)) {
    throw value_error("slice_grad", "the gradient must have the slice's shape", both(request.shape(0), Shape(layout.sizes)));
  }
  const Ints source = strides_of(request.shape(0));
  std::vector<kernels::CopyAxis> loops;
  for (std::size_t i = 0; i < source.size(); ++i) loops.push_back({layout.sizes[i], source[i], layout.strides[i]});
  const std::size_t element = size_of(request.dtype(0));
  const kernels::StridedCopy copy(std::move(loops), element, 0, layout.offset);
  const Tensor zero = Tensor::scalar(0.0, request.dtype(0));
  return [copy, zero, element, n = whole.elements()](const KernelCall& call) {
    kernels::fill_elements(zero.data(), call.outputs[0], n, element);
    copy.run(call.inputs[0], call.outputs[0]);
  };
}

std::vector<Value> slice_grad_gradient(const GradientContext& context) {
  return {context.build.emit1("slice", {context.gradients[0]}, context.attributes), Value()};
}

// ---------------------------------------------------------------- pad

std::vector<TensorSpec> pad_specs(const InferContext& context) {
  require_same_dtype(context, 0, 1);
  require_scalar(context, 1, "the value");
  const Shape& shape = context.shape(0);
  const Ints& low = context.attributes.ints("low");
  const Ints& high = context.attributes.ints("high");
  const auto is_negative = [](std::int64_t size) { return size < 0; };
  if (low.size() != shape.sizes().size() || high.size() != shape.sizes().size() || std::any_of(low.begin(), low.end(), is_negative) ||
      std::any_of(high.begin(), high.end(), is_negative)) {
    throw value_error("pad", "low and high need one size of at least 0 per axis", shape, "low=" + list_text(low), "high=" + list_text(high));
  }
  Shape result = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (shape[axis] == kUnknown) continue;
    if (__builtin_add_overflow(shape[axis], low[at], &result[axis]) || __builtin_add_overflow(result[axis], high[at], &result[axis])) {
      throw value_error("pad", "the result is too large", shape, "low=" + list_text(low), "high=" + list_text(high));
    }
  }
  return {{context.dtype(0), result}};
}

Kernel pad_kernel(KernelRequest& request) {
  const Shape& in = request.shape(0);
  const Shape& out = request.outputs[0].shape;
  const Ints source = strides_of(in);
  const Ints target = strides_of(out);
  const Ints& low = request.attributes.ints("low");
  std::vector<kernels::CopyAxis> loops;
  std::int64_t offset = 0;
  for (int axis = 0; axis < in.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    loops.push_back({in[axis], source[at], target[at]});
    offset += low[at] * target[at];
  }
  const std::size_t element = size_of(request.dtype(0));
  const kernels::StridedCopy copy(std::move(loops), element, 0, offset);
  const std::int64_t n = out.elements();
  const bool has_border = n != in.elements();
  return [copy, element, n, has_border](const KernelCall& call) {
    if (has_border) kernels::fill_elements(call.inputs[1], call.outputs[0], n, element);
    copy.run(call.inputs[0], call.outputs[0]);
  };
}

std::vector<Value> pad_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& g = context.gradients[0];
  const Shape& shape = context.inputs[0].shape();
  const Ints& low = context.attributes.ints("low");
  const Ints& high = context.attributes.ints("high");
  Ints end, axes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    end.push_back(high[at] > 0 ? -high[at] : INT64_MAX);
    axes.push_back(axis);
  }
  const Value inside = build.emit1("slice", {g}, {{"begin", low}, {"end", end}, {"strides", Ints(low.size(), 1)}});
  std::vector<Value> result = {inside, Value()};
  if (context.wanted[1]) result[1] = build.subtract(build.sum(g, axes, false), build.sum(inside, axes, false));
  return result;
}

// ---------------------------------------------------------------- flip

std::vector<TensorSpec> flip_specs(const InferContext& context) {
  checked_axes(context, context.shape(0).rank());
  return {context.inputs[0]};
}

Kernel flip_kernel(KernelRequest& request) {
  const Shape& shape = request.shape(0);
  const Ints strides = strides_of(shape);
  const Ints& axes = request.attributes.ints("axes");
  std::vector<kernels::CopyAxis> loops;
  std::int64_t offset = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const std::int64_t stride = strides[static_cast<std::size_t>(axis)];
    const bool is_flipped = std::find(axes.begin(), axes.end(), axis) != axes.end();
    loops.push_back({shape[axis], is_flipped ? -stride : stride, stride});
    if (is_flipped && shape[axis] > 0) offset += (shape[axis] - 1) * stride;
  }
  return copy_with(kernels::StridedCopy(std::move(loops), size_of(request.dtype(0)), offset, 0));
}

std::vector<Value> flip_gradient(const GradientContext& context) {
  return {context.build.emit1("flip", {context.gradients[0]}, context.attributes)};
}

Op slicing_op(const char* name, int inputs, std::vector<AttributeRule> attributes, ShapeRule rule, KernelMaker kernel, GradientRule gradient,
              AxisRule axes) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = inputs;
  op.attributes = std::move(attributes);
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  op.axis_rule = std::move(axes);
  return op;
}

}  // namespace

void register_slicing(Registry& registry) {
  const std::vector<AttributeRule> bounds = {{"begin", AttributeKind::kInts}, {"end", AttributeKind::kInts}, {"strides", AttributeKind::kInts}};
  const std::vector<AttributeRule> borders = {{"low", AttributeKind::kInts}, {"high", AttributeKind::kInts}};
  const AxisRule by_bounds = axes_with_entries({"begin", "end", "strides"});
  registry.add(slicing_op("slice", 1, bounds, slice_specs, slice_kernel, slice_gradient, by_bounds));
  Op slice_grad = slicing_op("slice_grad", 2, bounds, slice_grad_specs, slice_grad_kernel, slice_grad_gradient, by_bounds);
  slice_grad.shape_only_inputs = 1u << 1;
  registry.add(std::move(slice_grad));
  registry.add(slicing_op("pad", 2, borders, pad_specs, pad_kernel, pad_gradient, axes_with_entries({"low", "high"})));
  registry.add(slicing_op("flip", 1, {{"axes", AttributeKind::kInts}}, flip_specs, flip_kernel, flip_gradient, axes_with_some_named()));
}

}  // namespace keraunos
