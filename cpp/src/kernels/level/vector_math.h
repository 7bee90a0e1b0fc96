// Elementary functions on vectors. Errors are at most 3 ulp in float32; edge values are exact.
#pragma once

#include "kernels/level/simd.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

constexpr float kInf32 = __builtin_huge_valf();
constexpr double kInf64 = __builtin_huge_val();

template <class V>
KERAUNOS_INLINE V polynomial(V, V last) {
  return last;
}
// Horner's scheme, highest coefficient first.
template <class V, class C, class... More>
KERAUNOS_INLINE V polynomial(V x, V value, C next, More... more) {
  return polynomial(x, fma(value, x, splat(next)), more...);
}
template <class V, class C, class... More>
KERAUNOS_INLINE V poly(V x, C first, More... more) {
  return polynomial(x, splat(first), more...);
}

// Nearest integer of |x| < 2^22 (2^51 for float64), as a float and as bits: the sum with this number has the integer in
// its low bits.
constexpr float kRounder32 = 12582912.0f;
constexpr double kRounder64 = 6755399441055744.0;

struct Rounded32 {
  F32 value;
  I32 integer;
};
struct Rounded64 {
  F64 value;
  I64 integer;
};
KERAUNOS_INLINE Rounded32 to_nearest(F32 x) {
  const F32 shifted = x + splat(kRounder32);
  return {shifted - splat(kRounder32), (I32)((U32)shifted - (U32)splat(kRounder32))};
}
KERAUNOS_INLINE Rounded64 to_nearest(F64 x) {
  const F64 shifted = x + splat(kRounder64);
  return {shifted - splat(kRounder64), (I64)((U64)shifted - (U64)splat(kRounder64))};
}

// 2^n for n in the range of normal numbers. Integers are unsigned here and below: for NaN they hold anything.
KERAUNOS_INLINE F32 power_of_two(U32 n) { return (F32)((n + 127u) << 23); }
KERAUNOS_INLINE F64 power_of_two(U64 n) { return (F64)((n + 1023u) << 52); }

// x * 2^n, with n given both ways. In two steps, since 2^n itself may lie outside the range.
KERAUNOS_INLINE F32 scale(F32 x, Rounded32 n) {
#if defined(__AVX512F__)
  return _mm512_scalef_ps(x, n.value);
#else
  const U32 half = (U32)(n.integer >> 1);
  return x * power_of_two(half) * power_of_two((U32)n.integer - half);
#endif
}
KERAUNOS_INLINE F64 scale(F64 x, Rounded64 n) {
#if defined(__AVX512F__)
  return _mm512_scalef_pd(x, n.value);
#else
  const U64 half = (((U64)n.integer + 4096u) >> 1) - 2048u;  // a logical shift: not every level has the other for 64 bits
  return x * power_of_two(half) * power_of_two((U64)n.integer - half);
#endif
}

// ---------------------------------------------------------------- exp

struct ExpParts32 {
  F32 p;  // exp(x) = 2^n * (1 + p)
  Rounded32 n;
};
KERAUNOS_INLINE ExpParts32 exp_parts(F32 x) {
  const Rounded32 n = to_nearest(x * splat(1.44269504f));
  F32 r = fma(n.value, splat(-0.693359375f), x);
  r = fma(n.value, splat(2.12194440e-4f), r);
  const F32 p = poly(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f);
  return {fma(p, r * r, r), n};
}
// Second operands of smaller and larger pass NaN on.
// Results that vanish are not computed: processors take a hundred cycles and more for one that underflows.
KERAUNOS_INLINE F32 exp(F32 x) {
  const auto vanishes = less(x, splat(-104.0f));
  const ExpParts32 e = exp_parts(select(vanishes, F32{}, smaller(splat(128.0f), x)));
  return select(vanishes, F32{}, scale(e.p + splat(1.0f), e.n));
}
KERAUNOS_INLINE F32 expm1(F32 x) {
  const ExpParts32 e = exp_parts(smaller(splat(88.9f), larger(splat(-80.0f), x)));
  const Rounded32 below = {e.n.value - splat(1.0f), (I32)((U32)e.n.integer - 1u)};
  const F32 half = scale(splat(1.0f), below);  // 2^(n-1): 2^n may not exist
  const F32 y = fma(half, e.p, half - splat(0.5f));
  return select(less(magnitude(x), splat(1e-8f)), x, y + y);
}

