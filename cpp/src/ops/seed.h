// The check that random ops share.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

// Input `i` must be two uint32 numbers.
void require_seed(const InferContext& context, std::size_t i);

}  // namespace keraunos
