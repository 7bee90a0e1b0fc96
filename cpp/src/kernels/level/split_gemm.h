// What a processor with a matrix unit gives to the product of split operands: a serial routine over one task.
//
// A float32 is the sum of three bfloat16 numbers: what it rounds to, what the rest rounds to, and the rest of that. Of the nine products of the parts
// of two numbers the six largest give their product to 2^-25, which is what rounding a float32 product costs. The matrix unit multiplies bfloat16 numbers
// and sums in float32, so fast that six of its products take less time than one of the vector units.
// Source: G. Henry, P. T. P. Tang, A. Heinecke, "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations", 2019.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace keraunos::kernels {

constexpr std::int64_t kSplitSide = 32;      // rows and columns of a block, and depth of one step: two tiles of the unit each way
constexpr std::int64_t kSplitStep = 3 * 1024;  // elements of a block's operand in one step: three parts
constexpr std::int64_t kSplitDepth = 128;  // of b at a time: its split strip stays in the first-level cache while the rows of a go by
constexpr std::int64_t kSplitStrip = kSplitDepth / kSplitSide * kSplitStep;  // elements of 32 columns so deep
constexpr std::int64_t kSplitRowBlocks = 8;  // of a task
constexpr std::int64_t kSplitStrips = 2;     // of 32 columns, of a task
constexpr std::int64_t kSplitSums = kSplitRowBlocks * kSplitStrips * kSplitSide * kSplitSide;  // floats

// Up to 256 rows by 64 columns, for a part of the depth.
struct SplitTask {
  const std::uint16_t* left = nullptr;  // split rows of a: blocks of 32, each [step][part][32][32]
  std::int64_t left_block = 0;          // from one block to the next, in elements
  std::int64_t rows = 0, columns = 0, depth = 0;
  const std::uint16_t* right = nullptr;  // split columns of b, or nullptr
  const float* b = nullptr;
  std::int64_t ldb = 0;
  bool b_is_transposed = false;
  float* sums = nullptr;  // kSplitSums, kept from one part of the depth to the next; nullptr when there is one part alone
  bool is_first = true, is_last = true;  // part of the depth
  const float* bias = nullptr;
  Activation activation = Activation::kNone;
  bool accumulate = false;
  float* c = nullptr;
  std::int64_t ldc = 0;
};

struct SplitGemmTable {
  // `rows` rows of a, 32 at most, into [step][part][32][32]; zeros for what is not there.
  void (*split_left)(const float* a, std::int64_t a_row, std::int64_t a_k, std::int64_t rows, std::int64_t depth, std::uint16_t* out);
  // 64 columns of b at most, kSplitDepth deep at most, into kSplitStrips strips of [step][part][2][16][16][2]; zeros for what is not there.
  void (*split_right)(const float* b, std::int64_t ldb, bool transposed, std::int64_t columns, std::int64_t depth, std::uint16_t* out);
  // With the last part of the depth, writes c. Returns the blocks that it did not write because there are NaNs in them, bit `strip * kSplitRowBlocks +
  // block`: the parts of an infinity, or of a number that rounds to one, do not sum up to it.
  std::uint32_t (*compute)(const SplitTask&);
};

}  // namespace keraunos::kernels
