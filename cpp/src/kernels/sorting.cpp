#include "kernels/sorting.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "kernels/element_types.h"

namespace keraunos::kernels {
namespace {

// Lines are sorted in at most this many tasks, each with its own scratch line.
constexpr std::int64_t kTasks = 16;

template <class T>
struct Item {
  T value;
  std::int32_t position;
};

template <class T>
bool is_less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a < b || (std::isnan(b) && !std::isnan(a));
  } else {
    return a < b;
  }
}

// A total order, positions deciding between equal values: std::sort is then stable and needs no memory.
template <class T>
struct Before {
  bool is_descending;
  bool operator()(const Item<T>& a, const Item<T>& b) const {
    if (is_less(a.value, b.value)) return !is_descending;
    if (is_less(b.value, a.value)) return is_descending;
    return a.position < b.position;
  }
};

std::int64_t line_grain(const SortRequest& request) {
  const std::int64_t lines = request.lines.outer * request.lines.inner;
  return std::max((lines + kTasks - 1) / kTasks, 512 / std::max<std::int64_t>(1, request.lines.n) + 1);
}

template <class T>
void arrange(Item<T>* items, const SortRequest& request) {
  const Before<T> before{request.is_descending};
  Item<T>* end = items + request.lines.n;
  if (request.take == request.lines.n) {
    std::sort(items, end, before);
    return;
  }
  std::nth_element(items, items + request.take, end, before);
  if (request.is_ordered) std::sort(items, items + request.take, before);
}

template <class T>
void sort_typed(const SortRequest& request, const T* in, T* values, std::int32_t* positions, Item<T>* scratch) {
  const Lines& lines = request.lines;
  const std::int64_t grain = line_grain(request);
  parallel_for(lines.outer * lines.inner, grain, [&](std::int64_t begin, std::int64_t end) {
    Item<T>* items = scratch + begin / grain * lines.n;
    for (std::int64_t line = begin; line < end; ++line) {
      const std::int64_t outer = line / lines.inner;
      const std::int64_t inner = line % lines.inner;
      const T* from = in + outer * lines.n * lines.inner + inner;
      for (std::int64_t i = 0; i < lines.n; ++i) items[i] = {from[i * lines.inner], static_cast<std::int32_t>(i)};
      arrange(items, request);
      const std::int64_t to = outer * request.take * lines.inner + inner;
      for (std::int64_t i = 0; i < request.take; ++i) {
        if (values) values[to + i * lines.inner] = items[i].value;
        if (positions) positions[to + i * lines.inner] = items[i].position;
      }
    }
  });
}

}  // namespace

std::size_t sort_workspace(const SortRequest& request, Dtype dtype) {
  const std::int64_t tasks = std::min(kTasks, request.lines.outer * request.lines.inner);
  const std::size_t item = size_of(dtype) == 8 ? sizeof(Item<std::int64_t>) : sizeof(Item<std::int32_t>);
  return static_cast<std::size_t>(tasks * request.lines.n) * item;
}

void sort_lines(const SortRequest& request, Dtype dtype, const void* in, void* values, std::int32_t* positions, void* workspace) {
  if (request.lines.n == 0 || request.take == 0) return;
  visit_arithmetic(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    sort_typed<T>(request, static_cast<const T*>(in), static_cast<T*>(values), positions, static_cast<Item<T>*>(workspace));
  });
}

void search_sorted(Dtype dtype, const void* sorted, std::int64_t n, const void* values, std::int32_t* positions, std::int64_t count, bool is_right) {
  visit_arithmetic(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const T* begin = static_cast<const T*>(sorted);
    const T* wanted = static_cast<const T*>(values);
    parallel_for(count, 1024, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const T* found = is_right ? std::upper_bound(begin, begin + n, wanted[i], is_less<T>)
                                  : std::lower_bound(begin, begin + n, wanted[i], is_less<T>);
        positions[i] = static_cast<std::int32_t>(found - begin);
      }
    });
  });
}

}  // namespace keraunos::kernels
