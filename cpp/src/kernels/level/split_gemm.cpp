// The product of split operands on Intel's AMX: tiles of 16 rows of 64 bytes, the product of a 16 x 32 and a 32 x 16 tile in one instruction.
#include "kernels/level/split_gemm.h"

#include <immintrin.h>

#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/transpose.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

constexpr int kTile = 512;  // elements of a tile of an operand
constexpr int kPart = 2 * kTile;
constexpr int kLanes = 16;
constexpr std::int64_t kPrefetchRows = 8;

// ---------------------------------------------------------------- splitting

KERAUNOS_INLINE F32 as_floats(__m512i bits) { return (F32)bits; }

// Low halves of the result: `low` rounded to bfloat16; high halves: `high`.
KERAUNOS_INLINE __m512i round_both(F32 high, F32 low) { return (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low); }

// 32 numbers of one row, `low` first, to one row of the three parts.
KERAUNOS_INLINE void split_row(F32 low, F32 high, std::uint16_t* out) {
#pragma GCC unroll 3
  for (int part = 0; part < 3; ++part) {
    const __m512i rounded = round_both(high, low);
    _mm512_store_si512(out + part * kPart, rounded);
    low = low - as_floats(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(rounded)), 16));
    high = high - as_floats(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(rounded, 1)), 16));
  }
}

// Two rows of 16 columns, one below the other, to one row of pairs of the three parts.
KERAUNOS_INLINE void split_pair(F32 upper, F32 lower, __m512i order, std::uint16_t* out) {
#pragma GCC unroll 3
  for (int part = 0; part < 3; ++part) {
    const __m512i pairs = _mm512_permutexvar_epi16(order, round_both(lower, upper));
    _mm512_store_si512(out + part * kPart, pairs);
    upper = upper - as_floats(_mm512_slli_epi32(pairs, 16));
    lower = lower - as_floats(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
  }
}

// Words 0, 16, 1, 17, ...
KERAUNOS_INLINE __m512i pairing_order() {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_or_si512(lane, _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), 16));
}

KERAUNOS_INLINE int within(std::int64_t count, int most) { return count <= 0 ? 0 : count < most ? static_cast<int>(count) : most; }

// `count` vectors `stride` apart, `width` numbers each; zeros for what is not there.
KERAUNOS_INLINE void load_square(const float* p, std::int64_t stride, int count, int width, F32* v) {
  const auto part = part_of(p, width);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) v[i] = i < count ? load_part(p + i * stride, part) : F32{};
}

void split_left(const float* a, std::int64_t a_row, std::int64_t a_k, std::int64_t rows, std::int64_t depth, std::uint16_t* out) {
  for (std::int64_t k = 0; k < depth; k += kSplitSide, out += kSplitStep) {
    const int low_depth = within(depth - k, kLanes), high_depth = within(depth - k - kLanes, kLanes);
    for (int half = 0; half < 2; ++half) {
      const std::int64_t first = half * kLanes;
      std::uint16_t* tile = out + half * kTile;
      if (a_k == 1) {
        const float* row = a + first * a_row + k;
        const auto low = part_of(row, low_depth), high = part_of(row, high_depth);
        for (int r = 0; r < kLanes; ++r, row += a_row, tile += kSplitSide) {
          const bool is_there = first + r < rows;
          split_row(is_there ? load_part(row, low) : F32{}, is_there ? load_part(row + kLanes, high) : F32{}, tile);
        }
      } else {
        F32 low[kLanes], high[kLanes];
        const int width = within(rows - first, kLanes);
        load_square(a + first + k * a_k, a_k, low_depth, width, low);
        load_square(a + first + (k + kLanes) * a_k, a_k, high_depth, width, high);
        transpose<kLanes>(low);
        transpose<kLanes>(high);
        for (int r = 0; r < kLanes; ++r, tile += kSplitSide) split_row(low[r], high[r], tile);
      }
    }
  }
}

