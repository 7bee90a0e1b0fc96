#include "ops/elementwise.h"

#include "ops/axis_rules.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

Shape common_shape(const InferContext& context) {
  Shape shape = context.shape(0);
  for (std::size_t i = 1; i < context.inputs.size(); ++i) shape = broadcast_shapes(context.op.name.c_str(), shape, context.shape(i));
  return shape;
}

void require_loop(const InferContext& context, Dtype operand, Dtype result) {
  if (context.op.map_loop(operand, result)) return;
  if (is_half(operand) && context.op.map_loop(Dtype::kFloat32, computed_in(result))) return;
  throw type_error(context.op.name, "does not take this dtype", name_of(operand));
}

std::vector<TensorSpec> specs_of(const InferContext& context, bool gives_bool) {
  for (std::size_t i = 1; i < context.inputs.size(); ++i) require_same_dtype(context, 0, i);
  const Dtype result = gives_bool ? Dtype::kBool : context.dtype(0);
  require_loop(context, context.dtype(0), result);
  return {{result, common_shape(context)}};
}

}  // namespace

std::vector<TensorSpec> elementwise_specs(const InferContext& context) { return specs_of(context, false); }

std::vector<TensorSpec> predicate_specs(const InferContext& context) { return specs_of(context, true); }

Op elementwise_op(const char* name, kernels::MapOp map, int operands, bool gives_bool) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = operands;
  op.shape_rule = gives_bool ? predicate_specs : elementwise_specs;
  op.map_loop = [map](Dtype operand, Dtype) -> MapLoop { return kernels::find_map_loop(map, operand); };
  op.axis_rule = broadcast_axes();
  return op;
}

Value unbroadcast(const GradientContext& context, const Value& gradient, std::size_t operand) {
  const Shape& shape = context.inputs[operand].shape();
  bool is_reduced = false;
  for (std::size_t i = 0; i < context.inputs.size(); ++i) {
    if (i != operand) is_reduced = is_reduced || may_have_been_broadcast(shape, context.inputs[i].shape(), context.outputs[0].shape());
  }
  return is_reduced ? context.build.reduce_to(gradient, context.inputs[operand]) : gradient;
}

}  // namespace keraunos
