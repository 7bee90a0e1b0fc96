// The transforms of F(2x2, 3x3) in Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section 4.1. They only add.
#include "kernels/level/winograd.h"

#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <class T, class Load, class Store>
KERAUNOS_INLINE void kernel_strip(const T* w, T* to, std::int64_t step, Load load_at, Store store_at) {
  using V = typename Lanes<T>::Vector;
  const V half = splat(T(0.5));
  V rows[4][3];  // transformed along the first axis
#pragma GCC unroll 3
  for (int j = 0; j < 3; ++j) {
    const V a = load_at(w + j * step), b = load_at(w + (3 + j) * step), c = load_at(w + (6 + j) * step);
    rows[0][j] = a;
    rows[1][j] = (a + b + c) * half;
    rows[2][j] = (a - b + c) * half;
    rows[3][j] = c;
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const V* r = rows[i];
    T* out = to + 4 * i * step;
    store_at(out, r[0]);
    store_at(out + step, (r[0] + r[1] + r[2]) * half);
    store_at(out + 2 * step, (r[0] - r[1] + r[2]) * half);
    store_at(out + 3 * step, r[2]);
  }
}

template <class T>
void kernel(const T* w, std::int64_t count, T* to, std::int64_t step) {
  constexpr int W = Lanes<T>::count;
  std::int64_t i = 0;
  for (; i + W <= count; i += W) {
    kernel_strip<T>(w + i, to + i, step, [](const T* p) { return load(p); }, [](T* p, auto v) { store(p, v); });
  }
  if (i < count) {
    const auto part = part_of(to, static_cast<int>(count - i));
    kernel_strip<T>(w + i, to + i, step, [part](const T* p) { return load_part(p, part); }, [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T, class Load, class Store>
KERAUNOS_INLINE void input_strip(const T* const* x, std::int64_t c, T* to, std::int64_t step, Load load_at, Store store_at) {
  using V = typename Lanes<T>::Vector;
  V rows[4][4];  // transformed along the first axis
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const V a = load_at(x[j] + c), b = load_at(x[4 + j] + c), d = load_at(x[8 + j] + c), e = load_at(x[12 + j] + c);
    rows[0][j] = a - d;
    rows[1][j] = b + d;
    rows[2][j] = d - b;
    rows[3][j] = b - e;
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const V *r = rows[i];
    T* out = to + 4 * i * step + c;
    store_at(out, r[0] - r[2]);
    store_at(out + step, r[1] + r[2]);
    store_at(out + 2 * step, r[2] - r[1]);
    store_at(out + 3 * step, r[1] - r[3]);
  }
}

template <class T>
void input(const T* const* x, std::int64_t channels, T* to, std::int64_t step) {
  constexpr int W = Lanes<T>::count;
  std::int64_t c = 0;
  for (; c + W <= channels; c += W) {
    input_strip<T>(x, c, to, step, [](const T* p) { return load(p); }, [](T* p, auto v) { store(p, v); });
  }
  if (c < channels) {
    const auto part = part_of(to, static_cast<int>(channels - c));
    input_strip<T>(x, c, to, step, [part](const T* p) { return load_part(p, part); }, [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T, class Load, class Store>
KERAUNOS_INLINE void output_strip(const T* from, std::int64_t step, std::int64_t c, const T* bias, bool is_relu, T* const* y, Load load_at,
                                  Store store_at) {
  using V = typename Lanes<T>::Vector;
  V rows[2][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const T* p = from + j * step + c;
    const V a = load_at(p), b = load_at(p + 4 * step), d = load_at(p + 8 * step), e = load_at(p + 12 * step);
    rows[0][j] = a + b + d;
    rows[1][j] = b - d - e;
  }
  const V shift = bias != nullptr ? load_at(bias + c) : V{};
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    const V* r = rows[i];
    const V sums[2] = {r[0] + r[1] + r[2] + shift, r[1] - r[2] - r[3] + shift};
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      if (y[2 * i + j] != nullptr) store_at(y[2 * i + j] + c, is_relu ? maximum(sums[j], V{}) : sums[j]);
    }
  }
}

template <class T>
void output(const T* from, std::int64_t step, std::int64_t channels, const T* bias, bool is_relu, T* const* y) {
  constexpr int W = Lanes<T>::count;
  std::int64_t c = 0;
  for (; c + W <= channels; c += W) {
    output_strip<T>(from, step, c, bias, is_relu, y, [](const T* p) { return load(p); }, [](T* p, auto v) { store(p, v); });
  }
  if (c < channels) {
    const auto part = part_of(from, static_cast<int>(channels - c));
    output_strip<T>(from, step, c, bias, is_relu, y, [part](const T* p) { return load_part(p, part); },
                    [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T, class Load, class Store>
KERAUNOS_INLINE void output_gradient_strip(const T* const* y, std::int64_t c, T* to, std::int64_t step, Load load_at, Store store_at) {
  using V = typename Lanes<T>::Vector;
  V rows[4][2];  // transformed along the first axis
#pragma GCC unroll 2
  for (int j = 0; j < 2; ++j) {
    const V a = load_at(y[j] + c), b = load_at(y[2 + j] + c);
    rows[0][j] = a;
    rows[1][j] = a + b;
    rows[2][j] = a - b;
    rows[3][j] = -b;
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const V* r = rows[i];
    T* out = to + 4 * i * step + c;
    store_at(out, r[0]);
    store_at(out + step, r[0] + r[1]);
    store_at(out + 2 * step, r[0] - r[1]);
    store_at(out + 3 * step, -r[1]);
  }
}

template <class T>
void output_gradient(const T* const* y, std::int64_t channels, T* to, std::int64_t step) {
  constexpr int W = Lanes<T>::count;
  std::int64_t c = 0;
  for (; c + W <= channels; c += W) {
    output_gradient_strip<T>(y, c, to, step, [](const T* p) { return load(p); }, [](T* p, auto v) { store(p, v); });
  }
  if (c < channels) {
    const auto part = part_of(to, static_cast<int>(channels - c));
    output_gradient_strip<T>(y, c, to, step, [part](const T* p) { return load_part(p, part); }, [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T, class Load, class Store>
KERAUNOS_INLINE void kernel_gradient_strip(const T* from, std::int64_t from_step, T* w, std::int64_t step, Load load_at, Store store_at) {
  using V = typename Lanes<T>::Vector;
  const V half = splat(T(0.5));
  V rows[3][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const T* p = from + j * from_step;
    const V a = load_at(p), b = load_at(p + 4 * from_step) * half, c = load_at(p + 8 * from_step) * half, d = load_at(p + 12 * from_step);
    rows[0][j] = a + b + c;
    rows[1][j] = b - c;
    rows[2][j] = b + c + d;
  }
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
    const V* r = rows[i];
    T* out = w + 3 * i * step;
    const V b = r[1] * half, c = r[2] * half;
    store_at(out, r[0] + b + c);
    store_at(out + step, b - c);
    store_at(out + 2 * step, b + c + r[3]);
  }
}

template <class T>
void kernel_gradient(const T* from, std::int64_t from_step, std::int64_t count, T* w, std::int64_t step) {
  constexpr int W = Lanes<T>::count;
  std::int64_t i = 0;
  for (; i + W <= count; i += W) {
    kernel_gradient_strip<T>(from + i, from_step, w + i, step, [](const T* p) { return load(p); }, [](T* p, auto v) { store(p, v); });
  }
  if (i < count) {
    const auto part = part_of(w, static_cast<int>(count - i));
    kernel_gradient_strip<T>(from + i, from_step, w + i, step, [part](const T* p) { return load_part(p, part); }, [part](T* p, auto v) { store_part(p, v, part); });
  }
}

template <class T>
constexpr WinogradLevel<T> make_winograd_level() {
  return {kernel<T>, input<T>, output<T>, output_gradient<T>, kernel_gradient<T>};
}

}  // namespace

extern const WinogradTable winograd_table = {make_winograd_level<float>(), make_winograd_level<double>()};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
