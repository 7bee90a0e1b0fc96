// Reads and writes at N-d indices: the last axis of `indices` names leading axes of the array.
#include "kernels/indexing.h"
#include "kernels/movement.h"
#include "ops/half_precision.h"
#include "ops/index_operand.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// The shape of what the indices name: their leading sizes, then the axes that are not indexed.
Shape named_shape(const InferContext& context, const Shape& x, const Shape& indices) {
  require_integer(context, 1, "indices");
  const std::int64_t depth = indices.rank() > 0 ? indices[indices.rank() - 1] : kUnknown;
  if (depth == kUnknown || depth > x.rank()) {
    throw value_error(context.op.name, "the last axis of indices must have a known size of at most the operand's rank", both(x, indices));
  }
  Shape result;
  for (int d = 0; d + 1 < indices.rank(); ++d) result.push_back(indices[d]);
  for (int d = static_cast<int>(depth); d < x.rank(); ++d) result.push_back(x[d]);
  return result;
}

std::vector<TensorSpec> gather_nd_specs(const InferContext& context) {
  return {{context.dtype(0), named_shape(context, context.shape(0), context.shape(1))}};
}

std::vector<TensorSpec> scatter_specs(const InferContext& context) {
  require_same_dtype(context, 0, 2);
  const Shape named = named_shape(context, context.shape(0), context.shape(1));
  const Shape& updates = context.shape(2);
  bool fits = named.rank() == updates.rank();
  for (int d = 0; fits && d < named.rank(); ++d) fits = named[d] == updates[d] || named[d] == kUnknown || updates[d] == kUnknown;
  if (!fits) {
    throw value_error(context.op.name, "updates must have shape " + named.text() + " here", "operand " + context.shape(0).text(),
                      "indices " + context.shape(1).text(), "updates " + updates.text());
  }
  return {context.inputs[0]};
}

kernels::TupleIndexing tuple_plan(const Shape& x, const Shape& indices) {
  const int depth = static_cast<int>(indices[indices.rank() - 1]);
  kernels::TupleIndexing plan;
  plan.rows = product(indices, 0, indices.rank() - 1);
  plan.block = product(x, depth, x.rank());
  const Ints strides = strides_of(x);
  plan.sizes.assign(x.sizes().begin(), x.sizes().begin() + depth);
  plan.strides.assign(strides.begin(), strides.begin() + depth);
  return plan;
}

Kernel gather_nd_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const kernels::TupleIndexing plan = tuple_plan(request.shape(0), request.shape(1));
  return [=, element = size_of(request.dtype(0)), site = site_of(request)](const KernelCall& call) {
    kernels::gather_tuples(plan, element, indices.read(call), call.inputs[0], call.outputs[0], site);
  };
}

Kernel scatter_add_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const kernels::TupleIndexing plan = tuple_plan(request.shape(0), request.shape(1));
  const Dtype dtype = request.dtype(0);
  const std::size_t bytes = static_cast<std::size_t>(request.shape(0).elements()) * size_of(dtype);
  return [=, site = site_of(request)](const KernelCall& call) {
    kernels::copy_bytes(call.inputs[0], call.outputs[0], bytes);
    kernels::scatter_add_tuples(plan, dtype, indices.read(call), call.inputs[2], call.outputs[0], site);
  };
}

Kernel scatter_update_kernel(KernelRequest& request) {
  const IndexOperand indices(request, 1);
  const kernels::TupleIndexing plan = tuple_plan(request.shape(0), request.shape(1));
  const std::size_t element = size_of(request.dtype(0));
  const std::size_t bytes = static_cast<std::size_t>(request.shape(0).elements()) * element;
  return [=, site = site_of(request)](const KernelCall& call) {
    kernels::copy_bytes(call.inputs[0], call.outputs[0], bytes);
    kernels::scatter_tuples(plan, element, indices.read(call), call.inputs[2], call.outputs[0], site);
  };
}

std::vector<Value> gather_nd_gradient(const GradientContext& context) {
  Builder& build = context.build;
  return {build.emit1("scatter_add", {build.zeros_like(context.inputs[0]), context.inputs[1], context.gradients[0]}), Value()};
}

std::vector<Value> scatter_add_gradient(const GradientContext& context) {
  std::vector<Value> result(3);
  result[0] = context.gradients[0];
  if (context.wanted[2]) result[2] = context.build.emit1("gather_nd", {context.gradients[0], context.inputs[1]});
  return result;
}

// Of equal indices the last write counts; the gradient of the others is given as if they counted too.
std::vector<Value> scatter_update_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& g = context.gradients[0];
  std::vector<Value> result(3);
  if (context.wanted[0]) result[0] = build.emit1("scatter_update", {g, context.inputs[1], build.zeros_like(context.inputs[2])});
  if (context.wanted[2]) result[2] = build.emit1("gather_nd", {g, context.inputs[1]});
  return result;
}

Op tuple_op(const char* name, int inputs, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = inputs;
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  return op;
}

}  // namespace

void register_scatter(Registry& registry) {
  registry.add(tuple_op("gather_nd", 2, gather_nd_specs, gather_nd_kernel, gather_nd_gradient));
  registry.add(tuple_op("scatter_add", 3, scatter_specs, in_float32(scatter_add_kernel), scatter_add_gradient));
  registry.add(tuple_op("scatter_update", 3, scatter_specs, scatter_update_kernel, scatter_update_gradient));
}

}  // namespace keraunos
