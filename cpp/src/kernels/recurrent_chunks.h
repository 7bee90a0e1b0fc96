// How the recurrent layers cut a batch into chunks, and their products with packed weights.
#pragma once

#include <algorithm>

#include "base/threads.h"
#include "kernels/dispatch.h"
#include "kernels/kernels.h"
#include "kernels/level/gemm.h"
#include "kernels/level/recurrent.h"

namespace keraunos::kernels {

// A multiple of 64 bytes, in elements.
template <class T>
std::int64_t padded(std::int64_t elements) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  return (elements + line - 1) / line * line;
}

// Chunks of nearly equal height that depend on the shape alone. Of several chunks none is so low that its products get slow.
RowTiles sequence_chunks(const Sequence& shape);

inline std::int64_t tallest(const RowTiles& tiles) { return tiles.base + (tiles.extra > 0 ? 1 : 0); }
inline std::int64_t wide_of(const Sequence& shape) { return gates_of(shape.cell) * shape.units; }
// Columns of the gates that stand before a GRU's candidate; elsewhere all of them.
inline std::int64_t first_wide_of(const Sequence& shape) { return is_gru(shape.cell) ? 2 * shape.units : wide_of(shape); }

// A weight of k rows, or k columns if transposed, as the right operand of products of a chunk's rows.
template <class T>
Gemm<T> packed_operand(std::int64_t n, std::int64_t k, std::int64_t ldb, bool is_transposed) {
  Gemm<T> gemm;
  gemm.m = 1;
  gemm.n = n;
  gemm.k = k;
  gemm.lda = std::max<std::int64_t>(1, k);
  gemm.ldb = std::max<std::int64_t>(1, ldb);
  gemm.ldc = std::max<std::int64_t>(1, n);
  gemm.transpose_b = is_transposed;
  return gemm;
}

template <class T>
std::int64_t packed_elements(const Gemm<T>& gemm) {
  return padded<T>(static_cast<std::int64_t>(gemm_packed_bytes(gemm) / sizeof(T)));
}

}  // namespace keraunos::kernels
