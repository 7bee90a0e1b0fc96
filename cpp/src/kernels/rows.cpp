// Softmax and its kin over many rows: in parallel by rows.
#include <algorithm>

#include "base/threads.h"
#include "kernels/kernels.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

constexpr std::int64_t kElementsPerTask = 16384;

template <class T>
const RowKernels<T>& rows_of() { return of_type<T>(*levels().rows); }

std::int64_t grain_for(std::int64_t n) { return std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(n, 1)); }

template <class T, auto kernel>
void over_rows(const void* in, void* out, std::int64_t rows, std::int64_t n) {
  if (n <= 0) return;
  parallel_for(rows, grain_for(n), [&](std::int64_t begin, std::int64_t end) {
    (rows_of<T>().*kernel)(static_cast<const T*>(in) + begin * n, static_cast<T*>(out) + begin * n, end - begin, n);
  });
}

template <class T, auto kernel>
void over_rows_of_two(const void* y, const void* g, void* out, std::int64_t rows, std::int64_t n) {
  if (n <= 0) return;
  parallel_for(rows, grain_for(n), [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * n;
    (rows_of<T>().*kernel)(static_cast<const T*>(y) + first, static_cast<const T*>(g) + first, static_cast<T*>(out) + first,
                           end - begin, n);
  });
}

}  // namespace

RowLoop find_softmax(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return over_rows<float, &RowKernels<float>::softmax>;
  if (dtype == Dtype::kFloat64) return over_rows<double, &RowKernels<double>::softmax>;
  return nullptr;
}

RowLoop find_log_softmax(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return over_rows<float, &RowKernels<float>::log_softmax>;
  if (dtype == Dtype::kFloat64) return over_rows<double, &RowKernels<double>::log_softmax>;
  return nullptr;
}

RowGradLoop find_softmax_grad(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return over_rows_of_two<float, &RowKernels<float>::softmax_grad>;
  if (dtype == Dtype::kFloat64) return over_rows_of_two<double, &RowKernels<double>::softmax_grad>;
  return nullptr;
}

RowGradLoop find_log_softmax_grad(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return over_rows_of_two<float, &RowKernels<float>::log_softmax_grad>;
  if (dtype == Dtype::kFloat64) return over_rows_of_two<double, &RowKernels<double>::log_softmax_grad>;
  return nullptr;
}

}  // namespace keraunos::kernels
