// Elementwise loops over float32 and float64.
#include "kernels/level/vector_math.h"
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// ---------------------------------------------------------------- the loops

template <class T, class F>
KERAUNOS_INLINE void unary(const void* in, void* to, std::int64_t n, F f) {
  constexpr int W = Lanes<T>::count;
  const T* a = static_cast<const T*>(in);
  T* out = static_cast<T*>(to);
  std::int64_t i = 0;
  for (; !kIsSmall && i + 2 * W <= n; i += 2 * W) {
    const auto y0 = f(load(a + i)), y1 = f(load(a + i + W));
    store(out + i, y0);
    store(out + i + W, y1);
  }
  for (; !kHasOneLoop && i + W <= n; i += W) store(out + i, f(load(a + i)));
  for (; i < n; i += W) {
    const auto part = part_of(a, part_size(n - i, W));
    store_part(out + i, f(load_part(a + i, part)), part);
  }
}

template <class T, class F>
KERAUNOS_INLINE void binary(const void* left, const void* right, void* to, std::int64_t n, F f) {
  constexpr int W = Lanes<T>::count;
  const T* a = static_cast<const T*>(left);
  const T* b = static_cast<const T*>(right);
  T* out = static_cast<T*>(to);
  std::int64_t i = 0;
  for (; !kIsSmall && i + 2 * W <= n; i += 2 * W) {
    const auto y0 = f(load(a + i), load(b + i)), y1 = f(load(a + i + W), load(b + i + W));
    store(out + i, y0);
    store(out + i + W, y1);
  }
  for (; !kHasOneLoop && i + W <= n; i += W) store(out + i, f(load(a + i), load(b + i)));
  for (; i < n; i += W) {
    const auto part = part_of(a, part_size(n - i, W));
    store_part(out + i, f(load_part(a + i, part), load_part(b + i, part)), part);
  }
}

// float32 worked out in float64 where that is the easy way to 1 ulp.
template <class F>
KERAUNOS_INLINE void unary_in_double(const void* in, void* to, std::int64_t n, F f) {
  const float* a = static_cast<const float*>(in);
  float* out = static_cast<float*>(to);
  std::int64_t i = 0;
  for (; i + kLanes64 <= n; i += kLanes64) store_narrowed(out + i, f(load_widened(a + i)));
  if (i < n) {
    float lane[kLanes64] = {};
    for (std::int64_t j = i; j < n; ++j) lane[j - i] = a[j];
    store_narrowed(lane, f(load_widened(lane)));
    for (std::int64_t j = i; j < n; ++j) out[j] = lane[j - i];
  }
}

#define KERAUNOS_LOOP(name)                                                                                              \
  template <class T>                                                                                                     \
  void name([[maybe_unused]] const void* a, [[maybe_unused]] const void* b, [[maybe_unused]] const void* c, void* out, \
            std::int64_t n, [[maybe_unused]] const double* parameters)

#define KERAUNOS_UNARY(name, value) \
  KERAUNOS_LOOP(name) { \
    unary<T>(a, out, n, [](auto x) __attribute__((always_inline)) { \
      using V = decltype(x); \
      [[maybe_unused]] const V zero = {}; \
      return value; \
    }); \
  }
#define KERAUNOS_BINARY(name, value) \
  KERAUNOS_LOOP(name) { \
    binary<T>(a, b, out, n, [](auto x, auto y) __attribute__((always_inline)) { \
      using V = decltype(x); \
      [[maybe_unused]] const V zero = {}; \
      return value; \
    }); \
  }
// float32 by way of float64; float64 directly.
#define KERAUNOS_UNARY_IN_DOUBLE(name, value) \
  KERAUNOS_LOOP(name) { \
    const auto f = [](F64 x) __attribute__((always_inline)) { return value; }; \
    if constexpr (sizeof(T) == 4) { \
      unary_in_double(a, out, n, f); \
    } else { \
      unary<T>(a, out, n, f); \
    } \
  }

// ---------------------------------------------------------------- one operand

