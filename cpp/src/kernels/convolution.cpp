#include "kernels/convolution.h"

#include <algorithm>
#include <numeric>

#include "base/threads.h"
#include "kernels/convolution_strips.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Of a kernel with one tap.
constexpr Index kManyPixels = 2048;
constexpr Index kProductChannels = 16;
constexpr Index kProductWeights = 131072;
// Tiles below which reading the weights where they lie is cheaper than packing them.
constexpr Index kFewTiles = 24;

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

GatherAxis forward_axis(const ConvolutionAxis& axis) {
  GatherAxis result{axis.in, axis.out, axis.taps, {}, std::vector<Index>(static_cast<std::size_t>(axis.out))};
  std::iota(result.order.begin(), result.order.end(), Index{0});
  for (Index o = 0; o < axis.out; ++o) {
    for (Index t = 0; t < axis.taps; ++t) {
      const Index place = o * axis.stride + t * axis.dilation - axis.low;
      result.source.push_back(place >= 0 && place < axis.in ? place : -1);
    }
  }
  return result;
}

// The output places that an input place goes to; taps from the last to the first, so that places rise with them.
GatherAxis backward_axis(const ConvolutionAxis& axis) {
  GatherAxis result{axis.out, axis.in, axis.taps, {}, std::vector<Index>(static_cast<std::size_t>(axis.in))};
  for (Index i = 0; i < axis.in; ++i) {
    for (Index t = axis.taps - 1; t >= 0; --t) {
      const Index scaled = i + axis.low - t * axis.dilation;
      const bool is_read = scaled >= 0 && scaled % axis.stride == 0 && scaled / axis.stride < axis.out;
      result.source.push_back(is_read ? scaled / axis.stride : -1);
    }
  }
  std::iota(result.order.begin(), result.order.end(), Index{0});
  const auto phase = [&axis](Index i) { return ((i + axis.low) % axis.stride + axis.stride) % axis.stride; };
  std::stable_sort(result.order.begin(), result.order.end(), [&](Index a, Index b) { return phase(a) < phase(b); });
  return result;
}

template <class T>
Gemm<T> product_of(Index m, Index n, Index k, Index lda, Index ldb, bool transpose_a, bool transpose_b) {
  Gemm<T> gemm;
  gemm.m = m;
  gemm.n = n;
  gemm.k = k;
  gemm.lda = std::max<Index>(1, lda);
  gemm.ldb = std::max<Index>(1, ldb);
  gemm.ldc = std::max<Index>(1, n);
  gemm.transpose_a = transpose_a;
  gemm.transpose_b = transpose_b;
  return gemm;
}

// body(group, first column, columns, whole vectors of them) for every strip of the weights.
template <class T, class Body>
void for_each_strip(Index groups, Index columns_per_group, Index inner_size, const Body& body) {
  const ColumnStrips<T> strips(columns_per_group);
  const Index work = inner_size * strips.width(0);
  parallel_for(groups * strips.count(), std::max<Index>(1, 65536 / std::max<Index>(1, work)), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index strip = i % strips.count();
      body(i / strips.count(), strips.begin(strip), strips.columns(strip), strips.width(strip));
    }
  });
}

}  // namespace

bool Convolution::is_pointwise() const {
  return groups == 1 && std::all_of(axes.begin(), axes.end(), [](const ConvolutionAxis& axis) {
           return axis.taps == 1 && axis.stride == 1 && axis.low == 0 && axis.in == axis.out;
         });
}

bool Convolution::is_best_as_product() const {
  const bool has_few_channels = in_channels < kProductChannels || out_channels < kProductChannels;
  return is_pointwise() && (batch * places() < kManyPixels || has_few_channels || in_channels * out_channels > kProductWeights);
}

// ---------------------------------------------------------------- forward

template <class T>
ConvolutionForward<T>::ConvolutionForward(const Convolution& wanted, bool has_bias, Activation activation) : shape_(wanted.with_pixels_as_images()) {
  const Convolution& shape = shape_;
  if (shape.is_best_as_product()) {
    gemm_ = product_of<T>(shape.batch, shape.out_channels, shape.in_channels, shape.in_channels, shape.out_channels, false, false);
    gemm_.has_bias = has_bias;
    gemm_.activation = activation;
    workspace_bytes_ = gemm_workspace(gemm_);
    return;
  }
  gather_.batch = shape.batch;
  gather_.groups = std::max<Index>(1, shape.groups);
  gather_.in_channels = shape.in_channels;
  gather_.out_channels = shape.out_channels;
  for (std::size_t axis = 0; axis < 3; ++axis) gather_.axes[axis] = forward_axis(shape.axes[axis]);
  gather_.has_bias = has_bias;
  gather_.is_relu = activation == Activation::kRelu;
  gather_.plan();
  const bool has_whole_vectors = shape.out_channels / gather_.groups % gemm_level<T>().lanes == 0;
  packs_weights_ = !(has_whole_vectors && gather_.tiles() <= kFewTiles);
  workspace_bytes_ = aligned(gather_.workspace_bytes());
  if (packs_weights_) workspace_bytes_ += static_cast<std::size_t>(gather_.packed_elements() * gather_.groups) * sizeof(T);
}

