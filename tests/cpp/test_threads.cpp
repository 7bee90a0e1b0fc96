// The pool of threads.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "keraunos/error.h"

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

using keraunos::parallel_for;
using keraunos::set_thread_count;

namespace {

// Sum of 0 .. count - 1 over chunks, one slot per chunk.
std::int64_t parallel_sum(std::int64_t count, std::int64_t grain) {
  std::vector<std::int64_t> sums(static_cast<std::size_t>(count / grain + 1));
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) sums[static_cast<std::size_t>(begin / grain)] += i;
  });
  std::int64_t total = 0;
  for (std::int64_t s : sums) total += s;
  return total;
}

void every_index_is_visited_once() {
  for (std::int64_t count : {0, 1, 2, 7, 100, 1001}) {
    for (std::int64_t grain : {1, 3, 100, 5000}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
        CHECK(begin % grain == 0 && end - begin <= grain && begin < end);
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (auto& v : visits) CHECK(v == 1);
    }
  }
}

void many_short_jobs_all_finish() {
  for (int round = 0; round < 20000; ++round) CHECK(parallel_sum(8, 1) == 28);
}

void an_exception_reaches_the_caller_after_all_chunks() {
  std::atomic<int> finished{0};
  bool caught = false;
  try {
    parallel_for(64, 1, [&](std::int64_t begin, std::int64_t) {
      if (begin == 5) throw std::runtime_error("five");
      ++finished;
    });
  } catch (const std::runtime_error& error) {
    caught = std::string(error.what()) == "five";
  }
  CHECK(caught);
  CHECK(finished == 63);
  CHECK(parallel_sum(1000, 10) == 499500);
}

void a_nested_call_runs_serially() {
  std::atomic<int> total{0};
  parallel_for(8, 1, [&](std::int64_t, std::int64_t) {
    const std::thread::id self = std::this_thread::get_id();
    parallel_for(10, 1, [&](std::int64_t, std::int64_t) {
      CHECK(std::this_thread::get_id() == self);
      ++total;
    });
  });
  CHECK(total == 80);
}

// Chunks that take their time let as many threads come as may.
std::size_t threads_that_come(int limit) {
  const keraunos::ThreadLimit scope(limit);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_for(16, 1, [&](std::int64_t, std::int64_t) {
    usleep(300);
    const std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  return seen.size();
}

void a_limit_bounds_the_threads_that_take_part() {
  set_thread_count(6);
  keraunos::start_threads();
  for (int round = 0; round < 30; ++round) {
    CHECK(threads_that_come(1) == 1);
    for (const int limit : {2, 3, 5}) CHECK(threads_that_come(limit) <= static_cast<std::size_t>(limit));
    const keraunos::ThreadLimit outer(2);
    CHECK(threads_that_come(4) <= 2);
  }
  std::size_t most = 0;
  for (int round = 0; round < 100 && most < 3; ++round) most = std::max(most, threads_that_come(3));
  CHECK(most == 3);
}

void limited_and_unlimited_jobs_alternate() {
  set_thread_count(5);
  for (int round = 0; round < 20000; ++round) {
    const keraunos::ThreadLimit scope(1 + round % 5);
    CHECK(parallel_sum(8, 1) == 28);
  }
}

void several_callers_do_not_disturb_each_other() {
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([] {
      for (int round = 0; round < 500; ++round) CHECK(parallel_sum(100, 3) == 4950);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

void the_number_of_threads_can_change() {
  for (int threads : {1, 2, 3, 8, 2}) {
    set_thread_count(threads);
    CHECK(keraunos::thread_count() == threads);
    CHECK(parallel_sum(1000, 7) == 499500);
  }
  bool caught = false;
  try {
    set_thread_count(-1);
  } catch (const keraunos::Error& error) {
    caught = error.kind() == keraunos::ErrorKind::kValue;
  }
  CHECK(caught);
  set_thread_count(0);
  CHECK(keraunos::thread_count() >= 1);
}

void a_parked_pool_wakes_up() {
  set_thread_count(3);
  for (int round = 0; round < 20; ++round) {
    CHECK(parallel_sum(100, 1) == 4950);
    usleep(1000);
  }
}

#if !defined(_WIN32)
void workers_may_be_called_before_there_is_work() {
  set_thread_count(3);
  keraunos::call_workers(2);  // there is no pool yet
  for (int round = 0; round < 50; ++round) {
    keraunos::call_workers(round % 4);
    if (round % 3 == 0) usleep(600);  // they go back to sleep
    CHECK(parallel_sum(100, 1) == 4950);
    if (round % 2 == 0) usleep(600);
  }
  parallel_for(8, 1, [](std::int64_t, std::int64_t) { keraunos::call_workers(2); });
}

void wanted_workers_are_those_of_the_widest_job_since_they_were_taken() {
  set_thread_count(3);
  keraunos::take_wanted_workers();
  parallel_sum(10, 10);
  CHECK(keraunos::take_wanted_workers() == 0);
  parallel_sum(100, 25);
  parallel_sum(100, 50);
  CHECK(keraunos::take_wanted_workers() == 3);
  CHECK(keraunos::take_wanted_workers() == 0);
}

// The child has none of the parent's workers and must start its own.
void a_forked_child_computes() {
  set_thread_count(4);
  CHECK(parallel_sum(1000, 1) == 499500);
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) _exit(parallel_sum(1000, 1) == 499500 && parallel_sum(100, 1) == 4950 ? 0 : 1);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(parallel_sum(1000, 1) == 499500);
  }
  set_thread_count(0);
}
#endif

}  // namespace

int main() {
  set_thread_count(3);
  every_index_is_visited_once();
  many_short_jobs_all_finish();
  an_exception_reaches_the_caller_after_all_chunks();
  a_nested_call_runs_serially();
  a_limit_bounds_the_threads_that_take_part();
  limited_and_unlimited_jobs_alternate();
  set_thread_count(3);
  several_callers_do_not_disturb_each_other();
  the_number_of_threads_can_change();
#if !defined(_WIN32)
  a_parked_pool_wakes_up();
  workers_may_be_called_before_there_is_work();
  wanted_workers_are_those_of_the_widest_job_since_they_were_taken();
  a_forked_child_computes();
#endif
  return check::finish();
}
