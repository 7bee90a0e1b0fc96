// The 2 x 2 places of y that Winograd's convolution takes together, and the 4 x 4 of x that they read: to the 16 points and back.
#pragma once

#include <cstdint>

#include "kernels/convolution_shape.h"
#include "kernels/level/winograd.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {

template <class T>
const WinogradLevel<T>& winograd_level() { return of_type<T>(*levels().winograd); }

// From point to point of so many elements. A line more: the points of a tile, written together, would else often lie multiples of a page apart, on
// one set of the cache.
inline std::int64_t winograd_step(std::int64_t elements) { return elements + 16; }

template <class T>
class WinogradTiles {
 public:
  explicit WinogradTiles(const Convolution& shape);
  std::int64_t count() const { return shape_.batch * shape_.axes[0].out * rows_ * columns_; }
  // Tiles of x or of y, at points that lie `step` apart. `zeros` are as many as channels: they stand for places outside.
  void load_inputs(std::int64_t first, std::int64_t count, const T* x, const T* zeros, T* to, std::int64_t step) const;
  void store_outputs(std::int64_t first, std::int64_t count, const T* from, std::int64_t step, const T* bias, bool is_relu, T* y) const;
  void load_output_gradients(std::int64_t first, std::int64_t count, const T* g, const T* zeros, T* to, std::int64_t step) const;

 private:
  struct Tile {
    std::int64_t image, row, column;
  };
  Tile tile_at(std::int64_t index) const;
  void advance(Tile& tile) const;  // to the next

  Convolution shape_;
  std::int64_t rows_, columns_;  // of the tiles of an image
};

}  // namespace keraunos::kernels
