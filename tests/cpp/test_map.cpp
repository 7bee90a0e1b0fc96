// Elementwise loops against libm in float64 (float128-free: long double where it matters), over edge values.
#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "check.h"
#include "kernels/kernels.h"

using keraunos::Dtype;
using keraunos::kernels::find_map_loop;
using keraunos::kernels::MapOp;

namespace {

template <class T>
constexpr Dtype kDtype = Dtype::kFloat32;
template <>
constexpr Dtype kDtype<double> = Dtype::kFloat64;

template <class T>
std::vector<T> edge_values() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {0,     T(-0.0), 1,    -1,    2,     -2,      T(0.5), T(-0.5), T(1e-8), T(-1e-8), 10,     -10, T(0.625), T(-0.9277),
                           100,   -100,    1000, -1000, T(88), T(88.7), T(89),  T(-87),  T(-88),  T(-103),  T(-104), T(1e5), T(-1e5), 3,
                           T(1.5), T(2.5), T(-2.5), 20, -20, 30, T(709.7), T(709.9), T(-708), T(-745), T(-746), T(0.99999), T(1e10), T(1e30),
                           L::infinity(), -L::infinity(), L::quiet_NaN(), L::max(), L::lowest(), L::min(), L::denorm_min(), L::epsilon()};
  check::Numbers numbers(7);
  for (double size : {1e-3, 0.1, 1.0, 3.0, 10.0, 80.0, 1000.0}) {
    for (int i = 0; i < 300; ++i) values.push_back(static_cast<T>(numbers.number() * size));
  }
  return values;
}

// Distance in units of the last place of the expected value.
template <class T>
double ulps(T value, long double expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(value) || std::isnan(rounded)) return std::isnan(value) && std::isnan(rounded) ? 0 : 1e30;
  if (value == rounded) return 0;
  if (std::isinf(value) || std::isinf(rounded)) {
    // At the very end of the range, overflow may come one step early or late.
    const T finite = std::isinf(value) ? rounded : value;
    return std::isfinite(finite) && std::fabs(finite) > std::numeric_limits<T>::max() * T(0.9999999) ? 1 : 1e30;
  }
  const T next = std::nextafter(std::fabs(rounded), std::numeric_limits<T>::infinity());
  const long double unit = std::isinf(next) ? static_cast<long double>(std::fabs(rounded)) * std::numeric_limits<T>::epsilon() : next - std::fabs(rounded);
  return static_cast<double>(std::fabs(static_cast<long double>(value) - expected) / unit);
}

using Real = long double;

struct UnaryCase {
  const char* name;
  MapOp op;
  std::function<Real(Real)> truth;
  double ulps32, ulps64;
  double absolute32 = 0, absolute64 = 0;  // slack where a result near 0 comes from cancellation
};

template <class T>
void check_unary(const UnaryCase& c) {
  const auto loop = find_map_loop(c.op, kDtype<T>);
  CHECK_CASE(loop != nullptr, c.name);
  if (loop == nullptr) return;
  const std::vector<T> values = edge_values<T>();
  // Every length up to two vectors and a bit, and every place in the vector.
  std::vector<T> out(values.size());
  loop(values.data(), nullptr, nullptr, out.data(), static_cast<std::int64_t>(values.size()), nullptr);
  const double allowed = sizeof(T) == 4 ? c.ulps32 : c.ulps64;
  const double absolute = sizeof(T) == 4 ? c.absolute32 : c.absolute64;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Real expected = c.truth(values[i]);
    const double error = ulps(out[i], expected);
    const bool is_close = std::isfinite(out[i]) && std::fabs(static_cast<Real>(out[i]) - expected) <= absolute;
    CHECK_CASE(error <= allowed || is_close,
               c.name << " of " << sizeof(T) * 8 << " bits at " << values[i] << ": " << out[i] << " not " << static_cast<T>(expected) << " (" << error << " ulp)");
  }
  // In place and at every length, the same bits.
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<T> copy(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n + 3));
    loop(copy.data() + 1, nullptr, nullptr, copy.data() + 1, static_cast<std::int64_t>(n), nullptr);
    CHECK_CASE(n == 0 || std::memcmp(copy.data() + 1, out.data() + 1, n * sizeof(T)) == 0, c.name << " in place, n=" << n);
    CHECK_CASE(std::memcmp(&copy[n + 1], &values[n + 1], sizeof(T)) == 0, c.name << " writes past the end, n=" << n);
  }
}