// Columns of b as they lie: 16 pairs of rows for each step, two rows at a time over all the columns.
void split_right_plain(const float* b, std::int64_t ldb, std::int64_t columns, std::int64_t depth, std::uint16_t* out) {
  const __m512i order = pairing_order();
  for (std::int64_t k = 0; k < (depth + kSplitSide - 1) / kSplitSide * kSplitSide; k += 2) {
    const float* row = b + k * ldb;
    std::uint16_t* to = out + k / kSplitSide * kSplitStep + k % kSplitSide / 2 * kSplitSide;
    for (std::int64_t j = 0; j < kSplitStrips * kSplitSide; j += kLanes) {
      const auto part = part_of(row, within(columns - j, kLanes));
      prefetch(row + kPrefetchRows * ldb + j);
      prefetch(row + (kPrefetchRows + 1) * ldb + j);
      const F32 upper = k < depth ? load_part(row + j, part) : F32{}, lower = k + 1 < depth ? load_part(row + ldb + j, part) : F32{};
      split_pair(upper, lower, order, to + j / kSplitSide * kSplitStrip + j / kLanes % 2 * kTile);
    }
  }
}

// Columns of b that are rows in memory.
void split_right_transposed(const float* b, std::int64_t ldb, std::int64_t columns, std::int64_t depth, std::uint16_t* out) {
  const __m512i order = pairing_order();
  for (std::int64_t j = 0; j < kSplitStrips * kSplitSide; j += kLanes) {
    const int there = within(columns - j, kLanes);
    for (std::int64_t k = 0; k < (depth + kSplitSide - 1) / kSplitSide * kSplitSide; k += kLanes) {
      F32 v[kLanes];
      load_square(b + j * ldb + k, ldb, there, within(depth - k, kLanes), v);
      transpose<kLanes>(v);
      std::uint16_t* to = out + j / kSplitSide * kSplitStrip + j / kLanes % 2 * kTile + k / kSplitSide * kSplitStep + k % kSplitSide / 2 * kSplitSide;
#pragma GCC unroll 8
      for (int i = 0; i < kLanes; i += 2) split_pair(v[i], v[i + 1], order, to + i / 2 * kSplitSide);
    }
  }
}

void split_right(const float* b, std::int64_t ldb, bool transposed, std::int64_t columns, std::int64_t depth, std::uint16_t* out) {
  if (transposed) {
    split_right_transposed(b, ldb, columns, depth, out);
  } else {
    split_right_plain(b, ldb, columns, depth, out);
  }
}

// ---------------------------------------------------------------- one block

constexpr int kSumRow = 64;  // bytes

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// Tiles 0 to 3 hold the sums, 4 and 5 two tiles of the left, 6 and 7 two of the right.
#define KERAUNOS_LOAD_LEFT(part)                     \
  _tile_loadd(4, left + (part) * kPart, kSumRow);         \
  _tile_loadd(5, left + (part) * kPart + kTile, kSumRow)
#define KERAUNOS_LOAD_RIGHT(part)                    \
  _tile_loadd(6, right + (part) * kPart, kSumRow);        \
  _tile_loadd(7, right + (part) * kPart + kTile, kSumRow)
#define KERAUNOS_MULTIPLY() \
  _tile_dpbf16ps(0, 4, 6);  \
  _tile_dpbf16ps(1, 4, 7);  \
  _tile_dpbf16ps(2, 5, 6);  \
  _tile_dpbf16ps(3, 5, 7)

