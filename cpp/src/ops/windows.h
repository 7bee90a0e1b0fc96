// Windows that move over the spatial axes of images [batch, spatial..., channels]: what convolution and pooling share.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

// "strides", "dilations", "low" and "high" (empty: 1, 1, 0, 0 everywhere) and "same".
struct Windows {
  Ints sizes, strides, dilations, low, high;
  // As many places as strides fit into the image, padding evenly on both sides, one more at the end.
  bool is_same = false;

  // Size of a window, with the gaps of its dilation.
  std::int64_t extent(std::size_t axis) const { return (sizes[axis] - 1) * dilations[axis] + 1; }
  // Padding before the image.
  std::int64_t low_for(std::size_t axis, std::int64_t in) const;
  // Number of windows along an axis of known size; below 0 when none fits.
  std::int64_t places(std::size_t axis, std::int64_t in) const;
};

// The rules of "strides" and "same", which every such op has.
std::vector<AttributeRule> window_attributes();

// The attributes for windows of these sizes; checks their number and signs.
Windows windows_of(const Op& op, const Attributes& attributes, Ints sizes);

// Numbers of windows; kUnknown where the image's size is not known. An error when an image is smaller than a window.
Shape window_places(const Op& op, const Windows& windows, const Shape& image);

// 1 to 3 spatial axes.
void require_image(const InferContext& context, std::size_t i);

}  // namespace keraunos
