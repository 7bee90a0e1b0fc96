#include "kernels/indexing.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/threads.h"
#include "kernels/element_types.h"
#include "kernels/movement.h"
#include "keraunos/error.h"

namespace keraunos::kernels {
namespace {

template <class Visit>
void visit_indices(Indices indices, Visit visit) {
  if (indices.dtype == Dtype::kInt32) {
    visit(static_cast<const std::int32_t*>(indices.data));
  } else {
    visit(static_cast<const std::int64_t*>(indices.data));
  }
}

// One comparison refuses both negative and too large indices.
bool is_outside(std::int64_t index, std::int64_t size) { return static_cast<std::uint64_t>(index) >= static_cast<std::uint64_t>(size); }

std::int64_t item_grain(std::int64_t bytes) { return std::max<std::int64_t>(1, kCopyGrainBytes / (bytes + 8)); }

template <class T>
void copy_run(const T* from, T* to, std::int64_t n) {
  if (n == 1) {
    *to = *from;
  } else {
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  }
}

template <class T>
void add_run(const T* from, T* to, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = wrapping_add(to[i], from[i]);
}

// Calls visit(position among the indices, offset in x without the indexed axis, flat position) over [begin, end).
template <class Visit>
void walk_along(const AlongAxis& plan, std::int64_t begin, std::int64_t end, Visit visit) {
  std::array<std::int64_t, kMaxRank> counters{};
  std::int64_t at_index = 0;
  std::int64_t at_x = 0;
  std::int64_t rest = begin;
  for (std::size_t i = plan.sizes.size(); i-- > 0;) {
    counters[i] = rest % plan.sizes[i];
    rest /= plan.sizes[i];
    at_index += counters[i] * plan.indices_strides[i];
    at_x += counters[i] * plan.x_strides[i];
  }
  for (std::int64_t flat = begin; flat < end; ++flat) {
    visit(at_index, at_x, flat);
    for (std::size_t i = plan.sizes.size(); i-- > 0;) {
      at_index += plan.indices_strides[i];
      at_x += plan.x_strides[i];
      if (++counters[i] < plan.sizes[i]) break;
      at_index -= counters[i] * plan.indices_strides[i];
      at_x -= counters[i] * plan.x_strides[i];
      counters[i] = 0;
    }
  }
}

std::int64_t elements_of(const AlongAxis& plan) {
  std::int64_t n = 1;
  for (std::int64_t size : plan.sizes) n *= size;
  return n;
}

template <class Index>
std::int64_t tuple_offset(const TupleIndexing& plan, const Index* tuple, std::int64_t row, const IndexSite& site) {
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < plan.sizes.size(); ++d) {
    const auto index = static_cast<std::int64_t>(tuple[d]);
    if (is_outside(index, plan.sizes[d])) site.fail(index, plan.sizes[d], row);
    offset += index * plan.strides[d];
  }
  return offset;
}

template <class Index>
void check_indices(const Index* index, const AxisIndexing& shape, const IndexSite& site) {
  for (std::int64_t i = 0; i < shape.count; ++i) {
    const auto picked = static_cast<std::int64_t>(index[i]);
    if (is_outside(picked, shape.size)) site.fail(picked, shape.size, i);
  }
}

// Rows [first, last) of the sums, written to `out`: every index is looked at, so that equal ones are added in their order.
template <class T, class Index>
void sum_rows(const Index* index, const T* g, const AxisIndexing& shape, std::int64_t first, std::int64_t last, T* out) {
  const std::int64_t inner = shape.inner;
  std::memset(out, 0, static_cast<std::size_t>((last - first) * inner) * sizeof(T));
  for (std::int64_t i = 0; i < shape.count; ++i) {
    const auto picked = static_cast<std::int64_t>(index[i]);
    if (picked >= first && picked < last) add_run(g + i * inner, out + (picked - first) * inner, inner);
  }
}

}  // namespace

void IndexSite::fail(std::int64_t index, std::int64_t size, std::int64_t position) const {
  std::string message = op + ": index " + std::to_string(index) + " is out of range [0, " + std::to_string(size) + ')';
  if (!scope.empty()) message += ", in layer \"" + scope.substr(0, 500) + '"';
  message += ", at position " + std::to_string(position);
  throw Error(ErrorKind::kIndex, message);
}

void gather(const AxisIndexing& shape, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site) {
  if (shape.outer * shape.count == 0) return;
  visit_indices(indices, [&](const auto* index) {
    visit_element_size(element_size, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(x);
      T* to = static_cast<T*>(out);
      const std::int64_t inner = shape.inner;
      parallel_for(shape.outer * shape.count, item_grain(inner * static_cast<std::int64_t>(sizeof(T))),
                   [&](std::int64_t begin, std::int64_t end) {
                     std::int64_t o = begin / shape.count;
                     std::int64_t i = begin % shape.count;
                     for (std::int64_t item = begin; item < end; ++item) {
                       const auto picked = static_cast<std::int64_t>(index[i]);
                       if (is_outside(picked, shape.size)) site.fail(picked, shape.size, i);
                       copy_run(from + (o * shape.size + picked) * inner, to + item * inner, inner);
                       if (++i == shape.count) {
                         i = 0;
                         ++o;
                       }
                     }
                   });
    });
  });
}

