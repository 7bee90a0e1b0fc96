// What the ops on stacks of matrices share: sizes, work split over the stack, and formulas of matrices.
#pragma once

#include <algorithm>

#include "base/memory.h"
#include "base/threads.h"
#include "ops/formula.h"
#include "ops/rules.h"

namespace keraunos {

// The size at an axis counted from the back: 1 is the last.
inline std::int64_t from_back(const Shape& shape, int back) { return shape[shape.rank() - back]; }

// `shape` with its last two sizes replaced.
Shape matrices_like(const Shape& shape, std::int64_t rows, std::int64_t columns);
// `shape` with its last two sizes replaced by one.
Shape vectors_like(const Shape& shape, std::int64_t size);

// Stacks of matrices with scratch memory for each task; the tasks depend on the shapes alone.
class MatrixStack {
 public:
  // For one matrix: `doubles` scratch numbers, and about `work` multiplications.
  MatrixStack(KernelRequest& request, std::int64_t doubles, std::int64_t work);

  // Calls visit(index of the matrix, scratch) for all.
  template <class Visit>
  void run(const KernelCall& call, const Visit& visit) const {
    parallel_for(count_, grain_, [&](std::int64_t begin, std::int64_t end) {
      double* scratch = reinterpret_cast<double*>(static_cast<char*>(call.workspace) + static_cast<std::size_t>(begin / grain_) * bytes_);
      for (std::int64_t i = begin; i < end; ++i) visit(i, scratch);
    });
  }

 private:
  std::int64_t count_, grain_;
  std::size_t bytes_;
};

// ---------------------------------------------------------------- formulas

Formula product_of(const Formula& a, const Formula& b, Builder& build, bool transpose_a = false, bool transpose_b = false);
// Each matrix transposed.
Formula transposed(const Formula& x, Builder& build);
// bool (rows, columns) of the matrices x: below the diagonal, and on it when `with_diagonal`.
Formula is_below_diagonal(const Formula& x, Builder& build, bool with_diagonal);
// Solves a x = b for triangular a.
Formula triangular_solution(const Formula& a, const Formula& b, Builder& build, bool is_lower, bool is_transposed, bool has_unit_diagonal = false);

}  // namespace keraunos
