// A thin layer over one vector register of the level that this file is compiled for. Only this header knows registers:
// another compiler needs these types, these functions and the operators + - * / on the types, nothing else.
// Files of a level use no STL containers or algorithms: their templates would become weak symbols, and the linker could
// then give code for a newer processor to everybody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define KERAUNOS_INLINE static inline __attribute__((always_inline))

// Iterations are independent even where the result is written over an operand.
#if defined(__clang__)
#define KERAUNOS_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define KERAUNOS_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// Small programs have less code for the same arithmetic: fewer tiles, loops that are not unrolled, and one loop for whole and
// partial vectors where the processor masks them at no cost.
#ifdef KERAUNOS_SMALL
constexpr bool kIsSmall = true;
#else
constexpr bool kIsSmall = false;
#endif
#ifdef __AVX2__
constexpr bool kHasOneLoop = kIsSmall;
#else
constexpr bool kHasOneLoop = false;
#endif

// Elements in the vector that begins `rest` elements before the end.
KERAUNOS_INLINE int part_size(std::int64_t rest, int whole) { return rest < whole ? static_cast<int>(rest) : whole; }

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float F32 __attribute__((vector_size(kVectorBytes)));
typedef double F64 __attribute__((vector_size(kVectorBytes)));
typedef std::int32_t I32 __attribute__((vector_size(kVectorBytes)));
typedef std::int64_t I64 __attribute__((vector_size(kVectorBytes)));
typedef std::uint32_t U32 __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t U64 __attribute__((vector_size(kVectorBytes)));
typedef float HalfF32 __attribute__((vector_size(kVectorBytes / 2)));

typedef float LooseF32 __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef double LooseF64 __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
typedef float LooseHalfF32 __attribute__((vector_size(kVectorBytes / 2), aligned(4), may_alias));

#if defined(__AVX512F__)
typedef __mmask16 M32;
typedef __mmask8 M64;
#else
typedef I32 M32;
typedef I64 M64;
#endif

// The types that belong to a scalar.
template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  using Vector = F32;
  using Word = std::int32_t;
  using Mask = M32;
  static constexpr int count = kVectorBytes / 4;
};
template <>
struct Lanes<double> {
  using Vector = F64;
  using Word = std::int64_t;
  using Mask = M64;
  static constexpr int count = kVectorBytes / 8;
};

constexpr int kLanes32 = Lanes<float>::count;
constexpr int kLanes64 = Lanes<double>::count;

// ---------------------------------------------------------------- memory

KERAUNOS_INLINE F32 load(const float* p) { return *reinterpret_cast<const LooseF32*>(p); }
KERAUNOS_INLINE F64 load(const double* p) { return *reinterpret_cast<const LooseF64*>(p); }
KERAUNOS_INLINE void store(float* p, F32 v) { *reinterpret_cast<LooseF32*>(p) = v; }
KERAUNOS_INLINE void store(double* p, F64 v) { *reinterpret_cast<LooseF64*>(p) = v; }

KERAUNOS_INLINE void prefetch(const void* p) { __builtin_prefetch(p); }

KERAUNOS_INLINE F32 splat(float x) { return x - F32{}; }
KERAUNOS_INLINE F64 splat(double x) { return x - F64{}; }

KERAUNOS_INLINE F64 load_widened(const float* p) {
  return __builtin_convertvector(*reinterpret_cast<const LooseHalfF32*>(p), F64);
}
KERAUNOS_INLINE void store_narrowed(float* p, F64 v) {
  *reinterpret_cast<LooseHalfF32*>(p) = __builtin_convertvector(v, HalfF32);
}

