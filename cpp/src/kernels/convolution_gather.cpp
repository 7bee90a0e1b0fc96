#include "kernels/convolution_gather.h"

#include <algorithm>

#include "base/threads.h"
#include "kernels/convolution_strips.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// Multiplications and additions worth handing to another thread.
constexpr double kTaskWork = 2.5e6;
constexpr Index kTilesPerBlock = 8;
// Places of a row that are worth tiles of their own.
constexpr Index kLongRow = 12;
constexpr Index kSegmentsPerBlock = 256;
// Windows of more taps take memory while they run.
constexpr Index kTapsOnStack = 128;

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
  tiling_ = batch >= most ? Tiling::kImages : axes[2].out >= kLongRow ? Tiling::kRows : Tiling::kPlaces;
  if (tiling_ == Tiling::kRows) cut_rows(most);
  const Index rows = tiling_ == Tiling::kImages ? batch : tiling_ == Tiling::kRows ? axes[2].out : batch * places_;
  const Index count = (rows + most - 1) / most;
  tile_base_ = count > 0 ? rows / count : 0;
  tile_extra_ = count > 0 ? rows % count : 0;
  tiles_ = tiling_ == Tiling::kImages ? count * places_ : tiling_ == Tiling::kRows ? count * batch * axes[0].out * axes[1].out : count;
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
void ImageGather<T>::make_tile_of_images(Index index, const T* x, T* y, Segment* segments, Tile& tile) const {
  const Index group = index / places_, first = group * tile_base_ + std::min(group, tile_extra_);
  tile.rows = static_cast<int>(tile_base_ + (group < tile_extra_ ? 1 : 0));
  tile.segments = segments;
  tile.a_offset = 0;
  const Pixel pixel = pixel_at(first * places_ + index % places_);
  tile.count = add_alike(x, pixel, tile.rows, segments) - segments;
  T* c = y_pixel(y, pixel);
  for (int r = 0; r < tile.rows; ++r) tile.c[r] = c + r * places_ * out_channels;
}

