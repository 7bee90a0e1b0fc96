// When two nodes do the same.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

bool are_equal(const Attributes& a, const Attributes& b);

}  // namespace keraunos
