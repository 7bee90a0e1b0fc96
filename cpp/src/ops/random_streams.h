// Random numbers that the kernels do not give directly. Every element depends on the seed and its index alone.
#pragma once

#include <cstdint>

#include "keraunos/dtype.h"

namespace keraunos {

// Normal numbers within two standard deviations, float32 or float64. By the inverse of the normal distribution.
void fill_truncated_normal(const std::uint32_t seed[2], Dtype dtype, void* out, std::int64_t n);

// In [low, low + range). `words` has room for 2 n numbers. Uses 64 random bits each, so that the bias is below range / 2^64.
void fill_integers(const std::uint32_t seed[2], Dtype dtype, std::uint64_t low, std::uint64_t range, std::uint32_t* words, void* out, std::int64_t n);

// A permutation of 0 .. n-1 (Fisher-Yates). `words` has room for 2 n numbers.
void fill_permutation(const std::uint32_t seed[2], std::uint32_t* words, std::int32_t* out, std::int64_t n);

// Gamma-distributed with shape alpha[i] and scale 1 (Marsaglia & Tsang 2000), float32 or float64.
void fill_gamma(const std::uint32_t seed[2], Dtype dtype, const void* alpha, void* out, std::int64_t n);

}  // namespace keraunos
