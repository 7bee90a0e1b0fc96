#include "base/memory.h"

#include <cstdlib>
#include <new>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(_WIN32)
#include <malloc.h>
#endif

#include "keraunos/error.h"

namespace keraunos {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

void* allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  if (rounded < bytes) return nullptr;
#if defined(_WIN32)
  return _aligned_malloc(rounded, alignment);
#else
  return std::aligned_alloc(alignment, rounded);
#endif
}

void release(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace

std::shared_ptr<void> allocate_aligned(std::size_t bytes) {
  const std::size_t wanted = bytes > 0 ? bytes : 1;
  // Large blocks on huge pages: far fewer page faults on first touch and fewer TLB misses after it.
  const bool is_large = wanted >= 2 * kHugePage;
  void* memory = allocate(wanted, is_large ? kHugePage : kAlignment);
  if (memory == nullptr) {
    throw make_error(ErrorKind::kMemory, "allocate", "out of memory", std::to_string(bytes) + " bytes");
  }
#if defined(__linux__)
  if (is_large) (void)madvise(memory, wanted / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return std::shared_ptr<void>(memory, release);
}

void* thread_scratch(std::size_t bytes) {
  thread_local std::shared_ptr<void> memory;
  thread_local std::size_t size = 0;
  if (bytes > size) {
    memory.reset();
    size = 0;
    memory = allocate_aligned(bytes);
    size = bytes;
  }
  return memory.get();
}

}  // namespace keraunos
