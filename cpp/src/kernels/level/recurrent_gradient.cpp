// The recurrent layers backward: a walk from the last timestep to the first, in blocks whose gates' gradients are used up
// for the gradients of weights and inputs while they are in the cache.
#include "kernels/level/recurrent.h"

#include "kernels/level/recurrent_product.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// ---------------------------------------------------------------- one step of one row, backward

// d_h: what arrives at the state. d_gates gets the gradients of the gates, in the order of weight_sums(); rest gets what
// reaches the state before by another way than the product.
template <class T>
struct BackStep {
  Index units;
  const T* kept;
  const T* before_h;
  const T* before_c;
  const T* d_h;
  T* d_c;
  T* d_gates;
  T* rest;
};

template <class T>
void simple_back(const BackStep<T>& s) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(s.units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V h = read(s.kept + j, V{});
    write(s.d_gates + j, read(s.d_h + j, V{}) * (splat(T(1)) - h * h));
  });
}

template <class T>
void lstm_back(const BackStep<T>& s) {
  using V = typename Lanes<T>::Vector;
  const Index n = s.units;
  const V one = splat(T(1));
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V i = read(s.kept + j, V{}), f = read(s.kept + n + j, V{}), g = read(s.kept + 2 * n + j, V{}), o = read(s.kept + 3 * n + j, V{});
    const V before = read(s.before_c + j, V{}), d_h = read(s.d_h + j, V{});
    const V squashed = tanh(fma(f, before, i * g));
    const V d_c = fma(d_h * o, one - squashed * squashed, read(s.d_c + j, V{}));
    write(s.d_c + j, d_c * f);
    write(s.d_gates + j, d_c * g * i * (one - i));
    write(s.d_gates + n + j, d_c * before * f * (one - f));
    write(s.d_gates + 2 * n + j, d_c * i * (one - g * g));
    write(s.d_gates + 3 * n + j, d_h * squashed * o * (one - o));
  });
}

template <class T>
void gru_back(const BackStep<T>& s) {
  using V = typename Lanes<T>::Vector;
  const Index n = s.units;
  const V one = splat(T(1));
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V u = read(s.kept + j, V{}), r = read(s.kept + n + j, V{}), g = read(s.kept + 2 * n + j, V{}), q = read(s.kept + 3 * n + j, V{});
    const V d_h = read(s.d_h + j, V{});
    const V d_g = d_h * (one - u) * (one - g * g);
    write(s.rest + j, d_h * u);
    write(s.d_gates + j, d_g);
    write(s.d_gates + n + j, d_h * (read(s.before_h + j, V{}) - g) * u * (one - u));
    write(s.d_gates + 2 * n + j, d_g * q * r * (one - r));
    write(s.d_gates + 3 * n + j, d_g * r);
  });
}

// Reset before the product: all but the reset gate, whose gradient comes through the product.
template <class T>
void candidate_back(const BackStep<T>& s) {
  using V = typename Lanes<T>::Vector;
  const Index n = s.units;
  const V one = splat(T(1));
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V u = read(s.kept + j, V{}), g = read(s.kept + 2 * n + j, V{}), d_h = read(s.d_h + j, V{});
    write(s.rest + j, d_h * u);
    write(s.d_gates + j, d_h * (one - u) * (one - g * g));
    write(s.d_gates + n + j, d_h * (read(s.before_h + j, V{}) - g) * u * (one - u));
  });
}

// d_left: the gradient of the state that the reset left.
template <class T>
void reset_back(const BackStep<T>& s, const T* d_left) {
  using V = typename Lanes<T>::Vector;
  const Index n = s.units;
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V r = read(s.kept + n + j, V{}), d = read(d_left + j, V{});
    write(s.d_gates + 2 * n + j, d * read(s.before_h + j, V{}) * r * (splat(T(1)) - r));
    write(s.rest + j, fma(d, r, read(s.rest + j, V{})));
  });
}

// ---------------------------------------------------------------- backward

template <class T>
KERAUNOS_INLINE void add_row(const T* from, T* to, Index n) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    write(to + j, read(to + j, V{}) + read(from + j, V{}));
  });
}

template <class T>
KERAUNOS_INLINE void multiply_rows(const T* a, const T* b, T* to, Index n) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(n, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    write(to + j, read(a + j, V{}) * read(b + j, V{}));
  });
}

