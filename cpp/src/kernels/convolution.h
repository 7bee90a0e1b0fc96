// Convolution of images with their channels last, up to three spatial axes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/convolution_gather.h"
#include "kernels/kernels.h"
#include "kernels/level/convolution.h"

namespace keraunos::kernels {

// One spatial axis: tap t of output place o reads input place o * stride + t * dilation - low, zero outside of the input.
struct ConvolutionAxis {
  std::int64_t in = 1, out = 1, taps = 1, stride = 1, dilation = 1, low = 0;
};

// y[batch, out..., out_channels] from x[batch, in..., in_channels] and w[taps..., in_channels / groups, out_channels].
struct Convolution {
  std::int64_t batch = 0, in_channels = 0, out_channels = 0, groups = 1;
  std::array<ConvolutionAxis, 3> axes;  // slowest first; axes that are not there have size 1

  // One tap, and each place of the input is one of the output: a plain matrix product.
  bool is_pointwise() const;
  // Of a pointwise one: the same for any cut of the pixels into images.
  Convolution with_pixels_as_images() const { return {batch * places(), in_channels, out_channels, groups, {}}; }
  // Each channel by itself.
  bool is_depthwise() const { return groups == in_channels && groups == out_channels && groups > 1; }
  std::int64_t places() const { return axes[0].out * axes[1].out * axes[2].out; }
  std::int64_t pixels() const { return axes[0].in * axes[1].in * axes[2].in; }
  std::int64_t taps() const { return axes[0].taps * axes[1].taps * axes[2].taps; }
};

// Each is planned once for its sizes and run often. Chunks of work depend on the sizes alone: the same bits for any number of threads.

template <class T>
class ConvolutionForward {
 public:
  ConvolutionForward(const Convolution& shape, bool has_bias, Activation activation);
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  void run(const T* x, const T* w, const T* bias, T* y, void* workspace) const;

 private:
  void pack(const T* w, T* packed) const;

  Convolution shape_;
  Gemm<T> gemm_;  // pointwise
  ImageGather<T> gather_;
  bool packs_weights_ = true;
  std::size_t workspace_bytes_ = 0;
};

template <class T>
class ConvolutionInputGradient {
 public:
  explicit ConvolutionInputGradient(const Convolution& shape);
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  void run(const T* g, const T* w, T* x, void* workspace) const;

 private:
  void pack(const T* w, T* packed) const;

  Convolution shape_;
  Gemm<T> gemm_;
  ImageGather<T> gather_;
  std::size_t workspace_bytes_ = 0;
};

template <class T>
class ConvolutionWeightGradient {
 public:
  explicit ConvolutionWeightGradient(const Convolution& wanted, bool has_bias = false);
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  // With a bias, also its gradient: the sums of g for each channel.
  void run(const T* x, const T* g, T* w, T* bias, void* workspace) const;

 private:
  // Output rows of an image, or of several whole ones: a row is a place of the first two axes; those of a block share the first.
  struct Block {
    std::int64_t image, images, slice, row_begin, row_end;
  };
  Block block_at(std::int64_t index) const;
  void add_block(const Block& block, const T* x, const T* g, T* w, T* scratch) const;
  void add_block_to_bias(const Block& block, const T* g, T* bias, T* scratch) const;
  void add_block_by_taps(const Block& block, const T* x, const T* g, T* w, T* scratch) const;
  void add_block_by_windows(const Block& block, const T* x, const T* g, T* w, T* scratch) const;
  void add_block_depthwise(const Block& block, const T* x, const T* g, T* w) const;
  void pack_outputs(const Block& block, const T* g, std::int64_t group, T* packed) const;
  void pack_inputs(const Block& block, const T* from, std::int64_t pixels, T* packed) const;
  std::int64_t runs_of(const Block& block, std::int64_t t1, std::int64_t t2, ConvolutionRun* out) const;

  Convolution shape_;
  bool has_bias_ = false;
  bool is_product_ = false;
  Gemm<T> gemm_;
  std::int64_t in_group_ = 0, out_group_ = 0;
  std::int64_t rows_per_block_ = 1, blocks_per_slice_ = 1, images_per_block_ = 1;
  bool reads_input_in_place_ = false, reads_output_in_place_ = false;
  std::int64_t blocks_ = 0, parts_ = 1;  // sums of their own, added in order at the end
  std::int64_t scratch_elements_ = 0, weights_ = 0, sums_ = 0;  // sums: of the weights and of the bias
  std::size_t workspace_bytes_ = 0;
};

}  // namespace keraunos::kernels