KERAUNOS_UNARY(map_negative, -x)
KERAUNOS_UNARY(map_absolute, magnitude(x))
KERAUNOS_UNARY(map_sign, select(less(zero, x), splat(T(1)), select(less(x, zero), splat(T(-1)), x)))
KERAUNOS_UNARY(map_exp, exp(x))
KERAUNOS_UNARY(map_expm1, expm1(x))
KERAUNOS_UNARY(map_log, log(x))
KERAUNOS_UNARY(map_log1p, log1p(x))
KERAUNOS_UNARY(map_sqrt, square_root(x))
KERAUNOS_UNARY(map_rsqrt, splat(T(1)) / square_root(x))
KERAUNOS_UNARY(map_square, x * x)
KERAUNOS_UNARY(map_reciprocal, splat(T(1)) / x)
KERAUNOS_UNARY(map_tanh, tanh(x))
KERAUNOS_UNARY(map_sigmoid, sigmoid(x))
KERAUNOS_UNARY(map_softplus, softplus(x))
KERAUNOS_UNARY(map_relu, maximum(x, zero))
KERAUNOS_UNARY(map_floor, round_down(x))
KERAUNOS_UNARY(map_ceil, round_up(x))
KERAUNOS_UNARY(map_round, round_even(x))
KERAUNOS_UNARY(map_trunc, round_to_zero(x))
KERAUNOS_UNARY_IN_DOUBLE(map_log2, log2(x))
KERAUNOS_UNARY_IN_DOUBLE(map_log10, log10(x))
KERAUNOS_UNARY_IN_DOUBLE(map_sin, sin(x))
KERAUNOS_UNARY_IN_DOUBLE(map_cos, cos(x))

KERAUNOS_LOOP(map_erf) {
  if constexpr (sizeof(T) == 4) {
    unary<float>(a, out, n, [](F32 x) __attribute__((always_inline)) { return erf(x); });
  } else {
    const double* in = static_cast<const double*>(a);
    double* to = static_cast<double*>(out);
    for (std::int64_t i = 0; i < n; ++i) to[i] = __builtin_erf(in[i]);
  }
}

inline bool is_approximate(const double* parameters) { return parameters != nullptr && parameters[0] != 0.0; }

KERAUNOS_LOOP(map_gelu) {
  if (is_approximate(parameters)) {
    unary<T>(a, out, n, [](auto x) __attribute__((always_inline)) { return gelu_tanh<T>(x); });
  } else {
    unary<T>(a, out, n, [](auto x) __attribute__((always_inline)) { return gelu_exact<T>(x); });
  }
}

// ---------------------------------------------------------------- two operands

KERAUNOS_BINARY(map_add, x + y)
KERAUNOS_BINARY(map_subtract, x - y)
KERAUNOS_BINARY(map_multiply, x* y)
KERAUNOS_BINARY(map_divide, x / y)
KERAUNOS_BINARY(map_maximum, maximum(x, y))
KERAUNOS_BINARY(map_minimum, minimum(x, y))
KERAUNOS_BINARY(map_copysign, with_sign(magnitude(x), sign_of(y)))
KERAUNOS_BINARY(map_heaviside, select(less(zero, x), splat(T(1)), select(less(x, zero), zero, select(equal(x, zero), y, x))))
// NaN of the gradient flows where the unit is on; a NaN result stops nothing.
KERAUNOS_BINARY(map_relu_grad, select(less(zero, y), x, zero))
KERAUNOS_BINARY(map_sigmoid_grad, x* y*(splat(T(1)) - y))
KERAUNOS_BINARY(map_tanh_grad, x*(splat(T(1)) - y * y))
KERAUNOS_BINARY(map_softplus_grad, x* sigmoid(y))
KERAUNOS_BINARY(map_logaddexp, select(equal(x, y), x + splat(T(0.69314718055994530942)),
                                      maximum(x, y) + log1p_of_fraction(exp(float_of(bits_of(magnitude(x - y)) | sign_of(splat(T(-1))))))))

KERAUNOS_LOOP(map_gelu_grad) {
  if (is_approximate(parameters)) {
    binary<T>(a, b, out, n, [](auto g, auto x) __attribute__((always_inline)) { return g * gelu_tanh_slope<T>(x); });
  } else {
    binary<T>(a, b, out, n, [](auto g, auto x) __attribute__((always_inline)) { return g * gelu_exact_slope<T>(x); });
  }
}

