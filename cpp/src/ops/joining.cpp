// concatenate, and the slice of a gradient that belongs to one of its operands.
#include "kernels/movement.h"
#include "ops/axis_rules.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

std::int64_t merged_size(std::int64_t a, std::int64_t b, bool& fits) {
  fits = fits && (a == b || a == kUnknown || b == kUnknown);
  return a == kUnknown ? b : a;
}

std::vector<TensorSpec> concatenate_specs(const InferContext& context) {
  Shape result = context.shape(0);
  const int axis = checked_axis(context, result.rank());
  for (std::size_t i = 1; i < context.inputs.size(); ++i) {
    require_same_dtype(context, 0, i);
    const Shape& shape = context.shape(i);
    bool fits = shape.rank() == result.rank();
    for (int d = 0; fits && d < shape.rank(); ++d) {
      if (d == axis) {
        result[d] = shape[d] == kUnknown || result[d] == kUnknown ? kUnknown : result[d] + shape[d];
      } else {
        result[d] = merged_size(result[d], shape[d], fits);
      }
    }
    if (!fits) {
      throw value_error("concatenate", "shapes must agree except along axis " + std::to_string(axis), both(context.shape(0), shape));
    }
  }
  return {{context.dtype(0), result}};
}

Kernel concatenate_kernel(KernelRequest& request) {
  const Shape& out = request.outputs[0].shape;
  const int axis = static_cast<int>(request.attributes.integer("axis"));
  const std::int64_t outer = product(out, 0, axis);
  const std::int64_t out_row = product(out, axis, out.rank());
  const std::size_t element = size_of(request.outputs[0].dtype);
  std::vector<kernels::StridedCopy> copies;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    const std::int64_t row = product(request.shape(i), axis, out.rank());
    copies.emplace_back(std::vector<kernels::CopyAxis>{{outer, row, out_row}, {row, 1, 1}}, element, 0, offset);
    offset += row;
  }
  return [copies = std::move(copies)](const KernelCall& call) {
    for (std::size_t i = 0; i < copies.size(); ++i) copies[i].run(call.inputs[i], call.outputs[0]);
  };
}

std::vector<Value> concatenate_gradient(const GradientContext& context) {
  const auto axis = static_cast<std::size_t>(context.attributes.integer("axis"));
  const auto rank = static_cast<std::size_t>(context.outputs[0].shape().rank());
  std::vector<Value> result(context.inputs.size());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < context.inputs.size(); ++i) {
    const std::int64_t size = context.inputs[i].shape()[static_cast<int>(axis)];
    const bool is_known = offset != kUnknown && size != kUnknown;
    if (context.wanted[i] && is_known) {
      Ints begin(rank, 0), end(rank, INT64_MAX), strides(rank, 1);
      begin[axis] = offset;
      end[axis] = offset + size;
      result[i] = context.build.emit1("slice", {context.gradients[0]}, {{"begin", begin}, {"end", end}, {"strides", strides}});
    } else if (context.wanted[i]) {
      std::vector<Value> operands = {context.gradients[0]};
      operands.insert(operands.end(), context.inputs.begin(), context.inputs.end());
      result[i] = context.build.emit1("concatenate_grad", std::move(operands),
                                      {{"axis", static_cast<std::int64_t>(axis)}, {"index", static_cast<std::int64_t>(i)}});
    }
    offset = is_known ? offset + size : kUnknown;
  }
  return result;
}

// ---------------------------------------------------------------- concatenate_grad(g, *refs){axis, index}

std::size_t operand_of(const Attributes& attributes, std::size_t inputs) {
  const std::int64_t index = attributes.integer("index");
  if (index < 0 || index >= static_cast<std::int64_t>(inputs) - 1) {
    throw value_error("concatenate_grad", "index must name an operand", "index=" + std::to_string(index));
  }
  return static_cast<std::size_t>(index) + 1;
}

std::vector<TensorSpec> concatenate_grad_specs(const InferContext& context) {
  const int axis = checked_axis(context, context.shape(0).rank());
  Shape expected = context.shape(0);
  std::int64_t total = 0;
  for (std::size_t i = 1; i < context.inputs.size(); ++i) {
    expected[axis] = kUnknown;
    require_shape(context, i, expected);
    const std::int64_t size = context.shape(i)[axis];
    total = total == kUnknown || size == kUnknown ? kUnknown : total + size;
  }
  expected[axis] = total;
  require_shape(context, 0, expected);
  return {{context.dtype(0), context.shape(operand_of(context.attributes, context.inputs.size()))}};
}

Kernel concatenate_grad_kernel(KernelRequest& request) {
  const Shape& g = request.shape(0);
  const int axis = static_cast<int>(request.attributes.integer("axis"));
  const std::size_t operand = operand_of(request.attributes, request.inputs.size());
  const std::int64_t row = product(request.shape(operand), axis, g.rank());
  std::int64_t offset = 0;
  for (std::size_t i = 1; i < operand; ++i) offset += product(request.shape(i), axis, g.rank());
  const kernels::StridedCopy copy({{product(g, 0, axis), product(g, axis, g.rank()), row}, {row, 1, 1}}, size_of(request.dtype(0)), offset, 0);
  return [copy](const KernelCall& call) { copy.run(call.inputs[0], call.outputs[0]); };
}

// The operand's place among zeros.
std::vector<Value> concatenate_grad_gradient(const GradientContext& context) {
  const std::size_t operand = operand_of(context.attributes, context.inputs.size());
  std::vector<Value> parts;
  for (std::size_t i = 1; i < context.inputs.size(); ++i) {
    parts.push_back(i == operand ? context.gradients[0] : context.build.zeros_like(context.inputs[i]));
  }
  std::vector<Value> result(context.inputs.size());
  result[0] = context.build.emit1("concatenate", std::move(parts), {{"axis", context.attributes.integer("axis")}});
  return result;
}

}  // namespace

void register_joining(Registry& registry) {
  Op concatenate;
  concatenate.name = "concatenate";
  concatenate.max_inputs = -1;
  concatenate.attributes = {{"axis", AttributeKind::kInt}};
  concatenate.shape_rule = concatenate_specs;
  concatenate.kernel = concatenate_kernel;
  concatenate.gradient = concatenate_gradient;
  concatenate.axis_rule = axes_with_one_named();
  registry.add(std::move(concatenate));

  Op grad;
  grad.name = "concatenate_grad";
  grad.min_inputs = 2;
  grad.max_inputs = -1;
  grad.attributes = {{"axis", AttributeKind::kInt}, {"index", AttributeKind::kInt}};
  grad.shape_rule = concatenate_grad_specs;
  grad.kernel = concatenate_grad_kernel;
  grad.gradient = concatenate_grad_gradient;
  grad.axis_rule = axes_with_one_named();
  grad.shape_only_inputs = ~1u;
  registry.add(std::move(grad));
}

}  // namespace keraunos
