// Cuts the product of split operands. As in gemm.cpp every decision depends on the shape and the level alone.
#include "kernels/split_gemm.h"

#include <algorithm>

#include "base/ceil_div.h"
#include "kernels/dispatch.h"
#include "kernels/level/split_gemm.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Smaller products gain less from the unit than splitting costs: each number of a serves all columns, each of b all rows.
constexpr Index kLeastRows = 32;
constexpr Index kLeastColumns = 96;
constexpr Index kLeastDepth = 128;
constexpr double kLeastProducts = 4e6;
constexpr Index kLeastTasks = 4;  // with fewer, other threads would have nothing to do
// Depth of one pass: 256 split rows of it, 786 KB, stay in the second-level cache.
constexpr Index kPassDepth = 512;
// Split rows of a at most, in elements; taller products go through in several rounds.
constexpr Index kSplitElements = Index{1} << 22;

constexpr Index kTaskRows = kSplitRowBlocks * kSplitSide;
constexpr Index kTaskColumns = kSplitStrips * kSplitSide;

struct Cut {
  Index passes, pass_depth;
  Index rows;  // of a round
  Index row_tasks, column_tasks;
  Index left_elements;  // of a pass
};

Cut cut_of(const Gemm<float>& shape) {
  Cut cut;
  cut.passes = ceil_div(shape.k, kPassDepth);
  cut.pass_depth = ceil_div(ceil_div(shape.k, cut.passes), kSplitDepth) * kSplitDepth;
  cut.passes = ceil_div(shape.k, cut.pass_depth);
  cut.rows = std::min(shape.m, std::max<Index>(kSplitElements / shape.k / kTaskRows, 1) * kTaskRows);
  cut.row_tasks = ceil_div(cut.rows, kTaskRows);
  cut.column_tasks = ceil_div(shape.n, kTaskColumns);
  cut.left_elements = ceil_div(cut.rows, kSplitSide) * ceil_div(std::min(shape.k, cut.pass_depth), kSplitSide) * kSplitStep;
  return cut;
}

// Of a group of columns, split in advance.
Index right_elements(Index depth) { return ceil_div(depth, kSplitDepth) * kSplitStrips * kSplitStrip; }

}  // namespace

bool splits_well(const Gemm<float>& shape) {
  const bool is_large = shape.m >= kLeastRows && shape.n >= kLeastColumns && shape.k >= kLeastDepth &&
                        static_cast<double>(shape.m) * static_cast<double>(shape.n) * static_cast<double>(shape.k) >= kLeastProducts;
  return levels().split_gemm != nullptr && is_large && ceil_div(shape.m, kTaskRows) * ceil_div(shape.n, kTaskColumns) >= kLeastTasks;
}

std::size_t split_gemm_workspace(const Gemm<float>& shape) {
  const Cut cut = cut_of(shape);
  const Index sums = cut.passes > 1 ? cut.row_tasks * cut.column_tasks * kSplitSums : 0;
  return static_cast<std::size_t>(cut.left_elements) * sizeof(std::uint16_t) + static_cast<std::size_t>(sums) * sizeof(float);
}

std::size_t split_right_bytes(const Gemm<float>& shape) {
  return static_cast<std::size_t>(ceil_div(shape.n, kTaskColumns) * right_elements(shape.k)) * sizeof(std::uint16_t);
}

void split_right(const Gemm<float>& shape, const float* b, std::uint16_t* out) {
  const Index groups = ceil_div(shape.n, kTaskColumns), blocks = ceil_div(shape.k, kSplitDepth);
  // Neighbouring columns of the same rows one after another: they share pages.
  parallel_for(blocks * groups, 4, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index block = i / groups, group = i % groups, depth = block * kSplitDepth, column = group * kTaskColumns;
      const float* from = b + (shape.transpose_b ? column * shape.ldb + depth : depth * shape.ldb + column);
      levels().split_gemm->split_right(from, shape.ldb, shape.transpose_b, std::min(kTaskColumns, shape.n - column), std::min(kSplitDepth, shape.k - depth),
                                       out + group * right_elements(shape.k) + block * kSplitStrips * kSplitStrip);
    }
  });
}

void split_gemm(const Gemm<float>& shape, const SplitOperands& operands, float* c, void* workspace, const ExactProduct& exact) {
  const SplitGemmTable& level = *levels().split_gemm;
  const Cut cut = cut_of(shape);
  const Index a_row = shape.transpose_a ? 1 : shape.lda, a_k = shape.transpose_a ? shape.lda : 1;
  std::uint16_t* left = static_cast<std::uint16_t*>(workspace);
  float* sums = reinterpret_cast<float*>(left + cut.left_elements);
  const auto depth_of = [&](Index pass) { return std::min(cut.pass_depth, shape.k - pass * cut.pass_depth); };
  for (Index first = 0; first < shape.m; first += cut.rows) {
    const Index rows = std::min(cut.rows, shape.m - first), row_blocks = ceil_div(rows, kSplitSide);
    const Index row_tasks = ceil_div(rows, kTaskRows);
    for (Index pass = 0; pass < cut.passes; ++pass) {
      const Index depth = depth_of(pass), depth_begin = pass * cut.pass_depth, left_block = ceil_div(depth, kSplitSide) * kSplitStep;
      parallel_for(row_blocks, std::max<Index>(1, 32768 / (kSplitSide * depth)), [&](Index begin, Index end) {
        for (Index block = begin; block < end; ++block) {
          level.split_left(operands.a + (first + block * kSplitSide) * a_row + depth_begin * a_k, a_row, a_k,
                           std::min(kSplitSide, rows - block * kSplitSide), depth, left + block * left_block);
        }
      });
      parallel_for(row_tasks * cut.column_tasks, 1, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
          const Index row = i / cut.column_tasks * kTaskRows, column = i % cut.column_tasks * kTaskColumns;
          SplitTask task;
          task.left_block = left_block;
          task.left = left + row / kSplitSide * left_block;
          task.rows = std::min(kTaskRows, rows - row);
          task.columns = std::min(kTaskColumns, shape.n - column);
          task.depth = depth;
          if (operands.right != nullptr) {
            task.right = operands.right + i % cut.column_tasks * right_elements(shape.k) + depth_begin / kSplitDepth * kSplitStrips * kSplitStrip;
          }
          task.b = operands.b + (shape.transpose_b ? column * shape.ldb + depth_begin : depth_begin * shape.ldb + column);
          task.ldb = shape.ldb;
          task.b_is_transposed = shape.transpose_b;
          task.sums = cut.passes > 1 ? sums + i * kSplitSums : nullptr;
          task.is_first = pass == 0;
          task.is_last = pass + 1 == cut.passes;
          task.bias = shape.has_bias ? operands.bias + column : nullptr;
          task.activation = shape.activation;
          task.accumulate = shape.accumulate;
          task.c = c + (first + row) * shape.ldc + column;
          task.ldc = shape.ldc;
          std::uint32_t unwritten = level.compute(task);
          for (Index place = 0; unwritten != 0; ++place, unwritten >>= 1) {
            if ((unwritten & 1u) == 0) continue;
            const Index block_row = place % kSplitRowBlocks * kSplitSide, block_column = place / kSplitRowBlocks * kSplitSide;
            exact.compute({first + row + block_row, std::min(kSplitSide, task.rows - block_row), column + block_column,
                           std::min(kSplitSide, task.columns - block_column)});
          }
        }
      });
    }
  }
}

}  // namespace keraunos::kernels
