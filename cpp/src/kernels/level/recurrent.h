// What a level gives to the recurrent layers: a serial routine over whole sequences of a range of rows of the batch.
#pragma once

#include <cstdint>

#include "kernels/recurrent.h"

namespace keraunos::kernels {

// With fewer rows than this a product of one timestep is slow: the inputs of several steps are projected at once, row by row.
constexpr std::int64_t kEnoughRows = 8;
// A number of whole tiles at every level.
constexpr std::int64_t kProjectedSteps = 24;

// Gates in the products with the inputs and with the state.
static constexpr std::int64_t gates_of(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kGru ? 3 : 1; }
// What is kept of a step for the gradient, in units: the gates; the GRU also keeps the state's part of the candidate.
static constexpr std::int64_t kept_gates_of(Cell cell) { return cell == Cell::kSimple ? 1 : 4; }

// Timesteps whose inputs are projected at once for `rows` rows.
static inline std::int64_t projected_steps(std::int64_t rows, std::int64_t steps) {
  const std::int64_t wanted = rows >= kEnoughRows ? 1 : kProjectedSteps;
  return wanted < steps ? wanted : steps;
}

template <class T>
struct SequenceTask {
  Sequence shape;
  SequenceOperands<T> in;
  SequenceResults<T> out;
  const T* packed_kernel = nullptr;     // inputs x gates
  const T* packed_recurrent = nullptr;  // units x gates
};

template <class T>
struct SequenceGradientTask {
  Sequence shape;
  SequenceGradientOperands<T> in;
  const T* packed_recurrent = nullptr;  // gates x units: the transpose
  T* d_gates = nullptr;                 // batch x steps x kept gates
  T* d_h0 = nullptr;
  T* d_c0 = nullptr;
};

template <class T>
struct RecurrentKernels {
  // Rows [begin, end) of the batch. The scratch is that of sequence_scratch() and sequence_gradient_scratch() elements.
  void (*forward)(const SequenceTask<T>&, std::int64_t begin, std::int64_t end, T* scratch);
  void (*backward)(const SequenceGradientTask<T>&, std::int64_t begin, std::int64_t end, T* scratch);
};

struct RecurrentTable {
  RecurrentKernels<float> f32;
  RecurrentKernels<double> f64;
};

// h, c, output; the projected inputs; the projected state.
static inline std::int64_t sequence_scratch(const Sequence& shape, std::int64_t rows) {
  const std::int64_t wide = gates_of(shape.cell) * shape.units;
  return rows * (3 * shape.units + wide * (projected_steps(rows, shape.steps) + 1));
}

// The gradients of h (twice), c and the output; those of the gates.
static inline std::int64_t sequence_gradient_scratch(const Sequence& shape, std::int64_t rows) {
  return rows * shape.units * (4 + gates_of(shape.cell));
}

}  // namespace keraunos::kernels
