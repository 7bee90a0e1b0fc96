// Layer normalization (each row on its own) and batch normalization (each column over all rows). Variances are taken in
// two passes over what is still in the first-level cache.
#include "kernels/level/over_row.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <class T>
KERAUNOS_INLINE typename Lanes<T>::Vector inverse_root(typename Lanes<T>::Vector variance, T epsilon) {
  return splat(T(1)) / square_root(variance + splat(epsilon));
}

// ---------------------------------------------------------------- rows

// A block of rows stays in the first-level cache between its two visits.
constexpr std::int64_t kBlockBytes = 16384;

// What the normalization of a row needs to know, for as many rows as there are lanes: their roots and divisions, the slowest of
// all, are then one.
template <class T>
struct RowMoments {
  T mean[Lanes<T>::count], rest[Lanes<T>::count], variance[Lanes<T>::count] = {};

  void take(const T* x, std::int64_t n, std::int64_t r, bool is_centred) {
    using V = typename Lanes<T>::Vector;
    const T count = static_cast<T>(n);
    V sum = {};
    if (is_centred) {
      over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) { sum = sum + read(x + i, V{}); });
    }
    mean[r] = sum_lanes(sum)[0] / count;
    const V m = splat(mean[r]);
    V squares = {}, distances = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto) __attribute__((always_inline)) {
      const V d = read(x + i, m) - m;
      distances = distances + d;
      squares = fma(d, d, squares);
    });
    // What rounding left in the mean: it counts when the mean is large beside the deviation.
    rest[r] = is_centred ? sum_lanes(distances)[0] / count : T(0);
    variance[r] = sum_lanes(squares)[0] / count - rest[r] * rest[r];
  }
};

template <class T>
void layer(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse, std::int64_t rows, std::int64_t n, T epsilon,
           bool is_centred) {
  using V = typename Lanes<T>::Vector;
  const std::int64_t fitting = kBlockBytes / static_cast<std::int64_t>(sizeof(T)) / (n > 0 ? n : 1);
  const std::int64_t block = fitting < 1 ? 1 : fitting < Lanes<T>::count ? fitting : Lanes<T>::count;
  for (std::int64_t first = 0; first < rows; first += block) {
    const std::int64_t last = rows - first < block ? rows : first + block;
    RowMoments<T> moments;
    for (std::int64_t r = first; r < last; ++r) moments.take(x + r * n, n, r - first, is_centred);
    T scales[Lanes<T>::count];
    store(scales, inverse_root<T>(load(moments.variance), epsilon));
    for (std::int64_t r = first; r < last; ++r) {
      const std::int64_t row = r * n;
      const V m = splat(moments.mean[r - first]), rest = splat(moments.rest[r - first]), scale = splat(scales[r - first]);
      over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
        write(y + row + i, fma((read(x + row + i, V{}) - m - rest) * scale, read(gamma + i, V{}), read(beta + i, V{})));
      });
      mean[r] = moments.mean[r - first] + moments.rest[r - first];
      inverse[r] = scales[r - first];
    }
  }
}

template <class T>
void layer_grad(const T* g, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma, T* dbeta, std::int64_t rows,
                std::int64_t n, bool is_centred) {
  using V = typename Lanes<T>::Vector;
  const V count = splat(static_cast<T>(n));
  for (std::int64_t i = 0; i < n; ++i) dgamma[i] = dbeta[i] = T(0);
  for (std::int64_t r = 0; r < rows; ++r, g += n, x += n, dx += n) {
    const V m = splat(mean[r]), scale = splat(inverse[r]);
    V sum = {}, dot = {};
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      const V gradient = read(g + i, V{}), normal = (read(x + i, m) - m) * scale;
      const V scaled = gradient * read(gamma + i, V{});
      sum = sum + scaled;
      dot = fma(scaled, normal, dot);
      write(dgamma + i, fma(gradient, normal, read(dgamma + i, V{})));
      write(dbeta + i, gradient + read(dbeta + i, V{}));
    });
    const V slope = sum_lanes(dot) / count, offset = is_centred ? sum_lanes(sum) / count : V{};
    over_row<T>(n, [&](std::int64_t i, auto read, auto write) __attribute__((always_inline)) {
      const V normal = (read(x + i, m) - m) * scale;
      write(dx + i, (read(g + i, V{}) * read(gamma + i, V{}) - offset - normal * slope) * scale);
    });
  }
}

// ---------------------------------------------------------------- columns

constexpr std::int64_t kBlock = 64;  // rows of a strip that stay in the first-level cache

