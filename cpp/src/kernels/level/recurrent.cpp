// The recurrent layers: for every timestep one product with packed weights, then all gates in one pass.
#include "kernels/level/recurrent.h"

#include "kernels/level/recurrent_product.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// ---------------------------------------------------------------- one step of one row, forward

// z: projected inputs, with the state's projection added except for the GRU, where it is y. kept: for the gradient, or nullptr.
template <class T, bool keeps>
void simple_step(Index units, const T* z, T* h, T* kept) {
  over_row<T>(units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const auto value = tanh(read(z + j, typename Lanes<T>::Vector{}));
    write(h + j, value);
    if constexpr (keeps) write(kept + j, value);
  });
}

template <class T, bool keeps>
void lstm_step(Index units, const T* z, T* h, T* c, T* kept) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V i = sigmoid(read(z + j, V{})), f = sigmoid(read(z + units + j, V{}));
    const V g = tanh(read(z + 2 * units + j, V{})), o = sigmoid(read(z + 3 * units + j, V{}));
    const V cell = fma(f, read(c + j, V{}), i * g);
    write(c + j, cell);
    write(h + j, o * tanh(cell));
    if constexpr (keeps) {
      write(kept + j, i);
      write(kept + units + j, f);
      write(kept + 2 * units + j, g);
      write(kept + 3 * units + j, o);
    }
  });
}

template <class T, bool keeps>
void gru_step(Index units, const T* z, const T* y, T* h, T* kept) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V u = sigmoid(read(z + j, V{}) + read(y + j, V{}));
    const V r = sigmoid(read(z + units + j, V{}) + read(y + units + j, V{}));
    const V q = read(y + 2 * units + j, V{});
    const V g = tanh(fma(r, q, read(z + 2 * units + j, V{})));
    write(h + j, fma(u, read(h + j, V{}) - g, g));
    if constexpr (keeps) {
      write(kept + j, u);
      write(kept + units + j, r);
      write(kept + 2 * units + j, g);
      write(kept + 3 * units + j, q);
    }
  });
}

// The gates of a GRU whose reset comes before the product. z: with the state's projection added. The update gate and the
// state that the reset left go to `update` and `left`.
template <class T, bool keeps>
void reset_step(Index units, const T* z, const T* h, T* update, T* left, T* kept) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V u = sigmoid(read(z + j, V{})), r = sigmoid(read(z + units + j, V{}));
    write(update + j, u);
    write(left + j, r * read(h + j, V{}));
    if constexpr (keeps) {
      write(kept + j, u);
      write(kept + units + j, r);
    }
  });
}

// The candidate z, with the product of what the reset left added, and the new state.
template <class T, bool keeps>
void candidate_step(Index units, const T* z, const T* update, T* h, T* kept) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V g = tanh(read(z + j, V{}));
    write(h + j, fma(read(update + j, V{}), read(h + j, V{}) - g, g));
    if constexpr (keeps) write(kept + j, g);
  });
}

// ---------------------------------------------------------------- forward

// The rows [begin, end) of the batch on their way through the sequence.
template <class T>
struct Walk {
  const SequenceTask<T>& task;
  Index begin, rows, steps, units, wide;
  T *h, *c, *output, *z, *y;

  Walk(const SequenceTask<T>& task, Index begin, Index end, T* scratch)
      : task(task), begin(begin), rows(end - begin), steps(task.shape.steps), units(task.shape.units),
        wide(gates_of(task.shape.cell) * units) {
    h = scratch;
    c = h + rows * units;
    output = c + rows * units;
    y = output + rows * units;
    z = y + rows * wide;
  }

  // The inputs of the steps [first, first + count), [count][rows][wide].
  void project(Index first, Index count) const {
    const Index inputs = task.shape.inputs;
    const T* x = task.in.x + (begin * steps + first) * inputs;
    if (count == 1) {
      multiply<T>({rows, wide, inputs, x, steps * inputs, task.packed_kernel, task.in.bias, z, wide, false});
      return;
    }
    for (Index r = 0; r < rows; ++r) {
      multiply<T>({count, wide, inputs, x + r * steps * inputs, inputs, task.packed_kernel, task.in.bias, z + r * wide, rows * wide, false});
    }
  }

