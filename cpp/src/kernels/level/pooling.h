// What a level gives to pooling: serial loops over rows of windows, vectors along the channels.
#pragma once

#include <cstdint>

namespace keraunos::kernels {

struct PoolingRange {
  std::int64_t in = 1, out = 1;
  const std::int64_t* begin = nullptr;
  const std::int64_t* end = nullptr;
};

template <class T>
struct PoolingTask {
  std::int64_t channels = 0;
  PoolingRange axes[3];
  bool adds = false;       // gradients: windows overlap, and the result was filled with zeros
  bool is_relu = false;    // gradients: nothing passes where the largest element is not above 0
  const T* x = nullptr;    // images
  const T* h = nullptr;    // images, for the pick
  const T* g = nullptr;    // windows
  T* windows = nullptr;    // result, one element per window
  T* images = nullptr;     // result, in the shape of x
};

// Rows of windows: row r is (image, place on axis 0, place on axis 1).
template <class T>
struct PoolingLevel {
  void (*max)(const PoolingTask<T>&, std::int64_t row_begin, std::int64_t row_end);
  void (*max_grad)(const PoolingTask<T>&, std::int64_t row_begin, std::int64_t row_end);
  void (*max_pick)(const PoolingTask<T>&, std::int64_t row_begin, std::int64_t row_end);
  void (*average)(const PoolingTask<T>&, std::int64_t row_begin, std::int64_t row_end);
  void (*average_grad)(const PoolingTask<T>&, std::int64_t row_begin, std::int64_t row_end);
};

struct PoolingTable {
  PoolingLevel<float> f32;
  PoolingLevel<double> f64;
};

}  // namespace keraunos::kernels
