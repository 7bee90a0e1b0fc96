// Loops on raw pointers. Every function that depends on the CPU family is reached through the table of the level
// chosen once at load (SSE2, AVX2+FMA, AVX-512, that with AMX, NEON); KERAUNOS_CPU_LEVEL=baseline|avx2|avx512 forces a lower one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "keraunos/dtype.h"

namespace keraunos::kernels {

// ---------------------------------------------------------------- elementwise

// Every op works on contiguous memory. Comparisons and predicates write bool (one byte, 0 or 1).
enum class MapOp : std::uint16_t {
  // one operand
  kNegative, kAbsolute, kSign, kExp, kExpm1, kLog, kLog1p, kLog2, kLog10, kSqrt, kRsqrt, kSquare, kReciprocal,
  kSin, kCos, kTan, kArcsin, kArccos, kArctan, kSinh, kCosh, kTanh, kArcsinh, kArccosh, kArctanh,
  kErf, kErfinv, kSigmoid, kSoftplus, kRelu, kGelu, kFloor, kCeil, kRound, kTrunc, kLgamma, kDigamma, kCbrt, kExp2,
  kI0, kI0e, kI1, kI1e, kSinc,
  kIsNan, kIsInf, kIsFinite, kSignbit, kLogicalNot, kBitwiseNot, kCopy,
  // two operands
  kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kMod, kPower, kMaximum, kMinimum, kArctan2, kHypot, kCopysign,
  kNextafter, kLogaddexp, kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual, kLogicalAnd, kLogicalOr,
  kLogicalXor, kBitwiseAnd, kBitwiseOr, kBitwiseXor, kLeftShift, kRightShift, kGcd, kLcm, kHeaviside,
  // two operands: gradient (first) and the forward result (second): g*(y>0), g*y*(1-y), g*(1-y*y)
  kReluGrad, kSigmoidGrad, kTanhGrad,
  // two operands: gradient and the forward input
  kGeluGrad, kSoftplusGrad,
  // three operands: where(bool condition, a, b); a*b+c
  kSelect, kMultiplyAdd,
  kCount,
};

// parameters: kGelu and kGeluGrad take one, nonzero for the approximation by tanh (nullptr: exact). The others ignore it.
using MapLoop = void (*)(const void* a, const void* b, const void* c, void* out, std::int64_t n, const double* parameters);

// The loop of the chosen CPU level for operands of `dtype`; nullptr when that op does not take that dtype.
// float32 and float64 for everything numeric; integers and bool where NumPy defines the op on them (logical ops take
// bool; kSelect's dtype is that of a and b, the condition is bool). float16/bfloat16: kCopy and kSelect, comparisons and
// arithmetic may be absent (the runtime casts around them).
MapLoop find_map_loop(MapOp op, Dtype dtype);

// out[i] = convert(in[i]). Float to integer truncates and saturates, NaN becomes 0; to bool means "not zero".
using CastLoop = void (*)(const void* in, void* out, std::int64_t n);
CastLoop find_cast_loop(Dtype from, Dtype to);

// ---------------------------------------------------------------- matrix product

enum class Activation : std::uint8_t { kNone, kRelu, kSigmoid, kTanh };

// c = activation(a * b + bias), or c += a * b. Row-major. a is m x k (k x m when transposed), b is k x n (n x k).
template <class T>
struct Gemm {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t lda = 0, ldb = 0, ldc = 0;
  bool accumulate = false;
  bool has_bias = false;  // a row of n, added to each row of c
  Activation activation = Activation::kNone;
  // float32 alone: may be computed from operands split in parts where a matrix unit makes that faster. As exact, but the last bits of a row then depend
  // on how many rows there are.
  bool may_split = false;
};

// Scratch bytes that gemm() needs for this problem: packing space. It does not depend on the number of threads.
template <class T>
std::size_t gemm_workspace(const Gemm<T>& shape);

// Splits over the thread pool in chunks that depend on the shape alone. Same bits for any number of threads.
// m, n or k may be 0. Workspace is aligned to 64 bytes.
template <class T>
void gemm(const Gemm<T>& shape, const T* a, const T* b, const T* bias, T* c, void* workspace);

// b packed once for many products (inference).
template <class T>
std::size_t gemm_packed_bytes(const Gemm<T>& shape);
template <class T>
void gemm_pack(const Gemm<T>& shape, const T* b, void* packed);
template <class T>
void gemm_packed(const Gemm<T>& shape, const T* a, const void* packed, const T* bias, T* c, void* workspace);

// b split once for products with several groups of rows. Only where gemm() splits all rows, too.
bool gemm_is_split(const Gemm<float>& shape);
std::size_t gemm_split_bytes(const Gemm<float>& shape);
void gemm_split(const Gemm<float>& shape, const float* b, void* split);
// For any number of rows.
std::size_t gemm_on_split_workspace(const Gemm<float>& shape);
void gemm_on_split(const Gemm<float>& shape, const float* a, const float* b, const void* split, float* c, void* workspace);

// ---------------------------------------------------------------- reductions

enum class ReduceOp : std::uint8_t { kSum, kMean, kMax, kMin, kProd, kAny, kAll, kArgmax, kArgmin, kLogsumexp, kSumOfSquares };

// in is [outer, reduced, inner], out is [outer, inner]. Sums are pairwise or blocked (error <= 4 ulp * log2 n) and give the
// same bits for any number of threads. kAny/kAll take and give bool; kArgmax/kArgmin give int32 and pick the first NaN;
// max/min pass NaN on. Sum/prod of an integer dtype stay in that dtype. kMean and kLogsumexp: floating only.
using ReduceLoop = void (*)(const void* in, void* out, std::int64_t outer, std::int64_t reduced, std::int64_t inner);
ReduceLoop find_reduce_loop(ReduceOp op, Dtype dtype);

// ---------------------------------------------------------------- rows (float32, float64): each of `rows` rows has `n` contiguous elements

using RowLoop = void (*)(const void* in, void* out, std::int64_t rows, std::int64_t n);
RowLoop find_softmax(Dtype dtype);
RowLoop find_log_softmax(Dtype dtype);
// Both operands are the forward result y and the gradient g: y*(g - sum(g*y)); g - exp(y)*sum(g).
using RowGradLoop = void (*)(const void* y, const void* g, void* out, std::int64_t rows, std::int64_t n);
RowGradLoop find_softmax_grad(Dtype dtype);
RowGradLoop find_log_softmax_grad(Dtype dtype);

// out[i] = sum over rows of in[row, i]; the gradient of a bias.
using ColumnSum = void (*)(const void* in, void* out, std::int64_t rows, std::int64_t n);
ColumnSum find_column_sum(Dtype dtype);

// ---------------------------------------------------------------- random numbers: Philox 4x32-10, counter = element index

// key: the two words of a seed. Element i depends on (key, i) alone.
void random_bits(const std::uint32_t key[2], std::uint32_t* out, std::int64_t n);
// In [0, 1).
void random_uniform_f32(const std::uint32_t key[2], float* out, std::int64_t n);
void random_uniform_f64(const std::uint32_t key[2], double* out, std::int64_t n);
// Standard normal (Box-Muller).
void random_normal_f32(const std::uint32_t key[2], float* out, std::int64_t n);
void random_normal_f64(const std::uint32_t key[2], double* out, std::int64_t n);
// out[i] = keep(i) ? in[i] * scale : 0, keep(i) with probability 1 - rate. The gradient is the same call on the gradient.
void dropout_f32(const std::uint32_t key[2], const float* in, float* out, std::int64_t n, double rate, double scale);
void dropout_f64(const std::uint32_t key[2], const double* in, double* out, std::int64_t n, double rate, double scale);

// Name of the level in use: "baseline", "avx2", "avx512", "amx", "neon".
const char* cpu_level();

}  // namespace keraunos::kernels
