// The inner loops of convolution of one level. The tile is that of the matrix product, but each row has a pointer of its own, which jumps
// from segment to segment: nothing of the images is copied, and taps on the padding are left out.
#include "kernels/level/convolution.h"

#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// With 32 registers a tile is as wide as it can be: each row of a costs one load, whatever the width, and loads come to hold up the sums.
#if (defined(__AVX512F__) || defined(__ARM_NEON)) && !defined(KERAUNOS_SMALL)
constexpr int kVectors = 4;
constexpr int tallest(int vectors) { return vectors == 4 ? 6 : 8; }
#else
constexpr int kVectors = 2;
constexpr int tallest(int) { return kIsSmall ? 4 : 6; }
#endif

// Where the steps of both operands are known, several go with one advance of the pointers: additions of pointers would take turns from the sums.
// Of the widest tiles, which have sums enough between two additions, the longer loop is the slower one.
constexpr int kDenseSteps = 4;
constexpr bool has_dense_steps(int vectors) { return !kIsSmall && vectors < 4; }

// Without it the compiler keeps one more pointer for each step of an unrolled loop, more than there are registers.
#define KERAUNOS_KEEP_STEPS(a, b) __asm__("" : "+r"(a), "+r"(b))

// sum[r] += left(r) * a row of b.
template <class T, int Rows, int Vectors, class Left>
KERAUNOS_INLINE void add_products(typename Lanes<T>::Vector (&sum)[Rows][Vectors], const T* b, const Left& left) {
  constexpr int W = Lanes<T>::count;
  typename Lanes<T>::Vector right[Vectors];
#pragma GCC unroll 4
  for (int v = 0; v < Vectors; ++v) right[v] = load(b + v * W);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const auto each = splat(left(r));
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) sum[r][v] = fma(each, right[v], sum[r][v]);
  }
}

template <class T, int Rows, int Vectors>
KERAUNOS_INLINE void finish_tile(const ConvolutionTile<T>& call, typename Lanes<T>::Vector (&sum)[Rows][Vectors]) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  const int last = static_cast<int>(call.columns - (Vectors - 1) * W);  // columns in the last vector
  const bool is_whole = last == W;
  const auto part = part_of(call.b, is_whole ? 1 : last);
  const auto for_each = [&](const auto& change) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) change(sum[r][v], call.c[r] + v * W, v);
    }
  };
  const auto load_at = [&](const T* p, int v) __attribute__((always_inline)) { return v < Vectors - 1 || is_whole ? load(p) : load_part(p, part); };
  if (call.bias != nullptr) {
    V bias[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) bias[v] = load_at(call.bias + v * W, v);
    for_each([&](V& value, T*, int v) __attribute__((always_inline)) { value = value + bias[v]; });
  }
  if (call.adds_to_c) for_each([&](V& value, T* c, int v) __attribute__((always_inline)) { value = value + load_at(c, v); });
  if (call.is_relu) for_each([&](V& value, T*, int) __attribute__((always_inline)) { value = larger(V{}, value); });
  if (is_whole) {
    for_each([&](V& value, T* c, int) __attribute__((always_inline)) { store(c, value); });
  } else {
    for_each([&](V& value, T* c, int v) __attribute__((always_inline)) {
      if (v < Vectors - 1) {
        store(c, value);
      } else {
        store_part(c, value, part);
      }
    });
  }
}

// Of what the next tile reads and of what it writes, in two steps of this one, a quarter of a line of three stretches that begin 512 bytes apart. With one
// tap and 64 channels that is all of it, 1.5 KB each, by the end: memory and sums overlap, which otherwise add up.
template <class T>
KERAUNOS_INLINE void fetch_next(const ConvolutionTile<T>& call, std::int64_t at) {
  const char* const a = reinterpret_cast<const char*>(call.next_a) + at * 8;
  const char* const c = reinterpret_cast<const char*>(call.next_c) + at * 8;
  prefetch(a);
  prefetch(a + 512);
  prefetch(a + 1024);
  prefetch(c);
  prefetch(c + 512);
  prefetch(c + 1024);
}

