#include "kernels/convolution_gather.h"

#include <algorithm>
#include <limits>

#include "base/threads.h"
#include "kernels/convolution_strips.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Multiplications and additions worth handing to another thread.
constexpr double kTaskWork = 2.5e6;
// What starting and ending a tile costs, in the same unit.
constexpr double kTileWork = 10000;
constexpr Index kTilesPerBlock = 8;
// Each block reads all weights. Where they do not fit a second-level cache beside the images, it is worth more tiles, and tasks whole blocks.
constexpr Index kLargeWeights = Index{1} << 20;  // bytes
constexpr Index kTilesOfLargeWeights = 32;
constexpr Index kLeastTasks = 16;
// Places of a row that are worth tiles of their own.
constexpr Index kLongRow = 12;
// Windows of more segments use the workspace, in few parts.
constexpr Index kSegmentsOnStack = 256;
constexpr Index kPartsWithManySegments = 16;
constexpr Index kNoShift = std::numeric_limits<Index>::min();
// Of a depthwise window, at once.
constexpr Index kTapsAtOnce = 128;

bool is_run(const GatherAxis& axis, std::vector<Index>& first, std::vector<Index>& count) {
  first.assign(static_cast<std::size_t>(axis.out), 0);
  count.assign(static_cast<std::size_t>(axis.out), 0);
  for (Index o = 0; o < axis.out; ++o) {
    const Index* source = axis.source.data() + o * axis.taps;
    Index t = 0;
    while (t < axis.taps && source[t] < 0) ++t;
    const Index begin = t;
    while (t < axis.taps && source[t] >= 0 && source[t] == source[begin] + t - begin) ++t;
    const Index end = t;
    while (t < axis.taps && source[t] < 0) ++t;
    if (t < axis.taps) return false;
    first[static_cast<std::size_t>(o)] = begin;
    count[static_cast<std::size_t>(o)] = end - begin;
  }
  return true;
}

}  // namespace

template <class T>
void ImageGather<T>::plan() {
  taps_ = axes[0].taps * axes[1].taps * axes[2].taps;
  places_ = axes[0].out * axes[1].out * axes[2].out;
  joins_taps_ = is_run(axes[2], run_first_, run_count_) && groups == 1;
  const Index most = ColumnStrips<T>(out_channels / groups).tile_rows();
  const bool has_one_pixel = taps_ == 1 && places_ == 1 && axes[0].in * axes[1].in * axes[2].in == 1 && joins_taps_ && run_count_[0] == 1;
  tiling_ = has_one_pixel ? Tiling::kPixels : batch >= most ? Tiling::kImages : axes[2].out >= kLongRow ? Tiling::kRows : Tiling::kPlaces;
  if (tiling_ == Tiling::kRows) cut_rows(most);
  const Index rows = tiling_ == Tiling::kImages ? batch : tiling_ == Tiling::kRows ? axes[2].out : batch * places_;
  const Index count = (rows + most - 1) / most;
  tile_base_ = count > 0 ? rows / count : 0;
  tile_extra_ = count > 0 ? rows % count : 0;
  tiles_ = tiling_ == Tiling::kImages ? count * places_ : tiling_ == Tiling::kRows ? count * batch * axes[0].out * axes[1].out : count;
  if (tiling_ == Tiling::kImages || tiling_ == Tiling::kRows) find_shifts();
  const double work = kTileWork + 2.0 * static_cast<double>(tile_base_ + 1) * static_cast<double>(inner_size() * out_channels);
  grain_ = std::max<Index>(1, static_cast<Index>(kTaskWork / std::max(1.0, work)));
  const bool has_large_weights = inner_size() * out_channels * static_cast<Index>(sizeof(T)) > kLargeWeights;
  tiles_per_block_ = std::clamp<Index>(kSegmentsOnStack / segments_per_tile(), 1, has_large_weights ? kTilesOfLargeWeights : kTilesPerBlock);
  if (has_large_weights) grain_ = std::max(grain_, std::min(tiles_per_block_, tiles_ / kLeastTasks));
  if (segments_per_tile() > kSegmentsOnStack) grain_ = std::max(grain_, (tiles_ + kPartsWithManySegments - 1) / kPartsWithManySegments);
}

