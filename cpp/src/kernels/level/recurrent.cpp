// The recurrent layers: for every timestep one product with packed weights, then all gates in one pass.
#include "kernels/level/recurrent.h"

#include "kernels/level/over_row.h"
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

using Index = std::int64_t;

template <class T>
constexpr const GemmLevel<T>& gemm_level();
template <>
constexpr const GemmLevel<float>& gemm_level<float>() { return gemm_table.f32; }
template <>
constexpr const GemmLevel<double>& gemm_level<double>() { return gemm_table.f64; }

// c = a b + bias (or c += a b) for packed b, all of it.
template <class T>
struct Product {
  Index m, n, k;
  const T* a;
  Index lda;
  const T* b;
  const T* bias;
  T* c;
  Index ldc;
  bool accumulates;
};

template <class T>
void multiply(const Product<T>& product) {
  const GemmLevel<T>& level = gemm_level<T>();
  GemmTask<T> task;
  task.n = product.n;
  task.k = product.k;
  task.tiles.count = (product.m + level.max_rows - 1) / level.max_rows;
  task.tiles.base = product.m / task.tiles.count;
  task.tiles.extra = product.m % task.tiles.count;
  const Index blocks = (product.k + level.max_k_block - 1) / level.max_k_block;
  task.k_block = blocks > 1 ? (product.k + blocks - 1) / blocks : product.k > 0 ? product.k : 1;
  task.a = product.a;
  task.a_row = product.lda;
  task.a_k = 1;
  task.b = product.b;
  task.b_is_packed = true;
  task.bias = product.bias;
  task.accumulate = product.accumulates;
  task.c = product.c;
  task.ldc = product.ldc;
  level.compute(task, 0, task.tiles.count, 0, product.n);
}

template <class T>
KERAUNOS_INLINE void copy_row(const T* from, T* to, Index n) {
  __builtin_memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
}

