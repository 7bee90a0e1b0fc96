// Philox 4x32-10 and what is made of its bits, in groups of 64 elements.
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

constexpr int kBlocks = 16;          // Philox blocks of one group, side by side
constexpr int kWords = 4 * kBlocks;  // words of one group

constexpr std::uint64_t kLowWord = 0xffffffffu;
KERAUNOS_INLINE U32 high_words(Products p) { return (U32)((p.even >> 32) | (p.odd & ~kLowWord)); }
KERAUNOS_INLINE U32 low_words(Products p) { return (U32)((p.even & kLowWord) | (p.odd << 32)); }

// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3". Word w of block b of the group is element 16 * w + b: the
// layout that needs no shuffling, and the same on every level.
KERAUNOS_INLINE void philox(const std::uint32_t key[2], std::int64_t group, std::uint32_t* out) {
  constexpr int W = kLanes32, parts = kBlocks / W;
  const U32 zero = {};
  const U32 m0 = zero + 0xD2511F53u, m1 = zero + 0xCD9E8D57u;
  const std::uint64_t first = static_cast<std::uint64_t>(group) * kBlocks;  // its low 4 bits are 0: adding a lane carries nothing
  for (int part = 0; part < parts; ++part) {
    std::uint32_t lane[W];
    for (int i = 0; i < W; ++i) lane[i] = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(part * W + i);
    U32 x0, x1 = zero + static_cast<std::uint32_t>(first >> 32), x2 = zero, x3 = zero;
    __builtin_memcpy(&x0, lane, sizeof x0);
    std::uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Products p0 = multiply_in_full(x0, m0), p1 = multiply_in_full(x2, m1);
      x0 = high_words(p1) ^ x1 ^ k0;
      x2 = high_words(p0) ^ x3 ^ k1;
      x1 = low_words(p1);
      x3 = low_words(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    std::uint32_t* to = out + part * W;
    __builtin_memcpy(to, &x0, sizeof x0);
    __builtin_memcpy(to + kBlocks, &x1, sizeof x1);
    __builtin_memcpy(to + 2 * kBlocks, &x2, sizeof x2);
    __builtin_memcpy(to + 3 * kBlocks, &x3, sizeof x3);
  }
}

void bits(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, std::uint32_t* out) {
  for (std::int64_t g = 0; g < groups; ++g) philox(key, group + g, out + g * kWords);
}

void uniform_f32(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, float* out) {
  for (std::int64_t g = 0; g < groups; ++g, out += kWords) {
    std::uint32_t word[kWords];
    philox(key, group + g, word);
    for (int i = 0; i < kWords; ++i) out[i] = static_cast<float>(static_cast<std::int32_t>(word[i] >> 8)) * 0x1p-24f;
  }
}

// Two words an element: those of groups 2g and 2g + 1.
KERAUNOS_INLINE void philox_double(const std::uint32_t key[2], std::int64_t group, double* out) {
  std::uint32_t high[kWords], low[kWords];
  philox(key, 2 * group, high);
  philox(key, 2 * group + 1, low);
  for (int i = 0; i < kWords; ++i) {
    out[i] = static_cast<double>(static_cast<std::int32_t>(high[i] >> 5)) * 0x1p-27 +
             static_cast<double>(static_cast<std::int32_t>(low[i] >> 6)) * 0x1p-53;
  }
}

void uniform_f64(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, double* out) {
  for (std::int64_t g = 0; g < groups; ++g, out += kWords) philox_double(key, group + g, out);
}

// Box-Muller: the first half of a group gives radii, the second half angles.
void normal_f32(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, float* out) {
  constexpr int half = kWords / 2;
  for (std::int64_t g = 0; g < groups; ++g, out += kWords) {
    std::uint32_t word[kWords];
    philox(key, group + g, word);
    float uniform[half], angle[half];
    for (int i = 0; i < half; ++i) {
      // In (0, 1]: 31 bits, so that the tails reach 6.6.
      uniform[i] = static_cast<float>(static_cast<std::int32_t>(word[i] >> 1)) * 0x1p-31f + 0x1p-32f;
      // The eighth of the circle and the place in it: an angle in [-pi/4, pi/4] and a quadrant.
      const std::uint32_t turned = word[half + i] + 0x20000000u;
      angle[i] = static_cast<float>(static_cast<std::int32_t>(turned & 0x3fffffffu) - 0x20000000) * (1.57079632679f * 0x1p-30f);
    }
    for (int i = 0; i < half; i += kLanes32) {
      const F32 radius = square_root(splat(-2.0f) * log(load(uniform + i)));
      const F32 r = load(angle + i), z = r * r;
      const F32 s = fma(poly(z, -1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f) * z, r, r);
      const F32 c = fma(z * z, poly(z, 2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f),
                        fma(splat(-0.5f), z, splat(1.0f)));
      std::uint32_t turned[kLanes32];
      for (int j = 0; j < kLanes32; ++j) turned[j] = word[half + i + j] + 0x20000000u;
      I32 quadrant;
      __builtin_memcpy(&quadrant, turned, sizeof quadrant);
      const auto is_odd = is_not_zero(quadrant & 0x40000000);
      const F32 cosine = select(is_odd, s, c), sine = select(is_odd, c, s);
      // Signs: cos is negative in quadrants 1 and 2, sin in 2 and 3.
      const I32 negative_cos = (quadrant ^ (I32)((U32)quadrant << 1)) & kSign32, negative_sin = quadrant & kSign32;
      store(out + i, radius * float_of(bits_of(cosine) ^ negative_cos));
      store(out + half + i, radius * float_of(bits_of(sine) ^ negative_sin));
    }
  }
}

void normal_f64(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, double* out) {
  constexpr int half = kWords / 2;
  for (std::int64_t g = 0; g < groups; ++g, out += kWords) {
    double uniform[kWords];
    philox_double(key, group + g, uniform);
    for (int i = 0; i < half; i += kLanes64) {
      const F64 radius = square_root(splat(-2.0) * log(splat(1.0) - load(uniform + i)));
      const F64 angle = load(uniform + half + i) * splat(6.28318530717958647692);
      store(out + i, radius * cos(angle));
      store(out + half + i, radius * sin(angle));
    }
  }
}

// 16 bits an element: two elements to a word, 128 to a group.
template <class T>
KERAUNOS_INLINE void dropout(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, const T* in, T* out,
                             std::uint32_t threshold, T scale) {
  for (std::int64_t g = 0; g < groups; ++g, in += 2 * kWords, out += 2 * kWords) {
    std::uint32_t word[kWords];
    philox(key, group + g, word);
    KERAUNOS_INDEPENDENT
    for (int i = 0; i < kWords; ++i) out[i] = (word[i] & 0xffffu) >= threshold ? in[i] * scale : T(0);
    KERAUNOS_INDEPENDENT
    for (int i = 0; i < kWords; ++i) out[kWords + i] = (word[i] >> 16) >= threshold ? in[kWords + i] * scale : T(0);
  }
}
void dropout_f32(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, const float* in, float* out,
                 std::uint32_t threshold, float scale) {
  dropout(key, group, groups, in, out, threshold, scale);
}
void dropout_f64(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, const double* in, double* out,
                 std::uint32_t threshold, double scale) {
  dropout(key, group, groups, in, out, threshold, scale);
}

}  // namespace

extern const RandomTable random_table = {bits, uniform_f32, uniform_f64, normal_f32, normal_f64, dropout_f32, dropout_f64};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
