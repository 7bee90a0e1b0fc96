// Pooling of one level: every window for a vector of channels at a time.
#include "kernels/level/pooling.h"

#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// The places of one window: offsets from the start of the images, in elements.
struct Box {
  std::int64_t start;
  std::int64_t sizes[3], strides[3];

  std::int64_t count() const { return sizes[0] * sizes[1] * sizes[2]; }
};

template <class Body>
KERAUNOS_INLINE void for_each_place(const Box& box, Body body) {
  for (std::int64_t i = 0; i < box.sizes[0]; ++i) {
    for (std::int64_t j = 0; j < box.sizes[1]; ++j) {
      const std::int64_t row = box.start + i * box.strides[0] + j * box.strides[1];
      for (std::int64_t k = 0; k < box.sizes[2]; ++k) body(row + k * box.strides[2]);
    }
  }
}

// Whole vectors, then the channels that are left: reading and writing either way.
template <class T>
struct WholeVector {
  using V = typename Lanes<T>::Vector;
  V load(const T* p) const { return KERAUNOS_LEVEL::load(p); }
  void store(T* p, V v) const { KERAUNOS_LEVEL::store(p, v); }
};
template <class T>
struct PartVector {
  using V = typename Lanes<T>::Vector;
  decltype(part_of(static_cast<const T*>(nullptr), 1)) part;
  V load(const T* p) const { return load_part(p, part); }
  void store(T* p, V v) const { store_part(p, v, part); }
};

// body(box moved to a group of channels, offset of its result, access) for every window of the rows and every group of channels.
template <class T, class Body>
KERAUNOS_INLINE void for_each_window(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end, Body body) {
  constexpr int W = Lanes<T>::count;
  const PoolingRange &slow = task.axes[0], &middle = task.axes[1], &fast = task.axes[2];
  const std::int64_t channels = task.channels, whole = channels / W * W;
  const PartVector<T> rest = {part_of(static_cast<const T*>(nullptr), static_cast<int>(channels > whole ? channels - whole : 1))};
  Box box;
  box.strides[2] = channels;
  box.strides[1] = fast.in * channels;
  box.strides[0] = middle.in * box.strides[1];
  for (std::int64_t row = row_begin; row < row_end; ++row) {
    const std::int64_t o1 = row % middle.out, o0 = row / middle.out % slow.out, image = row / middle.out / slow.out;
    box.sizes[0] = slow.end[o0] - slow.begin[o0];
    box.sizes[1] = middle.end[o1] - middle.begin[o1];
    const std::int64_t start = (image * slow.in + slow.begin[o0]) * box.strides[0] + middle.begin[o1] * box.strides[1];
    for (std::int64_t o2 = 0; o2 < fast.out; ++o2) {
      box.sizes[2] = fast.end[o2] - fast.begin[o2];
      const std::int64_t first = start + fast.begin[o2] * channels, result = (row * fast.out + o2) * channels;
      for (std::int64_t c = 0; c < whole; c += W) {
        box.start = first + c;
        body(box, result + c, WholeVector<T>());
      }
      if (whole < channels) {
        box.start = first + whole;
        body(box, result + whole, rest);
      }
    }
  }
}

template <class T, class Access>
KERAUNOS_INLINE typename Lanes<T>::Vector largest_in(const T* x, const Box& box, Access access) {
  auto largest = access.load(x + box.start);
  for_each_place(box, [&](std::int64_t at) __attribute__((always_inline)) { largest = maximum(access.load(x + at), largest); });
  return largest;
}

template <class V>
KERAUNOS_INLINE auto is_largest(V v, V largest) {
  return either(equal(v, largest), is_nan(v));
}

template <class T>
void max(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end) {
  for_each_window(task, row_begin, row_end, [&](const Box& box, std::int64_t result, auto access) __attribute__((always_inline)) {
    access.store(task.windows + result, largest_in(task.x, box, access));
  });
}

template <class T>
void max_grad(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end) {
  using V = typename Lanes<T>::Vector;
  for_each_window(task, row_begin, row_end, [&](const Box& box, std::int64_t result, auto access) __attribute__((always_inline)) {
    const V largest = largest_in(task.x, box, access);
    V left = access.load(task.g + result);  // zero once it has found its place
    if (task.is_relu) left = select(less(V{}, largest), left, V{});
    for_each_place(box, [&](std::int64_t at) __attribute__((always_inline)) {
      const auto hit = is_largest(access.load(task.x + at), largest);
      const V here = select(hit, left, V{});
      access.store(task.images + at, task.adds ? access.load(task.images + at) + here : here);
      left = select(hit, V{}, left);
    });
  });
}

template <class T>
void max_pick(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end) {
  using V = typename Lanes<T>::Vector;
  for_each_window(task, row_begin, row_end, [&](const Box& box, std::int64_t result, auto access) __attribute__((always_inline)) {
    const V largest = largest_in(task.x, box, access);
    V is_open = splat(T(1)), picked = {};
    for_each_place(box, [&](std::int64_t at) __attribute__((always_inline)) {
      const auto hit = is_largest(access.load(task.x + at), largest);
      picked = select(both(hit, less(V{}, is_open)), access.load(task.h + at), picked);
      is_open = select(hit, V{}, is_open);
    });
    access.store(task.windows + result, picked);
  });
}

template <class T>
void average(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end) {
  using V = typename Lanes<T>::Vector;
  for_each_window(task, row_begin, row_end, [&](const Box& box, std::int64_t result, auto access) __attribute__((always_inline)) {
    V sum = {};
    for_each_place(box, [&](std::int64_t at) __attribute__((always_inline)) { sum = sum + access.load(task.x + at); });
    access.store(task.windows + result, sum / splat(static_cast<T>(box.count())));
  });
}

template <class T>
void average_grad(const PoolingTask<T>& task, std::int64_t row_begin, std::int64_t row_end) {
  using V = typename Lanes<T>::Vector;
  for_each_window(task, row_begin, row_end, [&](const Box& box, std::int64_t result, auto access) __attribute__((always_inline)) {
    const V share = access.load(task.g + result) / splat(static_cast<T>(box.count()));
    for_each_place(box, [&](std::int64_t at) __attribute__((always_inline)) {
      access.store(task.images + at, task.adds ? access.load(task.images + at) + share : share);
    });
  });
}

template <class T>
constexpr PoolingLevel<T> make_pooling_level() {
  return {max<T>, max_grad<T>, max_pick<T>, average<T>, average_grad<T>};
}

}  // namespace

extern const PoolingTable pooling_table = {make_pooling_level<float>(), make_pooling_level<double>()};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
