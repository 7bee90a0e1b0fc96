// Layer and batch normalization over matrices of rows x n, float or double. Same bits for any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keraunos::kernels {

// Each row on its own: y = (x - mean) * inverse * gamma + beta, inverse = 1 / sqrt(variance + epsilon). gamma and beta have n
// elements, mean and inverse one for each row. Not centred: the mean counts as 0 (root mean square).
template <class T>
struct LayerNorm {
  std::int64_t rows = 0, n = 0;
  T epsilon = 0;
  bool is_centred = true;
};

template <class T>
void layer_norm(const LayerNorm<T>& norm, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse);

template <class T>
std::size_t layer_norm_grad_workspace(const LayerNorm<T>& norm);
template <class T>
void layer_norm_grad(const LayerNorm<T>& norm, const T* g, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma,
                     T* dbeta, void* workspace);

// Each column over all rows: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, cut at 0 with relu. gamma, beta, mean
// and variance have n elements.
template <class T>
struct BatchNorm {
  std::int64_t rows = 0, n = 0;
  T epsilon = 0;
  bool has_relu = false;
};

template <class T>
std::size_t batch_norm_workspace(const BatchNorm<T>& norm);
template <class T>
void batch_norm(const BatchNorm<T>& norm, const T* x, const T* gamma, const T* beta, T* y, T* mean, T* variance, void* workspace);
template <class T>
void batch_norm_grad(const BatchNorm<T>& norm, const T* g, const T* x, const T* gamma, const T* beta, const T* mean, const T* variance,
                     T* dx, T* dgamma, T* dbeta, void* workspace);

}  // namespace keraunos::kernels
