// What one level exports: a table per family of kernels. All of them are serial.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/level/convolution.h"
#include "kernels/level/gemm.h"
#include "kernels/level/recurrent.h"
#include "kernels/level/pooling.h"
#include "kernels/level/split_gemm.h"
#include "kernels/level/winograd.h"

namespace keraunos::kernels {

struct MapTable {
  MapLoop (*find)(MapOp op, Dtype dtype);
};

struct CastTable {
  CastLoop (*find)(Dtype from, Dtype to);
};

struct ReduceKernels {
  // [outer, reduced] -> [outer]
  void (*rows)(const void* in, void* out, std::int64_t outer, std::int64_t reduced);
  // [reduced, inner] -> [inner], for the columns [begin, end); in and out point to column 0.
  void (*columns)(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end);
};

struct ReduceTable {
  // Both are nullptr when the op does not take that dtype.
  ReduceKernels (*find)(ReduceOp op, Dtype dtype);
};

template <class T>
struct RowKernels {
  void (*softmax)(const T* in, T* out, std::int64_t rows, std::int64_t n);
  void (*log_softmax)(const T* in, T* out, std::int64_t rows, std::int64_t n);
  void (*softmax_grad)(const T* y, const T* g, T* out, std::int64_t rows, std::int64_t n);
  void (*log_softmax_grad)(const T* y, const T* g, T* out, std::int64_t rows, std::int64_t n);
};

struct RowTable {
  RowKernels<float> f32;
  RowKernels<double> f64;
};

// Random numbers come in groups of 64 elements (dropout: 128).
struct RandomTable {
  void (*bits)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, std::uint32_t* out);
  void (*uniform_f32)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, float* out);
  void (*uniform_f64)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, double* out);
  void (*normal_f32)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, float* out);
  void (*normal_f64)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, double* out);
  void (*dropout_f32)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, const float* in, float* out,
                      std::uint32_t threshold, float scale);
  void (*dropout_f64)(const std::uint32_t key[2], std::int64_t group, std::int64_t groups, const double* in, double* out,
                      std::uint32_t threshold, double scale);
};

// Normalization: of each row on its own, and of the columns of many rows. Arguments as in kernels/normalization.h.
template <class T>
struct NormKernels {
  void (*layer)(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* inverse, std::int64_t rows, std::int64_t n, T epsilon,
                bool is_centred);
  // dgamma and dbeta are the sums over these rows.
  void (*layer_grad)(const T* g, const T* x, const T* gamma, const T* mean, const T* inverse, T* dx, T* dgamma, T* dbeta,
                     std::int64_t rows, std::int64_t n, bool is_centred);
  // Per column: the mean, and the sum of squared distances from it.
  void (*moments)(const T* x, double* mean, double* squares, std::int64_t rows, std::int64_t n);
  // y = (x - mean) * scale + shift
  void (*shift_and_scale)(const T* x, const T* mean, const T* scale, const T* shift, T* y, std::int64_t rows, std::int64_t n,
                          bool has_relu);
  // Per column: sums of g and of g (x - mean); with relu, of the g where (x - mean) * scale + shift is positive.
  void (*batch_grad_sums)(const T* g, const T* x, const T* mean, const T* scale, const T* shift, T* sum_g, T* sum_gx,
                          std::int64_t rows, std::int64_t n, bool has_relu);
  // dx = g * scale + (x - mean) * slope + offset
  void (*batch_grad)(const T* g, const T* x, const T* mean, const T* scale, const T* shift, const T* slope, const T* offset, T* dx,
                     std::int64_t rows, std::int64_t n, bool has_relu);
};

struct NormTable {
  NormKernels<float> f32;
  NormKernels<double> f64;
};

// A block of attention's scores: `count` rows of n, of the queries from `first` on.
template <class T>
struct ScoreRows {
  std::int64_t first = 0, count = 0, n = 0;
  T scale = 1;
  bool is_causal = false;
  const unsigned char* mask = nullptr;  // of the first row; true is seen
  std::int64_t mask_row = 0, mask_column = 0;
};

// For each row two statistics: the largest scaled score, and one over the sum of the exponentials of its distances.
template <class T>
struct AttentionKernels {
  // Scores become exponentials, and leave the statistics.
  void (*exponentials)(const ScoreRows<T>& rows, T* scores, T* statistics);
  // Scores become softmax weights, by the statistics.
  void (*weights)(const ScoreRows<T>& rows, T* scores, const T* statistics);
  // Gradients of the weights become gradients of the unscaled scores; `dots` holds sum(weight * gradient) for each row.
  void (*slopes)(const ScoreRows<T>& rows, const T* weights, const T* statistics, const T* dots, T* gradients);
  // Rows of n, `stride` apart, times the second statistic.
  void (*scale_rows)(T* y, std::int64_t stride, std::int64_t count, std::int64_t n, const T* statistics);
  // out[r] = sum of a * b in row r.
  void (*row_dots)(const T* a, const T* b, std::int64_t stride, std::int64_t count, std::int64_t n, T* out);
};

struct AttentionTable {
  AttentionKernels<float> f32;
  AttentionKernels<double> f64;
};

#define KERAUNOS_DECLARE_LEVEL(name)     \
  namespace name {                       \
  extern const GemmTable gemm_table;     \
  extern const MapTable map_float_table; \
  extern const MapTable map_integer_table; \
  extern const CastTable cast_table;     \
  extern const ReduceTable reduce_table; \
  extern const RowTable row_table;       \
  extern const NormTable norm_table;     \
  extern const AttentionTable attention_table; \
  extern const RandomTable random_table; \
  extern const RecurrentTable recurrent_table; \
  extern const RecurrentGradientTable recurrent_gradient_table; \
  extern const PoolingTable pooling_table; \
  extern const ConvolutionTable convolution_table; \
  extern const WinogradTable winograd_table; \
  }

#if defined(__x86_64__) || defined(_M_X64)
KERAUNOS_DECLARE_LEVEL(avx512)
KERAUNOS_DECLARE_LEVEL(avx2)
KERAUNOS_DECLARE_LEVEL(baseline)
namespace amx {  // that of avx512, and this
extern const SplitGemmTable split_gemm_table;
}
#elif defined(__aarch64__) || defined(_M_ARM64)
KERAUNOS_DECLARE_LEVEL(neon)
#else
KERAUNOS_DECLARE_LEVEL(baseline)
#endif
#undef KERAUNOS_DECLARE_LEVEL

}  // namespace keraunos::kernels
