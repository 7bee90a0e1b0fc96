// The weight gradient: for every tap a product of input pixels, turned, with output pixels. Both are packed block by block, so that the tiles
// of a block read them from the nearest cache in order; taps on the padding are left out.
#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "kernels/convolution.h"
#include "kernels/dispatch.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Places of a block: long enough for the tiles to add up, short enough for the nearest cache.
constexpr Index kBlockPlaces = 192;
constexpr double kSerialWork = 5e6;
constexpr Index kMaxParts = 16;
constexpr Index kPartElements = 1 << 19;  // of all parts together, at most
// With fewer channels than this, the rows of a tile hold several taps.
constexpr Index kFewChannels = 5;

template <class T>
const ConvolutionLevel<T>& level();
template <>
const ConvolutionLevel<float>& level<float>() { return levels().convolution->f32; }
template <>
const ConvolutionLevel<double>& level<double>() { return levels().convolution->f64; }

template <class T>
const GemmLevel<T>& gemm_level();
template <>
const GemmLevel<float>& gemm_level<float>() { return levels().gemm->f32; }
template <>
const GemmLevel<double>& gemm_level<double>() { return levels().gemm->f64; }

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

Index input_place(const ConvolutionAxis& axis, Index o, Index t) { return o * axis.stride + t * axis.dilation - axis.low; }

// Places that the windows of `places` neighbours span.
Index span_of(const ConvolutionAxis& axis, Index places) { return (places - 1) * axis.stride + (axis.taps - 1) * axis.dilation + 1; }

// The places o in [0, out) whose tap t lies inside of the input.
std::pair<Index, Index> inside(const ConvolutionAxis& axis, Index t) {
  Index begin = 0, end = axis.out;
  while (begin < end && input_place(axis, begin, t) < 0) ++begin;
  while (end > begin && input_place(axis, end - 1, t) >= axis.in) --end;
  return {begin, end};
}

// Rows of equal height up to the tallest tile: body(first, rows).
template <class Body>
void for_each_tile(Index rows, Index tallest, const Body& body) {
  const Index tiles = ceil_div(rows, tallest);
  for (Index t = 0; t < tiles; ++t) {
    const Index first = t * (rows / tiles) + std::min(t, rows % tiles);
    body(first, rows / tiles + (t < rows % tiles ? 1 : 0));
  }
}

template <class T>
Index padded_columns(Index columns) { return ceil_div(columns, gemm_level<T>().lanes) * gemm_level<T>().lanes; }

}  // namespace

template <class T>
ConvolutionWeightGradient<T>::ConvolutionWeightGradient(const Convolution& shape) : shape_(shape) {
  const ConvolutionAxis &slow = shape.axes[0], &middle = shape.axes[1], &fast = shape.axes[2];
  if (shape.is_pointwise()) {
    gemm_.m = shape.in_channels;
    gemm_.n = shape.out_channels;
    gemm_.k = shape.batch * shape.places();
    gemm_.lda = std::max<Index>(1, shape.in_channels);
    gemm_.ldb = gemm_.ldc = std::max<Index>(1, shape.out_channels);
    gemm_.transpose_a = true;
    workspace_bytes_ = gemm_workspace(gemm_);
    return;
  }
  const Index groups = std::max<Index>(1, shape.groups);
  in_group_ = shape.in_channels / groups;
  out_group_ = shape.out_channels / groups;
  weights_ = shape.taps() * in_group_ * shape.out_channels;
  rows_per_block_ = std::clamp<Index>(kBlockPlaces / std::max<Index>(1, fast.out), 1, std::max<Index>(1, middle.out));
  blocks_per_slice_ = ceil_div(middle.out, rows_per_block_);
  blocks_ = shape.batch * slow.out * blocks_per_slice_;
  const double work = 2.0 * static_cast<double>(shape.batch * shape.places()) * static_cast<double>(weights_);
  const Index affordable = std::max<Index>(1, kPartElements / std::max<Index>(1, weights_));
  parts_ = work <= kSerialWork ? 1 : std::clamp<Index>(std::min(affordable, static_cast<Index>(work / kSerialWork)), 4, kMaxParts);
  parts_ = std::max<Index>(1, std::min(parts_, blocks_));
  const Index places = rows_per_block_ * fast.out;
  if (!shape.is_depthwise()) {
    const Index input_rows = std::min(middle.in, (rows_per_block_ - 1) * middle.stride + (middle.taps - 1) * middle.dilation + 1);
    const Index windows = slow.taps * span_of(middle, rows_per_block_) * span_of(fast, fast.out);
    const Index laid_out = (in_group_ < kFewChannels ? windows : input_rows * fast.in) * in_group_;
    // Stores of packing may run over by a vector.
    scratch_elements_ = ceil_div(places * padded_columns<T>(out_group_) + laid_out + 32, 16) * 16;
  }
  workspace_bytes_ = static_cast<std::size_t>(parts_ * scratch_elements_ + (parts_ - 1) * weights_) * sizeof(T);
}

