// The work of a graph as units that run one after another: a kernel, or a chain of elementwise ops fused into one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/map_program.h"
#include "runtime/panel.h"
#include "runtime/resolve.h"

namespace keraunos {

// kPanels: a kernel that gives its result some rows at a time, each followed at once by the loop that consumes them.
// kSideBySide: kernels that need nothing of each other, each on a thread of its own.
enum class UnitKind : std::uint8_t { kKernel, kMap, kPanels, kCopy, kSideBySide };

struct Unit {
  UnitKind kind = UnitKind::kKernel;
  std::vector<int> nodes;  // in graph order
  std::vector<int> reads;  // root values, each once
  std::vector<int> writes;
  std::vector<Segment> segments;  // kMap, kPanels
  Panel panel;                    // kPanels
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
  bool fuse_panels = true;
  bool run_side_by_side = true;
  bool may_split_products = false;  // as in KernelRequest
};

UnitSchedule schedule_units(const Graph& graph, const Resolved& resolved, const FusionOptions& options);

}  // namespace keraunos