// The tile `index` goes to tiles[index - block_begin]; tiles of the same row before it lend it their segments where only the place differs.
template <class T>
void ImageGather<T>::make_tile_of_row(Index index, Index block_begin, const T* x, const T* zeros, T* y, Segment* segments, Tile* tiles) const {
  const GatherAxis& fast = axes[2];
  const Index per_row = static_cast<Index>(row_tiles_.size()), row = index / per_row, in_row = index % per_row;
  const RowTile& cut = row_tiles_[static_cast<std::size_t>(in_row)];
  Tile& tile = tiles[index - block_begin];
  tile.rows = cut.rows;
  tile.segments = segments;
  tile.a_offset = 0;
  const Pixel pixel = pixel_at(row * fast.out + cut.first);
  T* c = y_pixel(y, pixel) - pixel.places[2] * out_channels;
  for (int r = 0; r < cut.rows; ++r) tile.c[r] = c + fast.order[static_cast<std::size_t>(cut.first + r)] * out_channels;
  const RowTile& last = row_tiles_[static_cast<std::size_t>(std::max<Index>(0, in_row - 1))];
  const bool has_neighbour = in_row > 0 && index > block_begin && cut.is_inside && last.is_inside;
  if (has_neighbour && last.rows >= cut.rows && last.step == cut.step) {
    const Tile& before = tiles[index - block_begin - 1];
    tile.segments = before.segments;
    tile.count = before.count;
    tile.a_offset = before.a_offset + (cut.source - last.source) * in_channels;
    return;
  }
  tile.count = add_row(x, pixel, cut, zeros, segments) - segments;
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
void ImageGather<T>::run_tiles(Index begin, Index end, const T* x, const Weights& weights, const T* bias, T* y, const T* zeros) const {
  const ConvolutionLevel<T>& level = convolution_level<T>();
  const Index out_group = out_channels / groups, inner = inner_size();
  const ColumnStrips<T> strips(out_group);
  Segment on_stack[kSegmentsPerBlock];
  std::vector<Segment> on_heap;  // for windows of very many taps
  Segment* segments = on_stack;
  const Index per_tile = axes[0].taps * axes[1].taps * (tiling_ == Tiling::kImages && joins_taps_ ? 1 : axes[2].taps);
  const Index per_block = std::clamp<Index>(kSegmentsPerBlock / per_tile, 1, kTilesPerBlock);
  if (per_tile > kSegmentsPerBlock) {
    on_heap.resize(static_cast<std::size_t>(per_tile));
    segments = on_heap.data();
  }
  Tile tiles[kTilesPerBlock];
  for (Index first = begin; first < end; first += per_block) {
    const Index count = std::min(per_block, end - first);
    for (Index i = 0; i < count; ++i) {
      Segment* free = segments + i * per_tile;
      switch (tiling_) {
        case Tiling::kImages: make_tile_of_images(first + i, x, y, free, tiles[i]); break;
        case Tiling::kRows: make_tile_of_row(first + i, first, x, zeros, y, free, tiles); break;
        case Tiling::kPlaces: make_tile_of_places(first + i, x, zeros, y, free, tiles[i]); break;
      }
    }
    for (Index group = 0; group < groups; ++group) {
      for (Index strip = 0; strip < strips.count(); ++strip) {
        const Index column = strips.begin(strip);
        const Index channel = group * out_group + column;
        ConvolutionTile<T> call;
        call.a_step = 1;
        call.b_step = weights.row_step > 0 ? weights.row_step : strips.width(strip);
        call.b = weights.data + group * weights.group_step + (weights.row_step > 0 ? column : column * inner);
        call.columns = strips.columns(strip);
        call.adds_to_c = false;
        call.bias = has_bias ? bias + channel : nullptr;
        call.is_relu = is_relu;
        for (Index i = 0; i < count; ++i) {
          const Tile& tile = tiles[i];
          call.segments = tile.segments;
          call.count = tile.count;
          call.a_offset = tile.a_offset + group * (in_channels / groups);
          for (int r = 0; r < tile.rows; ++r) call.c[r] = tile.c[r] + channel;
          level.tile[tile.rows - 1][strips.vectors(strip) - 1](call);
        }
      }
    }
  }
}

template <class T>
void ImageGather<T>::run(const T* x, const Weights& weights, const T* bias, T* y, void* workspace) const {
  T* zeros = static_cast<T*>(workspace);
  std::fill(zeros, zeros + in_channels, T(0));
  const double work = 2.0 * static_cast<double>(tile_base_ + 1) * static_cast<double>(inner_size() * out_channels);
  const Index grain = std::max<Index>(1, static_cast<Index>(kTaskWork / std::max(1.0, work)));
  parallel_for(tiles_, grain, [&](Index begin, Index end) { run_tiles(begin, end, x, weights, bias, y, zeros); });
}

template <class T>
void ImageGather<T>::run_depthwise(const T* x, const T* w, bool is_reversed, const T* bias, T* y) const {
  const GatherAxis &slow = axes[0], &middle = axes[1], &fast = axes[2];
  const Index grain = std::max<Index>(1, static_cast<Index>(kTaskWork / 8) / std::max<Index>(1, taps_ * in_channels));
  parallel_for(batch * places_, grain, [&](Index begin, Index end) {
    const T* on_stack[2 * kTapsOnStack];
    std::vector<const T*> on_heap(taps_ > kTapsOnStack ? static_cast<std::size_t>(2 * taps_) : 0);
    const T** from = taps_ > kTapsOnStack ? on_heap.data() : on_stack;
    const T** by = from + taps_;
    for (Index index = begin; index < end; ++index) {
      const Pixel pixel = pixel_at(index);
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
            from[count] = row + c * in_channels;
            by[count++] = w + (is_reversed ? taps_ - 1 - tap - t2 : tap + t2) * in_channels;
          }
        }
      }
      convolution_level<T>().depthwise(from, by, count, in_channels, has_bias ? bias : nullptr, is_relu, y_pixel(y, pixel));
    }
  });
}

template class ImageGather<float>;
template class ImageGather<double>;

}  // namespace keraunos::kernels