void gather_add(const AxisIndexing& shape, Dtype dtype, Indices indices, const void* g, void* out, const IndexSite& site) {
  visit_indices(indices, [&](const auto* index) {
    check_indices(index, shape, site);
    if (shape.outer * shape.size * shape.inner == 0) return;
    visit_arithmetic(dtype, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(g);
      T* to = static_cast<T*>(out);
      const std::int64_t inner = shape.inner;
      // Each task owns a band of rows of the result and looks through all indices, so that sums keep their order.
      // At most 8 bands: looking through the indices must stay cheap beside adding.
      const std::int64_t row_bytes = inner * static_cast<std::int64_t>(sizeof(T));
      const std::int64_t grain = std::max((shape.size + 7) / 8, item_grain(row_bytes));
      const std::int64_t bands = (shape.size + grain - 1) / grain;
      parallel_for(shape.outer * bands, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t item = begin; item < end; ++item) {
          const std::int64_t o = item / bands;
          const std::int64_t first = item % bands * grain;
          const std::int64_t last = std::min(first + grain, shape.size);
          sum_rows(index, from + o * shape.count * inner, shape, first, last, to + (o * shape.size + first) * inner);
        }
      });
    });
  });
}

void gather_add_rows(const AxisIndexing& shape, Dtype dtype, Indices indices, const void* g, std::int64_t first, std::int64_t last, void* out,
                     const IndexSite& site) {
  visit_indices(indices, [&](const auto* index) {
    check_indices(index, shape, site);
    visit_arithmetic(dtype, [&](auto type) {
      using T = typename decltype(type)::type;
      sum_rows(index, static_cast<const T*>(g), shape, first, last, static_cast<T*>(out));
    });
  });
}

std::int64_t find_named_rows(const AxisIndexing& shape, Indices indices, const NamedRows& named, const IndexSite& site) {
  visit_indices(indices, [&](const auto* index) {
    check_indices(index, shape, site);
    for (std::int64_t i = 0; i < shape.count; ++i) named.places[i] = static_cast<std::uint64_t>(index[i]) << 32 | static_cast<std::uint64_t>(i);
  });
  std::sort(named.places, named.places + shape.count);
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < shape.count; ++i) {
    if (i == 0 || named.places[i] >> 32 != named.places[i - 1] >> 32) named.starts[rows++] = i;
  }
  named.starts[rows] = shape.count;
  return rows;
}

void add_named_row(const AxisIndexing& shape, Dtype dtype, const NamedRows& named, std::int64_t i, const void* g, void* out) {
  visit_arithmetic(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    std::memset(out, 0, static_cast<std::size_t>(shape.inner) * sizeof(T));
    for (std::int64_t at = named.starts[i]; at < named.starts[i + 1]; ++at) {
      const auto place = static_cast<std::int64_t>(named.places[at] & 0xFFFFFFFFu);
      add_run(static_cast<const T*>(g) + place * shape.inner, static_cast<T*>(out), shape.inner);
    }
  });
}

void take_along(const AlongAxis& plan, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site) {
  visit_indices(indices, [&](const auto* index) {
    visit_element_size(element_size, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(x);
      T* to = static_cast<T*>(out);
      parallel_for(elements_of(plan), 16 * 1024, [&](std::int64_t begin, std::int64_t end) {
        walk_along(plan, begin, end, [&](std::int64_t at_index, std::int64_t at_x, std::int64_t flat) {
          const auto picked = static_cast<std::int64_t>(index[at_index]);
          if (is_outside(picked, plan.axis_size)) site.fail(picked, plan.axis_size, at_index);
          to[flat] = from[at_x + picked * plan.axis_stride];
        });
      });
    });
  });
}

void add_along(const AlongAxis& plan, Dtype dtype, Indices indices, const void* g, void* x, const IndexSite& site) {
  visit_indices(indices, [&](const auto* index) {
    visit_arithmetic(dtype, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(g);
      T* to = static_cast<T*>(x);
      walk_along(plan, 0, elements_of(plan), [&](std::int64_t at_index, std::int64_t at_x, std::int64_t flat) {
        const auto picked = static_cast<std::int64_t>(index[at_index]);
        if (is_outside(picked, plan.axis_size)) site.fail(picked, plan.axis_size, at_index);
        T& sum = to[at_x + picked * plan.axis_stride];
        sum = wrapping_add(sum, from[flat]);
      });
    });
  });
}

void gather_tuples(const TupleIndexing& plan, std::size_t element_size, Indices indices, const void* x, void* out, const IndexSite& site) {
  const auto depth = static_cast<std::int64_t>(plan.sizes.size());
  visit_indices(indices, [&](const auto* index) {
    visit_element_size(element_size, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(x);
      T* to = static_cast<T*>(out);
      parallel_for(plan.rows, item_grain(plan.block * static_cast<std::int64_t>(sizeof(T))), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          copy_run(from + tuple_offset(plan, index + row * depth, row, site), to + row * plan.block, plan.block);
        }
      });
    });
  });
}

void scatter_tuples(const TupleIndexing& plan, std::size_t element_size, Indices indices, const void* updates, void* x, const IndexSite& site) {
  const auto depth = static_cast<std::int64_t>(plan.sizes.size());
  visit_indices(indices, [&](const auto* index) {
    visit_element_size(element_size, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(updates);
      T* to = static_cast<T*>(x);
      for (std::int64_t row = 0; row < plan.rows; ++row) {
        copy_run(from + row * plan.block, to + tuple_offset(plan, index + row * depth, row, site), plan.block);
      }
    });
  });
}

void scatter_add_tuples(const TupleIndexing& plan, Dtype dtype, Indices indices, const void* updates, void* x, const IndexSite& site) {
  const auto depth = static_cast<std::int64_t>(plan.sizes.size());
  visit_indices(indices, [&](const auto* index) {
    visit_arithmetic(dtype, [&](auto type) {
      using T = typename decltype(type)::type;
      const T* from = static_cast<const T*>(updates);
      T* to = static_cast<T*>(x);
      for (std::int64_t row = 0; row < plan.rows; ++row) {
        add_run(from + row * plan.block, to + tuple_offset(plan, index + row * depth, row, site), plan.block);
      }
    });
  });
}

}  // namespace keraunos::kernels
