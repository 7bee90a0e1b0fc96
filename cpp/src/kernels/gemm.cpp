// Decides how a matrix product is cut and packed. Every decision depends on the shape and the level alone, so that the
// result has the same bits for any number of threads.
#include <algorithm>
#include <type_traits>

#include "base/ceil_div.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "kernels/level/gemm.h"
#include "kernels/split_gemm.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Multiplications and additions worth handing to another thread: 10 us and more at 100 to 250 GFLOP/s. Products that give only
// a few such tasks are cut finer.
constexpr double kTaskWork = 2.5e6;
constexpr double kLeastTaskWork = 1e6;
// With so few rows the time goes into reading b. Tasks are few and large, so that in the next run of a network each thread
// meets the part of b that its own cache still holds.
constexpr Index kReadingRows = 4;
constexpr Index kReadingSerialBytes = Index{384} << 10;
constexpr Index kReadingTaskBytes = Index{1} << 20;
// Packed rows of a at most, in elements; taller products go through it in several rounds.
constexpr Index kPackedElements = Index{1} << 22;
constexpr Index kFewRows = 8;

RowTiles cut_rows(Index m, Index max_rows) {
  RowTiles tiles;
  tiles.count = ceil_div(m, max_rows);
  tiles.base = m / tiles.count;
  tiles.extra = m % tiles.count;
  return tiles;
}

template <class T>
bool is_dot(const Gemm<T>& shape) {
  return shape.transpose_b && !shape.transpose_a && shape.m <= kFewRows && shape.k >= (shape.m == 1 ? 8 : 64);
}

// Does a serve as it lies? With its rows side by side it must fit the first-level cache. With the depth side by side, the
// second-level cache will do, where a copy made by several threads would have to travel between them; but rows that lie
// multiples of a page apart would drive each other out of the first.
template <class T>
bool reads_well(const Gemm<T>& shape) {
  const Index element = static_cast<Index>(sizeof(T)), bytes = shape.m * shape.k * element;
  if (shape.transpose_a) return bytes <= 16384;
  return bytes <= 65536 || (bytes <= 524288 && shape.lda * element % 4096 != 0);
}

// Rows of a that are packed at a time; 0: a is read where it lies, which is as good when it is read once.
template <class T>
Index packed_rows(const Gemm<T>& shape) {
  const GemmLevel<T>& l = gemm_level<T>();
  const bool is_small = reads_well(shape);
  const bool is_read_once = shape.n <= 2 * l.strip;
  if (is_small || is_read_once || shape.m <= l.max_rows || shape.k <= 16) return 0;
  const Index most = std::max<Index>(kPackedElements / shape.k / l.max_rows * l.max_rows, l.max_rows);
  return std::min(shape.m, most);
}

template <class T>
GemmTask<T> make_task(const Gemm<T>& shape, const T* a, const T* b, const T* bias, T* c) {
  GemmTask<T> task;
  task.n = shape.n;
  task.k = shape.k;
  const Index blocks = std::max<Index>(1, ceil_div(shape.k, gemm_level<T>().max_k_block));
  task.k_block = std::max<Index>(1, ceil_div(shape.k, blocks));
  task.a = a;
  task.a_row = shape.transpose_a ? 1 : shape.lda;
  task.a_k = shape.transpose_a ? shape.lda : 1;
  task.b = b;
  task.ldb = shape.ldb;
  task.b_is_transposed = shape.transpose_b;
  task.bias = shape.has_bias ? bias : nullptr;
  task.activation = shape.activation;
  task.accumulate = shape.accumulate;
  task.c = c;
  task.ldc = shape.ldc;
  return task;
}

// One tile of few rows: cuts the columns by the bytes of b.
template <class T>
void compute_reading(const GemmTask<T>& task) {
  const GemmLevel<T>& l = gemm_level<T>();
  const Index bytes = task.n * task.k * static_cast<Index>(sizeof(T));
  if (bytes <= kReadingSerialBytes) return l.compute(task, 0, 1, 0, task.n);
  const Index tasks = std::max<Index>(2, ceil_div(bytes, kReadingTaskBytes));
  const Index columns = 4 * l.strip * ceil_div(task.n, 4 * l.strip * tasks);  // the widest tile spans four strips
  parallel_for(task.n, columns, [&](Index begin, Index end) { l.compute(task, 0, 1, begin, end); });
}