struct ExpParts {
  F64 p;  // exp(x) = 2^n * (1 + p)
  Rounded64 n;
};
KERAUNOS_INLINE ExpParts exp_parts(F64 x) {
  const Rounded64 n = to_nearest(x * splat(1.4426950408889634));
  F64 r = fma(n.value, splat(-6.93145751953125e-1), x);
  r = fma(n.value, splat(-1.42860682030941723212e-6), r);
  const F64 p = poly(r, 1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0,
                     1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5);
  return {fma(p, r * r, r), n};
}
KERAUNOS_INLINE F64 exp(F64 x) {
  const auto vanishes = less(x, splat(-746.0));
  const ExpParts e = exp_parts(select(vanishes, F64{}, smaller(splat(1000.0), x)));
  return select(vanishes, F64{}, scale(e.p + splat(1.0), e.n));
}

KERAUNOS_INLINE F64 expm1(F64 x) {
  const F64 c = smaller(splat(709.9), larger(splat(-100.0), x));
  const ExpParts e = exp_parts(c);
  const Rounded64 below = {e.n.value - splat(1.0), (I64)((U64)e.n.integer - 1u)};
  const F64 half = scale(splat(1.0), below);  // 2^(n-1): 2^n may not exist
  const F64 y = fma(half, e.p, half - splat(0.5));
  return select(less(magnitude(x), splat(1e-17)), x, y + y);
}

// ---------------------------------------------------------------- log

