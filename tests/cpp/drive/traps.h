// Counts what a real-time thread must not do: calls of malloc and its family, of mmap, and of pthread's locks. Linux with glibc.
#pragma once

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace traps {

inline thread_local bool is_set = false;  // of this thread: workers that fall asleep do not count
inline std::atomic<long> allocations{0};
inline std::atomic<long> locks{0};

inline void count(std::atomic<long>& what) {
  if (is_set) what.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace traps

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) {
  traps::count(traps::allocations);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  traps::count(traps::allocations);
  return __libc_calloc(n, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  traps::count(traps::allocations);
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  traps::count(traps::allocations);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  traps::count(traps::allocations);
  *memory = __libc_memalign(alignment, bytes);
  return *memory ? 0 : ENOMEM;
}
void free(void* memory) {
  if (memory) traps::count(traps::allocations);
  __libc_free(memory);
}
void* mmap(void* address, std::size_t bytes, int protection, int flags, int handle, off_t offset) {
  using Mmap = void* (*)(void*, std::size_t, int, int, int, off_t);
  static const Mmap real = reinterpret_cast<Mmap>(dlsym(RTLD_NEXT, "mmap"));
  traps::count(traps::allocations);
  return real(address, bytes, protection, flags, handle, offset);
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const Lock real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  traps::count(traps::locks);
  return real(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  using Lock = int (*)(pthread_rwlock_t*);
  static const Lock real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_rwlock_rdlock"));
  traps::count(traps::locks);
  return real(lock);
}
int pthread_cond_broadcast(pthread_cond_t* condition) {
  using Wake = int (*)(pthread_cond_t*);
  static const Wake real = reinterpret_cast<Wake>(dlsym(RTLD_NEXT, "pthread_cond_broadcast"));
  traps::count(traps::locks);
  return real(condition);
}
}
