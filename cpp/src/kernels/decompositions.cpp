#include "kernels/decompositions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keraunos::kernels {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Both end far earlier on finite numbers; a NaN must not keep them going.
constexpr int kMostSweeps = 60;
constexpr int kMostShifts = 60;

double dot(const double* a, const double* b, std::int64_t n) {
  double sums[4] = {0, 0, 0, 0};
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (int lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Scaled, so that no square overflows.
double length_of(const double* a, std::int64_t n, std::int64_t stride) {
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(a[i * stride]));
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i * stride] / largest * (a[i * stride] / largest);
  return largest * std::sqrt(sum);
}

// (x, y) becomes (c x - s y, s x + c y).
void rotate(double* x, double* y, std::int64_t n, double c, double s) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double old = x[i];
    x[i] = c * old - s * y[i];
    y[i] = s * old + c * y[i];
  }
}

// Turns a vector so that its component of the largest size is positive; returns whether it did.
bool make_positive(double* vector, std::int64_t n) {
  const double* largest = std::max_element(vector, vector + n, [](double a, double b) { return std::fabs(a) < std::fabs(b); });
  if (n == 0 || *largest >= 0) return false;
  for (std::int64_t i = 0; i < n; ++i) vector[i] = -vector[i];
  return true;
}

// ---------------------------------------------------------------- QR

// Rows [k, m) of x, minus tau * v * (v^T x). v is column k of `a` with 1 on the diagonal.
void reflect(const double* a, std::int64_t n, std::int64_t k, std::int64_t m, double tau, double* x, std::int64_t columns, std::int64_t first, double* sums) {
  if (tau == 0) return;
  const auto v = [&](std::int64_t i) { return i == k ? 1.0 : a[i * n + k]; };
  std::fill(sums + first, sums + columns, 0.0);
  for (std::int64_t i = k; i < m; ++i) {
    const double factor = v(i);
    for (std::int64_t j = first; j < columns; ++j) sums[j] += factor * x[i * columns + j];
  }
  for (std::int64_t i = k; i < m; ++i) {
    const double factor = tau * v(i);
    for (std::int64_t j = first; j < columns; ++j) x[i * columns + j] -= factor * sums[j];
  }
}

// ---------------------------------------------------------------- symmetric eigenvalues

// Householder's reduction: `a` becomes tridiagonal with `diagonal` and, from index 1 on, `side`; the rows of `vectors`
// are the columns of the orthogonal matrix that does it.
void tridiagonalize(double* a, std::int64_t n, double* diagonal, double* side, double* vectors, double* product) {
  std::fill(vectors, vectors + n * n, 0.0);
  for (std::int64_t i = 0; i < n; ++i) vectors[i * n + i] = 1.0;
  for (std::int64_t k = 0; k + 2 < n; ++k) {
    double* v = a + k * n;  // row k is column k: symmetric
    const double rest = length_of(v + k + 2, n - k - 2, 1);
    if (rest == 0) continue;
    const double alpha = v[k + 1];
    const double beta = -std::copysign(std::hypot(alpha, rest), alpha);
    const double tau = (beta - alpha) / beta;
    for (std::int64_t i = k + 2; i < n; ++i) v[i] /= alpha - beta;
    v[k + 1] = 1.0;
    // a22 becomes a22 - v w^T - w v^T.
    for (std::int64_t i = k + 1; i < n; ++i) product[i] = tau * dot(a + i * n + k + 1, v + k + 1, n - k - 1);
    const double half = 0.5 * tau * dot(product + k + 1, v + k + 1, n - k - 1);
    for (std::int64_t i = k + 1; i < n; ++i) product[i] -= half * v[i];
    for (std::int64_t i = k + 1; i < n; ++i) {
      for (std::int64_t j = k + 1; j < n; ++j) a[i * n + j] -= v[i] * product[j] + product[i] * v[j];
    }
    // Rows of `vectors` are columns of Q: Q (I - tau v v^T) works on them from the left.
    for (std::int64_t j = 0; j < n; ++j) product[j] = 0.0;
    for (std::int64_t i = k + 1; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) product[j] += v[i] * vectors[i * n + j];
    }
    for (std::int64_t i = k + 1; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) vectors[i * n + j] -= tau * v[i] * product[j];
    }
    v[k + 1] = beta;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    diagonal[i] = a[i * n + i];
    if (i > 0) side[i - 1] = a[(i - 1) * n + i];
  }
  if (n > 0) side[n - 1] = 0.0;
}

