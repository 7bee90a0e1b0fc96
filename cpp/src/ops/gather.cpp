// Picking along one axis: gather and take_along_axis, with their gradients.
#include "kernels/indexing.h"
#include "kernels/movement.h"
#include "ops/half_precision.h"
#include "ops/index_operand.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

std::vector<TensorSpec> gather_specs(const InferContext& context) {
  require_integer(context, 1, "indices");
  const Shape& x = context.shape(0);
  const int axis = checked_axis(context, x.rank());
  Shape result;
  for (int d = 0; d < axis; ++d) result.push_back(x[d]);
  for (std::int64_t size : context.shape(1).sizes()) result.push_back(size);
  for (int d = axis + 1; d < x.rank(); ++d) result.push_back(x[d]);
  return {{context.dtype(0), result}};
}

kernels::AxisIndexing axis_indexing(const Shape& x, int axis, std::int64_t count) {
  return {product(x, 0, axis), x[axis], product(x, axis + 1, x.rank()), count};
}

Kernel gather_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const kernels::AxisIndexing shape =
      axis_indexing(request.shape(0), static_cast<int>(request.attributes.integer("axis")), request.shape(1).elements());
  return [=, element = size_of(request.dtype(0)), site = site_of(request)](const KernelCall& call) {
    kernels::gather(shape, element, indices.read(call), call.inputs[0], call.outputs[0], site);
  };
}

std::vector<Value> gather_gradient(const GradientContext& context) {
  return {context.build.emit1("gather_grad", {context.gradients[0], context.inputs[1], context.inputs[0]}, context.attributes), Value()};
}

// ---------------------------------------------------------------- gather_grad(g, indices, ref){axis}

std::vector<TensorSpec> gather_grad_specs(const InferContext& context) {
  require_integer(context, 1, "indices");
  checked_axis(context, context.shape(2).rank());
  return {{context.dtype(0), context.shape(2)}};
}

Kernel gather_grad_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const kernels::AxisIndexing shape =
      axis_indexing(request.shape(2), static_cast<int>(request.attributes.integer("axis")), request.shape(1).elements());
  if (shape.outer * shape.count * shape.inner != request.shape(0).elements()) {
    throw value_error("gather_grad", "the gradient must have the shape of what was gathered", request.shape(0), request.shape(1), request.shape(2));
  }
  return [=, dtype = request.dtype(0), site = site_of(request)](const KernelCall& call) {
    kernels::gather_add(shape, dtype, indices.read(call), call.inputs[0], call.outputs[0], site);
  };
}

// Each panel looks through all indices: they must be few beside the elements of the result.
constexpr std::int64_t kElementsPerLook = 16;

// Rows that no index names, beside one that an index does: then it is worth sorting the indices.
constexpr std::int64_t kRowsPerIndex = 8;

SparseRows gather_grad_sparse_rows(KernelRequest& request, const kernels::AxisIndexing& shape) {
  const Dtype indices_dtype = request.dtype(1);
  const bool is_read_in_place = indices_dtype == Dtype::kInt32 || indices_dtype == Dtype::kInt64;
  if (!is_read_in_place || shape.count * kRowsPerIndex > shape.size || shape.size > kernels::kMostNamedRows) return {};
  const IndexOperand indices(request, 1);
  const auto named_at = [count = shape.count](void* shared) {
    auto* const places = static_cast<std::uint64_t*>(shared);
    return kernels::NamedRows{places, reinterpret_cast<std::int64_t*>(places + count)};
  };
  SparseRows rows;
  rows.shared_bytes = static_cast<std::size_t>(2 * shape.count + 1) * sizeof(std::int64_t);
  rows.prepare = [=, site = site_of(request)](const KernelCall& call) {
    return kernels::find_named_rows(shape, indices.read(call), named_at(call.workspace), site);
  };
  rows.row = [=, dtype = request.dtype(0)](const KernelCall& call, const void* shared, std::int64_t i) {
    const kernels::NamedRows named = named_at(const_cast<void*>(shared));
    kernels::add_named_row(shape, dtype, named, i, call.inputs[0], call.outputs[0]);
    return named.row(i);
  };
  return rows;
}

// Some rows of the gradient at a time, for the optimizer's loop that consumes them: most rows of a large embedding are zeros,
// which then never leave the cache.
PanelKernel gather_grad_panel(KernelRequest& request, std::int64_t rows) {
  const kernels::AxisIndexing shape =
      axis_indexing(request.shape(2), static_cast<int>(request.attributes.integer("axis")), request.shape(1).elements());
  const Dtype dtype = request.dtype(0);
  if (shape.outer != 1 || shape.size != request.shape(2)[0] || (dtype != Dtype::kFloat32 && dtype != Dtype::kFloat64)) return {};
  const std::int64_t panels = (shape.size + rows - 1) / rows;
  if (shape.count * panels * kElementsPerLook > shape.size * shape.inner) return {};
  if (shape.count * shape.inner != request.shape(0).elements()) return {};
  const IndexOperand indices(request, 1);
  PanelKernel panel;
  panel.rows = [=, site = site_of(request)](const KernelCall& call, const void*, std::int64_t begin, std::int64_t end) {
    kernels::gather_add_rows(shape, dtype, indices.read(call), call.inputs[0], begin, end, call.outputs[0], site);
  };
  panel.sparse = gather_grad_sparse_rows(request, shape);
  return panel;
}

