// Whole sequences of the recurrent layers: packs the weights once, splits the batch between the threads for all steps, and
// takes the gradients of the weights as one product over all rows and steps.
#include "kernels/recurrent.h"

#include <algorithm>

#include "base/threads.h"
#include "kernels/dispatch.h"
#include "kernels/kernels.h"
#include "kernels/level/gemm.h"
#include "kernels/level/recurrent.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Rows of a chunk: enough for the product's tiles, few enough for many threads.
constexpr Index kChunkRows = 16;
// Multiplications and additions of a whole sequence worth a second thread.
constexpr double kSerialWork = 2e6;

template <class T>
const RecurrentKernels<T>& level();
template <>
const RecurrentKernels<float>& level<float>() { return levels().recurrent->f32; }
template <>
const RecurrentKernels<double>& level<double>() { return levels().recurrent->f64; }

// A multiple of 64 bytes, in elements.
template <class T>
Index padded(Index elements) {
  constexpr Index line = 64 / static_cast<Index>(sizeof(T));
  return (elements + line - 1) / line * line;
}

// The batch in chunks of nearly equal height. Of several chunks none is so low that its products get slow.
RowTiles chunks_of(const Sequence& shape) {
  const double work = 2.0 * static_cast<double>(shape.batch * shape.steps) * static_cast<double>((shape.inputs + shape.units) * shape.units) *
                      static_cast<double>(gates_of(shape.cell));
  RowTiles chunks;
  chunks.count = work < kSerialWork ? 1 : std::max<Index>(1, (shape.batch + kChunkRows - 1) / kChunkRows);
  chunks.base = shape.batch / chunks.count;
  chunks.extra = shape.batch % chunks.count;
  return chunks;
}

Index chunk_rows(const Sequence& shape) {
  const RowTiles chunks = chunks_of(shape);
  return chunks.base + (chunks.extra > 0 ? 1 : 0);
}

Index chunks(const Sequence& shape) { return chunks_of(shape).count; }

template <class Body>
void over_chunks(const Sequence& shape, const Body& body) {
  const RowTiles tiles = chunks_of(shape);
  parallel_for(tiles.count, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) body(i, first_row(tiles, i), first_row(tiles, i + 1));
  });
}

// ---------------------------------------------------------------- products

template <class T>
Gemm<T> product(Index m, Index n, Index k, Index lda, Index ldb, Index ldc) {
  Gemm<T> gemm;
  gemm.m = m;
  gemm.n = n;
  gemm.k = k;
  gemm.lda = std::max<Index>(1, lda);
  gemm.ldb = std::max<Index>(1, ldb);
  gemm.ldc = std::max<Index>(1, ldc);
  return gemm;
}

Index wide_of(const Sequence& shape) { return gates_of(shape.cell) * shape.units; }
Index kept_wide_of(const Sequence& shape) { return kept_gates_of(shape.cell) * shape.units; }
Index rows_of(const Sequence& shape) { return shape.batch * shape.steps; }

template <class T>
Gemm<T> kernel_product(const Sequence& s) {
  return product<T>(kChunkRows, wide_of(s), s.inputs, s.inputs, wide_of(s), wide_of(s));
}

template <class T>
Gemm<T> recurrent_product(const Sequence& s) {
  return product<T>(kChunkRows, wide_of(s), s.units, s.units, wide_of(s), wide_of(s));
}

template <class T>
Gemm<T> recurrent_back_product(const Sequence& s) {
  Gemm<T> gemm = product<T>(kChunkRows, s.units, wide_of(s), wide_of(s), wide_of(s), s.units);
  gemm.transpose_b = true;
  return gemm;
}

// transpose(a) d for a of `columns` columns and `n` columns of the gates' gradients d.
template <class T>
Gemm<T> weight_product(const Sequence& s, Index columns, Index n) {
  Gemm<T> gemm = product<T>(columns, n, rows_of(s), columns, kept_wide_of(s), wide_of(s));
  gemm.transpose_a = true;
  return gemm;
}

template <class T>
Gemm<T> input_product(const Sequence& s) {
  Gemm<T> gemm = product<T>(rows_of(s), s.inputs, wide_of(s), kept_wide_of(s), wide_of(s), s.inputs);
  gemm.transpose_b = true;
  return gemm;
}

template <class T>
Index packed_elements(const Gemm<T>& gemm) {
  return padded<T>(static_cast<Index>(gemm_packed_bytes(gemm) / sizeof(T)));
}

// ---------------------------------------------------------------- workspaces, in elements

template <class T>
struct ForwardSpace {
  Index kernel, recurrent, scratch, total;

  explicit ForwardSpace(const Sequence& s) {
    kernel = 0;
    recurrent = packed_elements(kernel_product<T>(s));
    scratch = recurrent + packed_elements(recurrent_product<T>(s));
    total = scratch + chunks(s) * chunk(s);
  }
  static Index chunk(const Sequence& s) { return padded<T>(sequence_scratch(s, chunk_rows(s))); }
};

template <class T>
struct BackwardSpace {
  Index d_gates, recurrent, column_sums, products, scratch, total;

