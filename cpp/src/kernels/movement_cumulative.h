// Running sums and products along one axis.
#pragma once

#include <cstdint>

#include "keraunos/dtype.h"

namespace keraunos::kernels {

enum class RunningOp : std::uint8_t { kSum, kProduct };

// in and out are [outer, n, inner]; from the back when is_reverse. Not for the 16-bit floats.
using RunningLoop = void (*)(const void* in, void* out, std::int64_t outer, std::int64_t n, std::int64_t inner, bool is_reverse);
RunningLoop find_running_loop(RunningOp op, Dtype dtype);

}  // namespace keraunos::kernels