Real relu(Real x) { return std::isnan(x) ? x : std::max<Real>(x, 0); }
Real sign(Real x) { return std::isnan(x) ? x : Real((x > 0) - (x < 0)); }
Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
Real softplus(Real x) { return x > 50 ? x : std::log1p(std::exp(x)); }
Real gelu(Real x) { return std::isinf(x) ? (x > 0 ? x : 0) : x / 2 * std::erfc(-x / std::sqrt(Real(2))); }

void one_operand_matches_libm() {
  const std::vector<UnaryCase> cases = {
      {"negative", MapOp::kNegative, [](Real x) { return -x; }, 0, 0},
      {"absolute", MapOp::kAbsolute, [](Real x) { return std::fabs(x); }, 0, 0},
      {"sign", MapOp::kSign, sign, 0, 0},
      {"exp", MapOp::kExp, [](Real x) { return std::exp(x); }, 1.5, 1.5},
      {"expm1", MapOp::kExpm1, [](Real x) { return std::expm1(x); }, 2, 3},
      {"log", MapOp::kLog, [](Real x) { return std::log(x); }, 1.5, 1.5},
      {"log1p", MapOp::kLog1p, [](Real x) { return std::log1p(x); }, 2, 3},
      {"log2", MapOp::kLog2, [](Real x) { return std::log2(x); }, 1, 3},
      {"log10", MapOp::kLog10, [](Real x) { return std::log10(x); }, 1, 3},
      {"sqrt", MapOp::kSqrt, [](Real x) { return std::sqrt(x); }, 0.51, 0.51},
      {"rsqrt", MapOp::kRsqrt, [](Real x) { return 1 / std::sqrt(x); }, 1.5, 1.5},
      {"square", MapOp::kSquare, [](Real x) { return x * x; }, 0.51, 0.51},
      {"reciprocal", MapOp::kReciprocal, [](Real x) { return 1 / x; }, 0.51, 0.51},
      // The angle in float64 is exact to 1e-16 of itself; near a zero of the result that is all there is.
      {"sin", MapOp::kSin, [](Real x) { return std::sin(x); }, 1, 2, 0, 1e-16},
      {"cos", MapOp::kCos, [](Real x) { return std::cos(x); }, 1, 2, 0, 1e-16},
      {"tan", MapOp::kTan, [](Real x) { return std::tan(x); }, 1, 2},
      {"arcsin", MapOp::kArcsin, [](Real x) { return std::asin(x); }, 1, 2},
      {"arccos", MapOp::kArccos, [](Real x) { return std::acos(x); }, 1, 2},
      {"arctan", MapOp::kArctan, [](Real x) { return std::atan(x); }, 1, 2},
      {"sinh", MapOp::kSinh, [](Real x) { return std::sinh(x); }, 1, 2},
      {"cosh", MapOp::kCosh, [](Real x) { return std::cosh(x); }, 1, 2},
      {"tanh", MapOp::kTanh, [](Real x) { return std::tanh(x); }, 3, 3},
      {"arcsinh", MapOp::kArcsinh, [](Real x) { return std::asinh(x); }, 1, 3},
      {"arccosh", MapOp::kArccosh, [](Real x) { return std::acosh(x); }, 1, 3},
      {"arctanh", MapOp::kArctanh, [](Real x) { return std::atanh(x); }, 1, 3},
      {"erf", MapOp::kErf, [](Real x) { return std::erf(x); }, 2, 2},
      {"sigmoid", MapOp::kSigmoid, sigmoid, 3, 3},
      {"softplus", MapOp::kSoftplus, softplus, 3, 3},
      {"relu", MapOp::kRelu, relu, 0, 0},
      {"gelu", MapOp::kGelu, gelu, 4, 4, 4e-7, 1e-15},
      {"floor", MapOp::kFloor, [](Real x) { return std::floor(x); }, 0, 0},
      {"ceil", MapOp::kCeil, [](Real x) { return std::ceil(x); }, 0, 0},
      {"round", MapOp::kRound, [](Real x) { return std::rint(x); }, 0, 0},
      {"trunc", MapOp::kTrunc, [](Real x) { return std::trunc(x); }, 0, 0},
      {"lgamma", MapOp::kLgamma, [](Real x) { return std::isinf(x) ? std::numeric_limits<Real>::infinity() : std::lgamma(x); }, 2, 8, 1e-7, 1e-13},
      {"cbrt", MapOp::kCbrt, [](Real x) { return std::cbrt(x); }, 1, 4},
      {"exp2", MapOp::kExp2, [](Real x) { return std::exp2(x); }, 1, 2},
      {"copy", MapOp::kCopy, [](Real x) { return x; }, 0, 0},
  };
  for (const UnaryCase& c : cases) {
    check_unary<float>(c);
    check_unary<double>(c);
  }
}

