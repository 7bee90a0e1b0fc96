// The sizes of a convolution of images with their channels last, up to three spatial axes.
#pragma once

#include <array>
#include <cstdint>

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
  // Pointwise, and best left to the matrix product. Where there are many more pixels than weights, the tiles of convolution are faster.
  bool is_best_as_product() const;
  // A pointwise one is the same for any cut of the pixels into images: each pixel as one makes all blocks equal.
  Convolution with_pixels_as_images() const { return is_pointwise() ? Convolution{batch * places(), in_channels, out_channels, groups, {}} : *this; }
  // Each channel by itself.
  bool is_depthwise() const { return groups == in_channels && groups == out_channels && groups > 1; }
  std::int64_t places() const { return axes[0].out * axes[1].out * axes[2].out; }
  std::int64_t pixels() const { return axes[0].in * axes[1].in * axes[2].in; }
  std::int64_t taps() const { return axes[0].taps * axes[1].taps * axes[2].taps; }
};

}  // namespace keraunos::kernels
