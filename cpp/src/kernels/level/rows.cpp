// Softmax and its kin: each row on its own.
#include "kernels/level/over_row.h"
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <class T>
constexpr T kInf = sizeof(T) == 4 ? T(kInf32) : T(kInf64);

// Rows that fit one vector stay in it from the load to the store, and several take turns, so that none waits for the steps of
// the one before: 128 rows of 10 take a third less time.
template <int Rows, class T>
KERAUNOS_INLINE void softmax_in_vectors(const T* in, T* out, int n) {
  using V = typename Lanes<T>::Vector;
  const V lowest = splat(-kInf<T>);
  const auto part = part_of(in, n);
  V x[Rows];
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) x[r] = load_part_or(in + r * n, part, lowest);
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) {
    const V e = exp(x[r] - largest_lane(x[r]));
    x[r] = e * (splat(T(1)) / sum_lanes(e));
  }
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) store_part(out + r * n, x[r], part);
}

template <class T>
void softmax_of_short_rows(const T* in, T* out, std::int64_t rows, int n) {
  std::int64_t r = 0;
  for (; r + 4 <= rows; r += 4) softmax_in_vectors<4>(in + r * n, out + r * n, n);
  for (; r < rows; ++r) softmax_in_vectors<1>(in + r * n, out + r * n, n);
}

template <class T>
void softmax(const T* in, T* out, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  if (!kIsSmall && n < Lanes<T>::count) return softmax_of_short_rows(in, out, rows, static_cast<int>(n));
  const V lowest = splat(-kInf<T>);
  for (std::int64_t r = 0; r < rows; ++r, in += n, out += n) {
    const V largest = row_peak(in, n);
    V sum = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      const V e = exp(read(in + i, lowest) - largest);
      write(out + i, e);
      sum = sum + e;
    });
    const V scale = splat(T(1)) / sum_lanes(sum);
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(out + i, read(out + i, V{}) * scale);
    });
  }
}

template <class T>
void log_softmax(const T* in, T* out, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  const V lowest = splat(-kInf<T>);
  for (std::int64_t r = 0; r < rows; ++r, in += n, out += n) {
    const V largest = row_peak(in, n);
    V sum = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) {
      sum = sum + exp(read(in + i, lowest) - largest);
    });
    const V log_sum = log(sum_lanes(sum));
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(out + i, (read(in + i, V{}) - largest) - log_sum);
    });
  }
}

template <class T>
void softmax_grad(const T* y, const T* g, T* out, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < rows; ++r, y += n, g += n, out += n) {
    V sum = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) {
      sum = sum + read(y + i, V{}) * read(g + i, V{});
    });
    const V total = sum_lanes(sum);
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(out + i, read(y + i, V{}) * (read(g + i, V{}) - total));
    });
  }
}

template <class T>
void log_softmax_grad(const T* y, const T* g, T* out, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t r = 0; r < rows; ++r, y += n, g += n, out += n) {
    V sum = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) { sum = sum + read(g + i, V{}); });
    const V total = sum_lanes(sum);
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      write(out + i, read(g + i, V{}) - exp(read(y + i, V{})) * total);
    });
  }
}

template <class T>
constexpr RowKernels<T> kRows = {softmax<T>, log_softmax<T>, softmax_grad<T>, log_softmax_grad<T>};

}  // namespace

extern const RowTable row_table = {kRows<float>, kRows<double>};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
