// A graph met by real input shapes: every value's shape, and the values that are known before the run.
#pragma once

#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

// Elements of a value that is computed before the run when its operands are known: sizes and scalars, not data.
inline constexpr std::int64_t kFoldLimit = 16;

struct Resolved {
  std::vector<TensorSpec> specs;   // per value
  std::vector<Tensor> known;       // per value; without data where the value exists only in a run
  std::vector<int> root;           // per value: the value whose memory it shares (itself when it owns its memory)
  std::vector<bool> is_live;       // per node: an output or update needs it
  // The node writes nothing: its output is its input's memory.
  bool is_alias(const Node& node) const {
    const int output = node.outputs[0];
    return root[static_cast<std::size_t>(output)] != output;
  }
  bool is_known(int value) const { return known[static_cast<std::size_t>(value)].has_data(); }
};

std::vector<TensorSpec> specs_of(const std::vector<int>& values, const Resolved& resolved);
// Per input: its value where it is known before the run, else nullptr.
std::vector<const Tensor*> known_inputs(const Node& node, const Resolved& resolved);

Resolved resolve(const Graph& graph, const std::vector<TensorSpec>& inputs);

// Input `i` of the op is read as data in a run (not for its shape alone, not as a size known before).
bool is_data_input(const Op& op, std::size_t i);

}  // namespace keraunos