template <class T>
typename ConvolutionWeightGradient<T>::Block ConvolutionWeightGradient<T>::block_at(Index index) const {
  const Index row = index % blocks_per_slice_ * rows_per_block_;
  const Index slice = index / blocks_per_slice_;
  return {slice / shape_.axes[0].out, slice % shape_.axes[0].out, row, std::min(row + rows_per_block_, shape_.axes[1].out)};
}

template <class T>
void ConvolutionWeightGradient<T>::pack_outputs(const Block& block, const T* g, Index group, T* packed) const {
  const Index strip = gemm_level<T>().strip;
  const Index places = (block.row_end - block.row_begin) * shape_.axes[2].out;
  const Index first = ((block.image * shape_.axes[0].out + block.slice) * shape_.axes[1].out + block.row_begin) * shape_.axes[2].out;
  for (Index column = 0; column < out_group_; column += strip) {
    const Index columns = std::min(strip, out_group_ - column);
    gemm_level<T>().pack_b(g + first * shape_.out_channels + group * out_group_ + column, shape_.out_channels, false, columns, padded_columns<T>(columns),
                           places, packed + column * places);
  }
}

// Channels as rows of the tiles; the packed input serves every tap of its slice.
template <class T>
void ConvolutionWeightGradient<T>::add_block_by_taps(const Block& block, const T* x, const T* g, T* w, T* scratch) const {
  const ConvolutionLevel<T>& l = level<T>();
  const ConvolutionAxis &slow = shape_.axes[0], &middle = shape_.axes[1], &fast = shape_.axes[2];
  const Index strip = gemm_level<T>().strip, lanes = gemm_level<T>().lanes;
  const Index rows = block.row_end - block.row_begin, places = rows * fast.out;
  const Index row_first = std::max<Index>(0, input_place(middle, block.row_begin, 0));
  const Index row_last = std::min(middle.in - 1, input_place(middle, block.row_end - 1, middle.taps - 1));
  const Index pixels = std::max<Index>(0, row_last - row_first + 1) * fast.in;
  T* packed_g = scratch;
  T* packed_x = scratch + places * padded_columns<T>(out_group_);
  ConvolutionSegment<T> segments[kBlockPlaces];  // one for each row
  for (Index group = 0; group < shape_.groups; ++group) {
    pack_outputs(block, g, group, packed_g);
    for (Index t0 = 0; t0 < slow.taps; ++t0) {
      const Index slice = input_place(slow, block.slice, t0);
      if (slice < 0 || slice >= slow.in || pixels == 0) continue;
      const T* from = x + (((block.image * slow.in + slice) * middle.in + row_first) * fast.in) * shape_.in_channels + group * in_group_;
      for_each_tile(in_group_, l.rows, [&](Index first, Index height) {
        gemm_level<T>().pack_a(from + first, 1, shape_.in_channels, height, pixels, packed_x + first * pixels);
      });
      for (Index t1 = 0; t1 < middle.taps; ++t1) {
        for (Index t2 = 0; t2 < fast.taps; ++t2) {
          const std::pair<Index, Index> range = inside(fast, t2);
          const Index begin = range.first, end = range.second;
          if (begin >= end) continue;
          Index height_of_segments = 0, count = 0;
          for_each_tile(in_group_, l.rows, [&](Index first, Index height) {
            if (height != height_of_segments) {
              height_of_segments = height;
              count = 0;
              for (Index row = block.row_begin; row < block.row_end; ++row) {
                const Index source = input_place(middle, row, t1);
                if (source < 0 || source >= middle.in) continue;
                const T* a = packed_x + ((source - row_first) * fast.in + input_place(fast, begin, t2)) * height;
                for (Index r = 0; r < height; ++r) segments[count].a[r] = a + r;
                segments[count].b = (row - block.row_begin) * fast.out + begin;
                segments[count++].length = end - begin;
              }
            }
            if (count == 0) return;
            ConvolutionTile<T> call;
            call.segments = segments;
            call.count = count;
            call.a_offset = first * pixels;
            call.a_step = fast.stride * height;
            call.adds_to_c = true;
            call.bias = nullptr;
            call.is_relu = false;
            T* c = w + (((t0 * middle.taps + t1) * fast.taps + t2) * in_group_ + first) * shape_.out_channels + group * out_group_;
            for (Index column = 0; column < out_group_; column += strip) {
              call.columns = std::min(strip, out_group_ - column);
              call.b_step = padded_columns<T>(call.columns);
              call.b = packed_g + column * places;
              for (Index r = 0; r < height; ++r) call.c[r] = c + r * shape_.out_channels + column;
              l.tile[height - 1][call.b_step / lanes - 1](call);
            }
          });
        }
      }
    }
  }
}

