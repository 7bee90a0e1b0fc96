// The level in use, for numbers of type T: float or double.
#pragma once

#include "kernels/dispatch.h"

namespace keraunos::kernels {

template <class T, class Table>
const auto& of_type(const Table& table) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return table.f32;
  } else {
    return table.f64;
  }
}

template <class T>
const GemmLevel<T>& gemm_level() { return of_type<T>(*levels().gemm); }

template <class T>
inline constexpr Dtype kDtypeOf = sizeof(T) == sizeof(float) ? Dtype::kFloat32 : Dtype::kFloat64;

// Sums of some columns of a matrix, by the calling thread.
template <class T>
auto column_sums() { return levels().reduce->find(ReduceOp::kSum, kDtypeOf<T>).columns; }

}  // namespace keraunos::kernels
