#include "kernels/movement_cumulative.h"

#include <algorithm>

#include "base/threads.h"
#include "kernels/element_types.h"

namespace keraunos::kernels {
namespace {

// Columns that one task carries along the axis together.
constexpr std::int64_t kBand = 256;

template <class T>
struct Add {
  static T apply(T a, T b) { return wrapping_add(a, b); }
};

template <class T>
struct Multiply {
  static T apply(T a, T b) { return wrapping_multiply(a, b); }
};

template <class T, template <class> class Combine>
void run(const void* in, void* out, std::int64_t outer, std::int64_t n, std::int64_t inner, bool is_reverse) {
  if (outer * n * inner == 0) return;
  const T* from = static_cast<const T*>(in);
  T* to = static_cast<T*>(out);
  const std::int64_t band = std::min(kBand, inner);
  const std::int64_t bands = (inner + band - 1) / band;
  const std::int64_t grain = std::max<std::int64_t>(1, 16 * 1024 / (n * band));
  parallel_for(outer * bands, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t left = item % bands * band;
      const std::int64_t width = std::min(band, inner - left);
      const std::int64_t first = item / bands * n * inner + (is_reverse ? (n - 1) * inner : 0) + left;
      const std::int64_t step = is_reverse ? -inner : inner;
      std::copy(from + first, from + first + width, to + first);
      for (std::int64_t i = 1; i < n; ++i) {
        const T* row = from + first + i * step;
        T* sums = to + first + i * step;
        const T* before = sums - step;
        for (std::int64_t j = 0; j < width; ++j) sums[j] = Combine<T>::apply(before[j], row[j]);
      }
    }
  });
}

}  // namespace

RunningLoop find_running_loop(RunningOp op, Dtype dtype) {
  if (dtype == Dtype::kFloat16 || dtype == Dtype::kBfloat16 || dtype == Dtype::kBool) return nullptr;
  return visit_arithmetic(dtype, [&](auto type) -> RunningLoop {
    using T = typename decltype(type)::type;
    return op == RunningOp::kSum ? &run<T, Add> : &run<T, Multiply>;
  });
}

}  // namespace keraunos::kernels
