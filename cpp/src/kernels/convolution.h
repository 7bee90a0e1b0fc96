// Convolution of images with their channels last, up to three spatial axes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/convolution_gather.h"
#include "kernels/convolution_shape.h"
#include "kernels/kernels.h"
#include "kernels/level/convolution.h"

namespace keraunos::kernels {

// Each is planned once for its sizes and run often. Chunks of work depend on the sizes alone: the same bits for any number of threads.

template <class T>
class ConvolutionForward {
 public:
  ConvolutionForward(const Convolution& wanted, bool has_bias, Activation activation);
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
  explicit ConvolutionInputGradient(const Convolution& wanted);
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
