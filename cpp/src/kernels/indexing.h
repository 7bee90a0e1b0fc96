// Reads and writes through indices. Every index is checked before memory is touched.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keraunos/dtype.h"

namespace keraunos::kernels {

// Who is indexing, for the error message.
struct IndexSite {
  std::string op;
  std::string scope;  // path of the layer; may be empty

  // "gather: index 7 is out of range [0, 5), at position 3"; the position counts the indices in the order of memory.
  [[noreturn]] void fail(std::int64_t index, std::int64_t size, std::int64_t position) const;
};

// Indices are int32 or int64.
struct Indices {
  const void* data;
  Dtype dtype;
};

// One axis of an array: the array is [outer, size, inner]; `count` indices pick along `size`.
struct AxisIndexing {
  std::int64_t outer = 1, size = 0, inner = 1, count = 0;
};

// out[o, i, :] = x[o, indices[i], :]
void gather(const AxisIndexing& shape, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site);
// out = 0; out[o, indices[i], :] += g[o, i, :], in the order of i.
void gather_add(const AxisIndexing& shape, Dtype dtype, Indices indices, const void* g, void* out, const IndexSite& site);
// The rows [first, last) of that result alone, for an array without outer axes.
void gather_add_rows(const AxisIndexing& shape, Dtype dtype, Indices indices, const void* g, std::int64_t first, std::int64_t last, void* out,
                     const IndexSite& site);

// The rows of that result that an index names, each with the places of its indices, in order of row and then of place.
// The places of row i are those from starts[i] to starts[i + 1].
struct NamedRows {
  std::uint64_t* places;  // shape.count; the row in the upper half, the place in the lower one
  std::int64_t* starts;   // shape.count + 1
  std::int64_t row(std::int64_t i) const { return static_cast<std::int64_t>(places[starts[i]] >> 32); }
};
constexpr std::int64_t kMostNamedRows = std::int64_t{1} << 31;  // rows, and indices
// Fills it in; returns how many rows there are.
std::int64_t find_named_rows(const AxisIndexing& shape, Indices indices, const NamedRows& named, const IndexSite& site);
// Row number i of them, as gather_add() would add it up.
void add_named_row(const AxisIndexing& shape, Dtype dtype, const NamedRows& named, std::int64_t i, const void* g, void* out);

// take_along_axis: an odometer over the indices' (broadcast) shape; x moves by x_strides and by index * axis_stride.
struct AlongAxis {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> x_strides;        // 0 on the indexed axis and where x is broadcast
  std::vector<std::int64_t> indices_strides;  // 0 where indices are broadcast
  std::int64_t axis_size = 0;
  std::int64_t axis_stride = 1;
};
void take_along(const AlongAxis& plan, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site);
// x[... indices ...] += g; x was filled by the caller.
void add_along(const AlongAxis& plan, Dtype dtype, Indices indices, const void* g, void* x, const IndexSite& site);

// N-d indices: `rows` tuples of `depth` numbers, each naming a block of `block` contiguous elements of x.
struct TupleIndexing {
  std::int64_t rows = 0, block = 1;
  std::vector<std::int64_t> sizes;    // of the indexed leading axes
  std::vector<std::int64_t> strides;  // in elements
};
void gather_tuples(const TupleIndexing& plan, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site);
// In row order: the last of equal tuples wins.
void scatter_tuples(const TupleIndexing& plan, std::size_t element_size, Indices indices, const void* updates, void* x, const IndexSite& site);
void scatter_add_tuples(const TupleIndexing& plan, Dtype dtype, Indices indices, const void* updates, void* x, const IndexSite& site);

}  // namespace keraunos::kernels