// Taps and channels together as rows of the tiles, on a copy of the input with its padding.
template <class T>
void ConvolutionWeightGradient<T>::add_block_by_windows(const Block& block, const T* x, const T* g, T* w, T* scratch) const {
  const ConvolutionLevel<T>& l = level<T>();
  const ConvolutionAxis &slow = shape_.axes[0], &middle = shape_.axes[1], &fast = shape_.axes[2];
  const Index strip = gemm_level<T>().strip, lanes = gemm_level<T>().lanes;
  const Index rows = block.row_end - block.row_begin, places = rows * fast.out;
  const Index height = span_of(middle, rows), width = span_of(fast, fast.out) * in_group_;
  T* packed_g = scratch;
  T* padded = scratch + places * padded_columns<T>(out_group_);
  ConvolutionSegment<T> segments[kBlockPlaces];  // one for each row
  for (Index group = 0; group < shape_.groups; ++group) {
    pack_outputs(block, g, group, packed_g);
    std::fill(padded, padded + slow.taps * height * width, T(0));
    for (Index i = 0; i < slow.taps * height; ++i) {
      const Index slice = input_place(slow, block.slice, i / height), row = input_place(middle, block.row_begin, 0) + i % height;
      if (slice < 0 || slice >= slow.in || row < 0 || row >= middle.in) continue;
      const T* from = x + ((block.image * slow.in + slice) * middle.in + row) * fast.in * shape_.in_channels + group * in_group_;
      const Index first = std::max<Index>(0, -fast.low), last = std::min(fast.in, width / in_group_ - fast.low);
      for (Index pixel = first; pixel < last; ++pixel) {
        for (Index channel = 0; channel < in_group_; ++channel) {
          padded[i * width + (pixel + fast.low) * in_group_ + channel] = from[pixel * shape_.in_channels + channel];
        }
      }
    }
    for_each_tile(shape_.taps() * in_group_, l.rows, [&](Index first, Index tile_rows) {
      for (Index r = 0; r < tile_rows; ++r) {
        const Index tap = (first + r) / in_group_, t0 = tap / (middle.taps * fast.taps), t1 = tap / fast.taps % middle.taps, t2 = tap % fast.taps;
        const T* a = padded + (t0 * height + t1 * middle.dilation) * width + t2 * fast.dilation * in_group_ + (first + r) % in_group_;
        for (Index row = 0; row < rows; ++row) segments[row].a[r] = a + row * middle.stride * width;
      }
      for (Index row = 0; row < rows; ++row) {
        segments[row].b = row * fast.out;
        segments[row].length = fast.out;
      }
      ConvolutionTile<T> call;
      call.segments = segments;
      call.count = rows;
      call.a_offset = 0;
      call.a_step = fast.stride * in_group_;
      call.adds_to_c = true;
      call.bias = nullptr;
      call.is_relu = false;
      for (Index column = 0; column < out_group_; column += strip) {
        call.columns = std::min(strip, out_group_ - column);
        call.b_step = padded_columns<T>(call.columns);
        call.b = packed_g + column * places;
        for (Index r = 0; r < tile_rows; ++r) call.c[r] = w + (first + r) * shape_.out_channels + group * out_group_ + column;
        l.tile[tile_rows - 1][call.b_step / lanes - 1](call);
      }
    });
  }
}

