// Sorting along one axis. NaN counts as larger than every number; equal elements keep their order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "keraunos/dtype.h"

namespace keraunos::kernels {

// The array is [outer, n, inner]; lines run along n.
struct Lines {
  std::int64_t outer = 1, n = 0, inner = 1;
};

struct SortRequest {
  Lines lines;
  bool is_descending = false;
  std::int64_t take = 0;     // how many of each line are written: n for a sort, k for top_k
  bool is_ordered = true;    // whether what is taken must come in order
};

// Scratch bytes; depends on the shape alone.
std::size_t sort_workspace(const SortRequest& request, Dtype dtype);

// Writes values [outer, take, inner] and/or their int32 positions; either may be null. Not for the 16-bit floats.
void sort_lines(const SortRequest& request, Dtype dtype, const void* in, void* values, std::int32_t* positions, void* workspace);

// positions[i]: where values[i] would be inserted into the ascending `sorted` of n elements; after equal ones when is_right.
void search_sorted(Dtype dtype, const void* sorted, std::int64_t n, const void* values, std::int32_t* positions, std::int64_t count, bool is_right);

}  // namespace keraunos::kernels
