#include "ops/random_streams.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/threads.h"
#include "kernels/element_types.h"
#include "kernels/kernels.h"

namespace keraunos {
namespace {

// Phi(2) - Phi(-2) = erf(sqrt 2).
constexpr double kWithinTwoSigma = 0.95449973610364158560;
constexpr double kSqrt2 = 1.41421356237309504880;
constexpr double kTwoPi = 6.28318530717958647693;

// The upper half of a 128-bit product, from 32-bit pieces: every compiler has those.
std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t a_low = a & 0xffffffffu, a_high = a >> 32;
  const std::uint64_t b_low = b & 0xffffffffu, b_high = b >> 32;
  const std::uint64_t low = a_low * b_low;
  const std::uint64_t middle = a_high * b_low + (low >> 32);
  const std::uint64_t other = a_low * b_high + (middle & 0xffffffffu);
  return a_high * b_high + (middle >> 32) + (other >> 32);
}

std::uint64_t joined(const std::uint32_t* words, std::int64_t i) { return std::uint64_t{words[2 * i]} << 32 | words[2 * i + 1]; }

template <class T>
void truncated_normal(T* out, std::int64_t n, Dtype dtype) {
  const kernels::MapLoop erfinv = kernels::find_map_loop(kernels::MapOp::kErfinv, dtype);
  parallel_for(n, 8 * 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = static_cast<T>(kWithinTwoSigma * (2.0 * static_cast<double>(out[i]) - 1.0));
    erfinv(out + begin, nullptr, nullptr, out + begin, end - begin, nullptr);
    for (std::int64_t i = begin; i < end; ++i) out[i] = std::clamp(static_cast<T>(out[i] * T(kSqrt2)), T(-2), T(2));
  });
}

// splitmix64 (Steele, Lea & Flood 2014): spreads neighbouring indices over all keys.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// An endless stream of numbers of one element.
class Stream {
 public:
  explicit Stream(std::uint64_t key) : key_(key) {}

  // In (0, 1).
  double uniform() {
    if (next_ == kBlock) refill();
    const std::uint64_t bits = joined(words_.data(), next_++);
    return (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
  }

  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(kTwoPi * uniform());
  }

 private:
  static constexpr std::int64_t kBlock = 8;

  void refill() {
    const std::uint64_t key = mixed(key_ + block_++);
    const std::uint32_t words[2] = {static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key)};
    kernels::random_bits(words, words_.data(), 2 * kBlock);
    next_ = 0;
  }

  std::uint64_t key_;
  std::uint64_t block_ = 0;
  std::int64_t next_ = kBlock;
  std::array<std::uint32_t, 2 * kBlock> words_;
};

double gamma(double alpha, Stream& stream) {
  if (!(alpha > 0) || std::isinf(alpha)) return alpha == 0 ? 0.0 : std::isinf(alpha) && alpha > 0 ? alpha : std::numeric_limits<double>::quiet_NaN();
  // Below 1: gamma(alpha) = gamma(alpha + 1) * u^(1/alpha).
  const double boost = alpha < 1.0 ? std::pow(stream.uniform(), 1.0 / alpha) : 1.0;
  const double d = (alpha < 1.0 ? alpha + 1.0 : alpha) - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = stream.normal();
    const double root = 1.0 + c * x;
    const double u = stream.uniform();
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return boost * d * v;
  }
}

}  // namespace

void fill_truncated_normal(const std::uint32_t seed[2], Dtype dtype, void* out, std::int64_t n) {
  if (dtype == Dtype::kFloat32) {
    kernels::random_uniform_f32(seed, static_cast<float*>(out), n);
    truncated_normal(static_cast<float*>(out), n, dtype);
  } else {
    kernels::random_uniform_f64(seed, static_cast<double*>(out), n);
    truncated_normal(static_cast<double*>(out), n, dtype);
  }
}

void fill_integers(const std::uint32_t seed[2], Dtype dtype, std::uint64_t low, std::uint64_t range, std::uint32_t* words, void* out, std::int64_t n) {
  kernels::random_bits(seed, words, 2 * n);
  kernels::visit_arithmetic(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    T* to = static_cast<T*>(out);
    parallel_for(n, 16 * 1024, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<T>(low + multiply_high(joined(words, i), range));
    });
  });
}

void fill_permutation(const std::uint32_t seed[2], std::uint32_t* words, std::int32_t* out, std::int64_t n) {
  kernels::random_bits(seed, words, 2 * n);
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<std::int32_t>(i);
  for (std::int64_t i = n - 1; i > 0; --i) {
    const auto j = static_cast<std::int64_t>(multiply_high(joined(words, i), static_cast<std::uint64_t>(i + 1)));
    std::swap(out[i], out[j]);
  }
}

void fill_gamma(const std::uint32_t seed[2], Dtype dtype, const void* alpha, void* out, std::int64_t n) {
  const std::uint64_t key = std::uint64_t{seed[0]} << 32 | seed[1];
  const auto fill = [&](auto type) {
    using T = typename decltype(type)::type;
    parallel_for(n, 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        Stream stream(mixed(mixed(key) ^ static_cast<std::uint64_t>(i)));
        static_cast<T*>(out)[i] = static_cast<T>(gamma(static_cast<double>(static_cast<const T*>(alpha)[i]), stream));
      }
    });
  };
  if (dtype == Dtype::kFloat32) {
    fill(kernels::Type<float>());
  } else {
    fill(kernels::Type<double>());
  }
}

}  // namespace keraunos
