// The work of a graph as units that run one after another: a kernel, or a chain of elementwise ops fused into one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/map_program.h"
#include "runtime/resolve.h"

namespace keraunos {

enum class UnitKind : std::uint8_t { kKernel, kMap, kCopy };

// One elementwise program on one set of values. Programs of equal steps run side by side in one unit.
struct Segment {
  std::shared_ptr<MapProgram> program;
  std::vector<int> inputs;   // root values
  std::vector<int> outputs;  // values
};

struct Unit {
  UnitKind kind = UnitKind::kKernel;
  std::vector<int> nodes;  // in graph order
  std::vector<int> reads;  // root values, each once
  std::vector<int> writes;
  std::vector<Segment> segments;  // kMap
  int written_variable = -1;      // kCopy into a variable
  int written_output = -1;        // kCopy into an output
};

// Where an output of the graph or an update of a variable gets its memory written.
struct DirectTarget {
  int variable = -1;
  int output = -1;
};

struct UnitSchedule {
  std::vector<Unit> units;                // in order of execution
  std::vector<DirectTarget> direct;       // per value: written straight into a variable or output
};

struct FusionOptions {
  bool fuse_maps = true;
  bool merge_equal_maps = true;
  bool write_in_place = true;
};

UnitSchedule schedule_units(const Graph& graph, const Resolved& resolved, const FusionOptions& options);

}  // namespace keraunos
