#include "kernels/winograd.h"

#include <algorithm>

#include "base/threads.h"
#include "kernels/convolution_strips.h"
#include "kernels/level/gemm.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Transformed elements of a block: they stay in the second-level cache.
constexpr Index kBlockElements = 131072;
// Tiles that make good rows of the products, on any level.
constexpr Index kTileStep = 24;
constexpr Index kMostParts = 16, kFewParts = 4;
// Each block reads all weights: three full tiles of products of the widest level are worth that.
constexpr Index kTilesOfSmallBlocks = 18;
// With fewer, each thread would read all weights for few tiles: it rather reads its share of them, although tiles pass from thread to thread then.
constexpr Index kLeastTilesForBlocks = 32;
constexpr Index kVectorOfAnyLevel = 16;
// Transformed weights that a second-level cache holds while block after block reads them.
constexpr Index kMostWeights = 1 << 19;
// Of a product at a point, and of a channel of its two operands on the way there and back: in products of the plain convolution in full tiles of images.
constexpr double kCostOfProduct = 1.2, kCostOfChannel = 9;

// Tiles that are worth clearing and turning back the sums at all points.
constexpr Index kLeastTilesForWeights = 64;

// Work worth handing to another thread: transformed weights, pixels, products.
constexpr Index kTaskWeights = 8192;
constexpr Index kTaskPixels = 4096;
constexpr Index kTaskProducts = 262144;

Index grain_of(Index channels) { return std::max<Index>(1, kTaskPixels / std::max<Index>(1, channels)); }

Index round_up(Index size, Index step) { return (size + step - 1) / step * step; }

// Pairs of a place and a tap that reads inside of the image.
Index taps_inside(const ConvolutionAxis& axis) {
  Index count = 0;
  for (Index tap = 0; tap < axis.taps; ++tap) {
    count += std::max<Index>(0, std::min(axis.out, axis.in + axis.low - tap) - std::max<Index>(0, axis.low - tap));
  }
  return count;
}

bool is_too_small(const Convolution& shape) {
  return shape.in_channels < kLeastWinogradChannels || std::min(shape.axes[1].out, shape.axes[2].out) < kLeastWinogradPlaces;
}

// Of many images: beside the plain convolution and its weight gradient.
bool saves_time(const Convolution& shape) {
  if (kWinogradPoints * shape.in_channels * shape.out_channels > kMostWeights) return false;
  const ConvolutionAxis &rows = shape.axes[1], &columns = shape.axes[2];
  const double products = static_cast<double>(shape.in_channels * shape.out_channels), channels = static_cast<double>(shape.in_channels + shape.out_channels);
  const double tiles = static_cast<double>((rows.out + 1) / 2 * ((columns.out + 1) / 2));
  const double plain = static_cast<double>(taps_inside(rows) * taps_inside(columns)) * products;
  return plain > kWinogradPoints * tiles * (kCostOfProduct * products + kCostOfChannel * channels);
}

}  // namespace

bool can_be_winograd(const Convolution& shape) {
  const auto is_plain = [](const ConvolutionAxis& axis, Index taps) { return axis.taps == taps && axis.stride == 1 && axis.dilation == 1; };
  return is_plain(shape.axes[0], 1) && shape.axes[0].in == shape.axes[0].out && shape.axes[0].low == 0 && is_plain(shape.axes[1], 3) &&
         is_plain(shape.axes[2], 3) && shape.groups == 1 && shape.out_channels % kVectorOfAnyLevel == 0;
}

template <class T>
bool pays_as_winograd(const Convolution& shape) {
  if (!can_be_winograd(shape) || is_too_small(shape)) return false;
  return shape.batch < ColumnStrips<T>(shape.out_channels).tile_rows() || saves_time(shape);
}

template <class T>
bool pays_as_winograd_weights(const Convolution& shape) {
  return can_be_winograd(shape) && !is_too_small(shape) && WinogradTiles<T>(shape).count() >= kLeastTilesForWeights && saves_time(shape);
}

template <class T>
void transform_winograd_kernel(const T* w, Index in_channels, Index out_channels, T* transformed) {
  const Index size = in_channels * out_channels;
  parallel_for(size, kTaskWeights, [&](Index begin, Index end) { winograd_level<T>().kernel(w + begin, end - begin, transformed + begin, size); });
}

template <class T>
void transform_turned_winograd_kernel(const T* w, Index in_channels, Index out_channels, T* transformed, T* space) {
  const Index size = in_channels * out_channels;
  transform_winograd_kernel(w, in_channels, out_channels, space);
  // Taps in reverse change places of the outer points alone.
  constexpr int kReversed[4] = {3, 1, 2, 0};
  parallel_for(kWinogradPoints, std::max<Index>(1, kTaskWeights / std::max<Index>(1, size)), [&](Index begin, Index end) {
    for (Index point = begin; point < end; ++point) {
      const Index from = 4 * kReversed[point / 4] + kReversed[point % 4];
      gemm_level<T>().pack_b(space + from * size, out_channels, true, in_channels, in_channels, out_channels, transformed + point * size);
    }
  });
}

Convolution turned(const Convolution& shape) {
  Convolution result = {shape.batch, shape.out_channels, shape.in_channels, shape.groups, {}};
  for (std::size_t axis = 0; axis < shape.axes.size(); ++axis) {
    const ConvolutionAxis& from = shape.axes[axis];
    result.axes[axis] = {from.out, from.in, from.taps, from.stride, from.dilation, (from.taps - 1) * from.dilation - from.low};
  }
  return result;
}