// The end of the block that starts at `first`: the next place where the side diagonal is nothing beside its neighbours.
std::int64_t end_of_block(const double* diagonal, const double* side, std::int64_t first, std::int64_t n) {
  std::int64_t end = first;
  while (end + 1 < n && std::fabs(side[end]) > kEpsilon * (std::fabs(diagonal[end]) + std::fabs(diagonal[end + 1]))) ++end;
  return end;
}

// One implicit QL step with Wilkinson's shift on rows [first, end] (Golub & Van Loan, section 8.3).
void ql_step(double* diagonal, double* side, std::int64_t first, std::int64_t end, double* vectors, std::int64_t n) {
  const double ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * side[first]);
  const double shift = side[first] / (ratio + std::copysign(std::hypot(ratio, 1.0), ratio));
  double bulge = diagonal[end] - diagonal[first] + shift;
  double s = 1.0, c = 1.0, moved = 0.0;
  for (std::int64_t i = end - 1; i >= first; --i) {
    const double f = s * side[i], b = c * side[i];
    const double r = std::hypot(f, bulge);
    side[i + 1] = r;
    if (r == 0) {  // the block falls apart
      diagonal[i + 1] -= moved;
      side[end] = 0.0;
      return;
    }
    s = f / r;
    c = bulge / r;
    const double g = diagonal[i + 1] - moved;
    const double t = (diagonal[i] - g) * s + 2.0 * c * b;
    moved = s * t;
    diagonal[i + 1] = g + moved;
    bulge = c * t - b;
    rotate(vectors + i * n, vectors + (i + 1) * n, n, c, s);
  }
  diagonal[first] -= moved;
  side[first] = bulge;
  side[end] = 0.0;
}

void sort_rows(double* values, double* rows, std::int64_t n) {
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    const std::int64_t least = std::min_element(values + i, values + n) - values;
    if (least == i) continue;
    std::swap(values[i], values[least]);
    std::swap_ranges(rows + i * n, rows + (i + 1) * n, rows + least * n);
  }
}

// ---------------------------------------------------------------- singular values

// Rotates pairs of rows of `a` until all are orthogonal (Hestenes), and the rows of `turns` with them.
void orthogonalize_rows(double* a, double* turns, std::int64_t n) {
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool is_done = true;
    for (std::int64_t p = 0; p + 1 < n; ++p) {
      for (std::int64_t q = p + 1; q < n; ++q) {
        const double pp = dot(a + p * n, a + p * n, n), qq = dot(a + q * n, a + q * n, n), pq = dot(a + p * n, a + q * n, n);
        if (!(std::fabs(pq) > kEpsilon * std::sqrt(pp) * std::sqrt(qq))) continue;
        is_done = false;
        const double ratio = (qq - pp) / (2.0 * pq);
        const double t = std::copysign(1.0, ratio) / (std::fabs(ratio) + std::hypot(ratio, 1.0));
        const double c = 1.0 / std::hypot(t, 1.0);
        rotate(a + p * n, a + q * n, n, c, c * t);
        rotate(turns + p * n, turns + q * n, n, c, c * t);
      }
    }
    if (is_done) return;
  }
}

// Rows [count, n) become unit vectors orthogonal to all before them.
void complete_basis(double* rows, std::int64_t count, std::int64_t n) {
  for (std::int64_t row = count, axis = 0; row < n && axis < n; ++axis) {
    double* candidate = rows + row * n;
    std::fill(candidate, candidate + n, 0.0);
    candidate[axis] = 1.0;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t i = 0; i < row; ++i) {
        const double share = dot(candidate, rows + i * n, n);
        for (std::int64_t j = 0; j < n; ++j) candidate[j] -= share * rows[i * n + j];
      }
    }
    const double length = length_of(candidate, n, 1);
    // Of n axes, one at least keeps this much of its length.
    if (length * length * static_cast<double>(n) < 0.5) continue;
    for (std::int64_t j = 0; j < n; ++j) candidate[j] /= length;
    ++row;
  }
}

}  // namespace

