// The pool of worker threads. Started on first use, safe across fork, silent when work is small.
#pragma once

#include <cstdint>

namespace keraunos {

// A reference to a callable, valid for the call that it is passed to. Never allocates.
class RangeFunction {
 public:
  template <class F>
  RangeFunction(const F& f)
      : object_(&f), call_([](const void* object, std::int64_t begin, std::int64_t end) { (*static_cast<const F*>(object))(begin, end); }) {}
  void operator()(std::int64_t begin, std::int64_t end) const { call_(object_, begin, end); }

 private:
  const void* object_;
  void (*call_)(const void*, std::int64_t, std::int64_t);
};

// Calls body(begin, end) until [0, count) is covered, each chunk `grain` long (the last may be shorter). Chunks
// depend on count and grain alone, never on the number of threads. Choose the grain for about 10 us of work or more.
// An exception of one chunk is rethrown in the caller after all chunks ended. Calls from inside a body run serially.
void parallel_for(std::int64_t count, std::int64_t grain, RangeFunction body);

// Wakes sleeping workers for a caller who knows that it will have work for them soon: a worker takes some 40 us to come, in which
// the caller does what comes before. `count` says for how many. Costs next to nothing when none of them sleeps.
void call_workers(int count);

// The most workers that a parallel_for of this thread could have used since the last call of this function.
int take_wanted_workers();

// While one lives, every parallel_for of this thread uses at most so many threads, the caller included. 1: no other thread, no
// lock, no system call. Same bits for any number.
class ThreadLimit {
 public:
  explicit ThreadLimit(int most);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

// Threads that parallel_for uses, the caller included.
int thread_count();
// Starts the pool now, so that no later parallel_for has to: starting it allocates.
void start_threads();
// 0: automatic (KERAUNOS_NUM_THREADS, else affinity and cgroup limits). Negative is an error; large values are capped.
void set_thread_count(int count);

}  // namespace keraunos
