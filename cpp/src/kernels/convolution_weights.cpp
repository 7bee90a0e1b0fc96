// The weight gradient: for every tap a product of input pixels, turned, with output pixels, block by block, so that the tiles of a block find
// both in a near cache. Pixels of many channels are packed first; taps on the padding are left out.
#include <algorithm>
#include <utility>

#include "base/ceil_div.h"
#include "base/threads.h"
#include "kernels/convolution.h"
#include "kernels/convolution_strips.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Places of a block: long enough for the tiles to add up, short enough for the nearest cache.
constexpr Index kBlockPlaces = 192;
// Bytes of a pixel's channels up to which a block is read where it lies. With more, the pixels of a tile fall on few sets of the nearest cache.
constexpr Index kShortPixel = 256;
// With one tap a copy is read only once, and copying costs more than such pixels do.
constexpr Index kShortPixelOfOneTap = 1024;
constexpr Index kPackedPixels = 32;
constexpr Index kFetchedBytes = 48;  // by a tile, for each of its pixels
constexpr double kSerialWork = 5e6;
constexpr Index kMaxParts = 16;
constexpr Index kPartElements = 1 << 19;  // of all parts together, at most
// With fewer channels than this, the rows of a tile hold several taps.
constexpr Index kFewChannels = 5;

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

// The rows of the input that output rows [begin, end) read.
struct InputRows {
  Index first, count;
  InputRows(const ConvolutionAxis& axis, Index begin, Index end) {
    first = std::max<Index>(0, input_place(axis, begin, 0));
    count = std::max<Index>(0, std::min(axis.in - 1, input_place(axis, end - 1, axis.taps - 1)) - first + 1);
  }
};

bool continues(const ConvolutionRun& before, const ConvolutionRun& run, Index stride) {
  return run.a == before.a + before.length * stride && run.b == before.b + before.length;
}

}  // namespace

