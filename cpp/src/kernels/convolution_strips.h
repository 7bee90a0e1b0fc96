// How the columns of a convolution's weights are cut into strips that one tile covers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/ceil_div.h"
#include "kernels/level/convolution.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {

template <class T>
const ConvolutionLevel<T>& convolution_level() { return of_type<T>(*levels().convolution); }

// Strips of whole vectors, nearly equal, so that no tile is much narrower than the others. Packed, strip follows strip.
template <class T>
class ColumnStrips {
 public:
  explicit ColumnStrips(std::int64_t columns = 0)
      : columns_(columns), vectors_((columns + convolution_level<T>().lanes - 1) / convolution_level<T>().lanes) {
    const std::int64_t widest = convolution_level<T>().vectors;
    count_ = (vectors_ + widest - 1) / widest;
  }

  std::int64_t count() const { return count_; }
  std::int64_t begin(std::int64_t strip) const { return (strip * (vectors_ / count_) + std::min(strip, vectors_ % count_)) * convolution_level<T>().lanes; }
  std::int64_t vectors(std::int64_t strip) const { return vectors_ / count_ + (strip < vectors_ % count_ ? 1 : 0); }
  std::int64_t width(std::int64_t strip) const { return vectors(strip) * convolution_level<T>().lanes; }
  std::int64_t columns(std::int64_t strip) const { return std::min(width(strip), columns_ - begin(strip)); }
  // Of all strips together, packed.
  std::int64_t whole_width() const { return vectors_ * convolution_level<T>().lanes; }
  // Rows of the tallest tile that is as wide as the widest strip.
  std::int64_t tile_rows() const { return convolution_level<T>().rows[std::max<std::int64_t>(1, count_ > 0 ? vectors(0) : 1) - 1]; }

 private:
  std::int64_t columns_, vectors_, count_ = 0;
};

// Rows of equal height up to the tallest tile: body(first, rows).
template <class Body>
void for_each_tile(std::int64_t rows, std::int64_t tallest, const Body& body) {
  const std::int64_t tiles = ceil_div(rows, tallest);
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t first = t * (rows / tiles) + std::min(t, rows % tiles);
    body(first, rows / tiles + (t < rows % tiles ? 1 : 0));
  }
}

}  // namespace keraunos::kernels
