// Elementwise loops that go one element at a time: libm, integer division, special functions.
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kernels/dispatch.h"
#include "kernels/special.h"

namespace keraunos::kernels {
namespace {

template <class T, T (*f)(T)>
void unary(const void* a, const void*, const void*, void* out, std::int64_t n, const double*) {
  const T* x = static_cast<const T*>(a);
  T* to = static_cast<T*>(out);
  for (std::int64_t i = 0; i < n; ++i) to[i] = f(x[i]);
}

template <class T, T (*f)(T, T)>
void binary(const void* a, const void* b, const void*, void* out, std::int64_t n, const double*) {
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  T* to = static_cast<T*>(out);
  for (std::int64_t i = 0; i < n; ++i) to[i] = f(x[i], y[i]);
}

// Worked out in float64: within 1 ulp of float32 whatever libm does for float.
template <class T, double (*f)(double)>
T by_double(T x) {
  return static_cast<T>(f(static_cast<double>(x)));
}
template <class T, double (*f)(double, double)>
T by_double2(T x, T y) {
  return static_cast<T>(f(static_cast<double>(x), static_cast<double>(y)));
}

// ---------------------------------------------------------------- floating

template <class T>
T nextafter_of(T x, T y) {
  return std::nextafter(x, y);
}

// The remainder has the sign of the divisor.
template <class T>
T mod_of(T x, T y) {
  const T r = std::fmod(x, y);
  if (r == 0) return std::copysign(T(0), y);
  return (r < 0) != (y < 0) ? r + y : r;
}

// As NumPy: through the remainder, so that floor_divide * y + mod gives x back.
template <class T>
T floor_divide_of(T x, T y) {
  if (y == 0) return x / y;
  T r = std::fmod(x, y);
  T quotient = (x - r) / y;
  if (r != 0 && (r < 0) != (y < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T(0), x / y);
  const T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}

template <class T>
MapLoop find_floating(MapOp op) {
  switch (op) {
    case MapOp::kTan: return unary<T, by_double<T, std::tan>>;
    case MapOp::kArcsin: return unary<T, by_double<T, std::asin>>;
    case MapOp::kArccos: return unary<T, by_double<T, std::acos>>;
    case MapOp::kArctan: return unary<T, by_double<T, std::atan>>;
    case MapOp::kSinh: return unary<T, by_double<T, std::sinh>>;
    case MapOp::kCosh: return unary<T, by_double<T, std::cosh>>;
    case MapOp::kArcsinh: return unary<T, by_double<T, std::asinh>>;
    case MapOp::kArccosh: return unary<T, by_double<T, std::acosh>>;
    case MapOp::kArctanh: return unary<T, by_double<T, std::atanh>>;
    case MapOp::kCbrt: return unary<T, by_double<T, std::cbrt>>;
    case MapOp::kExp2: return unary<T, by_double<T, std::exp2>>;
    case MapOp::kErfinv: return unary<T, by_double<T, erfinv>>;
    case MapOp::kLgamma: return unary<T, by_double<T, log_gamma>>;
    case MapOp::kDigamma: return unary<T, by_double<T, digamma>>;
    case MapOp::kI0: return unary<T, by_double<T, bessel_i0>>;
    case MapOp::kI0e: return unary<T, by_double<T, bessel_i0e>>;
    case MapOp::kI1: return unary<T, by_double<T, bessel_i1>>;
    case MapOp::kI1e: return unary<T, by_double<T, bessel_i1e>>;
    case MapOp::kSinc: return unary<T, by_double<T, sinc>>;
    case MapOp::kArctan2: return binary<T, by_double2<T, std::atan2>>;
    case MapOp::kHypot: return binary<T, by_double2<T, std::hypot>>;
    case MapOp::kNextafter: return binary<T, nextafter_of<T>>;
    case MapOp::kFloorDivide: return binary<T, floor_divide_of<T>>;
    case MapOp::kMod: return binary<T, mod_of<T>>;
    default: return nullptr;
  }
}

// ---------------------------------------------------------------- integers

// The smallest integer by -1 overflows, and a zero divisor traps: the first wraps, the second gives 0.
template <class T>
bool is_minus_one(T y) {
  return std::is_signed<T>::value && y == static_cast<T>(-1);
}

template <class T>
T negate_wrapping(T x) {
  return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
}

template <class T>
T floor_divide_integer(T x, T y) {
  if (y == 0) return 0;
  if (is_minus_one(y)) return negate_wrapping(x);
  const T quotient = static_cast<T>(x / y);
  const bool rounds_up = std::is_signed<T>::value && (x % y != 0) && ((x < 0) != (y < 0));
  return static_cast<T>(quotient - (rounds_up ? 1 : 0));
}

template <class T>
T mod_integer(T x, T y) {
  if (y == 0 || is_minus_one(y)) return 0;
  const T r = static_cast<T>(x % y);
  return r != 0 && ((r < 0) != (y < 0)) ? static_cast<T>(r + y) : r;
}

// Wraps. A negative exponent gives what truncation of the real value gives, and 0 for base 0.
template <class T>
T power_integer(T x, T y) {
  if (y < 0) {
    if (x == 1) return 1;
    if (is_minus_one(x)) return y % 2 == 0 ? T(1) : x;
    return 0;
  }
  std::uint64_t result = 1, base = static_cast<std::uint64_t>(x);
  for (std::uint64_t e = static_cast<std::uint64_t>(y); e != 0; e >>= 1) {
    if (e & 1) result *= base;
    base *= base;
  }
  return static_cast<T>(result);
}

template <class T>
std::uint64_t magnitude_of(T x) {
  return x < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
}

template <class T>
T gcd_integer(T x, T y) {
  std::uint64_t a = magnitude_of(x), b = magnitude_of(y);
  while (b != 0) {
    const std::uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return static_cast<T>(a);
}

template <class T>
T lcm_integer(T x, T y) {
  if (x == 0 || y == 0) return 0;
  const std::uint64_t divisor = static_cast<std::uint64_t>(magnitude_of(gcd_integer(x, y)));
  return static_cast<T>(magnitude_of(x) / divisor * magnitude_of(y));
}

template <class T>
MapLoop find_integer(MapOp op) {
  switch (op) {
    case MapOp::kFloorDivide: return binary<T, floor_divide_integer<T>>;
    case MapOp::kMod: return binary<T, mod_integer<T>>;
    case MapOp::kPower: return binary<T, power_integer<T>>;
    case MapOp::kGcd: return binary<T, gcd_integer<T>>;
    case MapOp::kLcm: return binary<T, lcm_integer<T>>;
    default: return nullptr;
  }
}

}  // namespace

MapLoop find_scalar_map_loop(MapOp op, Dtype dtype) {
  switch (dtype) {
    case Dtype::kUint8: return find_integer<std::uint8_t>(op);
    case Dtype::kUint16: return find_integer<std::uint16_t>(op);
    case Dtype::kUint32: return find_integer<std::uint32_t>(op);
    case Dtype::kUint64: return find_integer<std::uint64_t>(op);
    case Dtype::kInt8: return find_integer<std::int8_t>(op);
    case Dtype::kInt16: return find_integer<std::int16_t>(op);
    case Dtype::kInt32: return find_integer<std::int32_t>(op);
    case Dtype::kInt64: return find_integer<std::int64_t>(op);
    case Dtype::kFloat32: return find_floating<float>(op);
    case Dtype::kFloat64: return find_floating<double>(op);
    default: return nullptr;
  }
}

}  // namespace keraunos::kernels
