#pragma once

#include <cstdint>

namespace keraunos {

// How many pieces of `b`, the last perhaps shorter, make `a`.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace keraunos