  // Of a GRU with the reset before the product: y begins with the update gate and what the reset left.
  template <bool keeps>
  void gates(T* z_row, Index r, T* kept) const {
    T* const state = h + r * units;
    switch (task.shape.cell) {
      case Cell::kSimple: return simple_step<T, keeps>(units, z_row, state, kept);
      case Cell::kLstm: return lstm_step<T, keeps>(units, z_row, state, c + r * units, kept);
      case Cell::kGru: return gru_step<T, keeps>(units, z_row, y + r * wide, state, kept);
      case Cell::kGruResetBefore: return candidate_step<T, keeps>(units, z_row + 2 * units, y + r * wide, state, kept + 2 * units);
    }
  }

  T* kept_gates(Index r, Index t) const {
    return task.out.gates == nullptr ? nullptr : task.out.gates + ((begin + r) * steps + t) * kept_gates_of(task.shape.cell) * units;
  }

  // The state's part of the gates of timestep t, as far as one product before the gates gives it.
  void project_state(Index t, T* z_step) const {
    const T* const packed = task.packed_recurrent;
    if (task.shape.cell == Cell::kGru) return multiply<T>({rows, wide, units, h, units, packed, task.in.bias + wide, y, wide, false});
    if (task.shape.cell != Cell::kGruResetBefore) return multiply<T>({rows, wide, units, h, units, packed, nullptr, z_step, wide, true});
    multiply<T>({rows, 2 * units, units, h, units, packed, nullptr, z_step, wide, true});
    for (Index r = 0; r < rows; ++r) {
      T* const update = y + r * wide;
      if (task.out.gates != nullptr) {
        reset_step<T, true>(units, z_step + r * wide, h + r * units, update, update + units, kept_gates(r, t));
      } else {
        reset_step<T, false>(units, z_step + r * wide, h + r * units, update, update + units, nullptr);
      }
    }
    multiply<T>({rows, units, units, y + units, wide, task.packed_candidate, nullptr, z_step + 2 * units, wide, true});
  }

  void keep_states(Index r, Index t) const {
    const Index at = ((begin + r) * steps + t) * units;
    copy_row(h + r * units, task.out.before_h + at, units);
    if (task.shape.cell == Cell::kLstm) copy_row(c + r * units, task.out.before_c + at, units);
  }

  // Step number s of the walk, which is timestep t; z_step is [rows][wide].
  void step(Index s, Index t, T* z_step) const {
    project_state(t, z_step);
    const bool* mask = task.in.mask;
    for (Index r = 0; r < rows; ++r) {
      const bool is_kept = task.out.gates != nullptr;
      if (is_kept) keep_states(r, t);
      T* result = task.out.outputs == nullptr ? nullptr : task.out.outputs + ((begin + r) * steps + s) * units;
      if (mask != nullptr && !mask[(begin + r) * steps + t]) {
        if (task.shape.zeroes_masked) zero_row(output + r * units, units);
        if (result != nullptr) copy_row(output + r * units, result, units);
        continue;
      }
      if (is_kept) {
        gates<true>(z_step + r * wide, r, kept_gates(r, t));
      } else {
        gates<false>(z_step + r * wide, r, nullptr);
      }
      if (mask != nullptr) copy_row(h + r * units, output + r * units, units);
      if (result != nullptr) copy_row(h + r * units, result, units);
    }
  }

  void run() const {
    const bool has_cell = task.shape.cell == Cell::kLstm;
    const Index from = begin * units, size = rows * units;
    copy_row(task.in.h0 + from, h, size);
    if (has_cell) copy_row(task.in.c0 + from, c, size);
    if (task.in.mask != nullptr) zero_row(output, size);
    const Index block = projected_steps(rows, steps);
    for (Index done = 0; done < steps; done += block) {
      const Index count = block < steps - done ? block : steps - done;
      const Index first = task.shape.is_reversed ? steps - done - count : done;
      project(first, count);
      for (Index i = 0; i < count; ++i) {
        const Index place = task.shape.is_reversed ? count - 1 - i : i;
        step(done + i, first + place, z + place * rows * wide);
      }
    }
    copy_row(h, task.out.h + from, size);
    if (has_cell) copy_row(c, task.out.c + from, size);
    copy_row(task.in.mask != nullptr ? output : h, task.out.last + from, size);
  }
};

template <class T>
void forward(const SequenceTask<T>& task, Index begin, Index end, T* scratch) {
  Walk<T>(task, begin, end, scratch).run();
}

}  // namespace

extern const RecurrentTable recurrent_table = {{forward<float>}, {forward<double>}};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