template <class T>
Index ImageGather<T>::segments_per_tile() const {
  return axes[0].taps * axes[1].taps * (tiling_ == Tiling::kImages && joins_taps_ ? 1 : axes[2].taps);
}

template <class T>
std::size_t ImageGather<T>::workspace_bytes() const {
  const std::size_t zeros = (static_cast<std::size_t>(in_channels) * sizeof(T) + 63) / 64 * 64;
  if (segments_per_tile() <= kSegmentsOnStack) return zeros;
  const Index parts = (tiles_ + grain_ - 1) / grain_;
  return zeros + static_cast<std::size_t>(parts * segments_per_tile()) * sizeof(Segment);
}

template <class T>
void ImageGather<T>::find_shifts() {
  const GatherAxis& fast = axes[2];
  columns_ = tiling_ == Tiling::kImages ? fast.out : static_cast<Index>(row_tiles_.size());
  shift_.assign(static_cast<std::size_t>(columns_), kNoShift);
  for (std::size_t column = 1; column < shift_.size(); ++column) {
    if (tiling_ == Tiling::kRows) {
      const RowTile &before = row_tiles_[column - 1], &tile = row_tiles_[column];
      const bool is_alike = before.is_inside && tile.is_inside && before.rows >= tile.rows && before.step == tile.step;
      if (is_alike) shift_[column] = tile.source - before.source;
      continue;
    }
    const Index* before = fast.source.data() + fast.order[column - 1] * fast.taps;
    const Index* source = fast.source.data() + fast.order[column] * fast.taps;
    Index shift = kNoShift;
    bool is_alike = true;
    for (Index tap = 0; tap < fast.taps && is_alike; ++tap) {
      is_alike = (before[tap] < 0) == (source[tap] < 0);
      if (!is_alike || source[tap] < 0) continue;
      is_alike = shift == kNoShift || shift == source[tap] - before[tap];
      shift = source[tap] - before[tap];
    }
    if (is_alike) shift_[column] = shift;
  }
}

// Cuts a row of y into tiles.
template <class T>
void ImageGather<T>::cut_rows(Index most) {
  const GatherAxis& fast = axes[2];
  const Index count = (fast.out + most - 1) / most;
  row_tiles_.clear();
  for (Index t = 0, first = 0; t < count; ++t) {
    RowTile tile{first, static_cast<int>(fast.out / count + (t < fast.out % count ? 1 : 0)), joins_taps_, 0, 0, {}, {}};
    const auto source_of = [&](Index r, Index tap) {
      return fast.source[static_cast<std::size_t>(fast.order[static_cast<std::size_t>(first + r)] * fast.taps + tap)];
    };
    tile.source = source_of(0, 0);
    if (tile.rows > 1) tile.step = source_of(1, 0) - tile.source;
    for (Index r = 0; r < tile.rows && tile.is_inside; ++r) {
      const auto place = static_cast<std::size_t>(fast.order[static_cast<std::size_t>(first + r)]);
      tile.is_inside = run_count_[place] == fast.taps && source_of(r, 0) == tile.source + r * tile.step;
    }
    for (Index tap = 0; tap < fast.taps && !tile.is_inside; ++tap) {
      bool is_read = false;
      for (Index r = 0; r < tile.rows; ++r) is_read = is_read || source_of(r, tap) >= 0;
      if (!is_read) continue;
      tile.taps.push_back(tap);
      for (Index r = 0; r < tile.rows; ++r) tile.sources.push_back(source_of(r, tap));
    }
    row_tiles_.push_back(tile);
    first += tile.rows;
  }
}

template <class T>
Index ImageGather<T>::packed_elements() const {
  return ColumnStrips<T>(out_channels / groups).whole_width() * inner_size();
}

template <class T>
typename ImageGather<T>::Pixel ImageGather<T>::pixel_at(Index index) const {
  Pixel pixel;
  pixel.image = index / places_;
  Index rest = index % places_;
  for (std::size_t axis = 3; axis-- > 0;) {
    pixel.places[axis] = axes[axis].order[static_cast<std::size_t>(rest % axes[axis].out)];
    rest /= axes[axis].out;
  }
  return pixel;
}

