// The matrix product of one level: tiles of rows x vectors held in registers.
#include "kernels/level/gemm.h"

#include "kernels/level/vector_math.h"
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/transpose.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// Each height of a tile is code of its own. In small programs there are fewer, one for both orders of `a`, and none that pack `b` on the way or are wide.
#if defined(__AVX512F__)
constexpr int kMaxRows = kIsSmall ? 4 : 14;
constexpr int kAccumulators = 28;  // of 32 registers
#elif defined(__ARM_NEON)
constexpr int kMaxRows = kIsSmall ? 4 : 8;
constexpr int kAccumulators = 24;
#else
constexpr int kMaxRows = kIsSmall ? 4 : 6;
constexpr int kAccumulators = 12;  // of 16 registers
#endif
constexpr int kStripVectors = 2;
// A strip of b this deep is 128 KiB, on the stack. Deeper blocks of k read and write c less often; measured best on processors
// with 1 MiB of second-level cache and more.
constexpr int kMaxDepth = 1024;
constexpr int kPrefetchSteps = 24;

constexpr int max_vectors(int rows) {
  if (kIsSmall) return 2;
  return rows * 8 <= kAccumulators ? 8 : rows * 4 <= kAccumulators ? 4 : 2;
}

// ---------------------------------------------------------------- one tile

template <class T>
struct TileCall {
  std::int64_t k;
  const T* a;
  std::int64_t a_row, a_k;
  const T* b;
  std::int64_t ldb;
  std::int64_t strip_step;  // from one packed strip of b to the next; only for tiles of several strips
  T* packed_b;  // where to leave the strip of b in packed form on the way, or nullptr
  T* c;
  std::int64_t ldc;
  std::int64_t columns;
  bool adds_to_c;
  const T* bias;  // only with the last block of k
  bool is_relu;   // only with the last block of k
};

enum class Side { kRowsTogether, kDepthTogether };  // which stride of a is 1
// kPacking: leaves b in packed form on the way. kStrips: b lies in several packed strips, each read as a stream of its own.
enum class Right { kPlain, kPacking, kStrips };

template <class T, int Rows, int Vectors, Side side, Right right_kind>
void tile(const TileCall<T>& call) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  const int last = static_cast<int>(call.columns - (Vectors - 1) * W);  // columns in the last vector
  const bool is_whole = last == W;
  const auto part = part_of(call.c, last);
  V sum[Rows][Vectors] = {};
  const T* b = call.b;
  T* packed_b = call.packed_b;
  const std::int64_t ldb = call.ldb, a_k = side == Side::kDepthTogether && !kIsSmall ? 1 : call.a_k, a_row = call.a_row;
  const T* a[(Rows + 2) / 3];
  for (int r = 0; r < Rows; r += 3) a[r / 3] = call.a + (side == Side::kDepthTogether ? r * a_row : r);

  const auto place = [&](int v) __attribute__((always_inline)) {
    return right_kind == Right::kStrips ? v / kStripVectors * call.strip_step + v % kStripVectors * W : v * W;
  };

  const auto step = [&](auto load_last) __attribute__((always_inline)) {
    V right[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors - 1; ++v) right[v] = load(b + place(v));
    right[Vectors - 1] = load_last(b + place(Vectors - 1));
    if constexpr (right_kind == Right::kStrips) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) prefetch(b + kPrefetchSteps * kStripVectors * W + place(v));
    }
    if constexpr (right_kind == Right::kPacking) {
      // This is the first touch of the strip, whose rows are too far apart for the processor to guess the next.
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) prefetch(b + kPrefetchSteps * ldb + v * W);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) store(packed_b + v * W, right[v]);
      packed_b += Vectors * W;
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const V left = splat(side == Side::kDepthTogether ? a[r / 3][(r % 3) * a_row] : a[r / 3][r % 3]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(left, right[v], sum[r][v]);
    }
    b += ldb;
