// What one level exports: a table per family of kernels. All of them are serial.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/level/convolution.h"
#include "kernels/level/gemm.h"
#include "kernels/level/recurrent.h"
#include "kernels/level/pooling.h"

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

#define KERAUNOS_DECLARE_LEVEL(name)     \
  namespace name {                       \
  extern const GemmTable gemm_table;     \
  extern const MapTable map_float_table; \
  extern const MapTable map_integer_table; \
  extern const CastTable cast_table;     \
  extern const ReduceTable reduce_table; \
  extern const RowTable row_table;       \
  extern const RandomTable random_table; \
  extern const RecurrentTable recurrent_table; \
  extern const PoolingTable pooling_table; \
  extern const ConvolutionTable convolution_table; \
  }

#if defined(__x86_64__) || defined(_M_X64)
KERAUNOS_DECLARE_LEVEL(avx512)
KERAUNOS_DECLARE_LEVEL(avx2)
KERAUNOS_DECLARE_LEVEL(baseline)
#elif defined(__aarch64__) || defined(_M_ARM64)
KERAUNOS_DECLARE_LEVEL(neon)
#else
KERAUNOS_DECLARE_LEVEL(baseline)
#endif
#undef KERAUNOS_DECLARE_LEVEL

}  // namespace keraunos::kernels
