// Training allocates nothing after the first epoch, convolution nothing at all: every call of malloc and its family is counted.
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/convolution.h"
#include "runtime/loop.h"
#include "training_graph.h"

namespace {

std::atomic<long> allocations{0};
std::atomic<bool> is_counting{false};

void count() {
  if (is_counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) {
  count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  count();
  return __libc_calloc(n, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  count();
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  count();
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : 12;
}
}

namespace {

using namespace keraunos;

void training_allocates_nothing_after_the_first_epoch() {
  const training::Network network = training::make_network();
  const auto function = std::make_shared<Function>(network.graph);
  for (const bool shuffle : {false, true}) {
    Loop loop(function, {training::random_tensor({256, 16}, 10), training::random_tensor({256, 4}, 11)}, {32, shuffle, false});
    loop.start_epoch(0);
    loop.run(8, 1e9, nullptr);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      loop.start_epoch(epoch);
      allocations = 0;
      is_counting = true;
      loop.run(8, 1e9, nullptr);
      is_counting = false;
      CHECK_CASE(allocations == 0, allocations.load());
    }
  }
}

// A window of `taps` x `taps`, more than a tile keeps on its stack.
void large_windows_allocate_nothing(std::int64_t batch, std::int64_t taps, std::int64_t groups) {
  const kernels::ConvolutionAxis axis = {taps + 3, taps + 2, taps, 1, 1, taps / 2};
  const kernels::Convolution shape = {batch, 6, 6, groups, {kernels::ConvolutionAxis{}, axis, axis}};
  const kernels::ConvolutionForward<float> forward(shape, true, kernels::Activation::kRelu);
  const kernels::ConvolutionInputGradient<float> input_gradient(shape);
  const kernels::ConvolutionWeightGradient<float> weight_gradient(shape, true);
  std::vector<float> x(static_cast<std::size_t>(batch * shape.pixels() * 6)), y(static_cast<std::size_t>(batch * shape.places() * 6));
  std::vector<float> w(static_cast<std::size_t>(shape.taps() * 36 / groups)), bias(6);
  const auto space = allocate_aligned(std::max({forward.workspace_bytes(), input_gradient.workspace_bytes(), weight_gradient.workspace_bytes()}));
  parallel_for(64, 1, [](std::int64_t, std::int64_t) {});  // starts the threads
  allocations = 0;
  is_counting = true;
  forward.run(x.data(), w.data(), bias.data(), y.data(), space.get());
  input_gradient.run(y.data(), w.data(), x.data(), space.get());
  weight_gradient.run(x.data(), y.data(), w.data(), bias.data(), space.get());
  is_counting = false;
  CHECK_CASE(allocations == 0, allocations.load() << " in windows of " << taps << " x " << taps << ", " << groups << " groups");
}

}  // namespace

int main() {
  set_thread_count(2);
  training_allocates_nothing_after_the_first_epoch();
  for (const std::int64_t batch : {1, 20}) {
    for (const std::int64_t groups : {1, 2, 6}) large_windows_allocate_nothing(batch, 19, groups);
  }
  return check::finish();
}