#pragma GCC unroll 8
    for (int i = 0; i < (Rows + 2) / 3; ++i) a[i] += a_k;
  };
  if (is_whole && !kHasOneLoop) {
    for (std::int64_t k = 0; k < call.k; ++k) step([](const T* p) __attribute__((always_inline)) { return load(p); });
  } else {
    for (std::int64_t k = 0; k < call.k; ++k) step([&](const T* p) __attribute__((always_inline)) { return load_part(p, part); });
  }

  V bias[Vectors] = {};
  if (call.bias != nullptr) {
    for (int v = 0; v < Vectors - 1; ++v) bias[v] = load(call.bias + v * W);
    const T* p = call.bias + (Vectors - 1) * W;
    bias[Vectors - 1] = is_whole ? load(p) : load_part(p, part);
  }
  T* c = call.c;
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      V value = sum[r][v];
      T* p = c + v * W;
      const bool is_part = v == Vectors - 1 && !is_whole;
      if (call.adds_to_c) value = value + (is_part ? load_part(p, part) : load(p));
      value = value + bias[v];
      if (call.is_relu) value = maximum(value, V{});
      if (is_part) {
        store_part(p, value, part);
      } else {
        store(p, value);
      }
    }
    c += call.ldc;
  }
}

template <class T>
using Tile = void (*)(const TileCall<T>&);

// [rows - 1][log2 of vectors]
template <class T>
struct TileTable {
  Tile<T> plain[2][kMaxRows][4];
  Tile<T> packing[2][kMaxRows][2];
  Tile<T> strips[kMaxRows][4];  // a with its depth together; at least two strips
};

template <class T, int Rows, Side side>
constexpr void fill_row(TileTable<T>& table) {
  constexpr int s = static_cast<int>(side);
  auto& plain = table.plain[s][Rows - 1];
  plain[0] = tile<T, Rows, 1, side, Right::kPlain>;
  plain[1] = tile<T, Rows, 2, side, Right::kPlain>;
  if constexpr (max_vectors(Rows) >= 4) plain[2] = tile<T, Rows, 4, side, Right::kPlain>;
  if constexpr (max_vectors(Rows) >= 8) plain[3] = tile<T, Rows, 8, side, Right::kPlain>;
  constexpr Right packing = kIsSmall ? Right::kPlain : Right::kPacking;
  table.packing[s][Rows - 1][0] = tile<T, Rows, 1, side, packing>;
  table.packing[s][Rows - 1][1] = tile<T, Rows, 2, side, packing>;
  constexpr bool has_strips = side == Side::kDepthTogether && !kIsSmall;
  if constexpr (has_strips && max_vectors(Rows) >= 4) table.strips[Rows - 1][2] = tile<T, Rows, 4, side, Right::kStrips>;
  if constexpr (has_strips && max_vectors(Rows) >= 8) table.strips[Rows - 1][3] = tile<T, Rows, 8, side, Right::kStrips>;
  if constexpr (Rows > 1) fill_row<T, Rows - 1, side>(table);
}

template <class T>
constexpr TileTable<T> make_tile_table() {
  TileTable<T> table{};
  fill_row<T, kMaxRows, Side::kDepthTogether>(table);
  if constexpr (kIsSmall) {
    for (int rows = 0; rows < kMaxRows; ++rows) {
      for (int size = 0; size < 4; ++size) table.plain[0][rows][size] = table.plain[1][rows][size];
    }
  } else {
    fill_row<T, kMaxRows, Side::kRowsTogether>(table);
  }
  return table;
}

template <class T>
constexpr TileTable<T> kTiles = make_tile_table<T>();

// ---------------------------------------------------------------- packing

// One packed row narrower than a vector. The store may run over into the next row, which is written later.
template <class T, class V, class Part>
KERAUNOS_INLINE void store_narrow(T* out, V v, const T* end, Part part) {
  if (out + Lanes<T>::count <= end) {
    store(out, v);
  } else {
    store_part(out, v, part);
  }
}