struct BinaryCase {
  const char* name;
  MapOp op;
  std::function<Real(Real, Real)> truth;
  double ulps32, ulps64;
};

template <class T>
void check_binary(const BinaryCase& c) {
  const auto loop = find_map_loop(c.op, kDtype<T>);
  CHECK_CASE(loop != nullptr, c.name);
  if (loop == nullptr) return;
  const std::vector<T> values = edge_values<T>();
  std::vector<T> a, b;
  for (std::size_t i = 0; i < values.size(); i += i < 60 ? 1 : 40) {
    for (std::size_t j = 0; j < values.size(); j += j < 60 ? 1 : 40) {
      a.push_back(values[i]);
      b.push_back(values[j]);
    }
  }
  std::vector<T> out(a.size());
  loop(a.data(), b.data(), nullptr, out.data(), static_cast<std::int64_t>(a.size()), nullptr);
  const double allowed = sizeof(T) == 4 ? c.ulps32 : c.ulps64;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Real expected = c.truth(a[i], b[i]);
    const double error = ulps(out[i], expected);
    CHECK_CASE(error <= allowed, c.name << " of " << sizeof(T) * 8 << " bits at (" << a[i] << ", " << b[i] << "): " << out[i] << " not "
                                        << static_cast<T>(expected));
  }
  std::vector<T> in_place = b;
  loop(a.data(), in_place.data(), nullptr, in_place.data(), static_cast<std::int64_t>(a.size()), nullptr);
  CHECK_CASE(std::memcmp(in_place.data(), out.data(), out.size() * sizeof(T)) == 0, c.name << " over its second operand");
}

Real nan_or(Real x, Real y, Real value) { return std::isnan(x) ? x : std::isnan(y) ? y : value; }

