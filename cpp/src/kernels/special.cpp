#include "kernels/special.h"

#include <cmath>
#include <limits>

namespace keraunos::kernels {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// M. Giles, "Approximating the erfinv function": good to single precision.
double erfinv_start(double x) {
  double w = -std::log((1.0 - x) * (1.0 + x));
  double p;
  if (w < 5.0) {
    w -= 2.5;
    p = 2.81022636e-08;
    p = 3.43273939e-07 + p * w;
    p = -3.5233877e-06 + p * w;
    p = -4.39150654e-06 + p * w;
    p = 0.00021858087 + p * w;
    p = -0.00125372503 + p * w;
    p = -0.00417768164 + p * w;
    p = 0.246640727 + p * w;
    p = 1.50140941 + p * w;
  } else {
    w = std::sqrt(w) - 3.0;
    p = -0.000200214257;
    p = 0.000100950558 + p * w;
    p = 0.00134934322 + p * w;
    p = -0.00367342844 + p * w;
    p = 0.00573950773 + p * w;
    p = -0.0076224613 + p * w;
    p = 0.00943887047 + p * w;
    p = 1.00167406 + p * w;
    p = 2.83297682 + p * w;
  }
  return p * x;
}

// exp(-x) * I_order(x) for x >= 0: the power series, whose terms are all positive, or Hankel's expansion.
double bessel_scaled(int order, double x) {
  if (x <= 30.0) {
    const double quarter = 0.25 * x * x;
    double term = order == 0 ? 1.0 : 0.5 * x, sum = term;
    for (int k = 1; k < 200; ++k) {
      term *= quarter / (static_cast<double>(k) * (k + order));
      sum += term;
      if (term < sum * 1e-17) break;
    }
    return sum * std::exp(-x);
  }
  const double mu = 4.0 * order * order;
  double term = 1.0, sum = 1.0;
  for (int k = 1; k < 60; ++k) {
    const double odd = 2.0 * k - 1.0;
    const double next = -term * (mu - odd * odd) / (8.0 * k * x);
    if (std::fabs(next) >= std::fabs(term)) break;
    term = next;
    sum += term;
    if (std::fabs(term) < 1e-17 * std::fabs(sum)) break;
  }
  return sum / std::sqrt(2.0 * kPi * x);
}

// exp(x) may overflow where the product with a small factor does not.
double times_exp(double factor, double x) {
  const double root = std::exp(0.5 * x);
  return factor * root * root;
}

}  // namespace

double erfinv(double x) {
  if (std::isnan(x) || x < -1.0 || x > 1.0) return kNan;
  if (x == 1.0 || x == -1.0) return std::copysign(kInf, x);
  if (x == 0.0) return x;
  double y = erfinv_start(x);
  for (int i = 0; i < 2; ++i) {
    // Halley's step; near the ends erfc keeps the digits that 1 - erf loses.
    const double m = std::fabs(y);
    const double error = std::fabs(x) < 0.5 ? std::erf(m) - std::fabs(x) : (1.0 - std::fabs(x)) - std::erfc(m);
    const double step = error / (1.12837916709551257390 * std::exp(-m * m));
    y = std::copysign(m - step / (1.0 + m * step), x);
  }
  return y;
}

double log_gamma(double x) {
#if defined(__GLIBC__) || defined(__APPLE__)
  int sign = 0;  // lgamma writes a global, which races
  return ::lgamma_r(x, &sign);
#else
  return std::lgamma(x);
#endif
}

double digamma(double x) {
  if (std::isnan(x) || x == -kInf) return kNan;
  if (x == 0.0) return std::copysign(kInf, -x);
  double result = 0.0;
  if (x < 0.0) {
    const double whole = std::floor(x);
    if (whole == x) return kNan;
    result = -kPi / std::tan(kPi * (x - whole));
    x = 1.0 - x;
  }
  while (x < 10.0) {
    result -= 1.0 / x;
    x += 1.0;
  }
  const double z = 1.0 / (x * x);
  const double series =
      z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return result + std::log(x) - 0.5 / x - series;
}

double bessel_i0(double x) {
  const double m = std::fabs(x);
  return std::isinf(m) ? kInf : times_exp(bessel_scaled(0, m), m);
}
double bessel_i0e(double x) { return std::isinf(x) ? 0.0 : bessel_scaled(0, std::fabs(x)); }
double bessel_i1(double x) {
  const double m = std::fabs(x);
  return std::copysign(std::isinf(m) ? kInf : times_exp(bessel_scaled(1, m), m), x);
}
double bessel_i1e(double x) { return std::copysign(std::isinf(x) ? 0.0 : bessel_scaled(1, std::fabs(x)), x); }

double sinc(double x) {
  const double angle = kPi * (x == 0.0 ? 1e-20 : x);
  return std::sin(angle) / angle;
}

}  // namespace keraunos::kernels