// The plain cases of x^y for float32: exp(y * log|x|) in float64, which has bits to spare. False: some lane is special.
KERAUNOS_INLINE bool plain_power(F64 x, F64 y, F64& result) {
  const F64 m = magnitude(x), zero = {};
  const F64 whole = round_even(y);
  const auto is_plain = both(less(m, splat(kInf64)), less(magnitude(y), splat(1e6)));
  const auto has_value = either(less(splat(-0.0), x), either(equal(x, zero), equal(whole, y)));
  if (!holds_everywhere(both(is_plain, has_value))) return false;
  const F64 p = select(equal(y, zero), splat(1.0), exp(y * log(m)));
  const F64 half = splat(0.5) * whole;
  const auto is_odd = both(equal(whole, y), less(zero, magnitude(half - round_even(half))));
  result = float_of(bits_of(p) | bits_of(select(is_odd, float_of(sign_of(x)), zero)));
  return true;
}

KERAUNOS_LOOP(map_power) {
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  T* to = static_cast<T*>(out);
  if constexpr (sizeof(T) == 4) {
    std::int64_t i = 0;
    for (; i + kLanes64 <= n; i += kLanes64) {
      F64 result;
      if (plain_power(load_widened(x + i), load_widened(y + i), result)) {
        store_narrowed(to + i, result);
      } else {
        for (int j = 0; j < kLanes64; ++j) to[i + j] = __builtin_powf(x[i + j], y[i + j]);
      }
    }
    for (; i < n; ++i) to[i] = __builtin_powf(x[i], y[i]);
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i] = __builtin_pow(x[i], y[i]);
  }
}

// ---------------------------------------------------------------- results of one byte

template <class T, class F>
KERAUNOS_INLINE void test(const void* in, void* to, std::int64_t n, F f) {
  const T* a = static_cast<const T*>(in);
  std::uint8_t* out = static_cast<std::uint8_t*>(to);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
}
template <class T, class F>
KERAUNOS_INLINE void compare(const void* left, const void* right, void* to, std::int64_t n, F f) {
  const T* a = static_cast<const T*>(left);
  const T* b = static_cast<const T*>(right);
  std::uint8_t* out = static_cast<std::uint8_t*>(to);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}

#define KERAUNOS_TEST(name, value) \
  KERAUNOS_LOOP(name) { \
    test<T>(a, out, n, [](T x) { return value; }); \
  }
#define KERAUNOS_COMPARE(name, value) \
  KERAUNOS_LOOP(name) { \
    compare<T>(a, b, out, n, [](T x, T y) { return value; }); \
  }

template <class T>
constexpr T kLargest = sizeof(T) == 4 ? T(3.40282346638528859812e38f) : T(1.79769313486231570815e308);

KERAUNOS_TEST(map_is_nan, x != x)
KERAUNOS_TEST(map_is_finite, (x < 0 ? -x : x) <= kLargest<T>)
KERAUNOS_TEST(map_is_inf, (x < 0 ? -x : x) > kLargest<T>)
KERAUNOS_TEST(map_logical_not, x == 0)
KERAUNOS_LOOP(map_signbit) {
  test<typename Lanes<T>::Word>(a, out, n, [](typename Lanes<T>::Word x) { return x < 0; });
}
KERAUNOS_COMPARE(map_equal, x == y)
KERAUNOS_COMPARE(map_not_equal, x != y)
KERAUNOS_COMPARE(map_greater, x > y)
KERAUNOS_COMPARE(map_greater_equal, x >= y)
KERAUNOS_COMPARE(map_less, x < y)
KERAUNOS_COMPARE(map_less_equal, x <= y)
KERAUNOS_COMPARE(map_logical_and, (x != 0) & (y != 0))
KERAUNOS_COMPARE(map_logical_or, (x != 0) | (y != 0))
KERAUNOS_COMPARE(map_logical_xor, (x != 0) ^ (y != 0))

