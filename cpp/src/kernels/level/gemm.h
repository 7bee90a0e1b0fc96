// What a level gives to the matrix product: a serial routine over a range of rows and columns, and its packing.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace keraunos::kernels {

// Rows are cut into tiles of nearly equal height: tile t begins at row t * base + min(t, extra).
struct RowTiles {
  std::int64_t count = 0, base = 0, extra = 0;
};

// A static function, not a member: a member that is not inlined would be a weak symbol.
static inline std::int64_t first_row(const RowTiles& tiles, std::int64_t tile) {
  return tile * tiles.base + (tile < tiles.extra ? tile : tiles.extra);
}

template <class T>
struct GemmTask {
  std::int64_t n = 0, k = 0;
  RowTiles tiles;
  std::int64_t k_block = 0;  // depth of one pass over c
  const T* a = nullptr;
  std::int64_t a_row = 0, a_k = 0;  // strides of a; one of them is 1
  bool a_is_packed = false;         // tile after tile, each [k][rows of the tile]
  const T* b = nullptr;
  std::int64_t ldb = 0;
  bool b_is_transposed = false;
  bool b_is_packed = false;  // strip after strip of `strip` columns, each [k][columns of the strip, in whole vectors]
  const T* bias = nullptr;
  Activation activation = Activation::kNone;
  bool accumulate = false;
  T* c = nullptr;
  std::int64_t ldc = 0;
};

template <class T>
struct GemmLevel {
  int lanes;     // of one vector
  int strip;     // columns of a packed strip: two vectors
  int max_rows;  // tallest tile
  int max_k_block;
  // Tiles [tile_begin, tile_end) by columns [column_begin, column_end); column_begin is a multiple of `strip`.
  void (*compute)(const GemmTask<T>&, std::int64_t tile_begin, std::int64_t tile_end, std::int64_t column_begin,
                  std::int64_t column_end);
  // Rows of a, with the strides of the task, into [k][rows].
  void (*pack_a)(const T* a, std::int64_t a_row, std::int64_t a_k, std::int64_t rows, std::int64_t k, T* out);
  // `columns` columns of b into [k][width], zeros in the columns that are not there.
  void (*pack_b)(const T* b, std::int64_t ldb, bool transposed, std::int64_t columns, std::int64_t width, std::int64_t k,
                 T* out);
  // a times the transpose of b for few rows, without packing: columns [column_begin, column_end).
  void (*dot)(const GemmTask<T>&, std::int64_t m, std::int64_t column_begin, std::int64_t column_end);
};

struct GemmTable {
  GemmLevel<float> f32;
  GemmLevel<double> f64;
};

}  // namespace keraunos::kernels
