// Special functions that libm lacks.
#pragma once

namespace keraunos::kernels {

double erfinv(double x);     // NaN outside [-1, 1], infinite at its ends
double log_gamma(double x);  // of the absolute value, like lgamma, without its global sign
double digamma(double x);    // NaN at the negative integers, -inf at 0
double bessel_i0(double x);
double bessel_i0e(double x);  // exp(-|x|) * i0(x)
double bessel_i1(double x);
double bessel_i1e(double x);
double sinc(double x);  // sin(pi x) / (pi x)

}  // namespace keraunos::kernels