// transpose(a) b for the columns of two row-major blocks of k rows: c = a' b, or c += a' b.
template <class T>
void add_weight_product(const WeightSum& sum, Index k, const T* entries, Index entry_stride, const T* d_gates, Index gate_stride, T* c,
                        bool accumulates) {
  const GemmLevel<T>& level = gemm_level<T>();
  GemmTask<T> task;
  task.n = sum.columns;
  task.k = k;
  task.tiles.count = (sum.rows + level.max_rows - 1) / level.max_rows;
  task.tiles.base = sum.rows / task.tiles.count;
  task.tiles.extra = sum.rows % task.tiles.count;
  task.k_block = k < level.max_k_block ? k : level.max_k_block;
  task.a = entries + sum.entry;
  task.a_row = 1;
  task.a_k = entry_stride;
  task.b = d_gates + sum.gate;
  task.ldb = gate_stride;
  task.accumulate = accumulates;
  task.c = c + sum.place;
  task.ldc = sum.columns;
  level.compute(task, 0, task.tiles.count, 0, task.n);
}

// The rows [begin, end) of the batch on their way back, in blocks of timesteps.
template <class T>
struct WalkBack {
  const SequenceGradientTask<T>& task;
  Index begin, rows, steps, units, wide, kept_wide, width, block;
  bool resets_before;  // a GRU's reset before the product
  T *d_h, *next_d_h, *d_c, *d_output, *d_left;
  T* d_gates;  // of a block: [timestep][row][kept_wide]
  T* entries;  // [timestep][row][width]

  WalkBack(const SequenceGradientTask<T>& task, Index begin, Index end, T* scratch)
      : task(task), begin(begin), rows(end - begin), steps(task.shape.steps), units(task.shape.units),
        wide(gates_of(task.shape.cell) * units), kept_wide(kept_gates_of(task.shape.cell) * units), width(entry_width(task.shape)),
        block(block_steps(end - begin, task.shape.steps)), resets_before(task.shape.cell == Cell::kGruResetBefore) {
    const Index size = rows * units;
    d_h = scratch;
    next_d_h = d_h + size;
    d_c = next_d_h + size;
    d_output = d_c + size;
    d_left = d_output + size;
    d_gates = d_left + size;
    entries = d_gates + block * rows * kept_wide;
  }

  Index at(Index r, Index t) const { return (begin + r) * steps + t; }
  bool is_masked(Index r, Index t) const { return task.in.mask != nullptr && !task.in.mask[at(r, t)]; }

  // A masked step: the state's gradient passes, the output's waits for the step whose output was repeated.
  void pass(Index r, T* d_row) const {
    copy_row(d_h + r * units, next_d_h + r * units, units);
    zero_row(d_row, kept_wide);
    if (task.shape.zeroes_masked) zero_row(d_output + r * units, units);
  }

  // The gradient of output number s arrives.
  void take_output(Index r, Index s) const {
    T* to = (task.in.mask != nullptr ? d_output : d_h) + r * units;
    if (task.in.d_outputs != nullptr) add_row(task.in.d_outputs + ((begin + r) * steps + s) * units, to, units);
    if (s == steps - 1) add_row(task.in.d_last + (begin + r) * units, to, units);
  }

  BackStep<T> back_step(Index r, Index t, T* d_row) const {
    const T* const before_c = task.shape.cell == Cell::kLstm ? task.in.before_c + at(r, t) * units : nullptr;
    return {units, task.in.gates + at(r, t) * kept_wide, task.in.before_h + at(r, t) * units, before_c,
            d_h + r * units, d_c + r * units, d_row, next_d_h + r * units};
  }

  void gates(const BackStep<T>& back) const {
    switch (task.shape.cell) {
      case Cell::kSimple: return simple_back(back);
      case Cell::kLstm: return lstm_back(back);
      case Cell::kGru: return gru_back(back);
      case Cell::kGruResetBefore: return candidate_back(back);
    }
  }

  // From the gates' gradients of a timestep to that of the state before. What goes around the product is there already.
  void to_state(Index t, T* d_step) const {
    const bool has_rest = is_gru(task.shape.cell) || task.in.mask != nullptr;
    if (!resets_before) {
      const Index first = task.shape.cell == Cell::kGru ? units : 0;
      return multiply<T>({rows, units, wide, d_step + first, kept_wide, task.packed_recurrent, nullptr, next_d_h, units, has_rest});
    }
    multiply<T>({rows, units, units, d_step, kept_wide, task.packed_candidate, nullptr, d_left, units, false});
    for (Index r = 0; r < rows; ++r) {
      if (!is_masked(r, t)) reset_back(back_step(r, t, d_step + r * kept_wide), d_left + r * units);
    }
    multiply<T>({rows, units, 2 * units, d_step + units, kept_wide, task.packed_recurrent, nullptr, next_d_h, units, true});
  }

