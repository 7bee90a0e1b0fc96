#include "ops/windows.h"

#include <algorithm>
#include <string>

#include "ops/rules.h"

namespace keraunos {
namespace {

// Sizes beyond this make places overflow; no image is that large.
constexpr std::int64_t kLargest = std::int64_t{1} << 40;

Ints list_of(const Op& op, const Attributes& attributes, const char* name, std::size_t count, std::int64_t missing, std::int64_t least) {
  const Attribute* found = attributes.find(name);
  if (found == nullptr || attributes.ints(name).empty()) return Ints(count, missing);
  const Ints& values = attributes.ints(name);
  const auto is_wrong = [least](std::int64_t value) { return value < least || value > kLargest; };
  if (values.size() != count || std::any_of(values.begin(), values.end(), is_wrong)) {
    throw value_error(op.name, std::string("`") + name + "` needs one number of at least " + std::to_string(least) + " per spatial axis",
                      name + ("=" + list_text(values)));
  }
  return values;
}

std::string described(const Windows& windows) {
  return "window " + list_text(windows.sizes) + ", strides=" + list_text(windows.strides) + ", dilations=" + list_text(windows.dilations) +
         ", padding=" + (windows.is_same ? std::string("same") : list_text(windows.low) + " and " + list_text(windows.high));
}

}  // namespace

std::int64_t Windows::places(std::size_t axis, std::int64_t in) const {
  if (is_same) return (in + strides[axis] - 1) / strides[axis];
  const std::int64_t room = in + low[axis] + high[axis] - extent(axis);
  return room < 0 ? -1 : room / strides[axis] + 1;
}

std::int64_t Windows::low_for(std::size_t axis, std::int64_t in) const {
  if (!is_same) return low[axis];
  return std::max<std::int64_t>(0, (places(axis, in) - 1) * strides[axis] + extent(axis) - in) / 2;
}

std::vector<AttributeRule> window_attributes() {
  return {{"strides", AttributeKind::kInts, false, Ints{}}, {"same", AttributeKind::kBool, false, false}};
}

Windows windows_of(const Op& op, const Attributes& attributes, Ints sizes) {
  const std::size_t count = sizes.size();
  for (std::int64_t size : sizes) {
    if (size != kUnknown && (size < 1 || size > kLargest)) throw value_error(op.name, "a window needs sizes of at least 1", list_text(sizes));
  }
  Windows windows;
  windows.sizes = std::move(sizes);
  windows.strides = list_of(op, attributes, "strides", count, 1, 1);
  windows.dilations = list_of(op, attributes, "dilations", count, 1, 1);
  windows.low = list_of(op, attributes, "low", count, 0, -kLargest);
  windows.high = list_of(op, attributes, "high", count, 0, -kLargest);
  windows.is_same = attributes.boolean("same");
  return windows;
}

Shape window_places(const Op& op, const Windows& windows, const Shape& image) {
  Shape places;
  for (std::size_t axis = 0; axis < windows.sizes.size(); ++axis) {
    const std::int64_t in = image[static_cast<int>(axis) + 1];
    if (in == kUnknown || (windows.sizes[axis] == kUnknown && !windows.is_same)) {
      places.push_back(kUnknown);
      continue;
    }
    const std::int64_t count = windows.places(axis, in);
    if (count < 0) throw value_error(op.name, "the computed output size would be zero or negative", image, described(windows));
    places.push_back(count);
  }
  return places;
}

void require_image(const InferContext& context, std::size_t i) {
  const int rank = context.shape(i).rank();
  if (rank < 3 || rank > 5) {
    throw value_error(context.op.name, "needs a batch axis, 1 to 3 spatial axes and channels", context.shape(i));
  }
}

}  // namespace keraunos
