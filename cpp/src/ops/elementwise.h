// What the elementwise records have in common.
#pragma once

#include "kernels/kernels.h"
#include "ops/formula.h"
#include "ops/registry.h"

namespace keraunos {

// Broadcasts every input; dtypes must agree and be one that the op has a loop for.
std::vector<TensorSpec> elementwise_specs(const InferContext& context);
// The same, giving bool.
std::vector<TensorSpec> predicate_specs(const InferContext& context);

// The record without its gradient.
Op elementwise_op(const char* name, kernels::MapOp map, int operands, bool gives_bool);

// Brings the gradient of a broadcast operand back to its shape.
Value unbroadcast(const GradientContext& context, const Value& gradient, std::size_t operand);

}  // namespace keraunos
