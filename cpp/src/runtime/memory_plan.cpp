#include "runtime/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/memory.h"

namespace keraunos {
namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

bool live_together(const MemoryRequest& a, const MemoryRequest& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

MemoryPlan plan_memory(const std::vector<MemoryRequest>& requests, bool share) {
  MemoryPlan plan;
  plan.offsets.assign(requests.size(), 0);
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (share) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return requests[a].bytes > requests[b].bytes; });
  }
  std::vector<std::size_t> placed;  // by offset
  for (std::size_t r : order) {
    const std::size_t bytes = aligned(requests[r].bytes);
    std::size_t offset = share ? 0 : plan.bytes;
    for (std::size_t other : placed) {
      if (!share || !live_together(requests[r], requests[other])) continue;
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

}  // namespace keraunos
