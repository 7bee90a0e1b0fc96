// Random numbers: whole groups straight into the result, in parallel; the last part of a group through a copy.
#include <cmath>
#include <cstring>

#include "base/threads.h"
#include "kernels/dispatch.h"
#include "kernels/kernels.h"

namespace keraunos::kernels {
namespace {

constexpr std::int64_t kGroup = 64;
constexpr std::int64_t kDropoutGroup = 128;
constexpr std::int64_t kGroupsPerTask = 512;
constexpr std::int64_t kDropoutGroupsPerTask = 128;

template <class T, class Fill>
void fill_groups(const std::uint32_t key[2], T* out, std::int64_t n, Fill fill) {
  if (n <= 0) return;
  const std::int64_t whole = n / kGroup;
  parallel_for(whole, kGroupsPerTask,
               [&](std::int64_t begin, std::int64_t end) { fill(key, begin, end - begin, out + begin * kGroup); });
  if (whole * kGroup == n) return;
  T last[kGroup];
  fill(key, whole, 1, last);
  std::memcpy(out + whole * kGroup, last, static_cast<std::size_t>(n - whole * kGroup) * sizeof(T));
}

template <class T, class Drop>
void drop_groups(const std::uint32_t key[2], const T* in, T* out, std::int64_t n, double rate, double scale, Drop drop) {
  if (n <= 0) return;
  const std::uint32_t threshold = static_cast<std::uint32_t>(std::lrint(std::fmin(std::fmax(rate, 0.0), 1.0) * 65536.0));
  const std::int64_t whole = n / kDropoutGroup;
  parallel_for(whole, kDropoutGroupsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * kDropoutGroup;
    drop(key, begin, end - begin, in + first, out + first, threshold, static_cast<T>(scale));
  });
  const std::size_t left = static_cast<std::size_t>(n - whole * kDropoutGroup) * sizeof(T);
  if (left == 0) return;
  T last[kDropoutGroup] = {};
  std::memcpy(last, in + whole * kDropoutGroup, left);
  drop(key, whole, 1, last, last, threshold, static_cast<T>(scale));
  std::memcpy(out + whole * kDropoutGroup, last, left);
}

}  // namespace

void random_bits(const std::uint32_t key[2], std::uint32_t* out, std::int64_t n) {
  fill_groups(key, out, n, levels().random->bits);
}
void random_uniform_f32(const std::uint32_t key[2], float* out, std::int64_t n) {
  fill_groups(key, out, n, levels().random->uniform_f32);
}
void random_uniform_f64(const std::uint32_t key[2], double* out, std::int64_t n) {
  fill_groups(key, out, n, levels().random->uniform_f64);
}
void random_normal_f32(const std::uint32_t key[2], float* out, std::int64_t n) {
  fill_groups(key, out, n, levels().random->normal_f32);
}
void random_normal_f64(const std::uint32_t key[2], double* out, std::int64_t n) {
  fill_groups(key, out, n, levels().random->normal_f64);
}
void dropout_f32(const std::uint32_t key[2], const float* in, float* out, std::int64_t n, double rate, double scale) {
  drop_groups(key, in, out, n, rate, scale, levels().random->dropout_f32);
}
void dropout_f64(const std::uint32_t key[2], const double* in, double* out, std::int64_t n, double rate, double scale) {
  drop_groups(key, in, out, n, rate, scale, levels().random->dropout_f64);
}

}  // namespace keraunos::kernels
