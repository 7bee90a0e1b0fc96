// sort, argsort, top_k, searchsorted. NaN counts as larger than every number.
#include "kernels/sorting.h"

#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

kernels::SortRequest whole_lines(const KernelRequest& request) {
  const Shape& shape = request.shape(0);
  const int axis = static_cast<int>(request.attributes.integer("axis"));
  kernels::SortRequest sort;
  sort.lines = {product(shape, 0, axis), shape[axis], product(shape, axis + 1, shape.rank())};
  sort.take = sort.lines.n;
  sort.is_descending = request.attributes.boolean("descending");
  return sort;
}

std::vector<TensorSpec> sort_specs(const InferContext& context) {
  checked_axis(context, context.shape(0).rank());
  return {context.inputs[0]};
}

std::vector<TensorSpec> argsort_specs(const InferContext& context) {
  checked_axis(context, context.shape(0).rank());
  return {{Dtype::kInt32, context.shape(0)}};
}

Kernel sort_kernel(KernelRequest& request) {
  const kernels::SortRequest sort = whole_lines(request);
  const Dtype dtype = request.dtype(0);
  request.workspace_bytes = kernels::sort_workspace(sort, dtype);
  return [=](const KernelCall& call) { kernels::sort_lines(sort, dtype, call.inputs[0], call.outputs[0], nullptr, call.workspace); };
}

Kernel argsort_kernel(KernelRequest& request) {
  const kernels::SortRequest sort = whole_lines(request);
  const Dtype dtype = request.dtype(0);
  request.workspace_bytes = kernels::sort_workspace(sort, dtype);
  return [=](const KernelCall& call) {
    kernels::sort_lines(sort, dtype, call.inputs[0], nullptr, call.out<std::int32_t>(0), call.workspace);
  };
}

Value put_back(const GradientContext& context, const Value& g, const Value& positions, std::int64_t axis) {
  return context.build.emit1("take_along_axis_grad", {g, positions, context.inputs[0]}, {{"axis", axis}});
}

std::vector<Value> sort_gradient(const GradientContext& context) {
  const Value positions = context.build.emit1("argsort", {context.inputs[0]}, context.attributes);
  return {put_back(context, context.gradients[0], positions, context.attributes.integer("axis"))};
}

// ---------------------------------------------------------------- top_k

std::vector<TensorSpec> top_k_specs(const InferContext& context) {
  require_min_rank(context, 0, 1);
  Shape shape = context.shape(0);
  const int last = shape.rank() - 1;
  const std::int64_t k = context.attributes.integer("k");
  if (k < 0 || (shape[last] != kUnknown && k > shape[last])) {
    throw value_error("top_k", "k must be at most the size of the last axis", "k=" + std::to_string(k), shape);
  }
  shape[last] = k;
  return {{context.dtype(0), shape}, {Dtype::kInt32, shape}};
}

Kernel top_k_kernel(KernelRequest& request) {
  const Shape& shape = request.shape(0);
  const int last = shape.rank() - 1;
  kernels::SortRequest sort;
  sort.lines = {product(shape, 0, last), shape[last], 1};
  sort.take = request.attributes.integer("k");
  sort.is_descending = true;
  sort.is_ordered = request.attributes.boolean("sorted");
  const Dtype dtype = request.dtype(0);
  request.workspace_bytes = kernels::sort_workspace(sort, dtype);
  return [=](const KernelCall& call) {
    kernels::sort_lines(sort, dtype, call.inputs[0], call.outputs[0], call.out<std::int32_t>(1), call.workspace);
  };
}

std::vector<Value> top_k_gradient(const GradientContext& context) {
  if (context.gradients[0].is_empty()) return std::vector<Value>(1);
  return {put_back(context, context.gradients[0], context.outputs[1], context.inputs[0].shape().rank() - 1)};
}

// ---------------------------------------------------------------- searchsorted

std::vector<TensorSpec> searchsorted_specs(const InferContext& context) {
  require_same_dtype(context, 0, 1);
  if (context.shape(0).rank() != 1) throw value_error("searchsorted", "the sorted sequence must have 1 dimension", context.shape(0));
  const std::string& side = context.attributes.text("side");
  if (side != "left" && side != "right") throw value_error("searchsorted", "side must be \"left\" or \"right\"", '"' + side.substr(0, 100) + '"');
  return {{Dtype::kInt32, context.shape(1)}};
}

Kernel searchsorted_kernel(KernelRequest& request) {
  const Dtype dtype = request.dtype(0);
  const std::int64_t n = request.shape(0).elements();
  const std::int64_t count = request.shape(1).elements();
  const bool is_right = request.attributes.text("side") == "right";
  return [=](const KernelCall& call) {
    kernels::search_sorted(dtype, call.inputs[0], n, call.inputs[1], call.out<std::int32_t>(0), count, is_right);
  };
}

Op line_op(const char* name, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.attributes = {{"axis", AttributeKind::kInt}, {"descending", AttributeKind::kBool, false, false}};
  op.shape_rule = std::move(rule);
  op.kernel = in_float32(std::move(kernel));
  op.gradient = std::move(gradient);
  return op;
}

}  // namespace

void register_sorting(Registry& registry) {
  registry.add(line_op("sort", sort_specs, sort_kernel, sort_gradient));
  registry.add(line_op("argsort", argsort_specs, argsort_kernel, nullptr));

  Op top_k = line_op("top_k", top_k_specs, top_k_kernel, top_k_gradient);
  top_k.attributes = {{"k", AttributeKind::kInt}, {"sorted", AttributeKind::kBool, false, true}};
  registry.add(std::move(top_k));

  Op search;
  search.name = "searchsorted";
  search.min_inputs = search.max_inputs = 2;
  search.attributes = {{"side", AttributeKind::kString, false, std::string("left")}};
  search.shape_rule = searchsorted_specs;
  search.kernel = in_float32(searchsorted_kernel);
  registry.add(std::move(search));
}

}  // namespace keraunos
