// Gathers pixels tap by tap and multiplies them with weights: what the convolution and its input gradient have in common.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/level/convolution.h"

namespace keraunos::kernels {

// One spatial axis: the place of x that tap t of place o of y reads, or -1.
struct GatherAxis {
  std::int64_t in = 1, out = 1, taps = 1;
  std::vector<std::int64_t> source = {0};  // [out][taps]
  std::vector<std::int64_t> order = {0};   // places of y such that neighbours read by the same taps
};

template <class T>
class ImageGather {
 public:
  std::int64_t batch = 0, groups = 1, in_channels = 0, out_channels = 0;
  std::array<GatherAxis, 3> axes;
  bool has_bias = false, is_relu = false;

  // Where the weights lie: rows [tap][input channel of the group], columns in strips of whole vectors or in their own matrix.
  struct Weights {
    const T* data;
    std::int64_t row_step;     // 0: packed, strip after strip, each as wide as its whole vectors
    std::int64_t group_step;   // from a group's to the next
  };

  // After the fields are set.
  void plan();
  std::int64_t inner_size() const { return taps_ * (in_channels / groups); }
  std::int64_t tiles() const { return tiles_; }
  std::int64_t packed_elements() const;  // of one group
  std::size_t workspace_bytes() const;
  void run(const T* x, const Weights& weights, const T* bias, T* y, void* workspace) const;
  // One weight per tap and channel.
  void run_depthwise(const T* x, const T* w, bool is_reversed, const T* bias, T* y) const;

 private:
  using Segment = ConvolutionSegment<T>;
  struct Pixel {
    std::int64_t image, places[3];
  };
  struct Tile {
    int rows;
    const Segment* segments;
    std::int64_t count;
    std::int64_t a_offset;  // added to every a of the segments
    T* row;  // of y, where the tile is
    T* c[kConvolutionRows];
  };
  // Neighbouring places of a row of y. Where all of them read by all taps, they read places of x that lie `step` apart.
  struct RowTile {
    std::int64_t first;
    int rows;
    bool is_inside;
    std::int64_t source, step;
    std::vector<std::int64_t> taps;     // otherwise the taps by which any of them reads,
    std::vector<std::int64_t> sources;  // and [tap][row] the place of x or -1
  };
  // The rows that a tile takes together.
  enum class Tiling {
    kPixels,  // any neighbours, each of which is an image that reads its only pixel
    kImages,  // the same place of several images, which all read by the same taps
    kRows,    // neighbours in a row: images are read in order
    kPlaces,  // any neighbours, of few small images
  };

  Pixel pixel_at(std::int64_t index) const;
  std::int64_t x_offset(std::int64_t image, std::int64_t a, std::int64_t b, std::int64_t c) const;
  T* y_pixel(T* y, const Pixel& pixel) const;
  Segment* add_alike(const T* x, const Pixel& pixel, int rows, Segment* out) const;
  Segment* add_mixed(const T* x, const Pixel* pixels, int rows, const T* zeros, Segment* out) const;
  Segment* add_row(const T* x, const Pixel& pixel, const RowTile& row_tile, const T* zeros, Segment* out) const;
  void cut_rows(std::int64_t most);
  void find_shifts();
  std::int64_t segments_per_tile() const;
  void make_tile_of_pixels(std::int64_t index, const T* x, T* y, Segment* segment, Tile& tile) const;
  void make_tile_of_images(std::int64_t line, std::int64_t column, const Tile* before, const T* x, T* y, Segment* segments, Tile& tile) const;
  void make_tile_of_row(std::int64_t line, std::int64_t column, const Tile* before, const T* x, const T* zeros, T* y, Segment* segments, Tile& tile) const;
  void make_tile_of_places(std::int64_t index, const T* x, const T* zeros, T* y, Segment* segments, Tile& tile) const;
  void make_tiles(std::int64_t first, std::int64_t count, const T* x, const T* zeros, T* y, Segment* segments, Tile* tiles) const;
  void multiply_tiles(const Tile* tiles, std::int64_t count, const Weights& weights, const T* bias) const;
  void run_tiles(std::int64_t begin, std::int64_t end, const T* x, const Weights& weights, const T* bias, T* y, const T* zeros, Segment* segments) const;

  void run_depthwise_place(const Pixel& pixel, const T* x, const T* w, bool is_reversed, const T* bias, T* y) const;

  std::int64_t taps_ = 1, places_ = 1;
  bool joins_taps_ = false;  // taps next to each other on the last axis read pixels next to each other
  std::vector<std::int64_t> run_first_, run_count_;  // of the last axis: the taps inside the image
  Tiling tiling_ = Tiling::kPlaces;
  std::vector<RowTile> row_tiles_;  // of one row
  // Tiles of images and of rows come in lines. How much further than its neighbour before it a tile of a line reads, in pixels, by the same taps.
  std::int64_t columns_ = 1;
  std::vector<std::int64_t> shift_;  // or kNoShift
  std::int64_t tiles_ = 0, tile_base_ = 0, tile_extra_ = 0, tiles_per_block_ = 1, grain_ = 1;
};

}  // namespace keraunos::kernels
