// float16 and bfloat16 are storage types: the one place where kernels without a 16-bit loop get float32 operands.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

// `maker` makes the kernel for float32. For 16-bit operands the result casts them into its workspace, runs the float32
// kernel there and casts the results back; everything else goes to `maker` unchanged.
KernelMaker in_float32(KernelMaker maker);

// Shape-only inputs may come without data.
bool is_shape_only(const Op& op, std::size_t i);

}  // namespace keraunos