template <class T>
Index ImageGather<T>::x_offset(Index image, Index a, Index b, Index c) const {
  return (((image * axes[0].in + a) * axes[1].in + b) * axes[2].in + c) * in_channels;
}

template <class T>
T* ImageGather<T>::y_pixel(T* y, const Pixel& pixel) const {
  const Index place = (pixel.places[0] * axes[1].out + pixel.places[1]) * axes[2].out + pixel.places[2];
  return y + (pixel.image * places_ + place) * out_channels;
}

// The same place of `rows` images.
template <class T>
typename ImageGather<T>::Segment* ImageGather<T>::add_alike(const T* x, const Pixel& pixel, int rows, Segment* out) const {
  const GatherAxis &slow = axes[0], &middle = axes[1], &fast = axes[2];
  const Index channels = in_channels / groups, step = x_offset(1, 0, 0, 0);
  const Index* source0 = slow.source.data() + pixel.places[0] * slow.taps;
  const Index* source1 = middle.source.data() + pixel.places[1] * middle.taps;
  const Index* source2 = fast.source.data() + pixel.places[2] * fast.taps;
  const auto add = [&](Index tap, Index taps, const T* from) {
    for (int r = 0; r < rows; ++r) out->a[r] = from + r * step;
    out->b = tap * channels;
    out->length = taps * channels;
    ++out;
  };
  for (Index t0 = 0; t0 < slow.taps; ++t0) {
    if (source0[t0] < 0) continue;
    for (Index t1 = 0; t1 < middle.taps; ++t1) {
      if (source1[t1] < 0) continue;
      const Index tap = (t0 * middle.taps + t1) * fast.taps;
      const T* row = x + x_offset(pixel.image, source0[t0], source1[t1], 0);
      if (joins_taps_) {
        const auto at = static_cast<std::size_t>(pixel.places[2]);
        if (run_count_[at] > 0) add(tap + run_first_[at], run_count_[at], row + source2[run_first_[at]] * in_channels);
        continue;
      }
      for (Index t2 = 0; t2 < fast.taps; ++t2) {
        if (source2[t2] >= 0) add(tap + t2, 1, row + source2[t2] * in_channels);
      }
    }
  }
  return out;
}

// Any pixels: a tap is left out when none of them reads by it, the others read zeros.
template <class T>
typename ImageGather<T>::Segment* ImageGather<T>::add_mixed(const T* x, const Pixel* pixels, int rows, const T* zeros, Segment* out) const {
  const GatherAxis &slow = axes[0], &middle = axes[1], &fast = axes[2];
  const Index channels = in_channels / groups;
  bool is_inside = joins_taps_;  // all taps of the last axis
  for (int r = 0; r < rows && is_inside; ++r) is_inside = run_count_[static_cast<std::size_t>(pixels[r].places[2])] == fast.taps;
  for (Index t0 = 0; t0 < slow.taps; ++t0) {
    for (Index t1 = 0; t1 < middle.taps; ++t1) {
      const T* row[kConvolutionRows];
      bool has_rows = false, has_all = true;
      for (int r = 0; r < rows; ++r) {
        const Index a = slow.source[static_cast<std::size_t>(pixels[r].places[0] * slow.taps + t0)];
        const Index b = middle.source[static_cast<std::size_t>(pixels[r].places[1] * middle.taps + t1)];
        row[r] = a >= 0 && b >= 0 ? x + x_offset(pixels[r].image, a, b, 0) : nullptr;
        has_rows = has_rows || row[r] != nullptr;
        has_all = has_all && row[r] != nullptr;
      }
      if (!has_rows) continue;
      const bool is_joined = is_inside && has_all;
      for (Index t2 = 0; t2 < (is_joined ? 1 : fast.taps); ++t2) {
        bool is_read = false;
        for (int r = 0; r < rows; ++r) {
          const Index c = fast.source[static_cast<std::size_t>(pixels[r].places[2] * fast.taps + t2)];
          const bool reads = row[r] != nullptr && c >= 0;
          out->a[r] = reads ? row[r] + c * in_channels : zeros;
          is_read = is_read || reads;
        }
        if (!is_read) continue;
        out->b = ((t0 * middle.taps + t1) * fast.taps + t2) * channels;
        out->length = (is_joined ? fast.taps : 1) * channels;
        ++out;
      }
    }
  }
  return out;
}

