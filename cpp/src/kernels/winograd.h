// Winograd's convolution F(2x2, 3x3): 2.25 times fewer products for kernels transformed before, and no larger errors. F(4x4, 3x3) would take 4 times
// fewer, but its errors are some ten times those of the plain sums.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/convolution_shape.h"
#include "kernels/level/winograd.h"
#include "kernels/winograd_tiles.h"

namespace keraunos::kernels {

// Two spatial axes of 3 taps and stride 1, one group; columns in whole vectors of every level.
bool can_be_winograd(const Convolution& shape);

// With fewer, along any spatial axis, the transforms cost more than they save.
constexpr std::int64_t kLeastWinogradPlaces = 6;
constexpr std::int64_t kLeastWinogradChannels = 16;

// Is what it saves worth its transforms? The plain convolution takes no batch, or few images, as well as many.
template <class T>
bool pays_as_winograd(const Convolution& shape);
// The same of the weight gradient.
template <class T>
bool pays_as_winograd_weights(const Convolution& shape);

// w[3, 3, in, out] to [16, in, out].
template <class T>
void transform_winograd_kernel(const T* w, std::int64_t in_channels, std::int64_t out_channels, T* transformed);

// w[3, 3, in, out] to [16, out, in], for the input gradient: taps in reverse, channels turned. `space` is as large as the result.
template <class T>
void transform_turned_winograd_kernel(const T* w, std::int64_t in_channels, std::int64_t out_channels, T* transformed, T* space);

// The convolution that gives the input gradient of one with strides and dilations of 1.
Convolution turned(const Convolution& shape);

template <class T>
class WinogradForward {
 public:
  WinogradForward(const Convolution& shape, bool is_relu);
  std::size_t workspace_bytes() const { return static_cast<std::size_t>(parts_ * part_elements() + shape_.in_channels) * sizeof(T); }
  // bias may be nullptr.
  void run(const T* x, const T* transformed, const T* bias, T* y, void* workspace) const;

 private:
  std::int64_t part_elements() const;
  void run_block(std::int64_t first, std::int64_t count, const T* x, const T* transformed, const T* bias, T* y, const T* zeros, T* scratch) const;
  void run_points(const T* x, const T* transformed, const T* bias, T* y, const T* zeros, T* scratch) const;
  void multiply(const T* inputs, const T* weights, std::int64_t count, T* outputs) const;

  Convolution shape_;
  bool is_relu_;
  WinogradTiles<T> tiles_;
  std::int64_t tiles_per_block_ = 1, blocks_ = 0, parts_ = 1;
};

template <class T>
class WinogradWeightGradient {
 public:
  WinogradWeightGradient(const Convolution& shape, bool has_bias);
  std::size_t workspace_bytes() const;
  // With a bias, also its gradient: the sums of g for each channel.
  void run(const T* x, const T* g, T* w, T* bias, void* workspace) const;

 private:
  void add_block(std::int64_t block, const T* x, const T* g, const T* zeros, T* sums, T* scratch) const;
  void add_products(const T* inputs, const T* gradients, std::int64_t count, T* sums) const;

  Convolution shape_;
  WinogradTiles<T> tiles_;
  bool has_bias_;
  std::int64_t blocks_ = 0, tiles_per_block_ = 1, parts_ = 1;  // parts: sums of their own, added in order at the end
  std::int64_t weights_step_ = 0, sums_ = 0, scratch_ = 0;     // from point to point; elements of a part: its sums, and a block
};

}  // namespace keraunos::kernels
