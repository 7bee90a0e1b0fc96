// A square of as many vectors as a vector has lanes, turned in registers.
#pragma once

#include <utility>

#include "kernels/level/simd.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <int Half, class V, std::size_t... I>
KERAUNOS_INLINE void swap_blocks(V& a, V& b, std::index_sequence<I...>) {
  constexpr int count = sizeof...(I);
  const V low = __builtin_shufflevector(a, b, ((int(I) & Half) ? count + int(I) - Half : int(I))...);
  const V high = __builtin_shufflevector(a, b, ((int(I) & Half) ? count + int(I) : int(I) + Half)...);
  a = low;
  b = high;
}

template <int Count, int Half, class V>
KERAUNOS_INLINE void transpose_stage(V* v) {
#pragma GCC unroll 16
  for (int i = 0; i < Count; ++i) {
    if ((i & Half) == 0) swap_blocks<Half>(v[i], v[i + Half], std::make_index_sequence<Count>());
  }
}

// Lane j of v[i] and lane i of v[j] change places.
template <int Count, class V>
KERAUNOS_INLINE void transpose(V* v) {
  if constexpr (Count >= 16) transpose_stage<Count, 8>(v);
  if constexpr (Count >= 8) transpose_stage<Count, 4>(v);
  if constexpr (Count >= 4) transpose_stage<Count, 2>(v);
  transpose_stage<Count, 1>(v);
}

}  // namespace
}  // namespace keraunos::kernels::KERAUNOS_LEVEL
