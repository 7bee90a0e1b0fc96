// A loop over contiguous elements in vectors, the last of which may be partial.
#pragma once

#include "kernels/level/simd.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// Visits a row in vectors. visit(offset, load, store): the last vector may be partial; what lies beyond it reads as `fill`.
template <class T, class Visit>
KERAUNOS_INLINE void over_row(std::int64_t n, Visit visit) {
  constexpr int W = Lanes<T>::count;
  using V = typename Lanes<T>::Vector;
  std::int64_t i = 0;
  for (; !kHasOneLoop && i + W <= n; i += W) {
    visit(i, [](const T* p, V) __attribute__((always_inline)) { return load(p); },
          [](T* p, V v) __attribute__((always_inline)) { store(p, v); });
  }
  for (; i < n; i += W) {
    const auto part = part_of(static_cast<const T*>(nullptr), part_size(n - i, W));
    visit(i, [part](const T* p, V fill) __attribute__((always_inline)) { return load_part_or(p, part, fill); },
          [part](T* p, V v) __attribute__((always_inline)) { store_part(p, v, part); });
  }
}

// The largest element, in all lanes. With a NaN among them it may be any, for whoever subtracts it meets the NaN again.
template <class T>
KERAUNOS_INLINE typename Lanes<T>::Vector row_peak(const T* row, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  const V lowest = splat(T(-__builtin_huge_val()));
  V peak = lowest;
  over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) { peak = larger(peak, read(row + i, lowest)); });
  return largest_lane(peak);
}

}  // namespace
}  // namespace keraunos::kernels::KERAUNOS_LEVEL
