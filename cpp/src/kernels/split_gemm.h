// The matrix product on a matrix unit, from operands split in parts (level/split_gemm.h).
#pragma once

#include "base/threads.h"
#include "kernels/kernels.h"

namespace keraunos::kernels {

// Is there such a unit, and is it faster for this product?
bool splits_well(const Gemm<float>& shape);

std::size_t split_gemm_workspace(const Gemm<float>& shape);

// b split in advance.
std::size_t split_right_bytes(const Gemm<float>& shape);
void split_right(const Gemm<float>& shape, const float* b, std::uint16_t* out);

struct SplitOperands {
  const float* a;
  const float* b;
  const std::uint16_t* right;  // b split in advance, or nullptr
  const float* bias;
};

// What the parts cannot express is left to `exact`: rows [row, row + rows) of columns [column, column + columns).
struct ExactBlock {
  std::int64_t row, rows, column, columns;
};
class ExactProduct {
 public:
  virtual void compute(const ExactBlock& block) const = 0;

 protected:
  ~ExactProduct() = default;
};

void split_gemm(const Gemm<float>& shape, const SplitOperands& operands, float* c, void* workspace, const ExactProduct& exact);

}  // namespace keraunos::kernels
