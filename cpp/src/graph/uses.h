// Who reads the values of a graph.
#pragma once

#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

class Uses {
 public:
  explicit Uses(const Graph& graph) : users_(graph.values().size()), is_kept_(graph.values().size(), false) {
    for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
      for (int input : graph.nodes()[n].inputs) users_[static_cast<std::size_t>(input)].push_back(static_cast<int>(n));
    }
    for (int output : graph.outputs()) is_kept_[static_cast<std::size_t>(output)] = true;
    for (const GraphVariable& v : graph.variables()) {
      if (v.update >= 0) is_kept_[static_cast<std::size_t>(v.update)] = true;
    }
  }

  // Nodes that read the value, once for each operand.
  const std::vector<int>& users(int value) const { return users_[static_cast<std::size_t>(value)]; }
  // The one node that reads it, once, when nobody else sees it; else -1.
  int only_user(int value) const {
    const std::vector<int>& all = users(value);
    return all.size() == 1 && !is_kept_[static_cast<std::size_t>(value)] ? all[0] : -1;
  }

 private:
  std::vector<std::vector<int>> users_;
  std::vector<bool> is_kept_;  // an output or update of the graph
};

}  // namespace keraunos
