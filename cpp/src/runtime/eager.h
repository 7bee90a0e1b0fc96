// One op on concrete tensors, now.
#pragma once

#include <vector>

#include "keraunos/op.h"

namespace keraunos {

std::vector<Tensor> run_eagerly(const Op& op, const std::vector<Value>& inputs, const Attributes& attributes);

}  // namespace keraunos
