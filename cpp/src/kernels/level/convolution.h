// What a level gives to convolution: one tile of the implicit matrix product, and loops over channels for depthwise kernels.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace keraunos::kernels {

// Rows and vectors of a tile: at most, on any level.
constexpr int kConvolutionRows = 8;
constexpr int kConvolutionVectors = 4;

// A run of the inner axis along which every row of a is read from its own pointer.
template <class T>
struct ConvolutionSegment {
  const T* a[kConvolutionRows];
  std::int64_t b;  // its first row of b
  std::int64_t length;
};

// c[row] = activation(sum over segments of a[row] * b + bias), `columns` wide; b's rows are read in whole vectors.
template <class T>
struct ConvolutionTile {
  const ConvolutionSegment<T>* segments;
  std::int64_t count;
  std::int64_t a_offset;  // added to every a
  std::int64_t a_step;    // of a along the inner axis
  const T* b;
  std::int64_t b_step;  // from row to row
  T* c[kConvolutionRows];
  std::int64_t columns;
  bool adds_to_c;
  const T* bias;  // or nullptr
  bool is_relu;
  // Where the next tile begins to read and to write, for the widest tiles to fetch meanwhile. Near the end it may lie beyond the arrays.
  const T* next_a;
  const T* next_c;
};

// A run of pixels of x, `stride` apart, and of neighbours of y.
struct ConvolutionRun {
  std::int64_t a, b;  // the first ones
  std::int64_t length;
};

// c[row] += sum over runs of a[row] * b: the rows of a lie next to each other.
template <class T>
struct ConvolutionWeightTile {
  const ConvolutionRun* runs;
  std::int64_t count;
  const T* a;
  std::int64_t a_step;  // from pixel to pixel
  std::int64_t stride;
  const T* b;
  std::int64_t b_step;
  T* c;
  std::int64_t c_step;
  std::int64_t columns;
  const T* next;  // what the widest tiles fetch meanwhile: 48 bytes for each pixel; may lie beyond the arrays
};

template <class T>
struct ConvolutionLevel {
  int lanes;                      // of one vector
  int vectors;                    // of the widest tile
  int rows[kConvolutionVectors];  // of the tallest tile, by vectors - 1
  // [rows - 1][vectors - 1]
  void (*tile[kConvolutionRows][kConvolutionVectors])(const ConvolutionTile<T>&);
  void (*weight_tile[kConvolutionRows][kConvolutionVectors])(const ConvolutionWeightTile<T>&);
  // y[c] = bias[c] + sum over taps of x[tap][c] * w[tap][c]
  void (*depthwise)(const T* const* x, const T* const* w, std::int64_t taps, std::int64_t channels, const T* bias, bool is_relu, T* y);
  // w[c] += sum over places of x[place][c] * g[place][c]
  void (*depthwise_weights)(const T* x, std::int64_t x_step, const T* g, std::int64_t g_step, std::int64_t places, std::int64_t channels, T* w);
};

struct ConvolutionTable {
  ConvolutionLevel<float> f32;
  ConvolutionLevel<double> f64;
};

}  // namespace keraunos::kernels
