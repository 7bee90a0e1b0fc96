// Cuts reductions into tasks. Where the result is small and the reduced axis long, the axis itself is cut into pieces
// whose number depends on the shape alone, and the pieces' results are reduced once more.
#include <algorithm>
#include <array>
#include <utility>

#include "base/ceil_div.h"
#include "base/memory.h"
#include "base/threads.h"
#include "kernels/dispatch.h"
#include "kernels/kernels.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

constexpr Index kElementsPerTask = 65536;
constexpr int kOps = static_cast<int>(ReduceOp::kSumOfSquares) + 1;

bool gives_index(ReduceOp op) { return op == ReduceOp::kArgmax || op == ReduceOp::kArgmin; }

std::size_t result_size(ReduceOp op, Dtype dtype) { return gives_index(op) ? sizeof(std::int32_t) : size_of(dtype); }

const char* at(const void* p, Index element, std::size_t size) {
  return static_cast<const char*>(p) + element * static_cast<Index>(size);
}
char* at(void* p, Index element, std::size_t size) { return static_cast<char*>(p) + element * static_cast<Index>(size); }

void reduce_rows(const ReduceKernels& kernels, ReduceOp op, Dtype dtype, const void* in, void* out, Index outer, Index reduced) {
  parallel_for(outer, std::max<Index>(1, kElementsPerTask / std::max<Index>(reduced, 1)), [&](Index begin, Index end) {
    kernels.rows(at(in, begin * reduced, size_of(dtype)), at(out, begin, result_size(op, dtype)), end - begin, reduced);
  });
}

void reduce_columns(const ReduceKernels& kernels, ReduceOp op, Dtype dtype, const void* in, void* out, Index outer, Index reduced,
                    Index inner) {
  // Whole cache lines of columns to a task; when slices are small, several of them.
  const Index wanted = std::max<Index>(64, kElementsPerTask / std::max<Index>(reduced, 1) / 64 * 64);
  const Index columns = std::min(wanted, inner), cuts = ceil_div(inner, columns);
  const Index grain = std::max<Index>(1, kElementsPerTask / std::max<Index>(reduced * columns, 1));
  parallel_for(outer * cuts, grain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index slice = i / cuts, column = i % cuts * columns;
      kernels.columns(at(in, slice * reduced * inner, size_of(dtype)), at(out, slice * inner, result_size(op, dtype)), reduced,
                      inner, column, std::min(column + columns, inner));
    }
  });
}

void reduce_whole(ReduceOp op, Dtype dtype, const void* in, void* out, Index outer, Index reduced, Index inner) {
  const ReduceKernels kernels = levels().reduce->find(op, dtype);
  if (inner == 1) {
    reduce_rows(kernels, op, dtype, in, out, outer, reduced);
  } else {
    reduce_columns(kernels, op, dtype, in, out, outer, reduced, inner);
  }
}

// How the results of the pieces are put together.
ReduceOp combining_op(ReduceOp op) {
  return op == ReduceOp::kMean || op == ReduceOp::kSumOfSquares ? ReduceOp::kSum : op;
}

template <class T>
void divide(void* out, Index n, Index by) {
  for (Index i = 0; i < n; ++i) static_cast<T*>(out)[i] /= static_cast<T>(by);
}

// [outer, pieces, length, inner] -> [outer, pieces, inner] -> [outer, inner]; what does not fill a piece is one piece more.
void reduce_in_pieces(ReduceOp op, Dtype dtype, const void* in, void* out, Index outer, Index reduced, Index inner, Index pieces) {
  const std::size_t size = size_of(dtype);
  const ReduceOp first = op == ReduceOp::kMean ? ReduceOp::kSum : op;
  const ReduceKernels kernels = levels().reduce->find(first, dtype);
  const Index length = ceil_div(reduced, pieces);
  pieces = ceil_div(reduced, length);
  const auto partial = allocate_aligned(static_cast<std::size_t>(outer * pieces * inner) * size);
  parallel_for(outer * pieces, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index slice = i / pieces, row = i % pieces * length, rows = std::min(length, reduced - row);
      const void* from = at(in, (slice * reduced + row) * inner, size);
      void* to = at(partial.get(), i * inner, size);
      if (inner == 1) {
        kernels.rows(from, to, 1, rows);
      } else {
        kernels.columns(from, to, rows, inner, 0, inner);
      }
    }
  });
  reduce_whole(combining_op(op), dtype, partial.get(), out, outer, pieces, inner);
  if (op != ReduceOp::kMean) return;
  if (dtype == Dtype::kFloat32) divide<float>(out, outer * inner, reduced);
  if (dtype == Dtype::kFloat64) divide<double>(out, outer * inner, reduced);
}

void reduce(ReduceOp op, Dtype dtype, const void* in, void* out, Index outer, Index reduced, Index inner) {
  if (outer <= 0 || inner <= 0) return;
  const Index work = outer * reduced * inner;
  const bool is_narrow = outer * inner <= 4096 && outer <= 16;
  if (is_narrow && !gives_index(op) && work >= 4 * kElementsPerTask) {
    const Index pieces = std::min<Index>({64, work / kElementsPerTask / outer, reduced / 64});
    if (pieces >= 2) return reduce_in_pieces(op, dtype, in, out, outer, reduced, inner, pieces);
  }
  reduce_whole(op, dtype, in, out, outer, reduced, inner);
}

// A plain function for every pair of op and dtype.
template <int pair>
void reduce_pair(const void* in, void* out, Index outer, Index reduced, Index inner) {
  reduce(static_cast<ReduceOp>(pair / kDtypeCount), static_cast<Dtype>(pair % kDtypeCount), in, out, outer, reduced, inner);
}

template <int... pairs>
constexpr std::array<ReduceLoop, sizeof...(pairs)> make_loops(std::integer_sequence<int, pairs...>) {
  return {{reduce_pair<pairs>...}};
}
constexpr auto kLoops = make_loops(std::make_integer_sequence<int, kOps * kDtypeCount>());

template <Dtype dtype>
void column_sum(const void* in, void* out, Index rows, Index n) {
  reduce(ReduceOp::kSum, dtype, in, out, 1, rows, n);
}

}  // namespace

ReduceLoop find_reduce_loop(ReduceOp op, Dtype dtype) {
  if (levels().reduce->find(op, dtype).rows == nullptr) return nullptr;
  return kLoops[static_cast<std::size_t>(static_cast<int>(op) * kDtypeCount + static_cast<int>(dtype))];
}

ColumnSum find_column_sum(Dtype dtype) {
  if (dtype == Dtype::kFloat32) return column_sum<Dtype::kFloat32>;
  if (dtype == Dtype::kFloat64) return column_sum<Dtype::kFloat64>;
  if (dtype == Dtype::kInt32) return column_sum<Dtype::kInt32>;
  if (dtype == Dtype::kInt64) return column_sum<Dtype::kInt64>;
  return nullptr;
}

}  // namespace keraunos::kernels
