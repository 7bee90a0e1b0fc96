// Offsets in one arena for values that live from one unit to another: memory of the dead is used again.
#pragma once

#include <cstddef>
#include <vector>

namespace keraunos {

struct MemoryRequest {
  std::size_t bytes = 0;
  int first = 0;  // unit that writes it
  int last = 0;   // last unit that reads it
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // per request, aligned
  std::size_t bytes = 0;
};

MemoryPlan plan_memory(const std::vector<MemoryRequest>& requests, bool share);

}  // namespace keraunos
