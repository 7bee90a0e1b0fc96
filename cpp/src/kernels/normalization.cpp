#include "kernels/normalization.h"

#include <algorithm>
#include <cmath>

#include "base/ceil_div.h"
#include "base/threads.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

constexpr Index kElementsPerTask = 32768;
constexpr Index kBlock = 64;  // rows that a level's kernels take at a time

template <class T>
const NormKernels<T>& level() { return of_type<T>(*levels().norm); }

// Rows of one task.
Index grain(Index n) { return std::max<Index>(1, kElementsPerTask / std::max<Index>(n, 1)); }

// Rows of a task that leaves sums behind: whole blocks, so that there are not too many sums.
Index chunk_rows(Index n) { return std::max<Index>(1, ceil_div(grain(n), kBlock)) * kBlock; }

// In column order over the chunks.
template <class T>
void add_chunks(const T* sums, Index chunks, Index stride, Index n, T* out) {
  for (Index i = 0; i < n; ++i) {
    double total = 0;
    for (Index c = 0; c < chunks; ++c) total += static_cast<double>(sums[c * stride + i]);
    out[i] = static_cast<T>(total);
  }
}

// The moments of all chunks, in order (Chan, Golub and LeVeque, 1979).
template <class T>
void join_moments(const BatchNorm<T>& norm, const double* chunks, T* mean, T* variance) {
  const Index rows = chunk_rows(norm.n);
  for (Index i = 0; i < norm.n; ++i) {
    double m = 0, squares = 0;
    for (Index first = 0, c = 0; first < norm.rows; first += rows, ++c) {
      const double before = static_cast<double>(first), count = static_cast<double>(std::min(rows, norm.rows - first));
      const double distance = chunks[2 * c * norm.n + i] - m;
      m += distance * count / (before + count);
      squares += chunks[(2 * c + 1) * norm.n + i] + distance * distance * before * count / (before + count);
    }
    mean[i] = static_cast<T>(m);
    variance[i] = static_cast<T>(squares / static_cast<double>(std::max<Index>(norm.rows, 1)));
  }
}

template <class T>
void scales_of(const BatchNorm<T>& norm, const T* gamma, const T* variance, T* scale) {
  for (Index i = 0; i < norm.n; ++i) scale[i] = gamma[i] / std::sqrt(variance[i] + norm.epsilon);
}

// What follows the chunks' sums in the workspace: scale, slope and offset, of n elements each.
constexpr Index kVectors = 3;

template <class T>
T* vectors_of(const BatchNorm<T>& norm, void* workspace) {
  return static_cast<T*>(workspace) + 2 * ceil_div(norm.rows, chunk_rows(norm.n)) * norm.n * static_cast<Index>(sizeof(double) / sizeof(T));
}

}  // namespace

template <class T>
void layer_norm(const LayerNorm<T>& norm, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse) {
  parallel_for(norm.rows, grain(norm.n), [&](Index begin, Index end) {
    level<T>().layer(x + begin * norm.n, gamma, beta, y + begin * norm.n, mean + begin, inverse + begin, end - begin, norm.n, norm.epsilon,
                     norm.is_centred);
  });
}

template <class T>
std::size_t layer_norm_grad_workspace(const LayerNorm<T>& norm) {
  return static_cast<std::size_t>(2 * ceil_div(norm.rows, chunk_rows(norm.n)) * norm.n) * sizeof(T);
}

template <class T>
void layer_norm_grad(const LayerNorm<T>& norm, const T* g, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma,
                     T* dbeta, void* workspace) {
  const Index rows = chunk_rows(norm.n), chunks = ceil_div(norm.rows, rows), n = norm.n;
  T* sums = static_cast<T*>(workspace);
  parallel_for(chunks, 1, [&](Index begin, Index end) {
    for (Index c = begin; c < end; ++c) {
      const Index first = c * rows, count = std::min(rows, norm.rows - first), at = first * n;
      level<T>().layer_grad(g + at, x + at, gamma, mean + first, inverse + first, dx + at, sums + 2 * c * n, sums + (2 * c + 1) * n, count,
                            n, norm.is_centred);
    }
  });
  add_chunks(sums, chunks, 2 * n, n, dgamma);
  add_chunks(sums + n, chunks, 2 * n, n, dbeta);
}

