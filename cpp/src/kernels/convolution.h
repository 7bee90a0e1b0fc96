// Convolution of images with their channels last, up to three spatial axes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace keraunos::kernels {

// One spatial axis: tap t of output place o reads input place o * stride + t * dilation - low, zero outside of the input.
struct ConvolutionAxis {
  std::int64_t in = 1, out = 1, taps = 1, stride = 1, dilation = 1, low = 0;
};

// y[batch, out..., out_channels] from x[batch, in..., in_channels] and w[taps..., in_channels / groups, out_channels].
struct Convolution {
  std::int64_t batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  std::array<ConvolutionAxis, 3> axes;  // slowest first; axes that are not there have size 1
};

// Each is planned once for its sizes and run often. Chunks of work depend on the sizes alone: the same bits for any number of threads.

template <class T>
class ConvolutionForward {
 public:
  ConvolutionForward(const Convolution& shape, bool has_bias, Activation activation) : shape_(shape), has_bias_(has_bias), activation_(activation) {}
  std::size_t workspace_bytes() const { return 0; }
  void run(const T* x, const T* w, const T* bias, T* y, void* workspace) const;

 private:
  Convolution shape_;
  bool has_bias_;
  Activation activation_;
};

template <class T>
class ConvolutionInputGradient {
 public:
  explicit ConvolutionInputGradient(const Convolution& shape) : shape_(shape) {}
  std::size_t workspace_bytes() const { return 0; }
  void run(const T* g, const T* w, T* x, void* workspace) const;

 private:
  Convolution shape_;
};

template <class T>
class ConvolutionWeightGradient {
 public:
  explicit ConvolutionWeightGradient(const Convolution& shape) : shape_(shape) {}
  std::size_t workspace_bytes() const { return 0; }
  void run(const T* x, const T* g, T* w, void* workspace) const;

 private:
  Convolution shape_;
};

}  // namespace keraunos::kernels