KERAUNOS_INLINE F32 log(F32 x) {
  const auto is_tiny = less(x, splat(1.17549435e-38f));
  F32 v = select(is_tiny, x * splat(8388608.0f), x);
  const U32 bits = (U32)v - 0x3f3504f3u;  // of sqrt(1/2)
  const I32 exponent = (I32)bits >> 23;
  F32 e = to_float(exponent) - select(is_tiny, splat(23.0f), splat(0.0f));
  const F32 f = (F32)((bits & 0x7fffffu) + 0x3f3504f3u) - splat(1.0f);
  const F32 z = f * f;
  F32 p = poly(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
               2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  p = p * f * z;
  p = fma(e, splat(-2.12194440e-4f), p);
  p = fma(z, splat(-0.5f), p);
  F32 y = fma(e, splat(0.693359375f), f + p);
  y = select(equal(x, splat(0.0f)), splat(-kInf32), y);
  y = select(less(x, splat(0.0f)), splat(__builtin_nanf("")), y);
  return select(either(is_nan(x), equal(x, splat(kInf32))), x, y);
}

struct LogParts {
  F64 f, s, r, half_square, e;
};
// The mantissa in [sqrt(1/2), sqrt(2)) minus one, and the exponent.
KERAUNOS_INLINE LogParts log_parts(F64 x) {
  const auto is_tiny = less(x, splat(2.2250738585072014e-308));
  const F64 v = select(is_tiny, x * splat(4503599627370496.0), x);
  const U64 bits = (U64)v - 0x3fe6a09e667f3bcdu;
  // Exponent as a float without 64-bit arithmetic shifts and conversions: its bits, made positive, join those of 2^52.
  const I64 exponent_bits = (I64)((bits + (std::uint64_t{1024} << 52)) >> 52);
  F64 e = float_of(exponent_bits | bits_of(splat(4503599627370496.0))) - splat(4503599627370496.0 + 1024.0);
  e = e - select(is_tiny, splat(52.0), splat(0.0));
  const F64 f = (F64)((bits & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - splat(1.0);
  // fdlibm's series in s = f / (2 + f).
  const F64 s = f / (splat(2.0) + f);
  const F64 z = s * s;
  const F64 r = z * poly(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
                         2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01);
  return {f, s, r, splat(0.5) * f * f, e};
}
KERAUNOS_INLINE F64 log_of_parts(const LogParts& l) {
  const F64 low = fma(l.e, splat(1.90821492927058770002e-10), l.s * (l.half_square + l.r));
  return fma(l.e, splat(6.93147180369123816490e-01), l.f - (l.half_square - low));
}
KERAUNOS_INLINE F64 log_edges(F64 x, F64 y) {
  y = select(equal(x, splat(0.0)), splat(-kInf64), y);
  y = select(less(x, splat(0.0)), splat(__builtin_nan("")), y);
  return select(either(is_nan(x), equal(x, splat(kInf64))), x, y);
}
KERAUNOS_INLINE F64 log(F64 x) { return log_edges(x, log_of_parts(log_parts(x))); }

// The exponent part is kept apart, so that powers of the base come out exactly.
KERAUNOS_INLINE F64 log2(F64 x) {
  LogParts l = log_parts(x);
  const F64 e = l.e;
  l.e = F64{};
  return log_edges(x, fma(log_of_parts(l), splat(1.4426950408889634), e));
}
KERAUNOS_INLINE F64 log10(F64 x) {
  LogParts l = log_parts(x);
  const F64 e = l.e;
  l.e = F64{};
  const F64 low = fma(e, splat(3.69423907715893078616e-13), log_of_parts(l) * splat(0.43429448190325182765));
  return log_edges(x, fma(e, splat(3.01029995663611771306e-01), low));
}

// log(1 + x) with the rounding of 1 + x put right.
template <class T, class V>
KERAUNOS_INLINE V log1p_any(V x) {
  const V one = splat(T(1));
  const V u = one + x;
  const V y = log(u) - ((u - one) - x) / u;
  const auto is_plain = both(greater(x, splat(T(-1))), less(x, splat(sizeof(T) == 4 ? T(kInf32) : T(kInf64))));
  return select(is_plain, select(equal(u, one), x, y), log(u));
}
KERAUNOS_INLINE F64 log1p(F64 x) { return log1p_any<double>(x); }
KERAUNOS_INLINE F32 log1p(F32 x) { return log1p_any<float>(x); }

// ---------------------------------------------------------------- sigmoid, tanh, softplus

template <class T, class V>
KERAUNOS_INLINE V sigmoid_any(V x) {
  const V z = exp(float_of(bits_of(magnitude(x)) | sign_of(splat(T(-1)))));  // of -|x|: never overflows
  const V y = select(less(x, V{}), z, splat(T(1))) / (splat(T(1)) + z);
  return y;
}
KERAUNOS_INLINE F32 sigmoid(F32 x) { return sigmoid_any<float>(x); }
KERAUNOS_INLINE F64 sigmoid(F64 x) { return sigmoid_any<double>(x); }

KERAUNOS_INLINE F32 tanh(F32 x) {
  const F32 m = magnitude(x), z = x * x;
  F32 near = poly(z, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f);
  near = fma(near * z, m, m);
  const F32 e = exp(smaller(splat(20.0f), m + m));
  const F32 far = splat(1.0f) - splat(2.0f) / (e + splat(1.0f));
  return with_sign(select(less(m, splat(0.625f)), near, far), sign_of(x));
}
KERAUNOS_INLINE F64 tanh(F64 x) {
  const F64 m = smaller(splat(22.0), magnitude(x));
  const F64 t = expm1(m + m);
  return with_sign(t / (t + splat(2.0)), sign_of(x));
}

// log(1 + z) for z in [0, 1], as twice the inverse hyperbolic tangent of z / (2 + z), which is at most 1/3.
KERAUNOS_INLINE F32 log1p_of_fraction(F32 z) {
  const F32 s = z / (splat(2.0f) + z), square = s * s;
  const F32 p = poly(square, 2.0f / 15, 2.0f / 13, 2.0f / 11, 2.0f / 9, 2.0f / 7, 2.0f / 5, 2.0f / 3);
  return fma(p, square * s, s + s);
}
KERAUNOS_INLINE F64 log1p_of_fraction(F64 z) { return log1p(z); }

template <class T, class V>
KERAUNOS_INLINE V softplus_any(V x) {
  return maximum(x, V{}) + log1p_of_fraction(exp(float_of(bits_of(magnitude(x)) | sign_of(splat(T(-1))))));
}
KERAUNOS_INLINE F32 softplus(F32 x) { return softplus_any<float>(x); }
KERAUNOS_INLINE F64 softplus(F64 x) { return softplus_any<double>(x); }

// ---------------------------------------------------------------- erf, gelu

// N. Juffa's two fits; the second gives log(erfc(t)), so the tail keeps its relative accuracy.
struct ErfParts {
  F32 near;  // erf(x), for |x| <= 0.9277
  F32 tail;  // erfc(|x|), for larger |x|
  M32 is_near;
};
KERAUNOS_INLINE ErfParts erf_parts(F32 x) {
  const F32 t = smaller(splat(10.0f), magnitude(x));
  const F32 s = x * x;
  F32 r = fma(splat(-1.72853470e-5f), t, splat(3.83197126e-4f));
  const F32 u = fma(splat(-3.88396438e-3f), t, splat(2.42546219e-2f));
  r = fma(r, t * t, u);
  r = polynomial(t, r, -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f);
  r = fma(r, t, -t);
  F32 near = poly(s, -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f, 1.12819925e-1f, -3.76125336e-1f, 1.28379166e-1f);
  near = fma(near, x, x);
  return {near, exp(r), less(t, splat(0.927734375f))};
}
KERAUNOS_INLINE F32 erf(F32 x) {
  const ErfParts e = erf_parts(x);
  return select(e.is_near, e.near, with_sign(splat(1.0f) - e.tail, sign_of(x)));
}

// The normal distribution function.
KERAUNOS_INLINE F32 normal_cdf(F32 x) {
  const ErfParts e = erf_parts(x * splat(0.70710678f));
  const F32 far = select(less(x, F32{}), e.tail, splat(2.0f) - e.tail);
  return splat(0.5f) * select(e.is_near, splat(1.0f) + e.near, far);
}
KERAUNOS_INLINE F64 normal_cdf(F64 x) {
  double lane[kLanes64];
  store(lane, x);
  for (int i = 0; i < kLanes64; ++i) lane[i] = 0.5 * __builtin_erfc(-0.70710678118654752440 * lane[i]);
  return load(lane);
}

// x * 0 is NaN for an infinite x, where the limit is 0.
template <class T, class V>
KERAUNOS_INLINE V gelu_exact(V x) {
  const V y = x * normal_cdf(x);
  return select(less(x, splat(T(-40))), with_sign(V{}, sign_of(x)), y);
}
template <class T, class V>
KERAUNOS_INLINE V gelu_tanh(V x) {
  // 0.5 * (1 + tanh(u)) = sigmoid(2u)
  const V u = splat(T(1.5957691216057308)) * fma(splat(T(0.044715)) * x * x, x, x);
  return select(less(x, splat(T(-40))), with_sign(V{}, sign_of(x)), x * sigmoid(u));
}
template <class T, class V>
KERAUNOS_INLINE V gelu_exact_slope(V x) {
  const V density = splat(T(0.39894228040143268)) * exp(splat(T(-0.5)) * x * x);
  const auto is_far = less(splat(T(40)), magnitude(x));
  return normal_cdf(x) + select(is_far, V{}, x * density);
}
template <class T, class V>
KERAUNOS_INLINE V gelu_tanh_slope(V x) {
  const V c = smaller(splat(T(40)), larger(splat(T(-40)), x));  // the slope is 0 or 1 beyond
  const V square = c * c;
  const V u = splat(T(1.5957691216057308)) * fma(splat(T(0.044715)) * square, c, c);
  const V du = splat(T(1.5957691216057308)) * fma(splat(T(0.134145)), square, splat(T(1)));
  const V s = sigmoid(u);
  return fma(c * s * (splat(T(1)) - s), du, s);
}

// ---------------------------------------------------------------- sin, cos

// For |x| <= 2^20; beyond it the reduction needs more bits than three parts of pi / 2 have.
constexpr double kSinLimit = 1048576.0;
struct SinCos {
  F64 sin, cos;
  I64 quadrant;
};
KERAUNOS_INLINE SinCos sin_cos_near(F64 r) {
  const F64 z = r * r;
  const F64 s = poly(z, 1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
                     -1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01);
  const F64 c = poly(z, -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
                     2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02);
  const F64 half = splat(0.5) * z;
  const F64 w = splat(1.0) - half;
  return {fma(s * z, r, r), w + (((splat(1.0) - w) - half) + z * z * c), I64{}};
}
KERAUNOS_INLINE SinCos sin_cos_parts(F64 x) {
  const Rounded64 n = to_nearest(x * splat(0.63661977236758134308));
  F64 r = fma(n.value, splat(-1.57079632673412561417e+00), x);
  r = fma(n.value, splat(-6.07710050630396597660e-11), r);
  r = fma(n.value, splat(-2.02226624879595063154e-21), r);
  SinCos result = sin_cos_near(r);
  result.quadrant = n.integer;
  return result;
}
KERAUNOS_INLINE F64 from_quadrant(const SinCos& p, I64 quadrant) {
  const F64 y = select(is_not_zero(quadrant & 1), p.cos, p.sin);
  return (F64)((U64)y ^ (((U64)quadrant & 2u) << 62));
}
KERAUNOS_INLINE bool is_small_angle(F64 x) { return holds_everywhere(less(magnitude(x), splat(kSinLimit))); }
KERAUNOS_INLINE F64 sin(F64 x) {
  if (!is_small_angle(x)) {
    double lane[kLanes64];
    store(lane, x);
    for (int i = 0; i < kLanes64; ++i) lane[i] = __builtin_sin(lane[i]);
    return load(lane);
  }
  const SinCos p = sin_cos_parts(x);
  return select(equal(x, F64{}), x, from_quadrant(p, p.quadrant));
}
KERAUNOS_INLINE F64 cos(F64 x) {
  if (!is_small_angle(x)) {
    double lane[kLanes64];
    store(lane, x);
    for (int i = 0; i < kLanes64; ++i) lane[i] = __builtin_cos(lane[i]);
    return load(lane);
  }
  const SinCos p = sin_cos_parts(x);
  return from_quadrant(p, (I64)((U64)p.quadrant + 1u));
}

}  // namespace
}  // namespace keraunos::kernels::KERAUNOS_LEVEL