// Neighbours in a row of y.
template <class T>
typename ImageGather<T>::Segment* ImageGather<T>::add_row(const T* x, const Pixel& pixel, const RowTile& row_tile, const T* zeros, Segment* out) const {
  const GatherAxis &slow = axes[0], &middle = axes[1], &fast = axes[2];
  const Index channels = in_channels / groups, step = row_tile.step * in_channels;
  const Index* source0 = slow.source.data() + pixel.places[0] * slow.taps;
  const Index* source1 = middle.source.data() + pixel.places[1] * middle.taps;
  for (Index t0 = 0; t0 < slow.taps; ++t0) {
    if (source0[t0] < 0) continue;
    for (Index t1 = 0; t1 < middle.taps; ++t1) {
      if (source1[t1] < 0) continue;
      const T* from = x + x_offset(pixel.image, source0[t0], source1[t1], 0);
      const Index tap = (t0 * middle.taps + t1) * fast.taps;
      if (row_tile.is_inside) {
        for (int r = 0; r < row_tile.rows; ++r) out->a[r] = from + row_tile.source * in_channels + r * step;
        out->b = tap * channels;
        out->length = fast.taps * channels;
        ++out;
        continue;
      }
      const Index* source2 = row_tile.sources.data();
      for (const Index t2 : row_tile.taps) {
        for (int r = 0; r < row_tile.rows; ++r, ++source2) out->a[r] = *source2 >= 0 ? from + *source2 * in_channels : zeros;
        out->b = (tap + t2) * channels;
        out->length = channels;
        ++out;
      }
    }
  }
  return out;
}

template <class T>
void ImageGather<T>::make_tile_of_pixels(Index index, const T* x, T* y, Segment* segment, Tile& tile) const {
  const Index first = index * tile_base_ + std::min(index, tile_extra_);
  tile.rows = static_cast<int>(tile_base_ + (index < tile_extra_ ? 1 : 0));
  tile.segments = segment;
  tile.count = 1;
  tile.a_offset = 0;
  segment->b = 0;
  segment->length = in_channels;
  for (int r = 0; r < tile.rows; ++r) {
    segment->a[r] = x + (first + r) * in_channels;
    tile.c[r] = y + (first + r) * out_channels;
  }
}

// `before` is the neighbour in the line, if it was made for the same block: it lends its segments where only the place differs.
template <class T>
void ImageGather<T>::make_tile_of_images(Index line, Index column, const Tile* before, const T* x, T* y, Segment* segments, Tile& tile) const {
  const Index shift = shift_[static_cast<std::size_t>(column)];
  if (before != nullptr && shift != kNoShift) {
    tile.rows = before->rows;
    tile.segments = before->segments;
    tile.count = before->count;
    tile.a_offset = before->a_offset + shift * in_channels;
    tile.row = before->row;
  } else {
    const Index lines = axes[0].out * axes[1].out, group = line / lines, first = group * tile_base_ + std::min(group, tile_extra_);
    const Pixel pixel = pixel_at(first * places_ + line % lines * columns_ + column);
    tile.rows = static_cast<int>(tile_base_ + (group < tile_extra_ ? 1 : 0));
    tile.segments = segments;
    tile.count = add_alike(x, pixel, tile.rows, segments) - segments;
    tile.a_offset = 0;
    tile.row = y_pixel(y, pixel) - pixel.places[2] * out_channels;
  }
  T* c = tile.row + axes[2].order[static_cast<std::size_t>(column)] * out_channels;
  for (int r = 0; r < tile.rows; ++r, c += places_ * out_channels) tile.c[r] = c;
}