template <class T, int Rows, int Vectors>
void tile(const ConvolutionTile<T>& call) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  V sum[Rows][Vectors] = {};
  const std::int64_t a_step = call.a_step, b_step = call.b_step;
  const bool is_dense = has_dense_steps(Vectors) && a_step == 1 && b_step == Vectors * W;
  const ConvolutionSegment<T>* const end = call.segments + call.count;
  for (const ConvolutionSegment<T>* segment = call.segments; segment != end; ++segment) {
    const T* a[Rows];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) a[r] = segment->a[r] + call.a_offset;
    const T* b = call.b + segment->b * b_step;
    std::int64_t at = 0, left = segment->length;
    if (is_dense) {
      for (; left >= kDenseSteps; left -= kDenseSteps) {
#pragma GCC unroll 4
        for (int i = 0; i < kDenseSteps; ++i) {
          add_products<T>(sum, b + i * Vectors * W, [&](int r) __attribute__((always_inline)) { return a[r][at + i]; });
        }
        at += kDenseSteps;
        b += kDenseSteps * Vectors * W;
        KERAUNOS_KEEP_STEPS(at, b);
      }
    }
    const auto step = [&]() __attribute__((always_inline)) {
      add_products<T>(sum, b, [&](int r) __attribute__((always_inline)) { return a[r][at]; });
      at += a_step;
      b += b_step;
      KERAUNOS_KEEP_STEPS(at, b);
    };
    for (; left >= 2; left -= 2) {
      step();
      step();
      if constexpr (Vectors == 4) fetch_next(call, at);
    }
    if (left > 0) step();
  }
  finish_tile(call, sum);
}

template <class T, int Rows, int Vectors>
void weight_tile(const ConvolutionWeightTile<T>& call) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  V sum[Rows][Vectors] = {};
  const std::int64_t a_step = call.a_step * call.stride, b_step = call.b_step;
  const char* next = reinterpret_cast<const char*>(call.next);
  const ConvolutionRun* const end = call.runs + call.count;
  for (const ConvolutionRun* run = call.runs; run != end; ++run) {
    const T* a = call.a + run->a * call.a_step;
    const T* b = call.b + run->b * b_step;
    const auto step = [&]() __attribute__((always_inline)) {
      add_products<T>(sum, b, [&](int r) __attribute__((always_inline)) { return a[r]; });
      a += a_step;
      b += b_step;
      KERAUNOS_KEEP_STEPS(a, b);
    };
    std::int64_t left = run->length;
    for (; left >= 4; left -= 4) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) step();
      if constexpr (Vectors == 4) {
        prefetch(next);
        prefetch(next + 64);
        prefetch(next + 128);
        next += 192;
      }
    }
    for (; left > 0; --left) step();
  }

  const int last = static_cast<int>(call.columns - (Vectors - 1) * W);  // columns in the last vector
  const bool is_whole = last == W;
  const auto part = part_of(call.b, is_whole ? 1 : last);
  T* c = call.c;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r, c += call.c_step) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      T* p = c + v * W;
      if (v < Vectors - 1 || is_whole) {
        store(p, load(p) + sum[r][v]);
      } else {
        store_part(p, load_part(p, part) + sum[r][v], part);
      }
    }
  }
}

template <class T, int Rows, int Vectors>
constexpr void fill_tiles(ConvolutionLevel<T>& level) {
  level.tile[Rows - 1][Vectors - 1] = tile<T, Rows, Vectors>;
  level.weight_tile[Rows - 1][Vectors - 1] = weight_tile<T, Rows, Vectors>;
  if constexpr (Rows > 1) {
    fill_tiles<T, Rows - 1, Vectors>(level);
  } else if constexpr (Vectors > 1) {
    fill_tiles<T, tallest(Vectors - 1), Vectors - 1>(level);
  }
}

// ---------------------------------------------------------------- depthwise