Real mod_truth(Real x, Real y) {
  const Real r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

void two_operands_match_libm() {
  const std::vector<BinaryCase> cases = {
      {"add", MapOp::kAdd, [](Real x, Real y) { return x + y; }, 0.51, 0.51},
      {"subtract", MapOp::kSubtract, [](Real x, Real y) { return x - y; }, 0.51, 0.51},
      {"multiply", MapOp::kMultiply, [](Real x, Real y) { return x * y; }, 0.51, 0.51},
      {"divide", MapOp::kDivide, [](Real x, Real y) { return x / y; }, 0.51, 0.51},
      {"power", MapOp::kPower, [](Real x, Real y) { return std::pow(x, y); }, 1, 2},
      {"maximum", MapOp::kMaximum, [](Real x, Real y) { return nan_or(x, y, std::max(x, y)); }, 0, 0},
      {"minimum", MapOp::kMinimum, [](Real x, Real y) { return nan_or(x, y, std::min(x, y)); }, 0, 0},
      {"arctan2", MapOp::kArctan2, [](Real x, Real y) { return std::atan2(x, y); }, 1, 2},
      {"hypot", MapOp::kHypot, [](Real x, Real y) { return std::hypot(x, y); }, 1, 2},
      {"copysign", MapOp::kCopysign, [](Real x, Real y) { return std::copysign(x, y); }, 0, 0},
      {"heaviside", MapOp::kHeaviside, [](Real x, Real y) { return std::isnan(x) ? x : x == 0 ? y : Real(x > 0); }, 0, 0},
      {"relu_grad", MapOp::kReluGrad, [](Real g, Real y) { return y > 0 ? g : 0; }, 0, 0},
  };
  for (const BinaryCase& c : cases) {
    check_binary<float>(c);
    check_binary<double>(c);
  }
  const BinaryCase mod = {"mod", MapOp::kMod, mod_truth, 1, 1};
  check_binary<double>(mod);
}

template <class T>
T apply(MapOp op, Dtype dtype, T x, T y) {
  T out{};
  find_map_loop(op, dtype)(&x, &y, nullptr, &out, 1, nullptr);
  return out;
}

void gradients_match_differences() {
  const auto slope = [](MapOp op, double x, const double* parameters) {
    const double h = 1e-5, points[2] = {x - h, x + h};
    double y[2];
    find_map_loop(op, Dtype::kFloat64)(points, nullptr, nullptr, y, 2, parameters);
    return (y[1] - y[0]) / (2 * h);
  };
  const double approximate[1] = {1.0}, exact[1] = {0.0};
  for (double x = -6; x <= 6; x += 0.37) {
    const double g = 1.5;
    double out = 0;
    for (const double* parameters : {approximate, exact}) {
      find_map_loop(MapOp::kGeluGrad, Dtype::kFloat64)(&g, &x, nullptr, &out, 1, parameters);
      CHECK_CASE(check::is_near(out, g * slope(MapOp::kGelu, x, parameters), 1e-7, 1e-8), "gelu at " << x);
      const float g32 = 1.5f, x32 = static_cast<float>(x);
      float out32 = 0;
      find_map_loop(MapOp::kGeluGrad, Dtype::kFloat32)(&g32, &x32, nullptr, &out32, 1, parameters);
      CHECK_CASE(check::is_near(out32, out, 1e-5, 2e-6), "gelu of 32 bits at " << x);
    }
    find_map_loop(MapOp::kSoftplusGrad, Dtype::kFloat64)(&g, &x, nullptr, &out, 1, nullptr);
    CHECK(check::is_near(out, g * slope(MapOp::kSoftplus, x, nullptr), 1e-7, 1e-8));
    const double y = std::tanh(x), s = 1 / (1 + std::exp(-x));
    // Where y is near 1 the difference cancels: processors that fuse it with the product round once less.
    CHECK(check::is_near(apply(MapOp::kTanhGrad, Dtype::kFloat64, g, y), g * (1 - y * y), 1e-12, 1e-15));
    CHECK(check::is_near(apply(MapOp::kSigmoidGrad, Dtype::kFloat64, g, s), g * s * (1 - s), 1e-12, 0));
  }
}

template <class T>
void check_comparisons() {
  const std::vector<T> values = edge_values<T>();
  for (std::size_t n : {std::size_t{1}, std::size_t{15}, std::size_t{64}, values.size()}) {
    std::vector<T> other(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n));
    std::reverse(other.begin(), other.end());
    std::vector<std::uint8_t> out(n);
    const auto check = [&](MapOp op, auto truth) {
      find_map_loop(op, kDtype<T>)(values.data(), other.data(), nullptr, out.data(), static_cast<std::int64_t>(n), nullptr);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK_CASE(out[i] == (truth(values[i], other[i]) ? 1 : 0), "comparison " << static_cast<int>(op) << " of " << values[i] << ", " << other[i]);
      }
    };
    check(MapOp::kEqual, [](T x, T y) { return x == y; });
    check(MapOp::kNotEqual, [](T x, T y) { return x != y; });
    check(MapOp::kGreater, [](T x, T y) { return x > y; });
    check(MapOp::kGreaterEqual, [](T x, T y) { return x >= y; });
    check(MapOp::kLess, [](T x, T y) { return x < y; });
    check(MapOp::kLessEqual, [](T x, T y) { return x <= y; });
    check(MapOp::kIsNan, [](T x, T) { return std::isnan(x); });
    check(MapOp::kIsInf, [](T x, T) { return std::isinf(x); });
    check(MapOp::kIsFinite, [](T x, T) { return std::isfinite(x); });
    check(MapOp::kSignbit, [](T x, T) { return std::signbit(x); });
  }
}