// The first n lanes, 0 < n < count; the other lanes are zero when loaded, untouched when stored.
#if defined(__AVX512F__)
struct Part32 {
  __mmask16 mask;
};
struct Part64 {
  __mmask8 mask;
};
KERAUNOS_INLINE Part32 part_of(const float*, int n) { return {static_cast<__mmask16>((1u << n) - 1)}; }
KERAUNOS_INLINE Part64 part_of(const double*, int n) { return {static_cast<__mmask8>((1u << n) - 1)}; }
KERAUNOS_INLINE F32 load_part(const float* p, Part32 part) { return _mm512_maskz_loadu_ps(part.mask, p); }
KERAUNOS_INLINE F64 load_part(const double* p, Part64 part) { return _mm512_maskz_loadu_pd(part.mask, p); }
KERAUNOS_INLINE void store_part(float* p, F32 v, Part32 part) { _mm512_mask_storeu_ps(p, part.mask, v); }
KERAUNOS_INLINE void store_part(double* p, F64 v, Part64 part) { _mm512_mask_storeu_pd(p, part.mask, v); }
#elif defined(__AVX2__)
struct Part32 {
  __m256i mask;
};
struct Part64 {
  __m256i mask;
};
KERAUNOS_INLINE Part32 part_of(const float*, int n) {
  return {_mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))};
}
KERAUNOS_INLINE Part64 part_of(const double*, int n) {
  return {_mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))};
}
KERAUNOS_INLINE F32 load_part(const float* p, Part32 part) { return _mm256_maskload_ps(p, part.mask); }
KERAUNOS_INLINE F64 load_part(const double* p, Part64 part) { return _mm256_maskload_pd(p, part.mask); }
KERAUNOS_INLINE void store_part(float* p, F32 v, Part32 part) { _mm256_maskstore_ps(p, part.mask, v); }
KERAUNOS_INLINE void store_part(double* p, F64 v, Part64 part) { _mm256_maskstore_pd(p, part.mask, v); }
#else
struct Part32 {
  int n;
};
struct Part64 {
  int n;
};
KERAUNOS_INLINE Part32 part_of(const float*, int n) { return {n}; }
KERAUNOS_INLINE Part64 part_of(const double*, int n) { return {n}; }
KERAUNOS_INLINE F32 load_part(const float* p, Part32 part) {
  F32 v = {};
  v[0] = p[0];
  if (part.n > 1) v[1] = p[1];
  if (part.n > 2) v[2] = p[2];
  if (part.n > 3) v[3] = p[3];
  return v;
}
KERAUNOS_INLINE F64 load_part(const double* p, Part64 part) {
  F64 v = {};
  v[0] = p[0];
  if (part.n > 1) v[1] = p[1];
  return v;
}
KERAUNOS_INLINE void store_part(float* p, F32 v, Part32 part) {
  p[0] = v[0];
  if (part.n > 1) p[1] = v[1];
  if (part.n > 2) p[2] = v[2];
  if (part.n > 3) p[3] = v[3];
}
KERAUNOS_INLINE void store_part(double* p, F64 v, Part64 part) {
  p[0] = v[0];
  if (part.n > 1) p[1] = v[1];
}
#endif

// ---------------------------------------------------------------- comparing and choosing

