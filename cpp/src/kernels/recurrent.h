// Whole sequences of SimpleRNN, LSTM and GRU, forward and backward. Row-major, float32 and float64.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keraunos::kernels {

// With z = x kernel + bias + h recurrent_kernel, cut into gates:
//   kSimple  h = tanh(z)
//   kLstm    i, f, g, o = sigmoid(z0), sigmoid(z1), tanh(z2), sigmoid(z3);  c = f c + i g;  h = o tanh(c)
//   kGru     the state has a bias of its own: y = h recurrent_kernel + recurrent_bias, z = x kernel + bias;
//            u = sigmoid(z0 + y0), r = sigmoid(z1 + y1), g = tanh(z2 + r y2);  h = u h + (1 - u) g
//   kGruResetBefore  u = sigmoid(z0), r = sigmoid(z1), g = tanh((x kernel + bias)2 + (r h) recurrent_kernel2);  h as above
enum class Cell : std::uint8_t { kSimple, kLstm, kGru, kGruResetBefore };

struct Sequence {
  Cell cell = Cell::kSimple;
  std::int64_t batch = 0, steps = 0, inputs = 0, units = 0;
  bool is_reversed = false;        // begins with the last step; outputs come in the order of the walk
  bool zeroes_masked = false;      // outputs of masked steps are 0, not the output before them
};

template <class T>
struct SequenceOperands {
  const T* x = nullptr;                 // batch x steps x inputs
  const T* h0 = nullptr;                // batch x units
  const T* c0 = nullptr;                // LSTM
  const T* kernel = nullptr;            // inputs x gates
  const T* recurrent_kernel = nullptr;  // units x gates
  const T* bias = nullptr;              // gates; GRU: 2 x gates
  const bool* mask = nullptr;           // batch x steps, or nullptr: a step that is false leaves the state alone
};

template <class T>
struct SequenceResults {
  T* last = nullptr;     // batch x units: the last output
  T* outputs = nullptr;  // batch x steps x units, or nullptr
  T* h = nullptr;        // batch x units
  T* c = nullptr;        // LSTM
  // For the gradient, or nullptr: gates, and the states before each step.
  T* gates = nullptr;    // batch x steps x 4 units (kSimple: 1, kGruResetBefore: 3)
  T* before_h = nullptr; // batch x steps x units
  T* before_c = nullptr; // LSTM
};

template <class T>
struct SequenceGradientOperands {
  const T* x = nullptr;
  const T* kernel = nullptr;
  const T* recurrent_kernel = nullptr;
  const bool* mask = nullptr;
  const T* gates = nullptr;
  const T* before_h = nullptr;
  const T* before_c = nullptr;
  const T* d_last = nullptr;     // gradients that arrive
  const T* d_outputs = nullptr;  // or nullptr
  const T* d_h = nullptr;
  const T* d_c = nullptr;
};

template <class T>
struct SequenceGradients {
  T* x = nullptr;  // or nullptr: nobody asks
  T* h0 = nullptr;
  T* c0 = nullptr;
  T* kernel = nullptr;
  T* recurrent_kernel = nullptr;
  T* bias = nullptr;
};

// Whether one thread does all of it, and is busy for so long that another one may well do something else beside it.
bool walks_alone(const Sequence& shape);

// The batch is cut into chunks that depend on the shape alone: same bits for any number of threads. Workspace is aligned
// to 64 bytes.
template <class T>
std::size_t sequence_workspace(const Sequence& shape);
template <class T>
void run_sequence(const Sequence& shape, const SequenceOperands<T>& in, const SequenceResults<T>& out, void* workspace);

template <class T>
std::size_t sequence_gradient_workspace(const Sequence& shape);
template <class T>
void run_sequence_gradient(const Sequence& shape, const SequenceGradientOperands<T>& in, const SequenceGradients<T>& out, void* workspace);

}  // namespace keraunos::kernels