template <class T>
std::size_t batch_norm_workspace(const BatchNorm<T>& norm) {
  const Index doubles = 2 * ceil_div(norm.rows, chunk_rows(norm.n)) * norm.n;
  return static_cast<std::size_t>(doubles) * sizeof(double) + static_cast<std::size_t>(kVectors * norm.n) * sizeof(T);
}

template <class T>
void batch_norm(const BatchNorm<T>& norm, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* variance, void* workspace) {
  const Index rows = chunk_rows(norm.n), chunks = ceil_div(norm.rows, rows), n = norm.n;
  double* moments = static_cast<double*>(workspace);
  parallel_for(chunks, 1, [&](Index begin, Index end) {
    for (Index c = begin; c < end; ++c) {
      level<T>().moments(x + c * rows * n, moments + 2 * c * n, moments + (2 * c + 1) * n, std::min(rows, norm.rows - c * rows), n);
    }
  });
  join_moments(norm, moments, mean, variance);
  T* scale = vectors_of(norm, workspace);
  scales_of(norm, gamma, variance, scale);
  parallel_for(norm.rows, grain(n), [&](Index begin, Index end) {
    level<T>().shift_and_scale(x + begin * n, mean, scale, beta, y + begin * n, end - begin, n, norm.has_relu);
  });
}

template <class T>
void batch_norm_grad(const BatchNorm<T>& norm, const T* g, const T* x, const T* gamma, const T* beta, const T* mean, const T* variance,
                     T* dx, T* dgamma, T* dbeta, void* workspace) {
  const Index rows = chunk_rows(norm.n), chunks = ceil_div(norm.rows, rows), n = norm.n;
  T* sums = static_cast<T*>(workspace);
  T* scale = vectors_of(norm, workspace);
  T* slope = scale + n;
  T* offset = slope + n;
  scales_of(norm, gamma, variance, scale);
  parallel_for(chunks, 1, [&](Index begin, Index end) {
    for (Index c = begin; c < end; ++c) {
      const Index at = c * rows * n;
      level<T>().batch_grad_sums(g + at, x + at, mean, scale, beta, sums + 2 * c * n, sums + (2 * c + 1) * n,
                                 std::min(rows, norm.rows - c * rows), n, norm.has_relu);
    }
  });
  add_chunks(sums, chunks, 2 * n, n, dbeta);
  add_chunks(sums + n, chunks, 2 * n, n, dgamma);
  // dx = scale (g - mean(g) - (x - mean) mean(g (x - mean)) / (variance + epsilon))
  const T count = static_cast<T>(norm.rows);
  for (Index i = 0; i < n; ++i) {
    const T spread = variance[i] + norm.epsilon;
    offset[i] = -scale[i] * (dbeta[i] / count);
    slope[i] = -scale[i] * (dgamma[i] / count) / spread;
    dgamma[i] /= std::sqrt(spread);
  }
  parallel_for(norm.rows, grain(n), [&](Index begin, Index end) {
    level<T>().batch_grad(g + begin * n, x + begin * n, mean, scale, beta, slope, offset, dx + begin * n, end - begin, n, norm.has_relu);
  });
}

#define KERAUNOS_NORMALIZATION(T)                                                                                              \
  template void layer_norm<T>(const LayerNorm<T>&, const T*, const T*, const T*, T*, T*, T*);                                  \
  template std::size_t layer_norm_grad_workspace<T>(const LayerNorm<T>&);                                                      \
  template void layer_norm_grad<T>(const LayerNorm<T>&, const T*, const T*, const T*, const T*, const T*, T*, T*, T*, void*);  \
  template std::size_t batch_norm_workspace<T>(const BatchNorm<T>&);                                                           \
  template void batch_norm<T>(const BatchNorm<T>&, const T*, const T*, const T*, T*, T*, T*, void*);                           \
  template void batch_norm_grad<T>(const BatchNorm<T>&, const T*, const T*, const T*, const T*, const T*, const T*, T*, T*, T*, void*);
KERAUNOS_NORMALIZATION(float)
KERAUNOS_NORMALIZATION(double)
#undef KERAUNOS_NORMALIZATION

}  // namespace keraunos::kernels