template <class T, int Vectors, class Load, class Store>
KERAUNOS_INLINE void depthwise_strip(const T* const* x, const T* const* w, std::int64_t taps, std::int64_t at, const T* bias, bool is_relu, T* y,
                                     Load load_at, Store store_at) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  V sum[Vectors] = {};
  if (bias != nullptr) {
    for (int v = 0; v < Vectors; ++v) sum[v] = load_at(bias + at + v * W);
  }
  for (std::int64_t t = 0; t < taps; ++t) {
    for (int v = 0; v < Vectors; ++v) sum[v] = fma(load_at(x[t] + at + v * W), load_at(w[t] + at + v * W), sum[v]);
  }
  for (int v = 0; v < Vectors; ++v) store_at(y + at + v * W, is_relu ? maximum(sum[v], V{}) : sum[v]);
}

template <class T>
void depthwise(const T* const* x, const T* const* w, std::int64_t taps, std::int64_t channels, const T* bias, bool is_relu, T* y) {
  constexpr int W = Lanes<T>::count;
  const auto whole_load = [](const T* p) { return load(p); };
  const auto whole_store = [](T* p, auto v) { store(p, v); };
  std::int64_t c = 0;
  for (; c + 4 * W <= channels; c += 4 * W) depthwise_strip<T, 4>(x, w, taps, c, bias, is_relu, y, whole_load, whole_store);
  for (; c + W <= channels; c += W) depthwise_strip<T, 1>(x, w, taps, c, bias, is_relu, y, whole_load, whole_store);
  if (c < channels) {
    const auto part = part_of(y, static_cast<int>(channels - c));
    depthwise_strip<T, 1>(x, w, taps, c, bias, is_relu, y, [part](const T* p) { return load_part(p, part); },
                          [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T, int Vectors, class Load, class Store>
KERAUNOS_INLINE void depthwise_weights_strip(const T* x, std::int64_t x_step, const T* g, std::int64_t g_step, std::int64_t places, T* w, Load load_at,
                                             Store store_at) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  V sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = load_at(w + v * W);
  for (std::int64_t i = 0; i < places; ++i, x += x_step, g += g_step) {
    for (int v = 0; v < Vectors; ++v) sum[v] = fma(load_at(x + v * W), load_at(g + v * W), sum[v]);
  }
  for (int v = 0; v < Vectors; ++v) store_at(w + v * W, sum[v]);
}

template <class T>
void depthwise_weights(const T* x, std::int64_t x_step, const T* g, std::int64_t g_step, std::int64_t places, std::int64_t channels, T* w) {
  constexpr int W = Lanes<T>::count;
  const auto whole_load = [](const T* p) { return load(p); };
  const auto whole_store = [](T* p, auto v) { store(p, v); };
  std::int64_t c = 0;
  for (; c + 4 * W <= channels; c += 4 * W) depthwise_weights_strip<T, 4>(x + c, x_step, g + c, g_step, places, w + c, whole_load, whole_store);
  for (; c + W <= channels; c += W) depthwise_weights_strip<T, 1>(x + c, x_step, g + c, g_step, places, w + c, whole_load, whole_store);
  if (c < channels) {
    const auto part = part_of(x, static_cast<int>(channels - c));
    depthwise_weights_strip<T, 1>(x + c, x_step, g + c, g_step, places, w + c, [part](const T* p) { return load_part(p, part); },
                                  [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T>
constexpr ConvolutionLevel<T> make_convolution_level() {
  ConvolutionLevel<T> level = {Lanes<T>::count, kVectors, {}, {}, {}, depthwise<T>, depthwise_weights<T>};
  for (int vectors = 1; vectors <= kVectors; ++vectors) level.rows[vectors - 1] = tallest(vectors);
  fill_tiles<T, tallest(kVectors), kVectors>(level);
  return level;
}

}  // namespace

extern const ConvolutionTable convolution_table = {make_convolution_level<float>(), make_convolution_level<double>()};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
