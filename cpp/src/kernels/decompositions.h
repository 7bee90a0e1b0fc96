// Decompositions of one dense matrix, row-major, worked out in float64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keraunos::kernels {

// a (m x n, m >= n) = q * r. `a` becomes r above its diagonal and zeros below; q (m x columns, n <= columns <= m) has
// orthonormal columns. Signs are LAPACK's. `work` holds qr_work(n, columns) numbers.
void householder_qr(double* a, std::int64_t m, std::int64_t n, double* q, std::int64_t columns, double* work);
std::int64_t qr_work(std::int64_t n, std::int64_t columns);

// a (n x n, symmetric, destroyed) = vectors^T * diag(values) * vectors: the rows of `vectors` are the eigenvectors, values
// rise, and the largest component of each vector is positive. `work` holds 2 n numbers.
void symmetric_eigen(double* a, std::int64_t n, double* values, double* vectors, double* work);

// a (m x n, m >= n, destroyed) = u * diag(s) * vt with s falling, u (m x columns, n <= columns <= m) and vt (n x n). The
// largest component of each row of vt is positive. `work` holds svd_work(m, n, columns) numbers.
void singular_values(double* a, std::int64_t m, std::int64_t n, double* u, std::int64_t columns, double* s, double* vt, double* work);
std::int64_t svd_work(std::int64_t m, std::int64_t n, std::int64_t columns);

}  // namespace keraunos::kernels