// rows x k with the depth contiguous -> [k][width], zeros in the rows that are not there.
template <class T>
void pack_turned(const T* a, std::int64_t lda, std::int64_t rows, std::int64_t k, std::int64_t width, T* out) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  const T* end = out + k * width;
  const auto narrow = part_of(a, static_cast<int>(width < W ? width : W - 1));
  for (std::int64_t r0 = 0; r0 < width; r0 += W) {
    // The last group of rows is moved back to end at the width, so that no store passes the end of a row.
    const std::int64_t first = width - r0 < W && width > W ? width - W : r0;
    for (std::int64_t p = 0; p < k; p += W) {
      const int depth = static_cast<int>(k - p < W ? k - p : W);
      V v[W];
      if (depth == W) {
        for (int i = 0; i < W; ++i) v[i] = first + i < rows ? load(a + (first + i) * lda + p) : V{};
      } else {
        const auto part = part_of(a, depth);
        for (int i = 0; i < W; ++i) v[i] = first + i < rows ? load_part(a + (first + i) * lda + p, part) : V{};
      }
      transpose<W>(v);
      T* to = out + p * width + first;
      if (width >= W) {
        for (int i = 0; i < depth; ++i) store(to + i * width, v[i]);
      } else {
        for (int i = 0; i < depth; ++i) store_narrow(to + i * width, v[i], end, narrow);
      }
    }
  }
}

template <class T>
void pack_straight(const T* b, std::int64_t ldb, std::int64_t columns, std::int64_t width, std::int64_t k, T* out) {
  constexpr int W = Lanes<T>::count;
  if (width < W) {
    const T* end = out + k * width;
    const auto part = part_of(b, static_cast<int>(columns)), narrow = part_of(b, static_cast<int>(width));
    std::int64_t p = 0;
    if (columns == width && ldb >= W) {
      // What is read beyond the columns belongs to the next row, and what is stored there is written again.
      const std::int64_t whole = k - (W + width - 1) / width;
      for (; p < whole; ++p) store(out + p * width, load(b + p * ldb));
    }
    for (; p < k; ++p) store_narrow(out + p * width, load_part(b + p * ldb, part), end, narrow);
    return;
  }
  for (std::int64_t p = 0; p < k; ++p) {
    const T* row = b + p * ldb;
    T* to = out + p * width;
    std::int64_t j = 0;
    for (; j + W <= columns; j += W) store(to + j, load(row + j));
    for (; j < columns; ++j) to[j] = row[j];
    for (; j < width; ++j) to[j] = T(0);
  }
}

template <class T>
void pack_a(const T* a, std::int64_t a_row, std::int64_t a_k, std::int64_t rows, std::int64_t k, T* out) {
  if (a_row == 1) {
    pack_straight(a, a_k, rows, rows, k, out);
  } else {
    pack_turned(a, a_row, rows, k, rows, out);
  }
}

template <class T>
void pack_b(const T* b, std::int64_t ldb, bool transposed, std::int64_t columns, std::int64_t width, std::int64_t k, T* out) {
  if (transposed) {
    pack_turned(b, ldb, columns, k, width, out);
  } else {
    pack_straight(b, ldb, columns, width, k, out);
  }
}

// ---------------------------------------------------------------- a range of tiles and columns

template <class T>
void activate(Activation activation, T* c, std::int64_t ldc, std::int64_t rows, std::int64_t columns) {
  constexpr int W = Lanes<T>::count;
  const auto apply = [activation](auto v) { return activation == Activation::kSigmoid ? sigmoid(v) : tanh(v); };
  for (std::int64_t r = 0; r < rows; ++r, c += ldc) {
    std::int64_t j = 0;
    for (; j + W <= columns; j += W) store(c + j, apply(load(c + j)));
    if (j < columns) {
      const auto part = part_of(c, static_cast<int>(columns - j));
      store_part(c + j, apply(load_part(c + j, part)), part);
    }
  }
}

constexpr int log2_of(int vectors) { return vectors == 8 ? 3 : vectors == 4 ? 2 : vectors == 2 ? 1 : 0; }

// Widest kernel, a power of two of vectors, that wastes no vector on `columns`.
inline int vectors_for(std::int64_t columns, int lanes, int widest) {
  const std::int64_t needed = (columns + lanes - 1) / lanes;
  int vectors = widest;
  while (vectors > needed) vectors /= 2;
  return vectors;
}

// Does a second reading of a strip of b deserve a packed copy? Not when the strip lies close together already.
template <class T>
bool deserves_packing(const GemmTask<T>& task, std::int64_t tiles, std::int64_t depth) {
  return !kIsSmall && tiles >= 3 && depth * task.ldb * static_cast<std::int64_t>(sizeof(T)) > 16384;
}

