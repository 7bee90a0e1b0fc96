// What planners ask about the ops of recurrent layers.
#pragma once

#include <vector>

#include "keraunos/op.h"

namespace keraunos {

// Whether the op walks through sequences that keep one thread busy for long and no other one at all.
bool walks_alone(const Op& op, const std::vector<TensorSpec>& inputs);

}  // namespace keraunos