template <class T>
void ConvolutionWeightGradient<T>::add_block_depthwise(const Block& block, const T* x, const T* g, T* w) const {
  const ConvolutionAxis &slow = shape_.axes[0], &middle = shape_.axes[1], &fast = shape_.axes[2];
  const Index channels = shape_.in_channels;
  for (Index t0 = 0; t0 < slow.taps; ++t0) {
    const Index slice = input_place(slow, block.slice, t0);
    if (slice < 0 || slice >= slow.in) continue;
    for (Index row = block.row_begin; row < block.row_end; ++row) {
      const T* outputs = g + ((block.image * slow.out + block.slice) * middle.out + row) * fast.out * channels;
      for (Index t1 = 0; t1 < middle.taps; ++t1) {
        const Index source = input_place(middle, row, t1);
        if (source < 0 || source >= middle.in) continue;
        const T* inputs = x + ((block.image * slow.in + slice) * middle.in + source) * fast.in * channels;
        for (Index t2 = 0; t2 < fast.taps; ++t2) {
          const auto [begin, end] = inside(fast, t2);
          if (begin >= end) continue;
          level<T>().depthwise_weights(inputs + input_place(fast, begin, t2) * channels, fast.stride * channels, outputs + begin * channels, channels,
                                       end - begin, channels, w + ((t0 * middle.taps + t1) * fast.taps + t2) * channels);
        }
      }
    }
  }
}

template <class T>
void ConvolutionWeightGradient<T>::add_block(const Block& block, const T* x, const T* g, T* w, T* scratch) const {
  if (shape_.is_depthwise()) {
    add_block_depthwise(block, x, g, w);
  } else if (in_group_ < kFewChannels) {
    add_block_by_windows(block, x, g, w, scratch);
  } else {
    add_block_by_taps(block, x, g, w, scratch);
  }
}

template <class T>
void ConvolutionWeightGradient<T>::run(const T* x, const T* g, T* w, void* workspace) const {
  if (shape_.is_pointwise()) return gemm(gemm_, x, g, static_cast<const T*>(nullptr), w, workspace);
  T* scratch = static_cast<T*>(workspace);
  T* sums = scratch + parts_ * scratch_elements_;
  parallel_for(parts_, 1, [&](Index begin, Index end) {
    for (Index part = begin; part < end; ++part) {
      T* sum = part == 0 ? w : sums + (part - 1) * weights_;
      std::fill(sum, sum + weights_, T(0));
      for (Index i = part * blocks_ / parts_; i < (part + 1) * blocks_ / parts_; ++i) {
        add_block(block_at(i), x, g, sum, scratch + part * scratch_elements_);
      }
    }
  });
  if (parts_ == 1) return;
  parallel_for(weights_, 16384, [&](Index begin, Index end) {
    for (Index part = 1; part < parts_; ++part) {
      const T* sum = sums + (part - 1) * weights_;
      for (Index i = begin; i < end; ++i) w[i] += sum[i];
    }
  });
}

template class ConvolutionWeightGradient<float>;
template class ConvolutionWeightGradient<double>;

}  // namespace keraunos::kernels