std::vector<Value> gather_grad_gradient(const GradientContext& context) {
  return {context.build.emit1("gather", {context.gradients[0], context.inputs[1]}, context.attributes), Value(), Value()};
}

// ---------------------------------------------------------------- take_along_axis(x, indices){axis}: other axes broadcast

Shape along_shape(const InferContext& context, const Shape& x, const Shape& indices, int axis) {
  if (x.rank() != indices.rank()) throw value_error(context.op.name, "operand and indices must have equally many axes", both(x, indices));
  Shape outer_x = x;
  Shape outer_indices = indices;
  outer_x[axis] = outer_indices[axis] = 1;
  Shape result;
  try {
    result = broadcast_shapes(context.op.name.c_str(), outer_x, outer_indices);
  } catch (const Error&) {
    throw value_error(context.op.name, "shapes must broadcast except along axis " + std::to_string(axis), both(x, indices));
  }
  result[axis] = indices[axis];
  return result;
}

std::vector<TensorSpec> take_along_specs(const InferContext& context) {
  require_integer(context, 1, "indices");
  const int axis = checked_axis(context, context.shape(0).rank());
  return {{context.dtype(0), along_shape(context, context.shape(0), context.shape(1), axis)}};
}

kernels::AlongAxis along_plan(const Shape& x, const Shape& indices, const Shape& out, int axis) {
  if (out.rank() > kernels::kMaxRank) throw value_error("take_along_axis", "has too many dimensions", out);
  kernels::AlongAxis plan;
  plan.sizes = out.sizes();
  plan.x_strides = strides_of(x);
  plan.indices_strides = strides_of(indices);
  plan.axis_size = x[axis];
  plan.axis_stride = plan.x_strides[static_cast<std::size_t>(axis)];
  for (int d = 0; d < out.rank(); ++d) {
    if (x[d] == 1 || d == axis) plan.x_strides[static_cast<std::size_t>(d)] = 0;
    if (indices[d] == 1) plan.indices_strides[static_cast<std::size_t>(d)] = 0;
  }
  return plan;
}

Kernel take_along_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  if (request.outputs[0].shape.elements() == 0) return [](const KernelCall&) {};
  const kernels::AlongAxis plan =
      along_plan(request.shape(0), request.shape(1), request.outputs[0].shape, static_cast<int>(request.attributes.integer("axis")));
  return [=, element = size_of(request.dtype(0)), site = site_of(request)](const KernelCall& call) {
    kernels::take_along(plan, element, indices.read(call), call.inputs[0], call.outputs[0], site);
  };
}

std::vector<Value> take_along_gradient(const GradientContext& context) {
  return {context.build.emit1("take_along_axis_grad", {context.gradients[0], context.inputs[1], context.inputs[0]}, context.attributes), Value()};
}

// ---------------------------------------------------------------- take_along_axis_grad(g, indices, ref){axis}

std::vector<TensorSpec> take_along_grad_specs(const InferContext& context) {
  require_integer(context, 1, "indices");
  const int axis = checked_axis(context, context.shape(2).rank());
  require_shape(context, 0, along_shape(context, context.shape(2), context.shape(1), axis));
  return {{context.dtype(0), context.shape(2)}};
}

Kernel take_along_grad_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const TensorSpec& output = request.outputs[0];
  const std::int64_t n = output.shape.elements();
  const Tensor zero = Tensor::scalar(0.0, output.dtype);
  const bool is_empty = request.shape(0).elements() == 0;
  const kernels::AlongAxis plan =
      along_plan(output.shape, request.shape(1), request.shape(0), static_cast<int>(request.attributes.integer("axis")));
  return [=, site = site_of(request)](const KernelCall& call) {
    kernels::fill_elements(zero.data(), call.outputs[0], n, size_of(zero.dtype()));
    if (!is_empty) kernels::add_along(plan, zero.dtype(), indices.read(call), call.inputs[0], call.outputs[0], site);
  };
}

std::vector<Value> take_along_grad_gradient(const GradientContext& context) {
  return {context.build.emit1("take_along_axis", {context.gradients[0], context.inputs[1]}, context.attributes), Value(), Value()};
}

Op axis_op(const char* name, int inputs, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = inputs;
  op.attributes = {{"axis", AttributeKind::kInt}};
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  if (inputs == 3) op.shape_only_inputs = 1u << 2;
  return op;
}

}  // namespace

void register_gather(Registry& registry) {
  registry.add(axis_op("gather", 2, gather_specs, gather_kernel, gather_gradient));
  Op gather_grad = axis_op("gather_grad", 3, gather_grad_specs, in_float32(gather_grad_kernel), gather_grad_gradient);
  gather_grad.panel_kernel = gather_grad_panel;
  registry.add(std::move(gather_grad));
  registry.add(axis_op("take_along_axis", 2, take_along_specs, take_along_kernel, take_along_gradient));
  registry.add(axis_op("take_along_axis_grad", 3, take_along_grad_specs, in_float32(take_along_grad_kernel), take_along_grad_gradient));
}

}  // namespace keraunos
