#include "base/memory.h"

#include <cstdint>
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

std::size_t rounded_up(std::size_t bytes, std::size_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

[[noreturn]] void fail(std::size_t bytes) {
  throw make_error(ErrorKind::kMemory, "allocate", "out of memory", std::to_string(bytes) + " bytes");
}

// Aligned by hand: malloc keeps small blocks at hand, aligned_alloc cuts each out of a larger one.
std::shared_ptr<void> allocate_small(std::size_t bytes) {
  void* const block = std::malloc(rounded_up(bytes, kAlignment) + kAlignment - 1);
  if (block == nullptr) fail(bytes);
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  void* const memory = static_cast<char*>(block) + (rounded_up(address, kAlignment) - address);
  return std::shared_ptr<void>(memory, [block](void*) { std::free(block); });
}

// On huge pages: far fewer page faults on first touch and fewer TLB misses after it.
std::shared_ptr<void> allocate_large(std::size_t bytes) {
  const std::size_t rounded = rounded_up(bytes, kHugePage);
  if (rounded < bytes) fail(bytes);
#if defined(_WIN32)
  void* const memory = _aligned_malloc(rounded, kHugePage);
  const auto release = _aligned_free;
#else
  void* const memory = std::aligned_alloc(kHugePage, rounded);
  const auto release = std::free;
#endif
  if (memory == nullptr) fail(bytes);
#if defined(__linux__)
  (void)madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return std::shared_ptr<void>(memory, release);
}

}  // namespace

std::shared_ptr<void> allocate_aligned(std::size_t bytes) {
  return bytes < 2 * kHugePage ? allocate_small(bytes) : allocate_large(bytes);
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