// What one strip of columns is computed for: tiles of rows and a block of k.
struct Range {
  std::int64_t tile_begin, tile_end;
  std::int64_t k_begin, k_end;
};

// One strip of columns by one block of k.
template <class T>
void compute_strip(const GemmTask<T>& task, const Range& range, std::int64_t column, std::int64_t columns, int vectors, T* strip) {
  constexpr int W = Lanes<T>::count;
  const auto& kernels = kTiles<T>;
  const bool depth_together = !task.a_is_packed && task.a_row != 1;
  const int side = static_cast<int>(depth_together ? Side::kDepthTogether : Side::kRowsTogether);
  const int size = log2_of(vectors);
  const std::int64_t k = range.k_begin, width = vectors * W;
  const bool is_last = range.k_end == task.k;

  TileCall<T> call;
  call.k = range.k_end - k;
  call.packed_b = nullptr;
  if (task.b_is_packed) {
    // A tile of several strips walks through all of them at once.
    const std::int64_t strip_width = width < kStripVectors * W ? width : kStripVectors * W;
    call.b = task.b + column * task.k + k * strip_width;
    call.ldb = strip_width;
    call.strip_step = task.k * strip_width;
  } else if (task.b_is_transposed) {
    pack_turned(task.b + column * task.ldb + k, task.ldb, columns, call.k, width, strip);
    call.b = strip;
    call.ldb = width;
  } else {
    call.b = task.b + k * task.ldb + column;
    call.ldb = task.ldb;
    if (vectors <= kStripVectors && deserves_packing(task, range.tile_end - range.tile_begin, call.k)) call.packed_b = strip;
  }
  call.ldc = task.ldc;
  call.columns = columns;
  call.adds_to_c = task.accumulate || k > 0;
  call.bias = is_last && task.bias != nullptr ? task.bias + column : nullptr;
  call.is_relu = is_last && task.activation == Activation::kRelu;
  std::int64_t row = first_row(task.tiles, range.tile_begin);
  for (std::int64_t t = range.tile_begin; t < range.tile_end; ++t) {
    const int rows = static_cast<int>(task.tiles.base + (t < task.tiles.extra ? 1 : 0));
    if (task.a_is_packed) {
      call.a = task.a + row * task.k + k * rows;
      call.a_row = 1;
      call.a_k = rows;
    } else {
      call.a = task.a + row * task.a_row + k * task.a_k;
      call.a_row = task.a_row;
      call.a_k = task.a_k;
    }
    call.c = task.c + row * task.ldc + column;
    if (call.packed_b != nullptr) {
      kernels.packing[side][rows - 1][size](call);
      call.packed_b = nullptr;
      call.b = strip;
      call.ldb = width;
    } else {
      const bool is_in_strips = task.b_is_packed && vectors > kStripVectors;
      (is_in_strips ? kernels.strips[rows - 1][size] : kernels.plain[side][rows - 1][size])(call);
    }
    row += rows;
  }
}

// All of k for a strip of columns before the next strip: its part of c is still in the cache when the next block adds to it.
template <class T>
void compute(const GemmTask<T>& task, std::int64_t tile_begin, std::int64_t tile_end, std::int64_t column_begin,
             std::int64_t column_end) {
  constexpr int W = Lanes<T>::count;
  alignas(64) T strip[kMaxDepth * kStripVectors * W];
  const std::int64_t tallest = task.tiles.base + (task.tiles.extra > 0 ? 1 : 0);
  const bool is_read_well = task.b_is_packed ? !kIsSmall && !task.a_is_packed && task.a_k == 1 : !task.b_is_transposed;
  const bool may_go_wide = is_read_well && task.tiles.count == 1;
  const int widest = may_go_wide ? max_vectors(static_cast<int>(tallest)) : kStripVectors;
  for (std::int64_t j = column_begin; j < column_end;) {
    int vectors = vectors_for(column_end - j, W, widest);
    // Several packed strips at once only where all of them are whole.
    if (task.b_is_packed && vectors > kStripVectors && vectors * W > column_end - j) vectors /= 2;
    const std::int64_t columns = vectors * W < column_end - j ? vectors * W : column_end - j;
    Range range = {tile_begin, tile_end, 0, 0};
    do {  // at least once: with k = 0 the tiles write zeros or the bias
      range.k_end = range.k_begin + task.k_block < task.k ? range.k_begin + task.k_block : task.k;
      compute_strip(task, range, j, columns, vectors, strip);
      range.k_begin = range.k_end;
    } while (range.k_begin < task.k);
    j += columns;
  }
  if (task.activation > Activation::kRelu) {
    const std::int64_t row = first_row(task.tiles, tile_begin), rows = first_row(task.tiles, tile_end) - row;
    activate(task.activation, task.c + row * task.ldc + column_begin, task.ldc, rows, column_end - column_begin);
  }
}

