// What a loop does where one of its operands is zero.
#pragma once

#include <unordered_map>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/resolve.h"

namespace keraunos {

class ZeroOperand {
 public:
  // Elementwise nodes in graph order; `operand` is a root value that they read.
  ZeroOperand(const Graph& graph, const Resolved& resolved, const std::vector<int>& nodes, int operand);

  // Where the operand is zero, and everything else is finite, the value is that of this root value: of another one, or its own.
  int stands_for(int value) const;

 private:
  int root(int value) const { return resolved_.root[static_cast<std::size_t>(value)]; }
  bool is_zero(int value) const { return stands_for(value) == operand_; }

  const Resolved& resolved_;
  int operand_;
  std::unordered_map<int, int> others_;  // root values that stand for others; those that are zero stand for the operand
};

}  // namespace keraunos