template <class T>
void ConvolutionForward<T>::pack(const T* w, T* packed) const {
  const Index inner = gather_.inner_size(), out_group = shape_.out_channels / gather_.groups;
  for_each_strip<T>(gather_.groups, out_group, inner, [&](Index group, Index column, Index columns, Index width) {
    gemm_level<T>().pack_b(w + group * out_group + column, shape_.out_channels, false, columns, width, inner,
                           packed + group * gather_.packed_elements() + column * inner);
  });
}

template <class T>
void ConvolutionForward<T>::run(const T* x, const T* w, const T* bias, T* y, void* workspace) const {
  if (shape_.is_best_as_product()) return gemm(gemm_, x, w, bias, y, workspace);
  if (shape_.is_depthwise()) return gather_.run_depthwise(x, w, false, bias, y);
  if (!packs_weights_) return gather_.run(x, {w, shape_.out_channels, shape_.out_channels / gather_.groups}, bias, y, workspace);
  T* packed = reinterpret_cast<T*>(static_cast<char*>(workspace) + aligned(gather_.workspace_bytes()));
  pack(w, packed);
  gather_.run(x, {packed, 0, gather_.packed_elements()}, bias, y, workspace);
}

// ---------------------------------------------------------------- input gradient

template <class T>
ConvolutionInputGradient<T>::ConvolutionInputGradient(const Convolution& wanted) : shape_(wanted.with_pixels_as_images()) {
  const Convolution& shape = shape_;
  if (shape.is_best_as_product()) {
    gemm_ = product_of<T>(shape.batch, shape.in_channels, shape.out_channels, shape.out_channels, shape.out_channels, false, true);
    workspace_bytes_ = gemm_workspace(gemm_);
    return;
  }
  gather_.batch = shape.batch;
  gather_.groups = std::max<Index>(1, shape.groups);
  gather_.in_channels = shape.out_channels;
  gather_.out_channels = shape.in_channels;
  for (std::size_t axis = 0; axis < 3; ++axis) gather_.axes[axis] = backward_axis(shape.axes[axis]);
  gather_.plan();
  workspace_bytes_ = aligned(gather_.workspace_bytes()) + static_cast<std::size_t>(gather_.packed_elements() * gather_.groups) * sizeof(T);
}

// Taps in reverse, and in each the output channels as rows.
template <class T>
void ConvolutionInputGradient<T>::pack(const T* w, T* packed) const {
  const Index taps = shape_.taps(), in_group = shape_.in_channels / gather_.groups, out_group = shape_.out_channels / gather_.groups;
  for_each_strip<T>(gather_.groups, in_group, taps * out_group, [&](Index group, Index column, Index columns, Index width) {
    T* to = packed + group * gather_.packed_elements() + column * taps * out_group;
    for (Index tap = taps - 1; tap >= 0; --tap, to += out_group * width) {
      const T* from = w + (tap * in_group + column) * shape_.out_channels + group * out_group;
      gemm_level<T>().pack_b(from, shape_.out_channels, true, columns, width, out_group, to);
    }
  });
}

template <class T>
void ConvolutionInputGradient<T>::run(const T* g, const T* w, T* x, void* workspace) const {
  if (shape_.is_best_as_product()) return gemm(gemm_, g, w, static_cast<const T*>(nullptr), x, workspace);
  if (shape_.is_depthwise()) return gather_.run_depthwise(g, w, true, nullptr, x);
  T* packed = reinterpret_cast<T*>(static_cast<char*>(workspace) + aligned(gather_.workspace_bytes()));
  pack(w, packed);
  gather_.run(g, {packed, 0, gather_.packed_elements()}, nullptr, x, workspace);
}

template class ConvolutionForward<float>;
template class ConvolutionForward<double>;
template class ConvolutionInputGradient<float>;
template class ConvolutionInputGradient<double>;

}  // namespace keraunos::kernels