// Cuts tiles x columns into tasks of about kTaskWork: first the columns, which share the packed a; then the rows.
template <class T>
void compute_parallel(const GemmTask<T>& task, Index rows) {
  const GemmLevel<T>& l = gemm_level<T>();
  if (rows <= kReadingRows && task.tiles.count == 1) return compute_reading(task);
  const double work_per_column = 2.0 * static_cast<double>(rows) * static_cast<double>(std::max<Index>(task.k, 1));
  const double work = work_per_column * static_cast<double>(ceil_div(task.n, l.lanes) * l.lanes);  // a part of a vector costs all of it
  if (work <= 2 * kLeastTaskWork) return l.compute(task, 0, task.tiles.count, 0, task.n);
  const double task_work = std::clamp(work / 4, kLeastTaskWork, kTaskWork);
  const Index strips = ceil_div(task.n, l.strip);
  const Index strips_per_task = std::clamp<Index>(static_cast<Index>(task_work / (work_per_column * l.strip)), 1, strips);
  const Index column_tasks = ceil_div(strips, strips_per_task);
  // About 512 rows of a stay in the second-level cache; fewer when the columns alone give too few tasks.
  Index tiles_per_task = std::max<Index>(1, 512 / l.max_rows);
  if (column_tasks < 16) {
    const double work_per_tile = work / static_cast<double>(task.tiles.count * column_tasks);
    const Index enough = std::max<Index>(1, static_cast<Index>(task_work / work_per_tile));
    const Index wanted = ceil_div(task.tiles.count * column_tasks, 32);
    tiles_per_task = std::min(tiles_per_task, std::max(enough, wanted));
  }
  const Index row_tasks = ceil_div(task.tiles.count, tiles_per_task);
  parallel_for(row_tasks * column_tasks, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index tile = i / column_tasks * tiles_per_task, column = i % column_tasks * strips_per_task * l.strip;
      l.compute(task, tile, std::min(tile + tiles_per_task, task.tiles.count), column,
                std::min(column + strips_per_task * l.strip, task.n));
    }
  });
}

template <class T>
void pack_rows(const GemmTask<T>& task, T* out) {
  const GemmLevel<T>& l = gemm_level<T>();
  const Index work = std::max<Index>(1, task.tiles.base * task.k);
  parallel_for(task.tiles.count, std::max<Index>(1, 65536 / work), [&](Index begin, Index end) {
    for (Index t = begin; t < end; ++t) {
      const Index row = first_row(task.tiles, t);
      l.pack_a(task.a + row * task.a_row, task.a_row, task.a_k, first_row(task.tiles, t + 1) - row, task.k, out + row * task.k);
    }
  });
}

template <class T>
void compute_dots(const GemmTask<T>& task, Index m) {
  const double work_per_column = 2.0 * static_cast<double>(m) * static_cast<double>(task.k);
  // Bound by reading b: about 8 bytes a flop for one row.
  const Index grain = std::max<Index>(8, static_cast<Index>(1e6 / work_per_column) / 8 * 8);
  parallel_for(task.n, grain, [&](Index begin, Index end) { gemm_level<T>().dot(task, m, begin, end); });
}

// Blocks of a product by the vector units, from operands as they lie.
class VectorProduct final : public ExactProduct {
 public:
  explicit VectorProduct(const GemmTask<float>& task) : task_(task) {}

  void compute(const ExactBlock& block) const override {
    GemmTask<float> task = task_;
    const Index column = block.column;
    task.n = block.columns;
    task.tiles = cut_rows(block.rows, gemm_level<float>().max_rows);
    task.a += block.row * task.a_row;
    task.b += task.b_is_transposed ? column * task.ldb : column;
    if (task.bias != nullptr) task.bias += column;
    task.c += block.row * task.ldc + column;
    gemm_level<float>().compute(task, 0, task.tiles.count, 0, task.n);
  }

 private:
  const GemmTask<float>& task_;
};

void run_split(const Gemm<float>& shape, const SplitOperands& operands, float* c, void* workspace) {
  const GemmTask<float> task = make_task(shape, operands.a, operands.b, operands.bias, c);
  split_gemm(shape, operands, c, workspace, VectorProduct(task));
}

