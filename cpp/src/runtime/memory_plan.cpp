#include "runtime/memory_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <utility>

#include "base/memory.h"

namespace keraunos {
namespace {

// Placing by size needs the least memory, but looks at every pair of requests.
constexpr std::size_t kMostBySize = 4096;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool live_together(const MemoryRequest& a, const MemoryRequest& b) { return a.first <= b.last && b.first <= a.last; }

MemoryPlan place_apart(const std::vector<MemoryRequest>& requests) {
  MemoryPlan plan;
  for (const MemoryRequest& request : requests) {
    plan.offsets.push_back(plan.bytes);
    plan.bytes += aligned(request.bytes);
  }
  return plan;
}

// The largest first, each at the lowest offset where it overlaps none that lives at the same time.
MemoryPlan place_by_size(const std::vector<MemoryRequest>& requests) {
  MemoryPlan plan;
  plan.offsets.assign(requests.size(), 0);
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return requests[a].bytes > requests[b].bytes; });
  std::vector<std::size_t> placed;  // by offset
  for (std::size_t r : order) {
    const std::size_t bytes = aligned(requests[r].bytes);
    std::size_t offset = 0;
    for (std::size_t other : placed) {
      if (!live_together(requests[r], requests[other])) continue;
      if (offset + bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + aligned(requests[other].bytes));
    }
    plan.offsets[r] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    const auto position = std::find_if(placed.begin(), placed.end(), [&](std::size_t p) { return plan.offsets[p] > offset; });
    placed.insert(position, r);
  }
  return plan;
}

// The free pieces of memory that grows as needed.
class FreeMemory {
 public:
  std::size_t take(std::size_t bytes) {
    const auto fit = by_size_.lower_bound({bytes, 0});
    if (fit == by_size_.end()) return grow(bytes);
    const auto [size, offset] = *fit;
    remove(offset, size);
    if (size > bytes) insert(offset + bytes, size - bytes);
    return offset;
  }

  void give_back(std::size_t offset, std::size_t bytes) {
    if (bytes == 0) return;
    const auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.begin()) {
      const auto [before, size] = *std::prev(next);
      if (before + size == offset) {
        remove(before, size);
        offset = before;
        bytes += size;
      }
    }
    const auto after = by_offset_.find(offset + bytes);
    if (after != by_offset_.end()) {
      const std::size_t size = after->second;
      remove(offset + bytes, size);
      bytes += size;
    }
    insert(offset, bytes);
  }

  std::size_t end() const { return end_; }

 private:
  // A free piece at the end is used with what is added.
  std::size_t grow(std::size_t bytes) {
    std::size_t offset = end_;
    if (!by_offset_.empty()) {
      const auto [last, size] = *by_offset_.rbegin();
      if (last + size == end_) {
        remove(last, size);
        offset = last;
      }
    }
    end_ = offset + bytes;
    return offset;
  }

  void insert(std::size_t offset, std::size_t size) {
    by_offset_.emplace(offset, size);
    by_size_.emplace(size, offset);
  }
  void remove(std::size_t offset, std::size_t size) {
    by_offset_.erase(offset);
    by_size_.erase({size, offset});
  }

  std::map<std::size_t, std::size_t> by_offset_;             // offset -> bytes
  std::set<std::pair<std::size_t, std::size_t>> by_size_;    // bytes, offset
  std::size_t end_ = 0;
};

// In the order of their lives, each in the smallest piece of memory that is free then.
MemoryPlan place_by_time(const std::vector<MemoryRequest>& requests) {
  MemoryPlan plan;
  plan.offsets.assign(requests.size(), 0);
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return requests[a].first < requests[b].first; });
  using End = std::pair<int, std::size_t>;  // last unit, request
  std::priority_queue<End, std::vector<End>, std::greater<End>> alive;
  FreeMemory memory;
  for (std::size_t r : order) {
    while (!alive.empty() && alive.top().first < requests[r].first) {
      const std::size_t done = alive.top().second;
      alive.pop();
      memory.give_back(plan.offsets[done], aligned(requests[done].bytes));
    }
    plan.offsets[r] = memory.take(aligned(requests[r].bytes));
    alive.emplace(requests[r].last, r);
  }
  plan.bytes = memory.end();
  return plan;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<MemoryRequest>& requests, bool share) {
  if (!share) return place_apart(requests);
  return requests.size() <= kMostBySize ? place_by_size(requests) : place_by_time(requests);
}

}  // namespace keraunos
