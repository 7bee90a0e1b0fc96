// The weight gradient at Winograd's points: the transforms of the forward pass turned around it, and between them, at each of the 16 points, a product of
// the tiles' inputs, turned, with their gradients.
#include <algorithm>

#include "base/ceil_div.h"
#include "base/threads.h"
#include "kernels/convolution_strips.h"
#include "kernels/typed_level.h"
#include "kernels/winograd.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Transformed elements of a block, which stay in the second-level cache beside the sums, and sums of all parts.
constexpr Index kBlockElements = 65536;
constexpr Index kPartElements = 1 << 19;
constexpr Index kLeastTiles = 24;
constexpr double kSerialWork = 5e6;
constexpr Index kFewParts = 4, kMostParts = 16;
constexpr Index kTaskWeights = 4096;
// The point whose gradients are the sums of all places of their tiles.
constexpr Index kPointOfSums = 5;

Index whole_lines(Index elements) { return ceil_div(elements, 16) * 16; }

}  // namespace

template <class T>
WinogradWeightGradient<T>::WinogradWeightGradient(const Convolution& shape, bool has_bias) : shape_(shape), tiles_(shape), has_bias_(has_bias) {
  const Index in = shape.in_channels, out = shape.out_channels, weights = in * out, tiles = tiles_.count();
  const Index most = std::max(kLeastTiles, kBlockElements / (kWinogradPoints * (in + out)));
  blocks_ = ceil_div(tiles, most);
  tiles_per_block_ = ceil_div(tiles, blocks_);
  const double work = 2.0 * kWinogradPoints * static_cast<double>(tiles) * static_cast<double>(weights);
  const Index affordable = kPartElements / (kWinogradPoints * weights);
  parts_ = work <= kSerialWork ? 1 : std::clamp(std::min(affordable, static_cast<Index>(work / kSerialWork)), kFewParts, kMostParts);
  parts_ = std::min(parts_, blocks_);
  weights_step_ = winograd_step(weights);
  sums_ = whole_lines(kWinogradPoints * weights_step_ + (has_bias ? out : 0));
  scratch_ = whole_lines(kWinogradPoints * (winograd_step(tiles_per_block_ * in) + winograd_step(tiles_per_block_ * out)) + out);
}

template <class T>
std::size_t WinogradWeightGradient<T>::workspace_bytes() const {
  return static_cast<std::size_t>(parts_ * (sums_ + scratch_) + std::max(shape_.in_channels, shape_.out_channels)) * sizeof(T);
}

// sums[in, out] += inputs[count, in], turned, * gradients[count, out].
template <class T>
void WinogradWeightGradient<T>::add_products(const T* inputs, const T* gradients, Index count, T* sums) const {
  const Index in = shape_.in_channels, out = shape_.out_channels;
  const ColumnStrips<T> strips(out);
  const ConvolutionRun run = {0, 0, count};
  ConvolutionWeightTile<T> call;
  call.runs = &run;
  call.count = 1;
  call.a_step = in;
  call.stride = 1;
  call.b_step = call.c_step = out;
  for (Index strip = 0; strip < strips.count(); ++strip) {
    const Index column = strips.begin(strip);
    call.b = gradients + column;
    call.columns = strips.columns(strip);
    for_each_tile(in, strips.tile_rows(), [&](Index first, Index rows) {
      call.a = call.next = inputs + first;
      call.c = sums + first * out + column;
      convolution_level<T>().weight_tile[rows - 1][strips.vectors(strip) - 1](call);
    });
  }
}

template <class T>
void WinogradWeightGradient<T>::add_block(Index block, const T* x, const T* g, const T* zeros, T* sums, T* scratch) const {
  const Index in = shape_.in_channels, out = shape_.out_channels, tiles = tiles_.count();
  const Index first = block * tiles / blocks_, count = (block + 1) * tiles / blocks_ - first;
  const Index in_step = winograd_step(count * in), out_step = winograd_step(count * out);
  T* const gradients = scratch + kWinogradPoints * in_step;
  tiles_.load_inputs(first, count, x, zeros, scratch, in_step);
  tiles_.load_output_gradients(first, count, g, zeros, gradients, out_step);
  for (Index point = 0; point < kWinogradPoints; ++point) {
    add_products(scratch + point * in_step, gradients + point * out_step, count, sums + point * weights_step_);
  }
  if (!has_bias_) return;
  T* const bias = sums + kWinogradPoints * weights_step_;
  T* const of_block = gradients + kWinogradPoints * out_step;
  column_sums<T>()(gradients + kPointOfSums * out_step, of_block, count, out, 0, out);
  for (Index channel = 0; channel < out; ++channel) bias[channel] += of_block[channel];
}

template <class T>
void WinogradWeightGradient<T>::run(const T* x, const T* g, T* w, T* bias, void* workspace) const {
  const Index out = shape_.out_channels, weights = shape_.in_channels * out;
  T* const sums = static_cast<T*>(workspace);
  T* const scratch = sums + parts_ * sums_;
  T* const zeros = scratch + parts_ * scratch_;
  std::fill(zeros, zeros + std::max(shape_.in_channels, out), T(0));
  parallel_for(parts_, 1, [&](Index begin, Index end) {
    for (Index part = begin; part < end; ++part) {
      T* const sum = sums + part * sums_;
      std::fill(sum, sum + sums_, T(0));
      for (Index block = part * blocks_ / parts_; block < (part + 1) * blocks_ / parts_; ++block) {
        add_block(block, x, g, zeros, sum, scratch + part * scratch_);
      }
    }
  });
  parallel_for(weights, kTaskWeights, [&](Index begin, Index end) {
    for (Index part = 1; part < parts_; ++part) {
      for (Index point = 0; point < kWinogradPoints; ++point) {
        T* const to = sums + point * weights_step_;
        for (Index i = begin; i < end; ++i) to[i] += to[part * sums_ + i];
      }
    }
    winograd_level<T>().kernel_gradient(sums + begin, weights_step_, end - begin, w + begin, weights);
  });
  if (!has_bias_) return;
  const T* const bias_sums = sums + kWinogradPoints * weights_step_;
  std::copy_n(bias_sums, out, bias);
  for (Index part = 1; part < parts_; ++part) {
    for (Index channel = 0; channel < out; ++channel) bias[channel] += bias_sums[part * sums_ + channel];
  }
}

template class WinogradWeightGradient<float>;
template class WinogradWeightGradient<double>;

}  // namespace keraunos::kernels
