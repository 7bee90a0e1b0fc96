// Kernels that are one strided copy.
#pragma once

#include "kernels/movement.h"
#include "keraunos/op.h"

namespace keraunos {

// From input 0 to output 0.
Kernel copy_with(kernels::StridedCopy copy);

// An error unless `from` broadcasts to exactly `to`, as far as sizes are known.
void require_broadcastable(const char* subject, const Shape& from, const Shape& to);

kernels::StridedCopy broadcast_copy(const Shape& from, const Shape& to, std::size_t element_size);

}  // namespace keraunos
