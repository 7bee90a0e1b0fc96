// What the walks of the recurrent layers share: products of a step, and rows copied, zeroed and added.
#pragma once

#include "kernels/level/over_row.h"
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

using Index = std::int64_t;

template <class T>
constexpr const GemmLevel<T>& gemm_level();
template <>
constexpr const GemmLevel<float>& gemm_level<float>() { return gemm_table.f32; }
template <>
constexpr const GemmLevel<double>& gemm_level<double>() { return gemm_table.f64; }

// c = a b + bias (or c += a b) for packed b, all of it.
template <class T>
struct Product {
  Index m, n, k;
  const T* a;
  Index lda;
  const T* b;
  const T* bias;
  T* c;
  Index ldc;
  bool accumulates;
};

// A strip of packed weights this deep stays in the first-level cache for the second tile of rows.
constexpr Index kDepth = 256;

template <class T>
void multiply(const Product<T>& product) {
  const GemmLevel<T>& level = gemm_level<T>();
  GemmTask<T> task;
  task.n = product.n;
  task.k = product.k;
  task.tiles.count = (product.m + level.max_rows - 1) / level.max_rows;
  task.tiles.base = product.m / task.tiles.count;
  task.tiles.extra = product.m % task.tiles.count;
  const Index blocks = (product.k + kDepth - 1) / kDepth;
  task.k_block = blocks > 1 ? (product.k + blocks - 1) / blocks : product.k > 0 ? product.k : 1;
  task.a = product.a;
  task.a_row = product.lda;
  task.a_k = 1;
  task.b = product.b;
  task.b_is_packed = true;
  task.bias = product.bias;
  task.accumulate = product.accumulates;
  task.c = product.c;
  task.ldc = product.ldc;
  level.compute(task, 0, task.tiles.count, 0, product.n);
}

template <class T>
KERAUNOS_INLINE void copy_row(const T* from, T* to, Index n) {
  __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
}

template <class T>
KERAUNOS_INLINE void zero_row(T* to, Index n) {
  __builtin_memset(to, 0, static_cast<std::size_t>(n) * sizeof(T));
}

}  // namespace
}  // namespace keraunos::kernels::KERAUNOS_LEVEL
