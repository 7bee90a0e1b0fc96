// Gradients of whole sequences: groups of chunks walk back, each with sums of its own for the gradients of the weights,
// which are added in the order of the groups.
#include "kernels/recurrent.h"
#include "kernels/recurrent_chunks.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Sums of the weights' gradients at most: enough for many threads, and little memory even for wide layers.
constexpr Index kMaxGroups = 16;

template <class T>
const RecurrentGradientKernels<T>& level() { return of_type<T>(*levels().recurrent_gradient); }

// The transposed weights, as right operands of products with the gates' gradients.
template <class T>
Gemm<T> recurrent_operand(const Sequence& s) {
  return packed_operand<T>(s.units, s.cell == Cell::kGruResetBefore ? 2 * s.units : wide_of(s), wide_of(s), true);
}

template <class T>
Gemm<T> candidate_operand(const Sequence& s) {
  return packed_operand<T>(s.cell == Cell::kGruResetBefore ? s.units : 0, s.units, wide_of(s), true);
}

template <class T>
Gemm<T> kernel_operand(const Sequence& s) {
  return packed_operand<T>(s.inputs, first_wide_of(s), wide_of(s), true);
}

template <class T>
Gemm<T> candidate_kernel_operand(const Sequence& s) {
  return packed_operand<T>(is_gru(s.cell) ? s.inputs : 0, s.units, wide_of(s), true);
}

// Workspace, in elements.
template <class T>
struct Space {
  RowTiles chunks, groups;
  Index recurrent, candidate, kernel, candidate_kernel, sums, sums_stride, total_sums, scratch, chunk, total;

  explicit Space(const Sequence& s) : chunks(sequence_chunks(s)) {
    groups.count = std::min(chunks.count, kMaxGroups);
    groups.base = chunks.count / groups.count;
    groups.extra = chunks.count % groups.count;
    recurrent = 0;
    candidate = recurrent + packed_elements(recurrent_operand<T>(s));
    kernel = candidate + packed_elements(candidate_operand<T>(s));
    candidate_kernel = kernel + packed_elements(kernel_operand<T>(s));
    sums = candidate_kernel + packed_elements(candidate_kernel_operand<T>(s));
    sums_stride = padded<T>(weight_sums(s).elements);
    total_sums = sums + groups.count * sums_stride;
    scratch = total_sums + (groups.count > 1 ? sums_stride : 0);
    chunk = padded<T>(sequence_gradient_scratch(s, tallest(chunks)));
    total = scratch + groups.count * chunk;
  }
};

// Rows of candidate, update, reset as rows of update, reset, candidate.
template <class T>
void turn_gates(const T* from, Index rows, Index units, T* to) {
  for (Index r = 0; r < rows; ++r, from += 3 * units, to += 3 * units) {
    std::copy(from + units, from + 3 * units, to);
    std::copy(from, from + units, to + 2 * units);
  }
}

// The sums of weight_sums() as gradients of the weights.
template <class T>
void place_sums(const Sequence& s, const T* sums, const SequenceGradients<T>& out) {
  const Index wide = wide_of(s), units = s.units;
  const T* const bias = sums + s.inputs * wide;
  const T* const state = bias + wide;
  if (!is_gru(s.cell)) {
    std::copy(sums, bias, out.kernel);
    std::copy(bias, state, out.bias);
    std::copy(state, state + units * wide, out.recurrent_kernel);
    return;
  }
  turn_gates(sums, s.inputs, units, out.kernel);
  turn_gates(bias, 1, units, out.bias);
  if (s.cell == Cell::kGru) {
    std::copy(state, state + wide, out.bias + wide);
    std::copy(state + wide, state + wide + units * wide, out.recurrent_kernel);
    return;
  }
  const T* const candidate = state + 2 * units * units;
  for (Index i = 0; i < units; ++i) {
    std::copy_n(state + i * 2 * units, 2 * units, out.recurrent_kernel + i * wide);
    std::copy_n(candidate + i * units, units, out.recurrent_kernel + i * wide + 2 * units);
  }
}

}  // namespace

template <class T>
std::size_t sequence_gradient_workspace(const Sequence& shape) {
  return static_cast<std::size_t>(Space<T>(shape).total) * sizeof(T);
}

template <class T>
void run_sequence_gradient(const Sequence& shape, const SequenceGradientOperands<T>& in, const SequenceGradients<T>& out, void* workspace) {
  const Space<T> space(shape);
  T* base = static_cast<T*>(workspace);
  const Index candidate = is_gru(shape.cell) ? 2 * shape.units : 0;  // its first column among the gates
  gemm_pack(recurrent_operand<T>(shape), in.recurrent_kernel, base + space.recurrent);
  gemm_pack(candidate_operand<T>(shape), in.recurrent_kernel + candidate, base + space.candidate);
  if (out.x != nullptr) {
    gemm_pack(kernel_operand<T>(shape), in.kernel, base + space.kernel);
    gemm_pack(candidate_kernel_operand<T>(shape), in.kernel + candidate, base + space.candidate_kernel);
  }
  const SequenceGradientTask<T> task = {shape, in, base + space.recurrent, base + space.candidate, base + space.kernel,
                                        base + space.candidate_kernel, out.x, out.h0, out.c0};
  parallel_for(space.groups.count, 1, [&](Index begin, Index end) {
    for (Index g = begin; g < end; ++g) {
      const Index first = first_row(space.groups, g);
      for (Index i = first; i < first_row(space.groups, g + 1); ++i) {
        level<T>().backward(task, first_row(space.chunks, i), first_row(space.chunks, i + 1), base + space.sums + g * space.sums_stride,
                            i > first, base + space.scratch + g * space.chunk);
      }
    }
  });
  if (space.groups.count > 1) find_column_sum(kDtypeOf<T>)(base + space.sums, base + space.total_sums, space.groups.count, space.sums_stride);
  place_sums(shape, base + (space.groups.count > 1 ? space.total_sums : space.sums), out);
}

#define KERAUNOS_SEQUENCE(T)                                             \
  template std::size_t sequence_gradient_workspace<T>(const Sequence&); \
  template void run_sequence_gradient<T>(const Sequence&, const SequenceGradientOperands<T>&, const SequenceGradients<T>&, void*);
KERAUNOS_SEQUENCE(float)
KERAUNOS_SEQUENCE(double)
#undef KERAUNOS_SEQUENCE

}  // namespace keraunos::kernels