template <int N>
struct Count {
  static constexpr int value = N;
};

// Strips of several vectors keep more sums in flight: visit(first column, vectors in the strip, read, write).
template <class T, class Visit>
KERAUNOS_INLINE void over_strips(std::int64_t n, Visit visit) {
  constexpr int W = Lanes<T>::count;
  using V = typename Lanes<T>::Vector;
  const auto read = [](const T* p) __attribute__((always_inline)) { return load(p); };
  const auto write = [](T* p, V v) __attribute__((always_inline)) { store(p, v); };
  std::int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) visit(i, Count<4>{}, read, write);
  for (; i + W <= n; i += W) visit(i, Count<1>{}, read, write);
  if (i < n) {
    const auto part = part_of(static_cast<const T*>(nullptr), static_cast<int>(n - i));
    visit(i, Count<1>{}, [part](const T* p) __attribute__((always_inline)) { return load_part(p, part); },
          [part](T* p, V v) __attribute__((always_inline)) { store_part(p, v, part); });
  }
}

// Adds a block's moments to those of the rows before it (Chan, Golub and LeVeque, 1979).
template <class T>
void add_moments(const T* block_mean, const T* block_squares, double* mean, double* squares, std::int64_t before, std::int64_t rows,
                 std::int64_t n) {
  const double share = static_cast<double>(rows) / static_cast<double>(before + rows);
  const double weight = share * static_cast<double>(before);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    const double distance = static_cast<double>(block_mean[i]) - mean[i];
    mean[i] += distance * share;
    squares[i] += static_cast<double>(block_squares[i]) + distance * distance * weight;
  }
}

template <class T>
void moments(const T* x, double* mean, double* squares, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  for (std::int64_t i = 0; i < n; ++i) mean[i] = squares[i] = 0;
  over_strips<T>(n, [&](std::int64_t column, auto vectors, auto read, auto) __attribute__((always_inline)) {
    constexpr int N = decltype(vectors)::value;
    const std::int64_t columns = n - column < N * W ? n - column : N * W;
    // Sums of distances from the first row: a large mean would take the digits of plain sums.
    T block_mean[N * W], block_squares[N * W], first_row[N * W];
    V origin[N];
    for (int v = 0; v < N; ++v) {
      origin[v] = read(x + column + v * W);
      store(first_row + v * W, origin[v]);
    }
    for (std::int64_t first = 0; first < rows; first += kBlock) {
      const std::int64_t count = rows - first < kBlock ? rows - first : kBlock;
      V sum[N] = {}, square[N] = {};
      const T* p = x + first * n + column;
      for (std::int64_t r = 0; r < count; ++r) {
        for (int v = 0; v < N; ++v) sum[v] = sum[v] + (read(p + r * n + v * W) - origin[v]);
      }
      for (int v = 0; v < N; ++v) sum[v] = sum[v] / splat(static_cast<T>(count));
      for (std::int64_t r = 0; r < count; ++r) {
        for (int v = 0; v < N; ++v) {
          const V d = (read(p + r * n + v * W) - origin[v]) - sum[v];
          square[v] = fma(d, d, square[v]);
        }
      }
      for (int v = 0; v < N; ++v) {
        store(block_mean + v * W, sum[v]);
        store(block_squares + v * W, square[v]);
      }
      add_moments(block_mean, block_squares, mean + column, squares + column, first, count, columns);
    }
    for (std::int64_t i = 0; i < columns; ++i) mean[column + i] += static_cast<double>(first_row[i]);
  });
}

template <class T, bool has_relu>
void shift_and_scale_rows(const T* x, const T* mean, const T* scale, const T* shift, T* y, std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  over_strips<T>(n, [&](std::int64_t column, auto vectors, auto read, auto write) __attribute__((always_inline)) {
    constexpr int N = decltype(vectors)::value;
    V m[N], s[N], b[N];
    for (int v = 0; v < N; ++v) {
      m[v] = read(mean + column + v * W);
      s[v] = read(scale + column + v * W);
      b[v] = read(shift + column + v * W);
    }
    const T* from = x + column;
    T* to = y + column;
    for (std::int64_t r = 0; r < rows; ++r, from += n, to += n) {
      for (int v = 0; v < N; ++v) {
        const V value = fma(read(from + v * W) - m[v], s[v], b[v]);
        write(to + v * W, has_relu ? maximum(value, V{}) : value);
      }
    }
  });
}

