// What attention does to a block of scores between its matrix products.
#include "kernels/level/over_row.h"
#include "kernels/level/tables.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <class T>
constexpr T kHidden = T(-0.7) * (sizeof(T) == 4 ? T(3.40282346638528859812e38) : T(1.79769313486231570815e308));

// Scores times the scale; what a query does not see becomes a number that is low and still finite.
template <class T>
KERAUNOS_INLINE void scale_and_hide(T* row, const ScoreRows<T>& rows, std::int64_t r) {
  using V = typename Lanes<T>::Vector;
  const V scale = splat(rows.scale);
  over_row<T>(rows.n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
    write(row + i, read(row + i, V{}) * scale);
  });
  if (rows.mask != nullptr) {
    const unsigned char* seen = rows.mask + r * rows.mask_row;
    for (std::int64_t i = 0; i < rows.n; ++i) row[i] = seen[i * rows.mask_column] != 0 ? row[i] : kHidden<T>;
  }
  if (rows.is_causal) {
    for (std::int64_t i = rows.first + r + 1; i < rows.n; ++i) row[i] = kHidden<T>;
  }
}

// The peaks of all rows come first: each is known late, and the exponentials of its row would wait for it.
template <class T>
void exponentials(const ScoreRows<T>& rows, T* scores, T* statistics) {
  using V = typename Lanes<T>::Vector;
  const V lowest = splat(-(sizeof(T) == 4 ? T(kInf32) : T(kInf64)));
  for (std::int64_t r = 0; r < rows.count; ++r) {
    T* row = scores + r * rows.n;
    scale_and_hide(row, rows, r);
    statistics[2 * r] = row_peak(row, rows.n)[0];
  }
  for (std::int64_t r = 0; r < rows.count; ++r) {
    T* row = scores + r * rows.n;
    const V peak = splat(statistics[2 * r]);
    V sum = {};
    over_row<T>(rows.n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      const V e = exp(read(row + i, lowest) - peak);
      write(row + i, e);
      sum = sum + e;
    });
    statistics[2 * r + 1] = T(1) / sum_lanes(sum)[0];
  }
}

template <class T>
void weights(const ScoreRows<T>& rows, T* scores, const T* statistics) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    T* row = scores + r * rows.n;
    scale_and_hide(row, rows, r);
    // The peak of a query that sees nothing may come from a wider type, where it is lower.
    const V peak = splat(statistics[2 * r] < kHidden<T> ? kHidden<T> : statistics[2 * r]), share = splat(statistics[2 * r + 1]);
    over_row<T>(rows.n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(row + i, exp(read(row + i, V{}) - peak) * share);
    });
  }
}

template <class T>
void slopes(const ScoreRows<T>& rows, const T* weights, const T* statistics, const T* dots, T* gradients) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const T* p = weights + r * rows.n;
    T* g = gradients + r * rows.n;
    // A query that sees nothing has weights, but no score that would change them.
    const V scale = splat(statistics[2 * r] <= kHidden<T> ? T(0) : rows.scale), dot = splat(dots[r]);
    over_row<T>(rows.n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(g + i, read(p + i, V{}) * (read(g + i, V{}) - dot) * scale);
    });
  }
}

template <class T>
void scale_rows(T* y, std::int64_t stride, std::int64_t count, std::int64_t n, const T* statistics) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < count; ++r) {
    T* row = y + r * stride;
    const V share = splat(statistics[2 * r + 1]);
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) { write(row + i, read(row + i, V{}) * share); });
  }
}

template <class T>
void row_dots(const T* a, const T* b, std::int64_t stride, std::int64_t count, std::int64_t n, T* out) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < count; ++r) {
    V sum = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) {
      sum = fma(read(a + r * stride + i, V{}), read(b + r * stride + i, V{}), sum);
    });
    out[r] = sum_lanes(sum)[0];
  }
}

template <class T>
constexpr AttentionKernels<T> kAttention = {exponentials<T>, weights<T>, slopes<T>, scale_rows<T>, row_dots<T>};

}  // namespace

extern const AttentionTable attention_table = {kAttention<float>, kAttention<double>};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