std::int64_t qr_work(std::int64_t n, std::int64_t columns) { return n + std::max(n, columns); }

void householder_qr(double* a, std::int64_t m, std::int64_t n, double* q, std::int64_t columns, double* work) {
  double* taus = work;
  double* sums = work + n;
  for (std::int64_t k = 0; k < n; ++k) {
    double* head = a + k * n + k;
    const double rest = length_of(head + n, m - k - 1, n);
    taus[k] = 0.0;
    if (rest == 0) continue;
    const double alpha = *head;
    const double beta = -std::copysign(std::hypot(alpha, rest), alpha);
    taus[k] = (beta - alpha) / beta;
    for (std::int64_t i = k + 1; i < m; ++i) a[i * n + k] /= alpha - beta;
    reflect(a, n, k, m, taus[k], a, n, k + 1, sums);
    *head = beta;
  }
  std::fill(q, q + m * columns, 0.0);
  for (std::int64_t i = 0; i < columns; ++i) q[i * columns + i] = 1.0;
  for (std::int64_t k = n - 1; k >= 0; --k) reflect(a, n, k, m, taus[k], q, columns, 0, sums);
  for (std::int64_t i = 1; i < m; ++i) std::fill(a + i * n, a + i * n + std::min(i, n), 0.0);
}

void symmetric_eigen(double* a, std::int64_t n, double* values, double* vectors, double* work) {
  double* side = work;
  tridiagonalize(a, n, values, side, vectors, work + n);
  for (std::int64_t first = 0; first < n; ++first) {
    for (int shift = 0; shift < kMostShifts; ++shift) {
      const std::int64_t end = end_of_block(values, side, first, n);
      if (end == first) break;
      ql_step(values, side, first, end, vectors, n);
    }
  }
  sort_rows(values, vectors, n);
  for (std::int64_t i = 0; i < n; ++i) make_positive(vectors + i * n, n);
}

std::int64_t svd_work(std::int64_t m, std::int64_t n, std::int64_t columns) { return m * columns + n * n + n + qr_work(n, columns); }

void singular_values(double* a, std::int64_t m, std::int64_t n, double* u, std::int64_t columns, double* s, double* vt, double* work) {
  double* q = work;
  double* turns = q + m * columns;
  double* row = turns + n * n;
  householder_qr(a, m, n, q, columns, row + n);
  std::fill(turns, turns + n * n, 0.0);
  for (std::int64_t i = 0; i < n; ++i) turns[i * n + i] = 1.0;
  orthogonalize_rows(a, turns, n);
  // turns * r = diag(s) * vt, so r = turns^T * diag(s) * vt.
  for (std::int64_t i = 0; i < n; ++i) s[i] = -length_of(a + i * n, n, 1);
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    const std::int64_t largest = std::min_element(s + i, s + n) - s;
    if (largest == i) continue;
    std::swap(s[i], s[largest]);
    std::swap_ranges(a + i * n, a + (i + 1) * n, a + largest * n);
    std::swap_ranges(turns + i * n, turns + (i + 1) * n, turns + largest * n);
  }
  std::int64_t rank = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    s[i] = s[i] == 0 ? 0.0 : -s[i];
    if (s[i] == 0) continue;
    rank = i + 1;
    for (std::int64_t j = 0; j < n; ++j) vt[i * n + j] = a[i * n + j] / s[i];
  }
  complete_basis(vt, rank, n);
  for (std::int64_t i = 0; i < n; ++i) {
    if (!make_positive(vt + i * n, n)) continue;
    for (std::int64_t j = 0; j < n; ++j) turns[i * n + j] = -turns[i * n + j];
  }
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) row[j] = dot(q + i * columns, turns + j * n, n);
    std::copy(q + i * columns, q + (i + 1) * columns, u + i * columns);
    std::copy(row, row + n, u + i * columns);
  }
}

}  // namespace keraunos::kernels