void special_functions_have_their_known_values() {
  const auto at = [](MapOp op, double x) { return apply(op, Dtype::kFloat64, x, 0.0); };
  CHECK(check::is_near(at(MapOp::kDigamma, 1), -0.57721566490153286061, 1e-14, 0));
  CHECK(check::is_near(at(MapOp::kDigamma, -0.5), 0.03648997397857652056, 1e-11, 0));
  CHECK(std::isnan(at(MapOp::kDigamma, -3)));
  CHECK(check::is_near(at(MapOp::kI0, 1), 1.26606587775200833560, 1e-14, 0));
  CHECK(check::is_near(at(MapOp::kI0, 50), 2.93255378384933549e20, 1e-13, 0));
  CHECK(check::is_near(at(MapOp::kI1, -2), -1.59063685463732906338, 1e-14, 0));
  CHECK(check::is_near(at(MapOp::kI0e, 100), 0.03994437929909668265, 1e-13, 0));
  CHECK(check::is_near(at(MapOp::kI1e, 29.999), at(MapOp::kI1e, 30.001), 1e-4, 0));
  for (double x : {-0.999999999, -0.9, -0.1, 1e-12, 0.3, 0.5, 0.97, 0.9999}) {
    CHECK_CASE(check::is_near(std::erf(at(MapOp::kErfinv, x)), x, 4e-16, 0), "erfinv at " << x);
  }
  CHECK(std::isinf(at(MapOp::kErfinv, 1)) && std::isnan(at(MapOp::kErfinv, 1.1)));
  CHECK(at(MapOp::kSinc, 0) == 1 && check::is_near(at(MapOp::kSinc, 0.5), 0.63661977236758134308, 1e-15, 0));
  CHECK(check::is_near(apply(MapOp::kLogaddexp, Dtype::kFloat64, 1000.0, 1001.0), 1001.31326168751822, 1e-15, 0));
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(apply(MapOp::kLogaddexp, Dtype::kFloat64, -inf, -inf) == -inf);
  CHECK(apply(MapOp::kLogaddexp, Dtype::kFloat64, inf, 3.0) == inf);
  CHECK(apply(MapOp::kFloorDivide, Dtype::kFloat64, -7.0, 2.0) == -4.0);
  CHECK(apply(MapOp::kFloorDivide, Dtype::kFloat32, 1.0f, 0.1f) == 9.0f);
  CHECK(std::isinf(apply(MapOp::kFloorDivide, Dtype::kFloat32, 1.0f, 0.0f)));
}

// ---------------------------------------------------------------- integers

template <class T>
void check_integers(Dtype dtype) {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {0, 1, 2, 3, 7, 8, 31, 63, 64, 100, L::max(), L::min(), static_cast<T>(L::max() - 1), static_cast<T>(-1), static_cast<T>(-7)};
  const auto at = [dtype](MapOp op, T x, T y) { return apply<T>(op, dtype, x, y); };
  using Wide = __int128;
  for (T x : values) {
    for (T y : values) {
      const Wide wx = x, wy = y;
      CHECK(at(MapOp::kAdd, x, y) == static_cast<T>(wx + wy));
      CHECK(at(MapOp::kSubtract, x, y) == static_cast<T>(wx - wy));
      CHECK(at(MapOp::kMultiply, x, y) == static_cast<T>(wx * wy));
      CHECK(at(MapOp::kMaximum, x, y) == std::max(x, y));
      CHECK(at(MapOp::kMinimum, x, y) == std::min(x, y));
      CHECK(at(MapOp::kBitwiseXor, x, y) == static_cast<T>(x ^ y));
      const bool is_inside = wy >= 0 && wy < static_cast<Wide>(sizeof(T) * 8);
      CHECK_CASE(at(MapOp::kLeftShift, x, y) == (is_inside ? static_cast<T>(static_cast<std::uint64_t>(x) << y) : T(0)), +x << " << " << +y);
      CHECK_CASE(at(MapOp::kRightShift, x, y) == static_cast<T>(is_inside ? x >> y : x < 0 ? -1 : 0), +x << " >> " << +y);
      Wide quotient = 0, rest = 0;
      if (y != 0) {
        quotient = wx / wy;
        rest = wx % wy;
        if (rest != 0 && (rest < 0) != (wy < 0)) {
          quotient -= 1;
          rest += wy;
        }
      }
      CHECK_CASE(at(MapOp::kFloorDivide, x, y) == static_cast<T>(quotient), +x << " // " << +y);
      CHECK_CASE(at(MapOp::kMod, x, y) == static_cast<T>(rest), +x << " % " << +y);
    }
    CHECK(at(MapOp::kNegative, x, 0) == static_cast<T>(-static_cast<Wide>(x)));
    CHECK(at(MapOp::kAbsolute, x, 0) == static_cast<T>(x < 0 ? -static_cast<Wide>(x) : static_cast<Wide>(x)));
    CHECK(at(MapOp::kSign, x, 0) == static_cast<T>((x > 0) - (x < 0)));
  }
  CHECK(at(MapOp::kPower, 3, 4) == 81);
  CHECK(at(MapOp::kPower, 0, 0) == 1);
  CHECK(at(MapOp::kGcd, 12, 18) == 6 && at(MapOp::kLcm, 4, 6) == 12 && at(MapOp::kLcm, 0, 6) == 0);
  // A long run goes through the vector code; the above through the rest of it.
  std::vector<T> x(100), y(100), out(100);
  for (int i = 0; i < 100; ++i) {
    x[static_cast<std::size_t>(i)] = static_cast<T>(i * 37);
    y[static_cast<std::size_t>(i)] = static_cast<T>(i % 9);
  }
  for (MapOp op : {MapOp::kAdd, MapOp::kMultiply, MapOp::kMaximum, MapOp::kLeftShift, MapOp::kRightShift, MapOp::kBitwiseAnd, MapOp::kAbsolute}) {
    find_map_loop(op, dtype)(x.data(), y.data(), nullptr, out.data(), 100, nullptr);
    for (std::size_t i = 0; i < 100; ++i) CHECK_CASE(out[i] == at(op, x[i], y[i]), "op " << static_cast<int>(op) << " at " << i);
  }
}

