// What a level gives to Winograd's convolution F(2x2, 3x3): the transforms of one tile, vectors along the channels.
#pragma once

#include <cstdint>

namespace keraunos::kernels {

constexpr int kWinogradPoints = 16;  // products for each tile of 2 x 2 outputs, instead of 36

template <class T>
struct WinogradLevel {
  // Weights at the 16 points: of count weights of each tap, to[point * step + i] from w[tap * step + i].
  void (*kernel)(const T* w, std::int64_t count, T* to, std::int64_t step);
  // x: the 4 x 4 pixels of a tile. to[point * step + c], for all channels.
  void (*input)(const T* const* x, std::int64_t channels, T* to, std::int64_t step);
  // y: the 2 x 2 pixels of a tile, nullptr where there is none. activation(sums of from[point * step + c] + bias[c]).
  void (*output)(const T* from, std::int64_t step, std::int64_t channels, const T* bias, bool is_relu, T* const* y);
  // The other way for gradients, y: the 2 x 2 pixels of a tile. to[point * step + c], for all channels.
  void (*output_gradient)(const T* const* y, std::int64_t channels, T* to, std::int64_t step);
  // Gradients at the 16 points, from[point * from_step + i], to those of count weights of each tap, w[tap * step + i].
  void (*kernel_gradient)(const T* from, std::int64_t from_step, std::int64_t count, T* w, std::int64_t step);
};

struct WinogradTable {
  WinogradLevel<float> f32;
  WinogradLevel<double> f64;
};

}  // namespace keraunos::kernels
