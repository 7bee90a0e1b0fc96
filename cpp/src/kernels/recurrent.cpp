// Whole sequences of the recurrent layers: packs the weights once and splits the batch between the threads for all steps.
#include "kernels/recurrent.h"

#include "kernels/recurrent_chunks.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Rows of a chunk: enough for the product's tiles, few enough for many threads.
constexpr Index kChunkRows = 16;
// Multiplications and additions of a whole sequence worth a second thread.
constexpr double kSerialWork = 2e6;

template <class T>
const RecurrentKernels<T>& level() { return of_type<T>(*levels().recurrent); }

template <class T>
Gemm<T> kernel_operand(const Sequence& s) {
  return packed_operand<T>(wide_of(s), s.inputs, wide_of(s), false);
}

// Columns of the recurrent kernel that are multiplied with the state itself.
template <class T>
Gemm<T> recurrent_operand(const Sequence& s) {
  return packed_operand<T>(s.cell == Cell::kGruResetBefore ? 2 * s.units : wide_of(s), s.units, wide_of(s), false);
}

template <class T>
Gemm<T> candidate_operand(const Sequence& s) {
  return packed_operand<T>(s.cell == Cell::kGruResetBefore ? s.units : 0, s.units, wide_of(s), false);
}

// Workspace, in elements.
template <class T>
struct Space {
  RowTiles chunks;
  Index kernel, recurrent, candidate, scratch, chunk, total;

  explicit Space(const Sequence& s) : chunks(sequence_chunks(s)) {
    kernel = 0;
    recurrent = packed_elements(kernel_operand<T>(s));
    candidate = recurrent + packed_elements(recurrent_operand<T>(s));
    scratch = candidate + packed_elements(candidate_operand<T>(s));
    chunk = padded<T>(sequence_scratch(s, tallest(chunks)));
    total = scratch + chunks.count * chunk;
  }
};

double work_of(const Sequence& s) {
  return 2.0 * static_cast<double>(s.batch * s.steps) * static_cast<double>((s.inputs + s.units) * s.units) *
         static_cast<double>(gates_of(s.cell));
}

}  // namespace

bool walks_alone(const Sequence& shape) { return work_of(shape) >= kSerialWork / 2 && sequence_chunks(shape).count == 1; }

RowTiles sequence_chunks(const Sequence& shape) {
  RowTiles chunks;
  chunks.count = work_of(shape) < kSerialWork ? 1 : (shape.batch + kChunkRows - 1) / kChunkRows;
  chunks.base = shape.batch / chunks.count;
  chunks.extra = shape.batch % chunks.count;
  return chunks;
}

template <class T>
std::size_t sequence_workspace(const Sequence& shape) {
  return static_cast<std::size_t>(Space<T>(shape).total) * sizeof(T);
}

template <class T>
void run_sequence(const Sequence& shape, const SequenceOperands<T>& in, const SequenceResults<T>& out, void* workspace) {
  const Space<T> space(shape);
  T* base = static_cast<T*>(workspace);
  gemm_pack(kernel_operand<T>(shape), in.kernel, base + space.kernel);
  gemm_pack(recurrent_operand<T>(shape), in.recurrent_kernel, base + space.recurrent);
  if (shape.cell == Cell::kGruResetBefore) gemm_pack(candidate_operand<T>(shape), in.recurrent_kernel + 2 * shape.units, base + space.candidate);
  const SequenceTask<T> task = {shape, in, out, base + space.kernel, base + space.recurrent, base + space.candidate};
  parallel_for(space.chunks.count, 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      level<T>().forward(task, first_row(space.chunks, i), first_row(space.chunks, i + 1), base + space.scratch + i * space.chunk);
    }
  });
}

#define KERAUNOS_SEQUENCE(T)                                    \
  template std::size_t sequence_workspace<T>(const Sequence&); \
  template void run_sequence<T>(const Sequence&, const SequenceOperands<T>&, const SequenceResults<T>&, void*);
KERAUNOS_SEQUENCE(float)
KERAUNOS_SEQUENCE(double)
#undef KERAUNOS_SEQUENCE

}  // namespace keraunos::kernels
