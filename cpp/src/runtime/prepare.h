// Parts a graph into what runs every time and what is computed once for each state of the variables.
#pragma once

#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/prepared_value.h"

namespace keraunos {

struct PreparedGraph {
  std::shared_ptr<const Graph> graph;  // reads the variables of `values`, which must be fresh
  std::vector<std::shared_ptr<PreparedValue>> values;
};

PreparedGraph prepare(const std::shared_ptr<const Graph>& graph);

}  // namespace keraunos