  // Step number s of the walk forward, which is timestep t.
  void step(Index s, Index t, T* d_step) const {
    for (Index r = 0; r < rows; ++r) {
      T* const d_row = d_step + r * kept_wide;
      take_output(r, s);
      if (is_masked(r, t)) {
        pass(r, d_row);
        continue;
      }
      if (task.in.mask != nullptr) {
        add_row(d_output + r * units, d_h + r * units, units);
        zero_row(d_output + r * units, units);
        if (!is_gru(task.shape.cell)) zero_row(next_d_h + r * units, units);
      }
      gates(back_step(r, t, d_row));
    }
    to_state(t, d_step);
  }

  // What a block of timesteps from t on multiplies the gates' gradients with.
  void gather_entries(Index t, Index count) const {
    const Index inputs = task.shape.inputs;
    T* entry = entries;
    for (Index i = 0; i < count; ++i) {
      for (Index r = 0; r < rows; ++r, entry += width) {
        const T* const h = task.in.before_h + at(r, t + i) * units;
        copy_row(task.in.x + at(r, t + i) * inputs, entry, inputs);
        entry[inputs] = T(1);
        copy_row(h, entry + inputs + 1, units);
        if (!resets_before) continue;
        T* const left = entry + inputs + 1 + units;
        if (is_masked(r, t + i)) {
          zero_row(left, units);
        } else {
          multiply_rows(h, task.in.gates + at(r, t + i) * kept_wide + units, left, units);
        }
      }
    }
  }

  // Rows of the gates' gradients that are `stride` apart, times the transposed kernel.
  void to_inputs(Index count, const T* d, Index stride, T* d_x, Index x_stride) const {
    const Index inputs = task.shape.inputs;
    if (!is_gru(task.shape.cell)) {
      return multiply<T>({count, inputs, wide, d, stride, task.packed_kernel, nullptr, d_x, x_stride, false});
    }
    multiply<T>({count, inputs, 2 * units, d + units, stride, task.packed_kernel, nullptr, d_x, x_stride, false});
    multiply<T>({count, inputs, units, d, stride, task.packed_candidate_kernel, nullptr, d_x, x_stride, true});
  }

  void block_to_inputs(Index t, Index count) const {
    const Index inputs = task.shape.inputs;
    if (rows >= kEnoughRows) {
      for (Index i = 0; i < count; ++i) to_inputs(rows, d_gates + i * rows * kept_wide, kept_wide, task.d_x + at(0, t + i) * inputs, steps * inputs);
    } else {
      for (Index r = 0; r < rows; ++r) to_inputs(count, d_gates + r * kept_wide, rows * kept_wide, task.d_x + at(r, t) * inputs, inputs);
    }
  }

  void run(T* sums, bool adds) {
    const bool is_lstm = task.shape.cell == Cell::kLstm;
    const Index from = begin * units, size = rows * units;
    const WeightSums products = weight_sums(task.shape);
    copy_row(task.in.d_h + from, d_h, size);
    if (is_lstm) copy_row(task.in.d_c + from, d_c, size);
    zero_row(d_output, size);
    for (Index done = 0; done < steps; done += block) {
      const Index count = block < steps - done ? block : steps - done;
      const Index first = task.shape.is_reversed ? done : steps - done - count;
      for (Index s = steps - 1 - done; s > steps - 1 - done - count; --s) {
        const Index t = task.shape.is_reversed ? steps - 1 - s : s;
        step(s, t, d_gates + (t - first) * rows * kept_wide);
        T* const swapped = d_h;
        d_h = next_d_h;
        next_d_h = swapped;
      }
      gather_entries(first, count);
      for (int i = 0; i < products.count; ++i) {
        add_weight_product<T>(products.items[i], rows * count, entries, width, d_gates, kept_wide, sums, adds || done > 0);
      }
      if (task.d_x != nullptr) block_to_inputs(first, count);
    }
    copy_row(d_h, task.d_h0 + from, size);
    if (is_lstm) copy_row(d_c, task.d_c0 + from, size);
  }
};

template <class T>
void backward(const SequenceGradientTask<T>& task, Index begin, Index end, T* sums, bool adds, T* scratch) {
  WalkBack<T>(task, begin, end, scratch).run(sums, adds);
}

}  // namespace

extern const RecurrentGradientTable recurrent_gradient_table = {{backward<float>}, {backward<double>}};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