  explicit BackwardSpace(const Sequence& s) {
    d_gates = 0;
    recurrent = padded<T>(rows_of(s) * kept_wide_of(s));
    column_sums = recurrent + packed_elements(recurrent_back_product<T>(s));
    products = column_sums + padded<T>(kept_wide_of(s));
    scratch = products;  // the products come after the walk
    const std::size_t bytes = std::max({gemm_workspace(weight_product<T>(s, s.inputs, wide_of(s))),
                                        gemm_workspace(weight_product<T>(s, s.units, wide_of(s))), gemm_workspace(input_product<T>(s))});
    total = products + std::max(padded<T>(static_cast<Index>(bytes / sizeof(T)) + 1), chunks(s) * chunk(s));
  }
  static Index chunk(const Sequence& s) { return padded<T>(sequence_gradient_scratch(s, chunk_rows(s))); }
};

template <class T>
ColumnSum column_sum();
template <>
ColumnSum column_sum<float>() { return find_column_sum(Dtype::kFloat32); }
template <>
ColumnSum column_sum<double>() { return find_column_sum(Dtype::kFloat64); }

// The gates' gradients as columns: the GRU's state has the first two gates and the fourth.
template <class T>
void weight_gradients(const Sequence& s, const SequenceGradientOperands<T>& in, const T* d_gates, const SequenceGradients<T>& out, T* sums,
                      void* workspace) {
  const Index units = s.units, wide = wide_of(s);
  gemm<T>(weight_product<T>(s, s.inputs, wide), in.x, d_gates, nullptr, out.kernel, workspace);
  column_sum<T>()(d_gates, sums, rows_of(s), kept_wide_of(s));
  std::copy(sums, sums + wide, out.bias);
  if (s.cell != Cell::kGru) {
    gemm<T>(weight_product<T>(s, units, wide), in.before_h, d_gates, nullptr, out.recurrent_kernel, workspace);
    return;
  }
  gemm<T>(weight_product<T>(s, units, 2 * units), in.before_h, d_gates, nullptr, out.recurrent_kernel, workspace);
  gemm<T>(weight_product<T>(s, units, units), in.before_h, d_gates + 3 * units, nullptr, out.recurrent_kernel + 2 * units, workspace);
  std::copy(sums, sums + 2 * units, out.bias + wide);
  std::copy(sums + 3 * units, sums + 4 * units, out.bias + wide + 2 * units);
}

}  // namespace

template <class T>
std::size_t sequence_workspace(const Sequence& shape) {
  return static_cast<std::size_t>(ForwardSpace<T>(shape).total) * sizeof(T);
}

template <class T>
void run_sequence(const Sequence& shape, const SequenceOperands<T>& in, const SequenceResults<T>& out, void* workspace) {
  const ForwardSpace<T> space(shape);
  T* base = static_cast<T*>(workspace);
  gemm_pack(kernel_product<T>(shape), in.kernel, base + space.kernel);
  gemm_pack(recurrent_product<T>(shape), in.recurrent_kernel, base + space.recurrent);
  const SequenceTask<T> task = {shape, in, out, base + space.kernel, base + space.recurrent};
  over_chunks(shape, [&](Index i, Index begin, Index end) {
    level<T>().forward(task, begin, end, base + space.scratch + i * ForwardSpace<T>::chunk(shape));
  });
}

template <class T>
std::size_t sequence_gradient_workspace(const Sequence& shape) {
  return static_cast<std::size_t>(BackwardSpace<T>(shape).total) * sizeof(T);
}

template <class T>
void run_sequence_gradient(const Sequence& shape, const SequenceGradientOperands<T>& in, const SequenceGradients<T>& out, void* workspace) {
  const BackwardSpace<T> space(shape);
  T* base = static_cast<T*>(workspace);
  gemm_pack(recurrent_back_product<T>(shape), in.recurrent_kernel, base + space.recurrent);
  const SequenceGradientTask<T> task = {shape, in, base + space.recurrent, base + space.d_gates, out.h0, out.c0};
  over_chunks(shape, [&](Index i, Index begin, Index end) {
    level<T>().backward(task, begin, end, base + space.scratch + i * BackwardSpace<T>::chunk(shape));
  });
  weight_gradients<T>(shape, in, base + space.d_gates, out, base + space.column_sums, base + space.products);
  if (out.x != nullptr) gemm<T>(input_product<T>(shape), base + space.d_gates, in.kernel, nullptr, out.x, base + space.products);
}

#define KERAUNOS_SEQUENCE(T)                                                                                               \
  template std::size_t sequence_workspace<T>(const Sequence&);                                                             \
  template void run_sequence<T>(const Sequence&, const SequenceOperands<T>&, const SequenceResults<T>&, void*);            \
  template std::size_t sequence_gradient_workspace<T>(const Sequence&);                                                    \
  template void run_sequence_gradient<T>(const Sequence&, const SequenceGradientOperands<T>&, const SequenceGradients<T>&, void*);
KERAUNOS_SEQUENCE(float)
KERAUNOS_SEQUENCE(double)
#undef KERAUNOS_SEQUENCE

}  // namespace keraunos::kernels