template <class T>
WinogradForward<T>::WinogradForward(const Convolution& shape, bool is_relu) : shape_(shape), is_relu_(is_relu), tiles_(shape) {
  const Index tiles = tiles_.count();
  const Index most = kBlockElements / (kWinogradPoints * std::max<Index>(1, shape.in_channels + shape.out_channels));
  const Index share = std::max(kTilesOfSmallBlocks, round_up((tiles + kFewParts - 1) / kFewParts, 8));
  const Index wanted = std::max<Index>(8, std::min(most / kTileStep * kTileStep, share));
  // An even number of them, nearly equal.
  blocks_ = tiles < kLeastTilesForBlocks ? 1 : round_up((tiles + wanted - 1) / wanted, 2);
  tiles_per_block_ = (tiles + blocks_ - 1) / blocks_;
  parts_ = std::clamp<Index>(blocks_, 1, kMostParts);
}

template <class T>
Index WinogradForward<T>::part_elements() const {
  return round_up(kWinogradPoints * (winograd_step(tiles_per_block_ * shape_.in_channels) + winograd_step(tiles_per_block_ * shape_.out_channels)), kVectorOfAnyLevel);
}

// outputs[count, out] = inputs[count, in] * weights[in, out].
template <class T>
void WinogradForward<T>::multiply(const T* inputs, const T* weights, Index count, T* outputs) const {
  const Index in = shape_.in_channels, out = shape_.out_channels;
  const ColumnStrips<T> strips(out);
  ConvolutionSegment<T> segment;
  segment.b = 0;
  segment.length = in;
  ConvolutionTile<T> call;
  call.segments = &segment;
  call.count = 1;
  call.a_offset = 0;
  call.a_step = 1;
  call.b_step = out;
  call.adds_to_c = false;
  call.bias = nullptr;
  call.is_relu = false;
  for (Index strip = 0; strip < strips.count(); ++strip) {
    const Index column = strips.begin(strip);
    call.b = weights + column;
    call.columns = strips.columns(strip);
    for_each_tile(count, strips.tile_rows(), [&](Index first, Index rows) {
      for (Index r = 0; r < rows; ++r) {
        segment.a[r] = inputs + (first + r) * in;
        call.c[r] = outputs + (first + r) * out + column;
      }
      call.next_a = inputs + (first + rows) * in;
      call.next_c = outputs + (first + rows) * out + column;
      convolution_level<T>().tile[rows - 1][strips.vectors(strip) - 1](call);
    });
  }
}

template <class T>
void WinogradForward<T>::run_block(Index first, Index count, const T* x, const T* transformed, const T* bias, T* y, const T* zeros, T* scratch) const {
  const Index in = shape_.in_channels, out = shape_.out_channels;
  const Index in_step = winograd_step(count * in), out_step = winograd_step(count * out);
  T* const products = scratch + kWinogradPoints * in_step;
  tiles_.load_inputs(first, count, x, zeros, scratch, in_step);
  for (Index point = 0; point < kWinogradPoints; ++point) {
    multiply(scratch + point * in_step, transformed + point * in * out, count, products + point * out_step);
  }
  tiles_.store_outputs(first, count, products, out_step, bias, is_relu_, y);
}

// The only block: its points are shared between the threads, so that each of them reads a part of the weights.
template <class T>
void WinogradForward<T>::run_points(const T* x, const T* transformed, const T* bias, T* y, const T* zeros, T* scratch) const {
  const Index in = shape_.in_channels, out = shape_.out_channels, tiles = tiles_.count();
  const Index in_step = winograd_step(tiles * in), out_step = winograd_step(tiles * out);
  T* const products = scratch + kWinogradPoints * in_step;
  parallel_for(tiles, grain_of(in), [&](Index begin, Index end) {
    tiles_.load_inputs(begin, end - begin, x, zeros, scratch + begin * in, in_step);
  });
  parallel_for(kWinogradPoints, std::max<Index>(1, kTaskProducts / std::max<Index>(1, in_step * out)), [&](Index begin, Index end) {
    for (Index point = begin; point < end; ++point) {
      multiply(scratch + point * in_step, transformed + point * in * out, tiles, products + point * out_step);
    }
  });
  parallel_for(tiles, grain_of(out), [&](Index begin, Index end) {
    tiles_.store_outputs(begin, end - begin, products + begin * out, out_step, bias, is_relu_, y);
  });
}

template <class T>
void WinogradForward<T>::run(const T* x, const T* transformed, const T* bias, T* y, void* workspace) const {
  T* const scratch = static_cast<T*>(workspace);
  T* const zeros = scratch + parts_ * part_elements();
  std::fill(zeros, zeros + shape_.in_channels, T(0));
  const Index tiles = tiles_.count();
  if (blocks_ == 1) return run_points(x, transformed, bias, y, zeros, scratch);
  parallel_for(parts_, 1, [&](Index begin, Index end) {
    for (Index part = begin; part < end; ++part) {
      for (Index block = part * blocks_ / parts_; block < (part + 1) * blocks_ / parts_; ++block) {
        const Index first = block * tiles / blocks_;
        run_block(first, (block + 1) * tiles / blocks_ - first, x, transformed, bias, y, zeros, scratch + part * part_elements());
      }
    }
  });
}

template bool pays_as_winograd<float>(const Convolution&);
template bool pays_as_winograd<double>(const Convolution&);
template bool pays_as_winograd_weights<float>(const Convolution&);
template bool pays_as_winograd_weights<double>(const Convolution&);
template void transform_winograd_kernel(const float*, Index, Index, float*);
template void transform_winograd_kernel(const double*, Index, Index, double*);
template void transform_turned_winograd_kernel(const float*, Index, Index, float*, float*);
template void transform_turned_winograd_kernel(const double*, Index, Index, double*, double*);
template class WinogradForward<float>;
template class WinogradForward<double>;

}  // namespace keraunos::kernels
