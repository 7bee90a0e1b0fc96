#include "base/threads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

#include "base/cpu.h"
#include "keraunos/error.h"

namespace keraunos {
namespace {

constexpr int kMaxThreads = 256;
constexpr std::size_t kStackBytes = std::size_t{2} << 20;
constexpr std::chrono::microseconds kWorkerSpin{200};
constexpr std::chrono::microseconds kCallerSpin{200};
constexpr std::uint64_t kLowHalf = 0xffffffffu;

inline void pause_briefly() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Spins until `ready()` or until `limit` is over. The clock is read seldom: it costs as much as several pauses.
template <class Ready>
bool spin_until(Ready ready, std::chrono::microseconds limit) {
  for (int i = 0; i < 64; ++i) {
    if (ready()) return true;
    pause_briefly();
  }
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    for (int i = 0; i < 64; ++i) {
      if (ready()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// How many threads a parallel_for of this thread may use. 1 inside a chunk.
thread_local int most_threads = kMaxThreads;
thread_local int wanted_workers = 0;

void run_serially(std::int64_t count, std::int64_t grain, const RangeFunction& body) {
  for (std::int64_t begin = 0; begin < count; begin += grain) body(begin, std::min(count, begin + grain));
}

class SignalsBlocked {
 public:
#if defined(_WIN32)
  SignalsBlocked() {}
#else
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#endif
};

class Pool {
 public:
  explicit Pool(int threads) : shares_(static_cast<std::size_t>(threads)) {
    SignalsBlocked blocked;  // workers inherit the mask: signals stay with the host's own threads
    for (int i = 1; i < threads; ++i) {
      // When the system gives no more threads, fewer workers do the same work.
      if (!start_worker()) break;
    }
  }

  void stop_workers() {
    stop_.store(true);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
    for (Worker& worker : workers_) join(worker);
    workers_.clear();
  }

  void run(std::int64_t count, std::int64_t grain, std::int64_t chunks, int limit, const RangeFunction& body) {
    const std::int64_t threads = std::min<std::int64_t>(limit, static_cast<std::int64_t>(shares_.size()));
    const std::int64_t shares = std::min(chunks, threads);
    job_ = {&body, count, grain, chunks, shares};
    failed_.store(false, std::memory_order_relaxed);
    remaining_.store(chunks, std::memory_order_relaxed);
    const Notice before(notice_.load(std::memory_order_relaxed));
    const bool is_for_all = threads == static_cast<std::int64_t>(shares_.size());
    const Notice notice(before.job() + 1, shares, is_for_all ? Notice::kForAll : threads - 1);
    for (std::int64_t s = 0; s < shares; ++s) {
      const std::uint64_t left = static_cast<std::uint64_t>(job_.share_end(s) - job_.share_end(s - 1));
      shares_[static_cast<std::size_t>(s)].ticket.store(std::uint64_t{notice.job()} << 32 | left, std::memory_order_release);
    }
    // Sequentially consistent, like the sleeper's increment: one of the two sees the other.
    notice_.store(notice.bits(), std::memory_order_seq_cst);
    const int sleepers = sleepers_.load(std::memory_order_seq_cst);
    if (sleepers > 0) wake(std::min({std::int64_t{sleepers}, chunks - 1, threads - 1}));
    take_chunks(notice, 0);
    wait_for_others();
    if (failed_.load(std::memory_order_acquire)) {
      std::exception_ptr error = std::move(error_);
      error_ = nullptr;
      std::rethrow_exception(error);
    }
  }

  void call_workers(int count) {
    const int number = std::min(count, sleepers_.load(std::memory_order_relaxed));
    if (number > 0) wake(number, true);
  }

  // Held by the caller whose job the workers serve.
  std::atomic<bool> is_busy{false};
  Pool* retired_before = nullptr;

 private:
#if defined(_WIN32)
  using Worker = std::thread;

  bool start_worker() {
    try {
      workers_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      return false;
    }
    return true;
  }
  static void join(Worker& worker) { worker.join(); }
#else
  using Worker = pthread_t;

  // Not std::thread: kernels keep up to 128 KiB on the stack, as much as musl gives a thread by default.
  bool start_worker() {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    std::size_t size = 0;
    if (pthread_attr_getstacksize(&attributes, &size) == 0 && size < kStackBytes) {
      pthread_attr_setstacksize(&attributes, kStackBytes);
    }
    const auto run = [](void* pool) -> void* {
      static_cast<Pool*>(pool)->work();
      return nullptr;
    };
    Worker worker;
    const bool is_started = pthread_create(&worker, &attributes, run, this) == 0;
    pthread_attr_destroy(&attributes);
    if (is_started) workers_.push_back(worker);
    return is_started;
  }
  static void join(Worker& worker) { pthread_join(worker, nullptr); }
#endif

  struct Job {
    const RangeFunction* body;
    std::int64_t count, grain, chunks, shares;

    std::int64_t share_end(std::int64_t share) const { return (share + 1) * chunks / shares; }
  };

  // Neighbouring chunks, meant for one thread. The low half of the ticket counts those that nobody has taken, the high half
  // is the job's number.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> ticket{0};
  };

  // What a worker must know of a job before it takes part, in one word: the job's number, into how many shares it is parted,
  // and how many workers may still join.
  class Notice {
   public:
    // Every worker joins, and nobody counts: all of them writing to the word would slow down every job.
    static constexpr std::int64_t kForAll = 0xffff;

    explicit Notice(std::uint64_t bits) : bits_(bits) {}
    Notice(std::uint32_t job, std::int64_t shares, std::int64_t places)
        : bits_(std::uint64_t{job} << 32 | static_cast<std::uint64_t>(shares) << 16 | static_cast<std::uint64_t>(places)) {}

    std::uint64_t bits() const { return bits_; }
    std::uint32_t job() const { return static_cast<std::uint32_t>(bits_ >> 32); }
    std::size_t shares() const { return bits_ >> 16 & 0xffff; }
    std::int64_t places() const { return static_cast<std::int64_t>(bits_ & 0xffff); }
    Notice with_place_taken() const { return Notice(bits_ - 1); }

   private:
    std::uint64_t bits_;
  };

  void wake(std::int64_t number, bool is_early = false) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_early) ++calls_;
    if (number >= static_cast<std::int64_t>(workers_.size())) {
      wake_.notify_all();
    } else {
      for (std::int64_t i = 0; i < number; ++i) wake_.notify_one();
    }
  }

  // First the thread's own share, then what others have left. From job to job a thread so meets the same part of the arrays,
  // which its cache may still hold. A successful exchange means that the job of that number is not finished, so its record may
  // be read; before it, the record may be changing.
  void take_chunks(const Notice& notice, std::size_t home) {
    for (std::size_t i = 0; i < notice.shares(); ++i) {
      const std::size_t share = (home + i) % notice.shares();
      std::atomic<std::uint64_t>& shared = shares_[share].ticket;
      std::uint64_t ticket = shared.load(std::memory_order_acquire);
      while (ticket >> 32 == notice.job() && (ticket & kLowHalf) != 0) {
        if (!shared.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
        const std::int64_t index = job_.share_end(static_cast<std::int64_t>(share)) - static_cast<std::int64_t>(ticket & kLowHalf);
        run_chunk(index * job_.grain, std::min(job_.count, (index + 1) * job_.grain));
        finish_chunk();
        ticket = shared.load(std::memory_order_acquire);
      }
    }
  }

  void run_chunk(std::int64_t begin, std::int64_t end) {
    const ThreadLimit serial(1);
    try {
      (*job_.body)(begin, end);
    } catch (...) {
      if (!failed_.exchange(true, std::memory_order_acq_rel)) error_ = std::current_exception();
    }
  }

  void finish_chunk() {
    if (remaining_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
    if (!is_caller_parked_.load(std::memory_order_seq_cst)) return;
    std::lock_guard<std::mutex> lock(mutex_);
    done_.notify_one();
  }

  void wait_for_others() {
    const auto is_done = [this] { return remaining_.load(std::memory_order_acquire) == 0; };
    if (is_done() || spin_until(is_done, kCallerSpin)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    is_caller_parked_.store(true, std::memory_order_seq_cst);
    done_.wait(lock, [this] { return remaining_.load(std::memory_order_seq_cst) == 0; });
    is_caller_parked_.store(false, std::memory_order_relaxed);
  }

  void work() {
    const std::size_t number = next_worker_.fetch_add(1, std::memory_order_relaxed);
    while (!stop_.load(std::memory_order_acquire)) {
      Notice notice(notice_.load(std::memory_order_acquire));
      // Share 0 is the caller's.
      if (joins(notice)) take_chunks(notice, 1 + number % (notice.shares() - 1));
      const std::uint32_t seen = notice.job();
      const auto has_news = [this, seen] { return has_job_after(seen) || stop_.load(std::memory_order_relaxed); };
      if (!spin_until(has_news, kWorkerSpin)) sleep(seen);
    }
  }

  // Whether this worker may take chunks of the job of the notice, which becomes that of a newer job if one is put up meanwhile.
  bool joins(Notice& notice) {
    while (notice.places() != Notice::kForAll) {
      if (notice.places() == 0) return false;
      std::uint64_t bits = notice.bits();
      if (notice_.compare_exchange_weak(bits, notice.with_place_taken().bits(), std::memory_order_acq_rel, std::memory_order_acquire)) return true;
      notice = Notice(bits);
    }
    return true;
  }

  bool has_job_after(std::uint32_t seen) const { return Notice(notice_.load(std::memory_order_seq_cst)).job() != seen; }

  // Until the workers are called, or a job newer than the one seen, even if its chunks are all taken by then: another one is likely to follow, and a
  // worker that only wakes for chunks would come too late for every job shorter than a wake-up.
  void sleep(std::uint32_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t calls = calls_;
    wake_.wait(lock, [this, seen, calls] { return has_job_after(seen) || calls_ != calls || stop_.load(); });
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  // What spinning threads read lies on lines of its own.
  alignas(64) std::atomic<std::uint64_t> notice_{0};
  alignas(64) std::atomic<std::int64_t> remaining_{0};
  alignas(64) Job job_{};
  std::vector<Share> shares_;
  std::atomic<std::size_t> next_worker_{0};
  std::exception_ptr error_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> is_caller_parked_{false};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::uint64_t calls_ = 0;  // of workers before there is a job; under the mutex
  std::vector<Worker> workers_;
};

// ---------------------------------------------------------------- the one pool

std::atomic<Pool*> the_pool{nullptr};
std::atomic<int> the_count{0};  // 0: not decided yet

// Pools out of use, so that they stay reachable. Under the mutex.
Pool* the_retired = nullptr;

void retire(Pool* pool) {
  if (pool == nullptr) return;
  pool->retired_before = the_retired;
  the_retired = pool;
}

// Never destroyed: threads of the host may still compute while the process ends.
std::mutex& pool_mutex() {
  static std::mutex* mutex = new std::mutex;
  return *mutex;
}

int automatic_count() {
  if (const char* text = std::getenv("KERAUNOS_NUM_THREADS")) {
    char* end = nullptr;
    const long wanted = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && wanted > 0) return static_cast<int>(std::min<long>(wanted, kMaxThreads));
  }
  return std::min(available_processors(), kMaxThreads);
}

#if !defined(_WIN32)
void before_fork() { pool_mutex().lock(); }
void after_fork_in_parent() { pool_mutex().unlock(); }
// Threads do not survive fork. The old pool is left as it is: its locks may be held by threads that are gone.
void after_fork_in_child() {
  retire(the_pool.exchange(nullptr));
  pool_mutex().unlock();
}
#endif

Pool* create_pool() {
  std::lock_guard<std::mutex> lock(pool_mutex());
  if (Pool* pool = the_pool.load()) return pool;
#if !defined(_WIN32)
  static const bool is_registered = [] {
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    return true;
  }();
  (void)is_registered;
#endif
  Pool* pool = new Pool(thread_count());
  the_pool.store(pool, std::memory_order_release);
  return pool;
}

Pool* started_pool() {
  Pool* pool = the_pool.load(std::memory_order_acquire);
  return pool != nullptr ? pool : create_pool();
}

struct Release {
  std::atomic<bool>& flag;
  ~Release() { flag.store(false, std::memory_order_release); }
};

}  // namespace

ThreadLimit::ThreadLimit(int most) : before_(most_threads) { most_threads = std::min(before_, most); }
ThreadLimit::~ThreadLimit() { most_threads = before_; }

int thread_count() {
  const int count = the_count.load(std::memory_order_relaxed);
  if (count > 0) return count;
  int expected = 0;
  const int wanted = automatic_count();
  return the_count.compare_exchange_strong(expected, wanted) ? wanted : expected;
}

void set_thread_count(int count) {
  if (count < 0) throw value_error("set_thread_count", "the number of threads must be 0 (automatic) or more", count);
  if (most_threads == 1) {
    throw make_error(ErrorKind::kRuntime, "set_thread_count", "must not be called from inside parallel work");
  }
  std::lock_guard<std::mutex> lock(pool_mutex());
  const int wanted = count == 0 ? automatic_count() : std::min(count, kMaxThreads);
  if (the_count.exchange(wanted) == wanted) return;
  Pool* pool = the_pool.load();
  if (pool == nullptr) return;
  // A caller on another thread may be about to use the pool that it has just read, so the pool is not freed. It stays
  // busy for ever, which makes such a caller run serially.
  the_pool.store(nullptr);
  retire(pool);
  while (pool->is_busy.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  pool->stop_workers();
}

void start_threads() {
  if (thread_count() > 1) started_pool();
}

void parallel_for(std::int64_t count, std::int64_t grain, RangeFunction body) {
  if (count <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  const std::int64_t chunks = (count - 1) / grain + 1;
  if (chunks == 1) return body(0, count);
  if (most_threads == 1 || thread_count() == 1 || chunks >= (std::int64_t{1} << 31)) return run_serially(count, grain, body);
  Pool* pool = started_pool();
  // The workers serve one caller at a time; a second one is not made to wait.
  if (pool->is_busy.load(std::memory_order_relaxed) || pool->is_busy.exchange(true, std::memory_order_acquire)) {
    return run_serially(count, grain, body);
  }
  wanted_workers = std::max(wanted_workers, static_cast<int>(std::min<std::int64_t>(chunks, kMaxThreads)) - 1);
  Release release{pool->is_busy};
  pool->run(count, grain, chunks, most_threads, body);
}

void call_workers(int count) {
  count = std::min(count, most_threads - 1);
  if (count <= 0) return;
  if (Pool* pool = the_pool.load(std::memory_order_acquire)) pool->call_workers(count);
}

int take_wanted_workers() { return std::exchange(wanted_workers, 0); }

}  // namespace keraunos
