// Training allocates nothing after the first epoch: every call of malloc and its family is counted.
#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "base/threads.h"
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

int main() {
  using namespace keraunos;
  set_thread_count(2);
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
  return check::finish();
}