template <class T>
void shift_and_scale(const T* x, const T* mean, const T* scale, const T* shift, T* y, std::int64_t rows, std::int64_t n, bool has_relu) {
  has_relu ? shift_and_scale_rows<T, true>(x, mean, scale, shift, y, rows, n)
           : shift_and_scale_rows<T, false>(x, mean, scale, shift, y, rows, n);
}

// The gradient where the forward result, computed as in the forward pass, was positive.
template <bool has_relu, class V>
KERAUNOS_INLINE V passed(V g, V distance, V scale, V shift) {
  if constexpr (has_relu) return select(less(V{}, fma(distance, scale, shift)), g, V{});
  return g;
}

template <class T, bool has_relu>
void batch_grad_sum_rows(const T* g, const T* x, const T* mean, const T* scale, const T* shift, T* sum_g, T* sum_gx, std::int64_t rows,
                         std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  over_strips<T>(n, [&](std::int64_t column, auto vectors, auto read, auto write) __attribute__((always_inline)) {
    constexpr int N = decltype(vectors)::value;
    V total_g[N] = {}, total_gx[N] = {}, m[N], s[N], b[N];
    for (int v = 0; v < N; ++v) {
      m[v] = read(mean + column + v * W);
      s[v] = read(scale + column + v * W);
      b[v] = read(shift + column + v * W);
    }
    for (std::int64_t first = 0; first < rows; first += kBlock) {
      const std::int64_t end = rows - first < kBlock ? rows : first + kBlock;
      V block_g[N] = {}, block_gx[N] = {};
      for (std::int64_t r = first; r < end; ++r) {
        for (int v = 0; v < N; ++v) {
          const std::int64_t at = r * n + column + v * W;
          const V distance = read(x + at) - m[v];
          const V gradient = passed<has_relu>(read(g + at), distance, s[v], b[v]);
          block_g[v] = block_g[v] + gradient;
          block_gx[v] = fma(gradient, distance, block_gx[v]);
        }
      }
      for (int v = 0; v < N; ++v) {
        total_g[v] = total_g[v] + block_g[v];
        total_gx[v] = total_gx[v] + block_gx[v];
      }
    }
    for (int v = 0; v < N; ++v) {
      write(sum_g + column + v * W, total_g[v]);
      write(sum_gx + column + v * W, total_gx[v]);
    }
  });
}

template <class T>
void batch_grad_sums(const T* g, const T* x, const T* mean, const T* scale, const T* shift, T* sum_g, T* sum_gx, std::int64_t rows,
                     std::int64_t n, bool has_relu) {
  has_relu ? batch_grad_sum_rows<T, true>(g, x, mean, scale, shift, sum_g, sum_gx, rows, n)
           : batch_grad_sum_rows<T, false>(g, x, mean, scale, shift, sum_g, sum_gx, rows, n);
}

template <class T, bool has_relu>
void batch_grad_rows(const T* g, const T* x, const T* mean, const T* scale, const T* shift, const T* slope, const T* offset, T* dx,
                     std::int64_t rows, std::int64_t n) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(n, [&](std::int64_t column, auto read, auto write) __attribute__((always_inline)) {
    const V m = read(mean + column, V{}), s = read(scale + column, V{}), b = read(shift + column, V{});
    const V k = read(slope + column, V{}), o = read(offset + column, V{});
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t at = r * n + column;
      const V distance = read(x + at, V{}) - m;
      const V gradient = passed<has_relu>(read(g + at, V{}), distance, s, b);
      write(dx + at, fma(gradient, s, fma(distance, k, o)));
    }
  });
}

template <class T>
void batch_grad(const T* g, const T* x, const T* mean, const T* scale, const T* shift, const T* slope, const T* offset, T* dx,
                std::int64_t rows, std::int64_t n, bool has_relu) {
  // Few rows at a time: the columns of one cache line are visited one after the other.
  for (std::int64_t first = 0; first < rows; first += kBlock) {
    const std::int64_t count = rows - first < kBlock ? rows - first : kBlock, at = first * n;
    has_relu ? batch_grad_rows<T, true>(g + at, x + at, mean, scale, shift, slope, offset, dx + at, count, n)
             : batch_grad_rows<T, false>(g + at, x + at, mean, scale, shift, slope, offset, dx + at, count, n);
  }
}

template <class T>
constexpr NormKernels<T> kNorm = {layer<T>, layer_grad<T>, moments<T>, shift_and_scale<T>, batch_grad_sums<T>, batch_grad<T>};

}  // namespace

extern const NormTable norm_table = {kNorm<float>, kNorm<double>};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
