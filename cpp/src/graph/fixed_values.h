// Which values of a graph depend on nothing but constants and on variables that the graph leaves as they are.
#pragma once

#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

// Does it update a trainable variable?
bool trains(const Graph& graph);

// In a graph that trains nothing is fixed: its weights are new in every run, and it shall not keep copies of them.
class FixedValues {
 public:
  explicit FixedValues(const Graph& graph);

  // A pass may add costly ops on such a value: they run once, and again when a variable changed.
  bool is_fixed(int value) const { return is_fixed_[static_cast<std::size_t>(value)]; }

 private:
  std::vector<bool> is_fixed_;
};

}  // namespace keraunos