template <class T>
void run(const Gemm<T>& shape, const T* a, const T* b, bool b_is_packed, const T* bias, T* c, void* workspace) {
  if (shape.m <= 0 || shape.n <= 0) return;
  GemmTask<T> task = make_task(shape, a, b, bias, c);
  task.b_is_packed = b_is_packed;
  if (!b_is_packed && is_dot(shape)) return compute_dots(task, shape.m);
  const Index rows = packed_rows(shape);
  if (rows == 0) {
    task.tiles = cut_rows(shape.m, gemm_level<T>().max_rows);
    return compute_parallel(task, shape.m);
  }
  for (Index row = 0; row < shape.m; row += rows) {
    const Index count = std::min(rows, shape.m - row);
    task.tiles = cut_rows(count, gemm_level<T>().max_rows);
    task.a = a + row * task.a_row;
    task.c = c + row * task.ldc;
    task.a_is_packed = false;
    pack_rows(task, static_cast<T*>(workspace));
    task.a = static_cast<const T*>(workspace);
    task.a_is_packed = true;
    compute_parallel(task, count);
  }
}

}  // namespace

template <class T>
std::size_t gemm_workspace(const Gemm<T>& shape) {
  if (shape.m <= 0 || shape.n <= 0) return 0;
  if constexpr (std::is_same_v<T, float>) {
    if (gemm_is_split(shape)) return split_gemm_workspace(shape);
  }
  return static_cast<std::size_t>(packed_rows(shape)) * static_cast<std::size_t>(shape.k) * sizeof(T);
}

template <class T>
void gemm(const Gemm<T>& shape, const T* a, const T* b, const T* bias, T* c, void* workspace) {
  if constexpr (std::is_same_v<T, float>) {
    if (gemm_is_split(shape)) return run_split(shape, {a, b, nullptr, bias}, c, workspace);
  }
  run(shape, a, b, false, bias, c, workspace);
}

// Whole strips, then what is left in whole vectors.
template <class T>
std::size_t gemm_packed_bytes(const Gemm<T>& shape) {
  const Index width = ceil_div(shape.n, gemm_level<T>().lanes) * gemm_level<T>().lanes;
  return static_cast<std::size_t>(width * shape.k) * sizeof(T);
}

template <class T>
void gemm_pack(const Gemm<T>& shape, const T* b, void* packed) {
  const GemmLevel<T>& l = gemm_level<T>();
  const Index strips = ceil_div(shape.n, l.strip);
  const Index grain = std::max<Index>(1, 65536 / std::max<Index>(1, l.strip * shape.k));
  parallel_for(strips, grain, [&](Index begin, Index end) {
    for (Index s = begin; s < end; ++s) {
      const Index column = s * l.strip, columns = std::min<Index>(l.strip, shape.n - column);
      const T* from = b + (shape.transpose_b ? column * shape.ldb : column);
      l.pack_b(from, shape.ldb, shape.transpose_b, columns, ceil_div(columns, l.lanes) * l.lanes, shape.k,
               static_cast<T*>(packed) + column * shape.k);
    }
  });
}

template <class T>
void gemm_packed(const Gemm<T>& shape, const T* a, const void* packed, const T* bias, T* c, void* workspace) {
  run(shape, a, static_cast<const T*>(packed), true, bias, c, workspace);
}

bool gemm_is_split(const Gemm<float>& shape) { return shape.may_split && splits_well(shape); }

std::size_t gemm_split_bytes(const Gemm<float>& shape) { return split_right_bytes(shape); }

void gemm_split(const Gemm<float>& shape, const float* b, void* split) { split_right(shape, b, static_cast<std::uint16_t*>(split)); }

std::size_t gemm_on_split_workspace(const Gemm<float>& shape) { return split_gemm_workspace(shape); }

void gemm_on_split(const Gemm<float>& shape, const float* a, const float* b, const void* split, float* c, void* workspace) {
  run_split(shape, {a, b, static_cast<const std::uint16_t*>(split), nullptr}, c, workspace);
}

#define KERAUNOS_GEMM(T)                                                                          \
  template std::size_t gemm_workspace<T>(const Gemm<T>&);                                         \
  template void gemm<T>(const Gemm<T>&, const T*, const T*, const T*, T*, void*);                 \
  template std::size_t gemm_packed_bytes<T>(const Gemm<T>&);                                      \
  template void gemm_pack<T>(const Gemm<T>&, const T*, void*);                                    \
  template void gemm_packed<T>(const Gemm<T>&, const T*, const void*, const T*, T*, void*);
KERAUNOS_GEMM(float)
KERAUNOS_GEMM(double)
#undef KERAUNOS_GEMM

}  // namespace keraunos::kernels
