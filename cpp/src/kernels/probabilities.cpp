#include "kernels/probabilities.h"

#include <atomic>
#include <cstdint>

namespace keraunos::kernels {
namespace {

std::atomic<bool> has_met_improbable{false};

template <class T>
void probability_loop(const void* a, const void*, const void*, void* out, std::int64_t n, const double*) {
  const T* from = static_cast<const T*>(a);
  T* to = static_cast<T*>(out);
  int outside = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const T value = from[i];
    outside |= static_cast<int>(value < T(0)) | static_cast<int>(value > T(1));
    to[i] = value;
  }
  if (outside != 0) has_met_improbable.store(true, std::memory_order_relaxed);
}

}  // namespace

MapLoop find_probability_loop(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return probability_loop<float>;
  if (dtype == Dtype::kFloat64) return probability_loop<double>;
  return nullptr;
}

bool take_improbable() { return has_met_improbable.exchange(false, std::memory_order_relaxed); }

}  // namespace keraunos::kernels