void select_takes_any_dtype() {
  for (int d = 0; d < keraunos::kDtypeCount; ++d) {
    const Dtype dtype = static_cast<Dtype>(d);
    const std::size_t size = keraunos::size_of(dtype);
    std::vector<std::uint8_t> condition(37), a(37 * size, 1), b(37 * size, 2), out(37 * size);
    for (std::size_t i = 0; i < 37; ++i) condition[i] = i % 3 == 0;
    find_map_loop(MapOp::kSelect, dtype)(condition.data(), a.data(), b.data(), out.data(), 37, nullptr);
    for (std::size_t i = 0; i < 37 * size; ++i) CHECK(out[i] == (i / size % 3 == 0 ? 1 : 2));
  }
}

void bool_has_logic() {
  const std::uint8_t x[4] = {0, 0, 1, 1}, y[4] = {0, 1, 0, 1};
  const auto check = [&](MapOp op, std::vector<int> expected) {
    std::uint8_t out[4];
    find_map_loop(op, Dtype::kBool)(x, y, nullptr, out, 4, nullptr);
    for (int i = 0; i < 4; ++i) CHECK_CASE(out[i] == expected[static_cast<std::size_t>(i)], "bool op " << static_cast<int>(op));
  };
  check(MapOp::kLogicalAnd, {0, 0, 0, 1});
  check(MapOp::kLogicalOr, {0, 1, 1, 1});
  check(MapOp::kLogicalXor, {0, 1, 1, 0});
  check(MapOp::kLogicalNot, {1, 1, 0, 0});
  check(MapOp::kEqual, {1, 0, 0, 1});
  check(MapOp::kGreater, {0, 0, 1, 0});
  check(MapOp::kAdd, {0, 1, 1, 1});
}

}  // namespace

int main() {
  one_operand_matches_libm();
  two_operands_match_libm();
  gradients_match_differences();
  check_comparisons<float>();
  check_comparisons<double>();
  special_functions_have_their_known_values();
  check_integers<std::uint8_t>(Dtype::kUint8);
  check_integers<std::int8_t>(Dtype::kInt8);
  check_integers<std::uint16_t>(Dtype::kUint16);
  check_integers<std::int16_t>(Dtype::kInt16);
  check_integers<std::uint32_t>(Dtype::kUint32);
  check_integers<std::int32_t>(Dtype::kInt32);
  check_integers<std::uint64_t>(Dtype::kUint64);
  check_integers<std::int64_t>(Dtype::kInt64);
  select_takes_any_dtype();
  bool_has_logic();
  return check::finish();
}
