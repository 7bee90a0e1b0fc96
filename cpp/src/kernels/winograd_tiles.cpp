#include "kernels/winograd_tiles.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

}  // namespace

template <class T>
WinogradTiles<T>::WinogradTiles(const Convolution& shape) : shape_(shape), rows_((shape.axes[1].out + 1) / 2), columns_((shape.axes[2].out + 1) / 2) {}

template <class T>
typename WinogradTiles<T>::Tile WinogradTiles<T>::tile_at(Index index) const {
  return {index / (rows_ * columns_), index / columns_ % rows_, index % columns_};
}

template <class T>
void WinogradTiles<T>::advance(Tile& tile) const {
  if (++tile.column < columns_) return;
  tile.column = 0;
  if (++tile.row < rows_) return;
  tile.row = 0;
  ++tile.image;
}

template <class T>
void WinogradTiles<T>::load_inputs(Index first, Index count, const T* x, const T* zeros, T* to, Index step) const {
  const ConvolutionAxis &rows = shape_.axes[1], &columns = shape_.axes[2];
  const Index channels = shape_.in_channels, row_step = columns.in * channels;
  Tile tile = tile_at(first);
  for (Index t = 0; t < count; ++t, to += channels, advance(tile)) {
    const Index top = 2 * tile.row - rows.low, left = 2 * tile.column - columns.low;
    const Index corner = ((tile.image * rows.in + top) * columns.in + left) * channels;
    const T* pixels[16];
    if (top >= 0 && top + 4 <= rows.in && left >= 0 && left + 4 <= columns.in) {
      for (Index i = 0; i < 16; ++i) pixels[i] = x + corner + i / 4 * row_step + i % 4 * channels;
    } else {
      for (Index i = 0; i < 16; ++i) {
        const Index row = top + i / 4, column = left + i % 4;
        const bool is_inside = row >= 0 && row < rows.in && column >= 0 && column < columns.in;
        pixels[i] = is_inside ? x + corner + i / 4 * row_step + i % 4 * channels : zeros;
      }
    }
    winograd_level<T>().input(pixels, channels, to, step);
  }
}

template <class T>
void WinogradTiles<T>::store_outputs(Index first, Index count, const T* from, Index step, const T* bias, bool is_relu, T* y) const {
  const Index rows = shape_.axes[1].out, columns = shape_.axes[2].out, channels = shape_.out_channels;
  Tile tile = tile_at(first);
  for (Index t = 0; t < count; ++t, from += channels, advance(tile)) {
    T* corner = y + ((tile.image * rows + 2 * tile.row) * columns + 2 * tile.column) * channels;
    const bool has_row = 2 * tile.row + 1 < rows, has_column = 2 * tile.column + 1 < columns;
    T* below = has_row ? corner + columns * channels : nullptr;
    T* const pixels[4] = {corner, has_column ? corner + channels : nullptr, below, has_row && has_column ? below + channels : nullptr};
    winograd_level<T>().output(from, step, channels, bias, is_relu, pixels);
  }
}

template <class T>
void WinogradTiles<T>::load_output_gradients(Index first, Index count, const T* g, const T* zeros, T* to, Index step) const {
  const Index rows = shape_.axes[1].out, columns = shape_.axes[2].out, channels = shape_.out_channels;
  Tile tile = tile_at(first);
  for (Index t = 0; t < count; ++t, to += channels, advance(tile)) {
    const T* corner = g + ((tile.image * rows + 2 * tile.row) * columns + 2 * tile.column) * channels;
    const bool has_row = 2 * tile.row + 1 < rows, has_column = 2 * tile.column + 1 < columns;
    const T* below = has_row ? corner + columns * channels : zeros;
    const T* const pixels[4] = {corner, has_column ? corner + channels : zeros, below, has_row && has_column ? below + channels : zeros};
    winograd_level<T>().output_gradient(pixels, channels, to, step);
  }
}

template class WinogradTiles<float>;
template class WinogradTiles<double>;

}  // namespace keraunos::kernels
