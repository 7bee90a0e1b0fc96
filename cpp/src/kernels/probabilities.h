// A look at values that should be probabilities, on their way into a crossentropy.
#pragma once

#include "kernels/kernels.h"

namespace keraunos::kernels {

// Copies, and remembers whether a value lay outside [0, 1]. NaN does not count.
MapLoop find_probability_loop(Dtype dtype);

// Whether any thread has met one since the last call.
bool take_improbable();

}  // namespace keraunos::kernels