#if defined(__AVX512F__)
KERAUNOS_INLINE M32 less(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
KERAUNOS_INLINE M64 less(F64 a, F64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
KERAUNOS_INLINE M32 equal(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
KERAUNOS_INLINE M64 equal(F64 a, F64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
KERAUNOS_INLINE M32 is_nan(F32 a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
KERAUNOS_INLINE M64 is_nan(F64 a) { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
KERAUNOS_INLINE F32 select(M32 m, F32 a, F32 b) { return _mm512_mask_blend_ps(m, b, a); }
KERAUNOS_INLINE F64 select(M64 m, F64 a, F64 b) { return _mm512_mask_blend_pd(m, b, a); }
KERAUNOS_INLINE M32 both(M32 a, M32 b) { return static_cast<M32>(a & b); }
KERAUNOS_INLINE M64 both(M64 a, M64 b) { return static_cast<M64>(a & b); }
KERAUNOS_INLINE M32 either(M32 a, M32 b) { return static_cast<M32>(a | b); }
KERAUNOS_INLINE M64 either(M64 a, M64 b) { return static_cast<M64>(a | b); }
KERAUNOS_INLINE bool holds_everywhere(M32 m) { return m == 0xffff; }
KERAUNOS_INLINE bool holds_everywhere(M64 m) { return m == 0xff; }
KERAUNOS_INLINE M32 is_not_zero(I32 v) { return _mm512_test_epi32_mask((__m512i)v, (__m512i)v); }
KERAUNOS_INLINE M64 is_not_zero(I64 v) { return _mm512_test_epi64_mask((__m512i)v, (__m512i)v); }
#else
KERAUNOS_INLINE M32 less(F32 a, F32 b) { return a < b; }
KERAUNOS_INLINE M64 less(F64 a, F64 b) { return a < b; }
KERAUNOS_INLINE M32 equal(F32 a, F32 b) { return a == b; }
KERAUNOS_INLINE M64 equal(F64 a, F64 b) { return a == b; }
KERAUNOS_INLINE M32 is_nan(F32 a) { return a != a; }
KERAUNOS_INLINE M64 is_nan(F64 a) { return a != a; }
#if defined(__AVX2__)
KERAUNOS_INLINE F32 select(M32 m, F32 a, F32 b) { return _mm256_blendv_ps(b, a, (__m256)m); }
KERAUNOS_INLINE F64 select(M64 m, F64 a, F64 b) { return _mm256_blendv_pd(b, a, (__m256d)m); }
#else
KERAUNOS_INLINE F32 select(M32 m, F32 a, F32 b) { return (F32)((m & (I32)a) | (~m & (I32)b)); }
KERAUNOS_INLINE F64 select(M64 m, F64 a, F64 b) { return (F64)((m & (I64)a) | (~m & (I64)b)); }
#endif
KERAUNOS_INLINE M32 both(M32 a, M32 b) { return a & b; }
KERAUNOS_INLINE M64 both(M64 a, M64 b) { return a & b; }
KERAUNOS_INLINE M32 either(M32 a, M32 b) { return a | b; }
KERAUNOS_INLINE M64 either(M64 a, M64 b) { return a | b; }
KERAUNOS_INLINE M32 is_not_zero(I32 v) { return v != 0; }
KERAUNOS_INLINE M64 is_not_zero(I64 v) { return v != 0; }
KERAUNOS_INLINE bool holds_everywhere(M32 m) {
  I64 all = (I64)m;
  bool result = true;
  for (int i = 0; i < kLanes64; ++i) result = result && all[i] == -1;
  return result;
}
KERAUNOS_INLINE bool holds_everywhere(M64 m) { return holds_everywhere((M32)m); }
#endif

// The first lanes from memory, the others from `rest`.
#if defined(__AVX512F__)
KERAUNOS_INLINE F32 load_part_or(const float* p, Part32 part, F32 rest) { return _mm512_mask_loadu_ps(rest, part.mask, p); }
KERAUNOS_INLINE F64 load_part_or(const double* p, Part64 part, F64 rest) { return _mm512_mask_loadu_pd(rest, part.mask, p); }
#elif defined(__AVX2__)
KERAUNOS_INLINE F32 load_part_or(const float* p, Part32 part, F32 rest) { return select((I32)part.mask, load_part(p, part), rest); }
KERAUNOS_INLINE F64 load_part_or(const double* p, Part64 part, F64 rest) { return select((I64)part.mask, load_part(p, part), rest); }
#else
KERAUNOS_INLINE F32 load_part_or(const float* p, Part32 part, F32 rest) {
  const I32 lane = {0, 1, 2, 3};
  return select(lane < part.n, load_part(p, part), rest);
}
KERAUNOS_INLINE F64 load_part_or(const double* p, Part64 part, F64 rest) {
  const I64 lane = {0, 1};
  return select(lane < static_cast<std::int64_t>(part.n), load_part(p, part), rest);
}
#endif

template <class V>
KERAUNOS_INLINE auto greater(V a, V b) {
  return less(b, a);
}
// The second operand when one of them is NaN, or when both are zeros.
#if defined(__AVX512F__)
KERAUNOS_INLINE F32 smaller(F32 a, F32 b) { return _mm512_min_ps(a, b); }
KERAUNOS_INLINE F64 smaller(F64 a, F64 b) { return _mm512_min_pd(a, b); }
KERAUNOS_INLINE F32 larger(F32 a, F32 b) { return _mm512_max_ps(a, b); }
KERAUNOS_INLINE F64 larger(F64 a, F64 b) { return _mm512_max_pd(a, b); }
#elif defined(__AVX2__)
KERAUNOS_INLINE F32 smaller(F32 a, F32 b) { return _mm256_min_ps(a, b); }
KERAUNOS_INLINE F64 smaller(F64 a, F64 b) { return _mm256_min_pd(a, b); }
KERAUNOS_INLINE F32 larger(F32 a, F32 b) { return _mm256_max_ps(a, b); }
KERAUNOS_INLINE F64 larger(F64 a, F64 b) { return _mm256_max_pd(a, b); }
#else
template <class V>
KERAUNOS_INLINE V smaller(V a, V b) {
  return select(less(a, b), a, b);
}
template <class V>
KERAUNOS_INLINE V larger(V a, V b) {
  return select(less(b, a), a, b);
}
#endif
// NaN when one of them is NaN.
template <class V>
KERAUNOS_INLINE V minimum(V a, V b) {
  return select(is_nan(a), a, smaller(a, b));
}
template <class V>
KERAUNOS_INLINE V maximum(V a, V b) {
  return select(is_nan(a), a, larger(a, b));
}

// ---------------------------------------------------------------- arithmetic

// a * b + c: rounded once where the level has the instruction, twice at the baseline of x86.
#if defined(__AVX512F__)
KERAUNOS_INLINE F32 fma(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }
KERAUNOS_INLINE F64 fma(F64 a, F64 b, F64 c) { return _mm512_fmadd_pd(a, b, c); }
KERAUNOS_INLINE F32 square_root(F32 a) { return _mm512_sqrt_ps(a); }
KERAUNOS_INLINE F64 square_root(F64 a) { return _mm512_sqrt_pd(a); }
KERAUNOS_INLINE F32 round_even(F32 a) { return _mm512_roundscale_ps(a, 8); }
KERAUNOS_INLINE F64 round_even(F64 a) { return _mm512_roundscale_pd(a, 8); }
KERAUNOS_INLINE F32 round_down(F32 a) { return _mm512_roundscale_ps(a, 9); }
KERAUNOS_INLINE F64 round_down(F64 a) { return _mm512_roundscale_pd(a, 9); }
KERAUNOS_INLINE F32 round_up(F32 a) { return _mm512_roundscale_ps(a, 10); }
KERAUNOS_INLINE F64 round_up(F64 a) { return _mm512_roundscale_pd(a, 10); }
KERAUNOS_INLINE F32 round_to_zero(F32 a) { return _mm512_roundscale_ps(a, 11); }
KERAUNOS_INLINE F64 round_to_zero(F64 a) { return _mm512_roundscale_pd(a, 11); }
#elif defined(__AVX2__)
KERAUNOS_INLINE F32 fma(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }
KERAUNOS_INLINE F64 fma(F64 a, F64 b, F64 c) { return _mm256_fmadd_pd(a, b, c); }
KERAUNOS_INLINE F32 square_root(F32 a) { return _mm256_sqrt_ps(a); }
KERAUNOS_INLINE F64 square_root(F64 a) { return _mm256_sqrt_pd(a); }
KERAUNOS_INLINE F32 round_even(F32 a) { return _mm256_round_ps(a, 8); }
KERAUNOS_INLINE F64 round_even(F64 a) { return _mm256_round_pd(a, 8); }
KERAUNOS_INLINE F32 round_down(F32 a) { return _mm256_round_ps(a, 9); }
KERAUNOS_INLINE F64 round_down(F64 a) { return _mm256_round_pd(a, 9); }
KERAUNOS_INLINE F32 round_up(F32 a) { return _mm256_round_ps(a, 10); }
KERAUNOS_INLINE F64 round_up(F64 a) { return _mm256_round_pd(a, 10); }
KERAUNOS_INLINE F32 round_to_zero(F32 a) { return _mm256_round_ps(a, 11); }
KERAUNOS_INLINE F64 round_to_zero(F64 a) { return _mm256_round_pd(a, 11); }
#elif defined(__ARM_NEON)
KERAUNOS_INLINE F32 fma(F32 a, F32 b, F32 c) { return (F32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
KERAUNOS_INLINE F64 fma(F64 a, F64 b, F64 c) { return (F64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
KERAUNOS_INLINE F32 square_root(F32 a) { return (F32)vsqrtq_f32((float32x4_t)a); }
KERAUNOS_INLINE F64 square_root(F64 a) { return (F64)vsqrtq_f64((float64x2_t)a); }
KERAUNOS_INLINE F32 round_even(F32 a) { return (F32)vrndnq_f32((float32x4_t)a); }
KERAUNOS_INLINE F64 round_even(F64 a) { return (F64)vrndnq_f64((float64x2_t)a); }
KERAUNOS_INLINE F32 round_down(F32 a) { return (F32)vrndmq_f32((float32x4_t)a); }
KERAUNOS_INLINE F64 round_down(F64 a) { return (F64)vrndmq_f64((float64x2_t)a); }
KERAUNOS_INLINE F32 round_up(F32 a) { return (F32)vrndpq_f32((float32x4_t)a); }
KERAUNOS_INLINE F64 round_up(F64 a) { return (F64)vrndpq_f64((float64x2_t)a); }
KERAUNOS_INLINE F32 round_to_zero(F32 a) { return (F32)vrndq_f32((float32x4_t)a); }
KERAUNOS_INLINE F64 round_to_zero(F64 a) { return (F64)vrndq_f64((float64x2_t)a); }
#else
KERAUNOS_INLINE F32 fma(F32 a, F32 b, F32 c) { return a * b + c; }
KERAUNOS_INLINE F64 fma(F64 a, F64 b, F64 c) { return a * b + c; }
KERAUNOS_INLINE F32 square_root(F32 a) { return _mm_sqrt_ps(a); }
KERAUNOS_INLINE F64 square_root(F64 a) { return _mm_sqrt_pd(a); }
#define KERAUNOS_PER_LANE(name, f32, f64)                      \
  KERAUNOS_INLINE F32 name(F32 a) {                            \
    return F32{f32(a[0]), f32(a[1]), f32(a[2]), f32(a[3])};    \
  }                                                            \
  KERAUNOS_INLINE F64 name(F64 a) { return F64{f64(a[0]), f64(a[1])}; }
KERAUNOS_PER_LANE(round_even, __builtin_rintf, __builtin_rint)
KERAUNOS_PER_LANE(round_down, __builtin_floorf, __builtin_floor)
KERAUNOS_PER_LANE(round_up, __builtin_ceilf, __builtin_ceil)
KERAUNOS_PER_LANE(round_to_zero, __builtin_truncf, __builtin_trunc)
#undef KERAUNOS_PER_LANE
#endif

KERAUNOS_INLINE I32 bits_of(F32 a) { return (I32)a; }
KERAUNOS_INLINE I64 bits_of(F64 a) { return (I64)a; }
KERAUNOS_INLINE F32 float_of(I32 a) { return (F32)a; }
KERAUNOS_INLINE F64 float_of(I64 a) { return (F64)a; }
KERAUNOS_INLINE F32 to_float(I32 a) { return __builtin_convertvector(a, F32); }

constexpr std::int32_t kSign32 = INT32_MIN;
constexpr std::int64_t kSign64 = INT64_MIN;
KERAUNOS_INLINE I32 sign_of(F32 a) { return (I32)a & kSign32; }
KERAUNOS_INLINE I64 sign_of(F64 a) { return (I64)a & kSign64; }
KERAUNOS_INLINE F32 magnitude(F32 a) { return (F32)((I32)a & ~kSign32); }
KERAUNOS_INLINE F64 magnitude(F64 a) { return (F64)((I64)a & ~kSign64); }
// The magnitude of a (which must not be negative) with that sign.
template <class V, class B>
KERAUNOS_INLINE V with_sign(V a, B sign) {
  return float_of(bits_of(a) | sign);
}

// ---------------------------------------------------------------- over the lanes

template <int Step, class V, std::size_t... I>
KERAUNOS_INLINE V exchange_lanes(V v, std::index_sequence<I...>) {
  return __builtin_shufflevector(v, v, (int(I) ^ Step)...);
}

// combine() of all lanes, in all lanes: each with its partner at distance count/2, count/4, ..., 1.
template <int Step, class V, class Combine>
KERAUNOS_INLINE V fold_lanes(V v, Combine combine) {
  constexpr int count = static_cast<int>(sizeof(V) / sizeof(v[0]));
  v = combine(v, exchange_lanes<Step>(v, std::make_index_sequence<count>()));
  if constexpr (Step > 1) v = fold_lanes<Step / 2>(v, combine);
  return v;
}

struct AddLanes {
  template <class V>
  __attribute__((always_inline)) V operator()(V a, V b) const { return a + b; }
};
struct LargerOfLanes {
  template <class V>
  __attribute__((always_inline)) V operator()(V a, V b) const { return larger(a, b); }
};

KERAUNOS_INLINE F32 sum_lanes(F32 v) { return fold_lanes<kLanes32 / 2>(v, AddLanes{}); }
KERAUNOS_INLINE F64 sum_lanes(F64 v) { return fold_lanes<kLanes64 / 2>(v, AddLanes{}); }
// With a NaN among them: any of them, not the same in all lanes.
KERAUNOS_INLINE F32 largest_lane(F32 v) { return fold_lanes<kLanes32 / 2>(v, LargerOfLanes{}); }
KERAUNOS_INLINE F64 largest_lane(F64 v) { return fold_lanes<kLanes64 / 2>(v, LargerOfLanes{}); }

// Products of 32-bit lanes in full: of the even lanes, and of the odd ones.
struct Products {
  U64 even, odd;
};
#if defined(__AVX512F__)
KERAUNOS_INLINE Products multiply_in_full(U32 a, U32 b) {
  return {(U64)_mm512_mul_epu32((__m512i)a, (__m512i)b), (U64)_mm512_mul_epu32(_mm512_srli_epi64((__m512i)a, 32), (__m512i)b)};
}
#elif defined(__AVX2__)
KERAUNOS_INLINE Products multiply_in_full(U32 a, U32 b) {
  return {(U64)_mm256_mul_epu32((__m256i)a, (__m256i)b), (U64)_mm256_mul_epu32(_mm256_srli_epi64((__m256i)a, 32), (__m256i)b)};
}
#elif defined(__SSE2__)
KERAUNOS_INLINE Products multiply_in_full(U32 a, U32 b) {
  return {(U64)_mm_mul_epu32((__m128i)a, (__m128i)b), (U64)_mm_mul_epu32(_mm_srli_epi64((__m128i)a, 32), (__m128i)b)};
}
#else
KERAUNOS_INLINE Products multiply_in_full(U32 a, U32 b) {
  const U64 low = (U64)b & 0xffffffffu;
  return {((U64)a & 0xffffffffu) * low, ((U64)a >> 32) * low};
}
#endif

}  // namespace
}  // namespace keraunos::kernels::KERAUNOS_LEVEL