// ---------------------------------------------------------------- dot products, for few rows

template <class T, int Rows, int Columns>
void dot_tile(const GemmTask<T>& task, std::int64_t i0, std::int64_t j0) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  constexpr int count = Rows * Columns, groups = (count + W - 1) / W;
  V sum[groups * W] = {};
  const T* a = task.a + i0 * task.a_row;
  const T* b = task.b + j0 * task.ldb;
  const auto step = [&](std::int64_t k, auto read) __attribute__((always_inline)) {
    V left[Rows];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) left[i] = read(a + i * task.a_row + k);
#pragma GCC unroll 8
    for (int j = 0; j < Columns; ++j) {
      const V right = read(b + j * task.ldb + k);
#pragma GCC unroll 8
      for (int i = 0; i < Rows; ++i) sum[i * Columns + j] = fma(left[i], right, sum[i * Columns + j]);
    }
  };
  std::int64_t k = 0;
  for (; k + W <= task.k; k += W) step(k, [](const T* p) __attribute__((always_inline)) { return load(p); });
  if (k < task.k) {
    const auto part = part_of(a, static_cast<int>(task.k - k));
    step(k, [&](const T* p) __attribute__((always_inline)) { return load_part(p, part); });
  }
  T result[groups * W];
  for (int g = 0; g < groups; ++g) {
    V* v = sum + g * W;
    transpose<W>(v);
    for (int width = W / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) v[i] = v[i] + v[i + width];
    }
    store(result + g * W, v[0]);
  }
  for (int i = 0; i < Rows; ++i) {
    T* c = task.c + (i0 + i) * task.ldc + j0;
    for (int j = 0; j < Columns; ++j) {
      T value = result[i * Columns + j];
      if (task.accumulate) value += c[j];
      if (task.bias != nullptr) value += task.bias[j0 + j];
      if (task.activation == Activation::kRelu) value = value < T(0) ? T(0) : value;
      c[j] = value;
    }
  }
}

template <class T, int Rows, int Columns>
void dot_rows(const GemmTask<T>& task, std::int64_t i, std::int64_t column_begin, std::int64_t column_end) {
  std::int64_t j = column_begin;
  for (; j + Columns <= column_end; j += Columns) dot_tile<T, Rows, Columns>(task, i, j);
  for (; j < column_end; ++j) dot_tile<T, Rows, 1>(task, i, j);
}

template <class T>
void dot(const GemmTask<T>& task, std::int64_t m, std::int64_t column_begin, std::int64_t column_end) {
  constexpr int tall = kAccumulators >= 16 ? 4 : 2;
  std::int64_t i = 0;
  for (; i + tall <= m; i += tall) dot_rows<T, tall, 4>(task, i, column_begin, column_end);
  if constexpr (tall == 4) {
    for (; i + 2 <= m; i += 2) dot_rows<T, 2, 4>(task, i, column_begin, column_end);
  }
  for (; i < m; ++i) dot_rows<T, 1, 8>(task, i, column_begin, column_end);
  if (task.activation > Activation::kRelu) {
    activate(task.activation, task.c + column_begin, task.ldc, m, column_end - column_begin);
  }
}

template <class T>
constexpr GemmLevel<T> make_gemm_level() {
  constexpr int W = Lanes<T>::count;
  return {W, kStripVectors * W, kMaxRows, kMaxDepth, compute<T>, pack_a<T>, pack_b<T>, dot<T>};
}

}  // namespace

extern const GemmTable gemm_table = {make_gemm_level<float>(), make_gemm_level<double>()};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
