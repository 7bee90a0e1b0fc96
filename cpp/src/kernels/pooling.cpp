#include "kernels/pooling.h"

#include <algorithm>

#include "base/threads.h"
#include "kernels/level/pooling.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

// Elements of windows that are worth a task of their own.
constexpr std::int64_t kTaskElements = 32768;

template <class T>
const PoolingLevel<T>& level() { return of_type<T>(*levels().pooling); }

template <class T>
PoolingTask<T> task_of(const Pooling& shape) {
  PoolingTask<T> task;
  task.channels = shape.channels;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const PoolingAxis& from = shape.axes[axis];
    task.axes[axis] = {from.in, static_cast<std::int64_t>(from.begin.size()), from.begin.data(), from.end.data()};
  }
  return task;
}

std::int64_t rows_per_image(const Pooling& shape) {
  return static_cast<std::int64_t>(shape.axes[0].begin.size()) * static_cast<std::int64_t>(shape.axes[1].begin.size());
}

std::int64_t image_elements(const Pooling& shape) { return shape.axes[0].in * shape.axes[1].in * shape.axes[2].in * shape.channels; }

template <class T>
void run_rows(const Pooling& shape, const PoolingTask<T>& task, void (*loop)(const PoolingTask<T>&, std::int64_t, std::int64_t)) {
  const std::int64_t rows = rows_per_image(shape);
  const std::int64_t per_row = std::max<std::int64_t>(1, image_elements(shape) / std::max<std::int64_t>(1, rows));
  parallel_for(shape.batch * rows, std::max<std::int64_t>(1, kTaskElements / per_row), [&](std::int64_t begin, std::int64_t end) { loop(task, begin, end); });
}

// Neither gaps nor overlaps between the windows.
bool is_tiling(const PoolingAxis& axis) {
  std::int64_t reached = 0;
  for (std::size_t i = 0; i < axis.begin.size(); ++i) {
    if (axis.begin[i] != reached) return false;
    reached = axis.end[i];
  }
  return reached == axis.in;
}

bool overlaps(const PoolingAxis& axis) {
  for (std::size_t i = 1; i < axis.begin.size(); ++i) {
    if (axis.begin[i] < axis.end[i - 1]) return true;
  }
  return false;
}

// Image by image: windows of one image may write the same places.
template <class T>
void run_images(const Pooling& shape, PoolingTask<T> task, void (*loop)(const PoolingTask<T>&, std::int64_t, std::int64_t)) {
  const std::int64_t rows = rows_per_image(shape), size = image_elements(shape);
  const bool has_gaps = !std::all_of(shape.axes.begin(), shape.axes.end(), is_tiling);
  task.adds = std::any_of(shape.axes.begin(), shape.axes.end(), overlaps);
  const std::int64_t grain = std::max<std::int64_t>(1, kTaskElements / std::max<std::int64_t>(1, size));
  parallel_for(shape.batch, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t image = begin; image < end; ++image) {
      if (has_gaps) std::fill(task.images + image * size, task.images + (image + 1) * size, T(0));
      loop(task, image * rows, (image + 1) * rows);
    }
  });
}

}  // namespace

template <class T>
void max_pool(const Pooling& shape, const T* x, T* y) {
  PoolingTask<T> task = task_of<T>(shape);
  task.x = x;
  task.windows = y;
  run_rows(shape, task, level<T>().max);
}

template <class T>
void max_pool_grad(const Pooling& shape, const T* g, const T* x, bool is_relu, T* result) {
  PoolingTask<T> task = task_of<T>(shape);
  task.g = g;
  task.x = x;
  task.is_relu = is_relu;
  task.images = result;
  run_images(shape, task, level<T>().max_grad);
}

template <class T>
void max_pool_pick(const Pooling& shape, const T* h, const T* x, T* y) {
  PoolingTask<T> task = task_of<T>(shape);
  task.h = h;
  task.x = x;
  task.windows = y;
  run_rows(shape, task, level<T>().max_pick);
}

template <class T>
void average_pool(const Pooling& shape, const T* x, T* y) {
  PoolingTask<T> task = task_of<T>(shape);
  task.x = x;
  task.windows = y;
  run_rows(shape, task, level<T>().average);
}

template <class T>
void average_pool_grad(const Pooling& shape, const T* g, T* result) {
  PoolingTask<T> task = task_of<T>(shape);
  task.g = g;
  task.images = result;
  run_images(shape, task, level<T>().average_grad);
}

#define KERAUNOS_POOLING(T)                                               \
  template void max_pool(const Pooling&, const T*, T*);                   \
  template void max_pool_grad(const Pooling&, const T*, const T*, bool, T*); \
  template void max_pool_pick(const Pooling&, const T*, const T*, T*);    \
  template void average_pool(const Pooling&, const T*, T*);               \
  template void average_pool_grad(const Pooling&, const T*, T*);
KERAUNOS_POOLING(float)
KERAUNOS_POOLING(double)
#undef KERAUNOS_POOLING

}  // namespace keraunos::kernels