template <class T>
KERAUNOS_INLINE void zero_row(T* to, Index n) {
  __builtin_memset(to, 0, static_cast<std::size_t>(n) * sizeof(T));
}

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

  template <bool keeps>
  void gates(T* z_row, Index r, T* kept) const {
    switch (task.shape.cell) {
      case Cell::kSimple: return simple_step<T, keeps>(units, z_row, h + r * units, kept);
      case Cell::kLstm: return lstm_step<T, keeps>(units, z_row, h + r * units, c + r * units, kept);
      case Cell::kGru: return gru_step<T, keeps>(units, z_row, y + r * wide, h + r * units, kept);
    }
  }

  void keep_states(Index r, Index t) const {
    const Index at = ((begin + r) * steps + t) * units;
    copy_row(h + r * units, task.out.before_h + at, units);
    if (task.shape.cell == Cell::kLstm) copy_row(c + r * units, task.out.before_c + at, units);
  }

  // Step number s of the walk, which is timestep t; z_step is [rows][wide].
  void step(Index s, Index t, T* z_step) const {
    if (task.shape.cell == Cell::kGru) {
      multiply<T>({rows, wide, units, h, units, task.packed_recurrent, task.in.bias + wide, y, wide, false});
    } else {
      multiply<T>({rows, wide, units, h, units, task.packed_recurrent, nullptr, z_step, wide, true});
    }
    const bool* mask = task.in.mask;
    const Index kept_gates = kept_gates_of(task.shape.cell) * units;
    for (Index r = 0; r < rows; ++r) {
      const Index at = (begin + r) * steps + t;
      const bool is_kept = task.out.gates != nullptr;
      if (is_kept) keep_states(r, t);
      T* result = task.out.outputs == nullptr ? nullptr : task.out.outputs + ((begin + r) * steps + s) * units;
      if (mask != nullptr && !mask[at]) {
        if (task.shape.zeroes_masked) zero_row(output + r * units, units);
        if (result != nullptr) copy_row(output + r * units, result, units);
        continue;
      }
      if (is_kept) {
        gates<true>(z_step + r * wide, r, task.out.gates + at * kept_gates);
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

// ---------------------------------------------------------------- one step of one row, backward

// d_h: what arrives at the state. `all` and `own` get the gradients of the gates, for the inputs' and for the state's product;
// rest gets what reaches the state before by another way than the product.
template <class T>
struct BackStep {
  Index units;
  const T* kept;
  const T* before_h;
  const T* before_c;
  const T* d_h;
  T* d_c;
  T* all;
  T* own;
  T* rest;
};

template <class T>
void simple_back(const BackStep<T>& s) {
  using V = typename Lanes<T>::Vector;
  over_row<T>(s.units, [&](Index j, auto read, auto write) __attribute__((always_inline)) {
    const V h = read(s.kept + j, V{});
    const V d = read(s.d_h + j, V{}) * (splat(T(1)) - h * h);
    write(s.all + j, d);
    write(s.own + j, d);
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
    const V d_i = d_c * g * i * (one - i), d_f = d_c * before * f * (one - f);
    const V d_g = d_c * i * (one - g * g), d_o = d_h * squashed * o * (one - o);
    write(s.d_c + j, d_c * f);
    write(s.all + j, d_i);
    write(s.all + n + j, d_f);
    write(s.all + 2 * n + j, d_g);
    write(s.all + 3 * n + j, d_o);
    write(s.own + j, d_i);
    write(s.own + n + j, d_f);
    write(s.own + 2 * n + j, d_g);
    write(s.own + 3 * n + j, d_o);
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
    const V d_u = d_h * (read(s.before_h + j, V{}) - g) * u * (one - u);
    const V d_g = d_h * (one - u) * (one - g * g);
    const V d_r = d_g * q * r * (one - r), d_q = d_g * r;
    write(s.rest + j, d_h * u);
    write(s.all + j, d_u);
    write(s.all + n + j, d_r);
    write(s.all + 2 * n + j, d_g);
    write(s.all + 3 * n + j, d_q);
    write(s.own + j, d_u);
    write(s.own + n + j, d_r);
    write(s.own + 2 * n + j, d_q);
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
struct WalkBack {
  const SequenceGradientTask<T>& task;
  Index begin, rows, steps, units, wide, kept_wide;
  T *d_h, *next_d_h, *d_c, *d_output, *own;

  WalkBack(const SequenceGradientTask<T>& task, Index begin, Index end, T* scratch)
      : task(task), begin(begin), rows(end - begin), steps(task.shape.steps), units(task.shape.units),
        wide(gates_of(task.shape.cell) * units), kept_wide(kept_gates_of(task.shape.cell) * units) {
    const Index size = rows * units;
    d_h = scratch;
    next_d_h = d_h + size;
    d_c = next_d_h + size;
    d_output = d_c + size;
    own = d_output + size;
  }

  // Whether the state's gradient also goes back around the product.
  bool has_rest() const { return task.shape.cell == Cell::kGru || task.in.mask != nullptr; }

  // A masked step: the state's gradient passes, the output's waits for the step whose output was repeated.
  void pass(Index r, Index at) const {
    copy_row(d_h + r * units, next_d_h + r * units, units);
    zero_row(task.d_gates + at * kept_wide, kept_wide);
    zero_row(own + r * wide, wide);
    if (task.shape.zeroes_masked) zero_row(d_output + r * units, units);
  }

  // The gradient of output number s arrives.
  void take_output(Index r, Index s) const {
    T* to = (task.in.mask != nullptr ? d_output : d_h) + r * units;
    if (task.in.d_outputs != nullptr) add_row(task.in.d_outputs + ((begin + r) * steps + s) * units, to, units);
    if (s == steps - 1) add_row(task.in.d_last + (begin + r) * units, to, units);
  }

  void step(Index s, Index t) const {
    const bool is_lstm = task.shape.cell == Cell::kLstm;
    for (Index r = 0; r < rows; ++r) {
      const Index at = (begin + r) * steps + t;
      take_output(r, s);
      if (task.in.mask != nullptr) {
        if (!task.in.mask[at]) {
          pass(r, at);
          continue;
        }
        add_row(d_output + r * units, d_h + r * units, units);
        zero_row(d_output + r * units, units);
        if (task.shape.cell != Cell::kGru) zero_row(next_d_h + r * units, units);
      }
      const BackStep<T> back = {units,
                                task.in.gates + at * kept_wide,
                                task.in.before_h + at * units,
                                is_lstm ? task.in.before_c + at * units : nullptr,
                                d_h + r * units,
                                d_c + r * units,
                                task.d_gates + at * kept_wide,
                                own + r * wide,
                                next_d_h + r * units};
      switch (task.shape.cell) {
        case Cell::kSimple: simple_back(back); break;
        case Cell::kLstm: lstm_back(back); break;
        case Cell::kGru: gru_back(back); break;
      }
    }
    multiply<T>({rows, units, wide, own, wide, task.packed_recurrent, nullptr, next_d_h, units, has_rest()});
  }

  void run() {
    const bool is_lstm = task.shape.cell == Cell::kLstm;
    const Index from = begin * units, size = rows * units;
    copy_row(task.in.d_h + from, d_h, size);
    if (is_lstm) copy_row(task.in.d_c + from, d_c, size);
    zero_row(d_output, size);
    for (Index s = steps - 1; s >= 0; --s) {
      step(s, task.shape.is_reversed ? steps - 1 - s : s);
      T* const swapped = d_h;
      d_h = next_d_h;
      next_d_h = swapped;
    }
    copy_row(d_h, task.d_h0 + from, size);
    if (is_lstm) copy_row(d_c, task.d_c0 + from, size);
  }
};

template <class T>
void backward(const SequenceGradientTask<T>& task, Index begin, Index end, T* scratch) {
  WalkBack<T>(task, begin, end, scratch).run();
}

}  // namespace

extern const RecurrentTable recurrent_table = {{forward<float>, backward<float>}, {forward<double>, backward<double>}};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