template <class T>
void ImageGather<T>::make_tile_of_row(Index line, Index column, const Tile* before, const T* x, const T* zeros, T* y, Segment* segments, Tile& tile) const {
  const GatherAxis& fast = axes[2];
  const RowTile& cut = row_tiles_[static_cast<std::size_t>(column)];
  const Index shift = shift_[static_cast<std::size_t>(column)];
  tile.rows = cut.rows;
  if (before != nullptr && shift != kNoShift) {
    tile.segments = before->segments;
    tile.count = before->count;
    tile.a_offset = before->a_offset + shift * in_channels;
    tile.row = before->row;
  } else {
    const Pixel pixel = pixel_at(line * fast.out + cut.first);
    tile.segments = segments;
    tile.count = add_row(x, pixel, cut, zeros, segments) - segments;
    tile.a_offset = 0;
    tile.row = y_pixel(y, pixel) - pixel.places[2] * out_channels;
  }
  for (int r = 0; r < cut.rows; ++r) tile.c[r] = tile.row + fast.order[static_cast<std::size_t>(cut.first + r)] * out_channels;
}

template <class T>
void ImageGather<T>::make_tile_of_places(Index index, const T* x, const T* zeros, T* y, Segment* segments, Tile& tile) const {
  const Index first = index * tile_base_ + std::min(index, tile_extra_);
  tile.rows = static_cast<int>(tile_base_ + (index < tile_extra_ ? 1 : 0));
  tile.segments = segments;
  tile.a_offset = 0;
  Pixel pixels[kConvolutionRows];
  for (int r = 0; r < tile.rows; ++r) {
    pixels[r] = pixel_at(first + r);
    tile.c[r] = y_pixel(y, pixels[r]);
  }
  tile.count = add_mixed(x, pixels, tile.rows, zeros, segments) - segments;
}

template <class T>
void ImageGather<T>::make_tiles(Index first, Index count, const T* x, const T* zeros, T* y, Segment* segments, Tile* tiles) const {
  const Index per_tile = segments_per_tile();
  Index line = first / columns_, column = first % columns_;
  for (Index i = 0; i < count; ++i, segments += per_tile) {
    const Tile* before = i > 0 && column > 0 ? &tiles[i - 1] : nullptr;
    switch (tiling_) {
      case Tiling::kPixels: make_tile_of_pixels(first + i, x, y, segments, tiles[i]); break;
      case Tiling::kImages: make_tile_of_images(line, column, before, x, y, segments, tiles[i]); break;
      case Tiling::kRows: make_tile_of_row(line, column, before, x, zeros, y, segments, tiles[i]); break;
      case Tiling::kPlaces: make_tile_of_places(first + i, x, zeros, y, segments, tiles[i]); break;
    }
    if (++column == columns_) {
      column = 0;
      ++line;
    }
  }
}

template <class T>
void ImageGather<T>::multiply_tiles(const Tile* tiles, Index count, const Weights& weights, const T* bias) const {
  const ConvolutionLevel<T>& level = convolution_level<T>();
  const Index out_group = out_channels / groups, inner = inner_size();
  const ColumnStrips<T> strips(out_group);
  ConvolutionTile<T> call;
  call.a_step = 1;
  call.adds_to_c = false;
  call.is_relu = is_relu;
  // Other tiles share most of what they read with their neighbours.
  const Index ahead = tiling_ == Tiling::kPixels ? tile_base_ : 0;
  for (Index group = 0; group < groups; ++group) {
    for (Index strip = 0; strip < strips.count(); ++strip) {
      const Index column = strips.begin(strip);
      const Index channel = group * out_group + column;
      call.b_step = weights.row_step > 0 ? weights.row_step : strips.width(strip);
      call.b = weights.data + group * weights.group_step + (weights.row_step > 0 ? column : column * inner);
      call.columns = strips.columns(strip);
      call.bias = has_bias ? bias + channel : nullptr;
      for (const Tile* tile = tiles; tile != tiles + count; ++tile) {
        call.segments = tile->segments;
        call.count = tile->count;
        call.a_offset = tile->a_offset + group * (in_channels / groups);
        for (int r = 0; r < tile->rows; ++r) call.c[r] = tile->c[r] + channel;
        call.next_a = tile->segments->a[0] + tile->a_offset + ahead * in_channels;
        call.next_c = call.c[0] + ahead * out_channels;
        level.tile[tile->rows - 1][strips.vectors(strip) - 1](call);
      }
    }
  }
}