template <class T>
ConvolutionWeightGradient<T>::ConvolutionWeightGradient(const Convolution& wanted, bool has_bias)
    : shape_(wanted.with_pixels_as_images()), has_bias_(has_bias) {
  const Convolution& shape = shape_;
  const ConvolutionAxis &slow = shape.axes[0], &middle = shape.axes[1], &fast = shape.axes[2];
  is_product_ = shape.is_best_as_product();
  if (is_product_) {
    gemm_.m = shape.in_channels;
    gemm_.n = shape.out_channels;
    gemm_.k = shape.batch;
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
  sums_ = weights_ + (has_bias ? shape.out_channels : 0);
  rows_per_block_ = std::clamp<Index>(kBlockPlaces / std::max<Index>(1, fast.out), 1, std::max<Index>(1, middle.out));
  blocks_per_slice_ = ceil_div(middle.out, rows_per_block_);
  const auto has_short_pixels = [short_pixel = shape.taps() == 1 ? kShortPixelOfOneTap : kShortPixel](Index channels) {
    return channels * static_cast<Index>(sizeof(T)) <= short_pixel;
  };
  reads_input_in_place_ = has_short_pixels(shape.in_channels);
  reads_output_in_place_ = out_group_ % convolution_level<T>().lanes == 0 && has_short_pixels(shape.out_channels);
  const bool has_whole_images = slow.out == 1 && blocks_per_slice_ == 1 && in_group_ >= kFewChannels && !shape.is_depthwise();
  if (has_whole_images) images_per_block_ = std::clamp<Index>(kBlockPlaces / std::max<Index>(1, shape.places()), 1, std::max<Index>(1, shape.batch));
  blocks_ = ceil_div(shape.batch, images_per_block_) * slow.out * blocks_per_slice_;
  const double work = 2.0 * static_cast<double>(shape.batch * shape.places()) * static_cast<double>(weights_);
  const Index affordable = std::max<Index>(1, kPartElements / std::max<Index>(1, weights_));
  parts_ = work <= kSerialWork ? 1 : std::clamp<Index>(std::min(affordable, static_cast<Index>(work / kSerialWork)), 4, kMaxParts);
  parts_ = std::max<Index>(1, std::min(parts_, blocks_));
  const Index places = images_per_block_ * rows_per_block_ * fast.out, width = ColumnStrips<T>(out_group_).whole_width();
  if (in_group_ < kFewChannels) {
    const Index windows = slow.taps * span_of(middle, rows_per_block_) * span_of(fast, fast.out);
    scratch_elements_ = (reads_output_in_place_ ? 0 : places * width) + windows * in_group_;
  } else if (!shape.is_depthwise()) {
    const Index input_rows = std::min(middle.in, span_of(middle, rows_per_block_));
    const Index pixels = images_per_block_ * input_rows * fast.in;
    scratch_elements_ = (reads_output_in_place_ ? 0 : places * width) + (reads_input_in_place_ ? 0 : pixels * in_group_);
  }
  if (has_bias) scratch_elements_ = std::max(scratch_elements_, shape.out_channels);
  // Stores of packing may run over by a vector.
  scratch_elements_ = ceil_div(scratch_elements_ + 32, 16) * 16;
  workspace_bytes_ = static_cast<std::size_t>(parts_ * scratch_elements_ + (parts_ - 1) * sums_) * sizeof(T);
}

template <class T>
typename ConvolutionWeightGradient<T>::Block ConvolutionWeightGradient<T>::block_at(Index index) const {
  const Index row = index % blocks_per_slice_ * rows_per_block_;
  const Index slice = index / blocks_per_slice_, image = slice / shape_.axes[0].out * images_per_block_;
  return {image, std::min(images_per_block_, shape_.batch - image), slice % shape_.axes[0].out, row, std::min(row + rows_per_block_, shape_.axes[1].out)};
}

template <class T>
void ConvolutionWeightGradient<T>::pack_outputs(const Block& block, const T* g, Index group, T* packed) const {
  const ColumnStrips<T> strips(out_group_);
  const Index places = block.images * (block.row_end - block.row_begin) * shape_.axes[2].out;
  const Index first = ((block.image * shape_.axes[0].out + block.slice) * shape_.axes[1].out + block.row_begin) * shape_.axes[2].out;
  for (Index strip = 0; strip < strips.count(); ++strip) {
    const Index column = strips.begin(strip);
    gemm_level<T>().pack_b(g + first * shape_.out_channels + group * out_group_ + column, shape_.out_channels, false, strips.columns(strip),
                           strips.width(strip), places, packed + column * places);
  }
}

// What taps (t1, t2) read for the rows of a block: runs of pixels of the block's part of the input and of its outputs.
template <class T>
Index ConvolutionWeightGradient<T>::runs_of(const Block& block, Index t1, Index t2, ConvolutionRun* out) const {
  const ConvolutionAxis &middle = shape_.axes[1], &fast = shape_.axes[2];
  const InputRows input(middle, block.row_begin, block.row_end);
  const auto [begin, end] = inside(fast, t2);
  const auto [top, bottom] = inside(middle, t1);
  const Index first = std::max(block.row_begin, top), last = std::min(block.row_end, bottom), rows = block.row_end - block.row_begin;
  if (begin >= end) return 0;
  ConvolutionRun* const start = out;
  for (Index image = 0; image < block.images; ++image) {
    const Index image_step = reads_input_in_place_ ? shape_.axes[0].in * middle.in : input.count;
    for (Index row = first; row < last; ++row) {
      const Index source = image * image_step + input_place(middle, row, t1) - input.first;
      const ConvolutionRun run = {source * fast.in + input_place(fast, begin, t2), (image * rows + row - block.row_begin) * fast.out + begin, end - begin};
      if (out != start && continues(out[-1], run, fast.stride)) {
        out[-1].length += run.length;
      } else {
        *out++ = run;
      }
    }
  }
  return out - start;
}

// Copies a part of the input, tile after tile of its channels: few pixels at a time, so that the nearest cache holds them for all tiles.
template <class T>
void ConvolutionWeightGradient<T>::pack_inputs(const Block& block, const T* from, Index pixels, T* packed) const {
  const Index all = block.images * pixels, together = pixels == shape_.pixels() ? all : pixels;  // whole images lie one after the other
  for (Index begin = 0; begin < all; begin += together, from += shape_.pixels() * shape_.in_channels) {
    for (Index pixel = 0; pixel < together; pixel += kPackedPixels) {
      const Index count = std::min(kPackedPixels, together - pixel);
      for_each_tile(in_group_, ColumnStrips<T>(out_group_).tile_rows(), [&](Index first, Index height) {
        gemm_level<T>().pack_a(from + pixel * shape_.in_channels + first, 1, shape_.in_channels, height, count,
                               packed + first * all + (begin + pixel) * height);
      });
    }
  }
}

// Channels as rows of the tiles.
template <class T>
void ConvolutionWeightGradient<T>::add_block_by_taps(const Block& block, const T* x, const T* g, T* w, T* scratch) const {
  const ColumnStrips<T> strips(out_group_);
  const ConvolutionAxis &slow = shape_.axes[0], &middle = shape_.axes[1], &fast = shape_.axes[2];
  const InputRows input(middle, block.row_begin, block.row_end);
  const Index places = block.images * (block.row_end - block.row_begin) * fast.out, pixels = input.count * fast.in;
  const Index first_place = ((block.image * slow.out + block.slice) * middle.out + block.row_begin) * fast.out;
  T* packed_x = scratch + (reads_output_in_place_ ? 0 : places * strips.whole_width());
  ConvolutionRun runs[kBlockPlaces];  // at most one for each row
  // With one tap each pixel is read in one block alone. Its tiles fetch the next block meanwhile, a share each: the inputs, then the gradients.
  const bool fetches_next = shape_.taps() == 1 && reads_input_in_place_ && reads_output_in_place_;
  const Index share = places * kFetchedBytes / static_cast<Index>(sizeof(T)), input_elements = places * shape_.in_channels;
  Index fetched = 0;
  ConvolutionWeightTile<T> call;
  call.runs = runs;
  call.stride = fast.stride;
  call.c_step = shape_.out_channels;
  for (Index group = 0; group < shape_.groups; ++group) {
    if (!reads_output_in_place_) pack_outputs(block, g, group, scratch);
    const T* outputs = g + first_place * shape_.out_channels + group * out_group_;
    for (Index t0 = 0; t0 < slow.taps; ++t0) {
      const Index slice = input_place(slow, block.slice, t0);
      if (slice < 0 || slice >= slow.in || input.count == 0) continue;
      const T* from = x + ((block.image * slow.in + slice) * middle.in + input.first) * fast.in * shape_.in_channels + group * in_group_;
      if (!reads_input_in_place_) pack_inputs(block, from, pixels, packed_x);
      for (Index tap = 0; tap < middle.taps * fast.taps; ++tap) {
        call.count = runs_of(block, tap / fast.taps, tap % fast.taps, runs);
        if (call.count == 0) continue;
        T* to = w + (t0 * middle.taps * fast.taps + tap) * in_group_ * shape_.out_channels + group * out_group_;
        for_each_tile(in_group_, strips.tile_rows(), [&](Index first, Index height) {
          call.a = reads_input_in_place_ ? from + first : packed_x + first * pixels * block.images;
          call.a_step = reads_input_in_place_ ? shape_.in_channels : height;
          for (Index strip = 0; strip < strips.count(); ++strip) {
            const Index column = strips.begin(strip);
            call.columns = strips.columns(strip);
            call.b_step = reads_output_in_place_ ? shape_.out_channels : strips.width(strip);
            call.b = reads_output_in_place_ ? outputs + column : scratch + column * places;
            call.c = to + first * shape_.out_channels + column;
            call.next = !fetches_next ? call.b : fetched < input_elements ? from + input_elements + fetched : outputs + places * shape_.out_channels + fetched - input_elements;
            fetched += share;
            convolution_level<T>().weight_tile[height - 1][strips.vectors(strip) - 1](call);
          }
        });
      }
    }
  }
}

// Taps and channels together as rows of the tiles, on a copy of the input with its padding.
template <class T>
void ConvolutionWeightGradient<T>::add_block_by_windows(const Block& block, const T* x, const T* g, T* w, T* scratch) const {
  const ColumnStrips<T> strips(out_group_);
  const ConvolutionAxis &slow = shape_.axes[0], &middle = shape_.axes[1], &fast = shape_.axes[2];
  const Index rows = block.row_end - block.row_begin, places = rows * fast.out;
  const Index height = span_of(middle, rows), width = span_of(fast, fast.out) * in_group_;
  const Index first_place = ((block.image * slow.out + block.slice) * middle.out + block.row_begin) * fast.out;
  T* padded = scratch + (reads_output_in_place_ ? 0 : places * strips.whole_width());
  ConvolutionSegment<T> segments[kBlockPlaces];  // one for each row
  for (Index group = 0; group < shape_.groups; ++group) {
    if (!reads_output_in_place_) pack_outputs(block, g, group, scratch);
    const T* outputs = g + first_place * shape_.out_channels + group * out_group_;
    std::fill(padded, padded + slow.taps * height * width, T(0));
    for (Index i = 0; i < slow.taps * height; ++i) {
      const Index slice = input_place(slow, block.slice, i / height), row = input_place(middle, block.row_begin, 0) + i % height;
      if (slice < 0 || slice >= slow.in || row < 0 || row >= middle.in) continue;
      const T* from = x + ((block.image * slow.in + slice) * middle.in + row) * fast.in * shape_.in_channels + group * in_group_;
      const Index first = std::max<Index>(0, -fast.low), last = std::min(fast.in, width / in_group_ - fast.low);
      T* to = padded + i * width + (first + fast.low) * in_group_;
      if (shape_.groups == 1) {
        std::copy(from + first * in_group_, from + std::max(first, last) * in_group_, to);
        continue;
      }
      for (Index pixel = first; pixel < last; ++pixel, to += in_group_) std::copy_n(from + pixel * shape_.in_channels, in_group_, to);
    }
    for_each_tile(shape_.taps() * in_group_, strips.tile_rows(), [&](Index first, Index tile_rows) {
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
      for (Index strip = 0; strip < strips.count(); ++strip) {
        const Index column = strips.begin(strip);
        call.columns = strips.columns(strip);
        call.b_step = reads_output_in_place_ ? shape_.out_channels : strips.width(strip);
        call.b = reads_output_in_place_ ? outputs + column : scratch + column * places;
        for (Index r = 0; r < tile_rows; ++r) call.c[r] = w + (first + r) * shape_.out_channels + group * out_group_ + column;
        call.next_a = segments[0].a[0];
        call.next_c = call.c[0];
        convolution_level<T>().tile[tile_rows - 1][strips.vectors(strip) - 1](call);
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
          convolution_level<T>().depthwise_weights(inputs + input_place(fast, begin, t2) * channels, fast.stride * channels, outputs + begin * channels, channels,
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

// Right after the block's weights: its outputs are still in a near cache.
template <class T>
void ConvolutionWeightGradient<T>::add_block_to_bias(const Block& block, const T* g, T* bias, T* scratch) const {
  const Index channels = shape_.out_channels, rows = block.row_end - block.row_begin;
  const Index first = ((block.image * shape_.axes[0].out + block.slice) * shape_.axes[1].out + block.row_begin) * shape_.axes[2].out;
  column_sums<T>()(g + first * channels, scratch, block.images * rows * shape_.axes[2].out, channels, 0, channels);
  for (Index channel = 0; channel < channels; ++channel) bias[channel] += scratch[channel];
}

template <class T>
void ConvolutionWeightGradient<T>::run(const T* x, const T* g, T* w, T* bias, void* workspace) const {
  if (is_product_) {
    gemm(gemm_, x, g, static_cast<const T*>(nullptr), w, workspace);
    if (has_bias_) find_column_sum(kDtypeOf<T>)(g, bias, shape_.batch, shape_.out_channels);
    return;
  }
  T* scratch = static_cast<T*>(workspace);
  T* sums = scratch + parts_ * scratch_elements_;
  parallel_for(parts_, 1, [&](Index begin, Index end) {
    for (Index part = begin; part < end; ++part) {
      T* sum = part == 0 ? w : sums + (part - 1) * sums_;
      T* bias_sum = part == 0 ? bias : sum + weights_;
      std::fill(sum, sum + weights_, T(0));
      if (has_bias_) std::fill(bias_sum, bias_sum + shape_.out_channels, T(0));
      for (Index i = part * blocks_ / parts_; i < (part + 1) * blocks_ / parts_; ++i) {
        add_block(block_at(i), x, g, sum, scratch + part * scratch_elements_);
        if (has_bias_) add_block_to_bias(block_at(i), g, bias_sum, scratch + part * scratch_elements_);
      }
    }
  });
  if (parts_ == 1) return;
  parallel_for(sums_, 16384, [&](Index begin, Index end) {
    for (Index part = 1; part < parts_; ++part) {
      const T* sum = sums + (part - 1) * sums_;
      for (Index i = begin; i < std::min(end, weights_); ++i) w[i] += sum[i];
      for (Index i = std::max(begin, weights_); i < end; ++i) bias[i - weights_] += sum[i];
    }
  });
}

template class ConvolutionWeightGradient<float>;
template class ConvolutionWeightGradient<double>;

}  // namespace keraunos::kernels
