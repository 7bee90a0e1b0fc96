#include "kernels/convolution.h"

#include <algorithm>

#include "base/threads.h"

namespace keraunos::kernels {
namespace {

// Calls body(x offset, w offset, y offset) for every pair of pixels that a tap joins; offsets of the pixels' first channels.
template <class Body>
void for_each_tap(const Convolution& s, std::int64_t n, const Body& body) {
  const auto& [a, b, c] = s.axes;
  const std::int64_t in_group = s.in_channels / std::max<std::int64_t>(1, s.groups);
  for (std::int64_t o0 = 0; o0 < a.out; ++o0)
    for (std::int64_t o1 = 0; o1 < b.out; ++o1)
      for (std::int64_t o2 = 0; o2 < c.out; ++o2)
        for (std::int64_t t0 = 0; t0 < a.taps; ++t0)
          for (std::int64_t t1 = 0; t1 < b.taps; ++t1)
            for (std::int64_t t2 = 0; t2 < c.taps; ++t2) {
              const std::int64_t i0 = o0 * a.stride + t0 * a.dilation - a.low, i1 = o1 * b.stride + t1 * b.dilation - b.low,
                                 i2 = o2 * c.stride + t2 * c.dilation - c.low;
              if (i0 < 0 || i0 >= a.in || i1 < 0 || i1 >= b.in || i2 < 0 || i2 >= c.in) continue;
              body((((n * a.in + i0) * b.in + i1) * c.in + i2) * s.in_channels, ((t0 * b.taps + t1) * c.taps + t2) * in_group * s.out_channels,
                   (((n * a.out + o0) * b.out + o1) * c.out + o2) * s.out_channels);
            }
}

// Calls body(input channel, input channel in its group, output channel).
template <class Body>
void for_each_channel(const Convolution& s, const Body& body) {
  if (s.groups == 0) return;
  const std::int64_t in_group = s.in_channels / s.groups, out_group = s.out_channels / s.groups;
  for (std::int64_t group = 0; group < s.groups; ++group)
    for (std::int64_t i = 0; i < in_group; ++i)
      for (std::int64_t o = 0; o < out_group; ++o) body(group * in_group + i, i, group * out_group + o);
}

std::int64_t pixels(const Convolution& s, std::int64_t ConvolutionAxis::*size) { return s.axes[0].*size * (s.axes[1].*size) * (s.axes[2].*size); }

}  // namespace

template <class T>
void ConvolutionForward<T>::run(const T* x, const T* w, const T* bias, T* y, void*) const {
  const Convolution& s = shape_;
  const std::int64_t places = pixels(s, &ConvolutionAxis::out);
  parallel_for(s.batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      T* out = y + n * places * s.out_channels;
      for (std::int64_t i = 0; i < places * s.out_channels; ++i) out[i] = has_bias_ ? bias[i % s.out_channels] : T(0);
      for_each_tap(s, n, [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
        for_each_channel(s, [&](std::int64_t i, std::int64_t k, std::int64_t o) { y[to + o] += x[from + i] * w[tap + k * s.out_channels + o]; });
      });
      if (activation_ == Activation::kRelu) {
        for (std::int64_t i = 0; i < places * s.out_channels; ++i) out[i] = out[i] < T(0) ? T(0) : out[i];
      }
    }
  });
}

template <class T>
void ConvolutionInputGradient<T>::run(const T* g, const T* w, T* x, void*) const {
  const Convolution& s = shape_;
  const std::int64_t size = pixels(s, &ConvolutionAxis::in) * s.in_channels;
  parallel_for(s.batch, 1, [&](std::int64_t begin, std::int64_t end) {
    std::fill(x + begin * size, x + end * size, T(0));
    for (std::int64_t n = begin; n < end; ++n) {
      for_each_tap(s, n, [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
        for_each_channel(s, [&](std::int64_t i, std::int64_t k, std::int64_t o) { x[to + i] += g[from + o] * w[tap + k * s.out_channels + o]; });
      });
    }
  });
}

template <class T>
void ConvolutionWeightGradient<T>::run(const T* x, const T* g, T* w, void*) const {
  const Convolution& s = shape_;
  std::fill(w, w + pixels(s, &ConvolutionAxis::taps) * (s.groups ? s.in_channels / s.groups : 0) * s.out_channels, T(0));
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for_each_tap(s, n, [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
      for_each_channel(s, [&](std::int64_t i, std::int64_t k, std::int64_t o) { w[tap + k * s.out_channels + o] += x[from + i] * g[to + o]; });
    });
  }
}

#define KERAUNOS_CONVOLUTION(T)             \
  template class ConvolutionForward<T>;       \
  template class ConvolutionInputGradient<T>; \
  template class ConvolutionWeightGradient<T>;
KERAUNOS_CONVOLUTION(float)
KERAUNOS_CONVOLUTION(double)
#undef KERAUNOS_CONVOLUTION

}  // namespace keraunos::kernels
