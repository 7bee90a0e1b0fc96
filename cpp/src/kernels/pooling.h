// Pooling of images with their channels last: the largest element or the mean of each window.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace keraunos::kernels {

// Window o of an axis holds the places [begin[o], end[o]), at least one.
struct PoolingAxis {
  std::int64_t in = 1;
  std::vector<std::int64_t> begin = {0}, end = {1};
};

struct Pooling {
  std::int64_t batch = 0, channels = 0;
  std::array<PoolingAxis, 3> axes;  // slowest first; axes that are not there have size 1
};

// All of them give the same bits for any number of threads. The largest element passes NaN on; of equal ones the first counts.
template <class T>
void max_pool(const Pooling& shape, const T* x, T* y);
// The gradient of x: each window's g at the place of its largest element, else zero. `is_relu`: only where that element is above 0.
template <class T>
void max_pool_grad(const Pooling& shape, const T* g, const T* x, bool is_relu, T* result);
// Each window's element of h at the place of its largest element of x.
template <class T>
void max_pool_pick(const Pooling& shape, const T* h, const T* x, T* y);
template <class T>
void average_pool(const Pooling& shape, const T* x, T* y);
template <class T>
void average_pool_grad(const Pooling& shape, const T* g, T* result);

}  // namespace keraunos::kernels