// sums[4][16][16] (+)= left * right. The small products first: each load serves the next one, too. The sums of the next block, which the four steps
// of a depth fetch, may lie in the third-level cache; fetching operands ahead costs more than it saves.
void multiply(const std::uint16_t* left, const std::uint16_t* right, std::int64_t steps, float* sums, bool adds) {
  if (adds) {
    _tile_loadd(0, sums, kSumRow);
    _tile_loadd(1, sums + 256, kSumRow);
    _tile_loadd(2, sums + 512, kSumRow);
    _tile_loadd(3, sums + 768, kSumRow);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const float* next = sums + 4 * 256;
  for (std::int64_t s = 0; s < steps; ++s, left += kSplitStep, right += kSplitStep, next += 256) {
    for (int i = 0; i < kLanes; ++i) prefetch(next + i * kLanes);
    KERAUNOS_LOAD_LEFT(2);
    KERAUNOS_LOAD_RIGHT(0);
    KERAUNOS_MULTIPLY();
    KERAUNOS_LOAD_LEFT(1);
    KERAUNOS_MULTIPLY();
    KERAUNOS_LOAD_RIGHT(1);
    KERAUNOS_MULTIPLY();
    KERAUNOS_LOAD_LEFT(0);
    KERAUNOS_MULTIPLY();
    KERAUNOS_LOAD_RIGHT(2);
    KERAUNOS_MULTIPLY();
    KERAUNOS_LOAD_RIGHT(0);
    KERAUNOS_MULTIPLY();
  }
  _tile_stored(0, sums, kSumRow);
  _tile_stored(1, sums + 256, kSumRow);
  _tile_stored(2, sums + 512, kSumRow);
  _tile_stored(3, sums + 768, kSumRow);
}

#undef KERAUNOS_LOAD_LEFT
#undef KERAUNOS_LOAD_RIGHT
#undef KERAUNOS_MULTIPLY

bool has_nan(const float* sums) {
  M32 found = 0;
  for (int i = 0; i < 64; ++i) found |= _mm512_cmp_ps_mask((__m512)load(sums + i * kLanes), (__m512)load(sums + i * kLanes), _CMP_UNORD_Q);
  return found != 0;
}

KERAUNOS_INLINE F32 activated(Activation activation, F32 v) {
  switch (activation) {
    case Activation::kRelu: return maximum(v, F32{});
    case Activation::kSigmoid: return sigmoid(v);
    case Activation::kTanh: return tanh(v);
    default: return v;
  }
}

void write_block(const SplitTask& task, const float* sums, std::int64_t row, std::int64_t column) {
  for (std::int64_t j = 0; j < kSplitSide && column + j < task.columns; j += kLanes) {
    const auto part = part_of(task.c, within(task.columns - column - j, kLanes));
    const F32 bias = task.bias != nullptr ? load_part(task.bias + column + j, part) : F32{};
    for (std::int64_t r = 0; r < kSplitSide && row + r < task.rows; ++r) {
      float* c = task.c + (row + r) * task.ldc + column + j;
      F32 value = load(sums + (r / kLanes * 2 + j / kLanes) * 256 + r % kLanes * kLanes);
      if (task.accumulate) value = value + load_part(c, part);
      store_part(c, activated(task.activation, value + bias), part);
    }
  }
}

// ---------------------------------------------------------------- a task

std::uint32_t compute(const SplitTask& task) {
  alignas(64) std::uint16_t own_right[kSplitStrips * kSplitStrip];
  alignas(64) float own_sums[kSplitSums];
  float* sums = task.sums != nullptr ? task.sums : own_sums;
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  for (std::int64_t k = 0; k < task.depth; k += kSplitDepth) {
    const std::int64_t depth = task.depth - k < kSplitDepth ? task.depth - k : kSplitDepth, steps = (depth + kSplitSide - 1) / kSplitSide;
    const std::uint16_t* right = task.right != nullptr ? task.right + k / kSplitDepth * kSplitStrips * kSplitStrip : own_right;
    if (right == own_right) split_right(task.b + (task.b_is_transposed ? k : k * task.ldb), task.ldb, task.b_is_transposed, task.columns, depth, own_right);
    for (std::int64_t strip = 0; strip * kSplitSide < task.columns; ++strip) {
      for (std::int64_t block = 0; block * kSplitSide < task.rows; ++block) {
        multiply(task.left + block * task.left_block + k / kSplitSide * kSplitStep, right + strip * kSplitStrip, steps,
                 sums + (strip * kSplitRowBlocks + block) * kSplitSide * kSplitSide, k > 0 || !task.is_first);
      }
    }
  }
  _tile_release();
  std::uint32_t unwritten = 0;
  if (!task.is_last) return unwritten;
  for (std::int64_t strip = 0; strip * kSplitSide < task.columns; ++strip) {
    for (std::int64_t block = 0; block * kSplitSide < task.rows; ++block) {
      const std::int64_t i = strip * kSplitRowBlocks + block;
      const float* block_sums = sums + i * kSplitSide * kSplitSide;
      if (has_nan(block_sums)) {
        unwritten |= 1u << i;
      } else {
        write_block(task, block_sums, block * kSplitSide, strip * kSplitSide);
      }
    }
  }
  return unwritten;
}

}  // namespace

extern const SplitGemmTable split_gemm_table = {split_left, split_right, compute};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