// ---------------------------------------------------------------- three operands

// Rounded twice, like the two ops that it stands for.
KERAUNOS_LOOP(map_multiply_add) {
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  const T* z = static_cast<const T*>(c);
  T* to = static_cast<T*>(out);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) to[i] = x[i] * y[i] + z[i];
}

template <class T>
MapLoop find_for(MapOp op) {
  switch (op) {
    case MapOp::kNegative: return map_negative<T>;
    case MapOp::kAbsolute: return map_absolute<T>;
    case MapOp::kSign: return map_sign<T>;
    case MapOp::kExp: return map_exp<T>;
    case MapOp::kExpm1: return map_expm1<T>;
    case MapOp::kLog: return map_log<T>;
    case MapOp::kLog1p: return map_log1p<T>;
    case MapOp::kLog2: return map_log2<T>;
    case MapOp::kLog10: return map_log10<T>;
    case MapOp::kSqrt: return map_sqrt<T>;
    case MapOp::kRsqrt: return map_rsqrt<T>;
    case MapOp::kSquare: return map_square<T>;
    case MapOp::kReciprocal: return map_reciprocal<T>;
    case MapOp::kSin: return map_sin<T>;
    case MapOp::kCos: return map_cos<T>;
    case MapOp::kTanh: return map_tanh<T>;
    case MapOp::kErf: return map_erf<T>;
    case MapOp::kSigmoid: return map_sigmoid<T>;
    case MapOp::kSoftplus: return map_softplus<T>;
    case MapOp::kRelu: return map_relu<T>;
    case MapOp::kGelu: return map_gelu<T>;
    case MapOp::kFloor: return map_floor<T>;
    case MapOp::kCeil: return map_ceil<T>;
    case MapOp::kRound: return map_round<T>;
    case MapOp::kTrunc: return map_trunc<T>;
    case MapOp::kIsNan: return map_is_nan<T>;
    case MapOp::kIsInf: return map_is_inf<T>;
    case MapOp::kIsFinite: return map_is_finite<T>;
    case MapOp::kSignbit: return map_signbit<T>;
    case MapOp::kLogicalNot: return map_logical_not<T>;
    case MapOp::kAdd: return map_add<T>;
    case MapOp::kSubtract: return map_subtract<T>;
    case MapOp::kMultiply: return map_multiply<T>;
    case MapOp::kDivide: return map_divide<T>;
    case MapOp::kPower: return map_power<T>;
    case MapOp::kMaximum: return map_maximum<T>;
    case MapOp::kMinimum: return map_minimum<T>;
    case MapOp::kCopysign: return map_copysign<T>;
    case MapOp::kLogaddexp: return map_logaddexp<T>;
    case MapOp::kEqual: return map_equal<T>;
    case MapOp::kNotEqual: return map_not_equal<T>;
    case MapOp::kGreater: return map_greater<T>;
    case MapOp::kGreaterEqual: return map_greater_equal<T>;
    case MapOp::kLess: return map_less<T>;
    case MapOp::kLessEqual: return map_less_equal<T>;
    case MapOp::kLogicalAnd: return map_logical_and<T>;
    case MapOp::kLogicalOr: return map_logical_or<T>;
    case MapOp::kLogicalXor: return map_logical_xor<T>;
    case MapOp::kHeaviside: return map_heaviside<T>;
    case MapOp::kReluGrad: return map_relu_grad<T>;
    case MapOp::kSigmoidGrad: return map_sigmoid_grad<T>;
    case MapOp::kTanhGrad: return map_tanh_grad<T>;
    case MapOp::kGeluGrad: return map_gelu_grad<T>;
    case MapOp::kSoftplusGrad: return map_softplus_grad<T>;
    case MapOp::kMultiplyAdd: return map_multiply_add<T>;
    default: return nullptr;
  }
}

MapLoop find(MapOp op, Dtype dtype) {
  if (dtype == Dtype::kFloat32) return find_for<float>(op);
  if (dtype == Dtype::kFloat64) return find_for<double>(op);
  return nullptr;
}

}  // namespace

extern const MapTable map_float_table = {find};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