template <class T>
void ImageGather<T>::run_tiles(Index begin, Index end, const T* x, const Weights& weights, const T* bias, T* y, const T* zeros, Segment* segments) const {
  Segment on_stack[kSegmentsOnStack];
  if (segments == nullptr) segments = on_stack;
  Tile tiles[kTilesOfLargeWeights];
  for (Index first = begin; first < end; first += tiles_per_block_) {
    const Index count = std::min(tiles_per_block_, end - first);
    make_tiles(first, count, x, zeros, y, segments, tiles);
    multiply_tiles(tiles, count, weights, bias);
  }
}

template <class T>
void ImageGather<T>::run(const T* x, const Weights& weights, const T* bias, T* y, void* workspace) const {
  T* zeros = static_cast<T*>(workspace);
  std::fill(zeros, zeros + in_channels, T(0));
  const Index per_tile = segments_per_tile();
  char* const space = static_cast<char*>(workspace) + (static_cast<std::size_t>(in_channels) * sizeof(T) + 63) / 64 * 64;
  Segment* const segments = per_tile > kSegmentsOnStack ? reinterpret_cast<Segment*>(space) : nullptr;
  parallel_for(tiles_, grain_, [&](Index begin, Index end) {
    run_tiles(begin, end, x, weights, bias, y, zeros, segments == nullptr ? nullptr : segments + begin / grain_ * per_tile);
  });
}

// The window of one place, a part of the taps after the other: the sums go on where they were.
template <class T>
void ImageGather<T>::run_depthwise_place(const Pixel& pixel, const T* x, const T* w, bool is_reversed, const T* bias, T* y) const {
  const GatherAxis &slow = axes[0], &middle = axes[1], &fast = axes[2];
  const T *from[kTapsAtOnce], *by[kTapsAtOnce];
  T* const to = y_pixel(y, pixel);
  const T* sums = bias;
  Index count = 0;
  for (Index t0 = 0; t0 < slow.taps; ++t0) {
    const Index a = slow.source[static_cast<std::size_t>(pixel.places[0] * slow.taps + t0)];
    if (a < 0) continue;
    for (Index t1 = 0; t1 < middle.taps; ++t1) {
      const Index b = middle.source[static_cast<std::size_t>(pixel.places[1] * middle.taps + t1)];
      if (b < 0) continue;
      const T* row = x + x_offset(pixel.image, a, b, 0);
      const Index tap = (t0 * middle.taps + t1) * fast.taps;
      for (Index t2 = 0; t2 < fast.taps; ++t2) {
        const Index c = fast.source[static_cast<std::size_t>(pixel.places[2] * fast.taps + t2)];
        if (c < 0) continue;
        if (count == kTapsAtOnce) {
          convolution_level<T>().depthwise(from, by, count, in_channels, sums, false, to);
          sums = to;
          count = 0;
        }
        from[count] = row + c * in_channels;
        by[count++] = w + (is_reversed ? taps_ - 1 - tap - t2 : tap + t2) * in_channels;
      }
    }
  }
  convolution_level<T>().depthwise(from, by, count, in_channels, sums, is_relu, to);
}

template <class T>
void ImageGather<T>::run_depthwise(const T* x, const T* w, bool is_reversed, const T* bias, T* y) const {
  const Index grain = std::max<Index>(1, static_cast<Index>(kTaskWork / 8) / std::max<Index>(1, taps_ * in_channels));
  parallel_for(batch * places_, grain, [&](Index begin, Index end) {
    for (Index index = begin; index < end; ++index) run_depthwise_place(pixel_at(index), x, w, is_reversed, has_bias ? bias : nullptr, y);
  });
}

template class ImageGather<float>;
template class ImageGather<double>;

}  // namespace keraunos::kernels
