// What a level gives to the recurrent layers: a serial routine over whole sequences of a range of rows of the batch.
#pragma once

#include <cstdint>

#include "kernels/recurrent.h"

namespace keraunos::kernels {

// With fewer rows than this a product of one timestep is slow: the inputs of several steps are projected at once, row by row.
constexpr std::int64_t kEnoughRows = 8;
// A number of whole tiles at every level.
constexpr std::int64_t kProjectedSteps = 24;

// Rows times timesteps of a block of the walk back: the gradients of its gates are used up while they are in the cache.
constexpr std::int64_t kBlockRows = 256;

static constexpr bool is_gru(Cell cell) { return cell == Cell::kGru || cell == Cell::kGruResetBefore; }
// Gates in the products with the inputs and with the state.
static constexpr std::int64_t gates_of(Cell cell) { return cell == Cell::kLstm ? 4 : is_gru(cell) ? 3 : 1; }
// What is kept of a step for the gradient, in units: the gates; the GRU also keeps the state's part of the candidate.
static constexpr std::int64_t kept_gates_of(Cell cell) { return cell == Cell::kGru ? 4 : gates_of(cell); }

// Timesteps whose inputs are projected at once for `rows` rows.
static inline std::int64_t projected_steps(std::int64_t rows, std::int64_t steps) {
  const std::int64_t wanted = rows >= kEnoughRows ? 1 : kProjectedSteps;
  return wanted < steps ? wanted : steps;
}

// Timesteps of a block of the walk back.
static inline std::int64_t block_steps(std::int64_t rows, std::int64_t steps) {
  const std::int64_t wanted = rows >= kBlockRows ? 1 : kBlockRows / rows;
  return wanted < steps ? wanted : steps;
}

// What meets the gates' gradients in the gradients of the weights, one row for each row and timestep: the inputs, a one for
// the bias, the state before, and where the reset comes before the product, the state that it left.
static inline std::int64_t entry_width(const Sequence& shape) {
  return shape.inputs + 1 + shape.units * (shape.cell == Cell::kGruResetBefore ? 2 : 1);
}

// A product that gives gradients of weights: columns [entry, entry + rows) of the entries, transposed, times columns
// [gate, gate + columns) of the gates' gradients. The result is at `place` among the sums.
struct WeightSum {
  std::int64_t entry, rows, gate, columns, place;
};
struct WeightSums {
  int count = 0;
  WeightSum items[3];
  std::int64_t elements = 0;
};

static inline void add_weight_sum(WeightSums& sums, std::int64_t entry, std::int64_t rows, std::int64_t gate, std::int64_t columns) {
  sums.items[sums.count++] = {entry, rows, gate, columns, sums.elements};
  sums.elements += rows * columns;
}

// The gradients of the gates lie as z does, but those of a GRU as candidate, update, reset, then the state's part of the
// candidate: so those that meet the inputs lie together, and those that meet the state.
static inline WeightSums weight_sums(const Sequence& shape) {
  const std::int64_t inputs = shape.inputs, units = shape.units, wide = gates_of(shape.cell) * units;
  WeightSums sums;
  if (shape.cell == Cell::kGru) {
    add_weight_sum(sums, 0, inputs + 1, 0, wide);
    add_weight_sum(sums, inputs, 1 + units, units, wide);
  } else if (shape.cell == Cell::kGruResetBefore) {
    add_weight_sum(sums, 0, inputs + 1, 0, wide);
    add_weight_sum(sums, inputs + 1, units, units, 2 * units);
    add_weight_sum(sums, inputs + 1 + units, units, 0, units);
  } else {
    add_weight_sum(sums, 0, inputs + 1 + units, 0, wide);
  }
  return sums;
}

template <class T>
struct SequenceTask {
  Sequence shape;
  SequenceOperands<T> in;
  SequenceResults<T> out;
  const T* packed_kernel = nullptr;     // inputs x gates
  const T* packed_recurrent = nullptr;  // units x gates; kGruResetBefore: without the candidate's
  const T* packed_candidate = nullptr;  // kGruResetBefore: units x units
};

template <class T>
struct SequenceGradientTask {
  Sequence shape;
  SequenceGradientOperands<T> in;
  const T* packed_recurrent = nullptr;  // gates x units: the transpose; kGruResetBefore: without the candidate's
  const T* packed_candidate = nullptr;  // kGruResetBefore: units x units
  const T* packed_kernel = nullptr;     // gates x inputs, the transpose; a GRU's without the candidate's
  const T* packed_candidate_kernel = nullptr;  // GRU: units x inputs
  T* d_x = nullptr;                     // or nullptr: nobody asks
  T* d_h0 = nullptr;
  T* d_c0 = nullptr;
};

// Rows [begin, end) of the batch. The scratch is that of sequence_scratch() and sequence_gradient_scratch() elements.
template <class T>
struct RecurrentKernels {
  void (*forward)(const SequenceTask<T>&, std::int64_t begin, std::int64_t end, T* scratch);
};
template <class T>
struct RecurrentGradientKernels {
  // The gradients of the weights become `sums`, or are added to what is there.
  void (*backward)(const SequenceGradientTask<T>&, std::int64_t begin, std::int64_t end, T* sums, bool adds, T* scratch);
};

struct RecurrentTable {
  RecurrentKernels<float> f32;
  RecurrentKernels<double> f64;
};
struct RecurrentGradientTable {
  RecurrentGradientKernels<float> f32;
  RecurrentGradientKernels<double> f64;
};

// h, c, output; the projected inputs; the projected state.
static inline std::int64_t sequence_scratch(const Sequence& shape, std::int64_t rows) {
  const std::int64_t wide = gates_of(shape.cell) * shape.units;
  return rows * (3 * shape.units + wide * (projected_steps(rows, shape.steps) + 1));
}

// The gradients of h (twice), c, the output and the reset state; those of the gates of a block, and its entries.
static inline std::int64_t sequence_gradient_scratch(const Sequence& shape, std::int64_t rows) {
  const std::int64_t block = rows * block_steps(rows, shape.steps);
  return 5 * rows * shape.units + block * (kept_gates_of(shape.cell) * shape.units + entry_width(shape));
}

}  // namespace keraunos::kernels
