// A graph bound to concrete shapes: one arena and a flat list of kernels with their pointers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/units.h"

namespace keraunos {

struct PlanOptions {
  FusionOptions fusion;
  bool share_memory = true;
  bool rewrite = true;  // simplify and fuse the graph first
  bool prepare = true;  // compute what depends on variables only once
};

class Plan;

// The memory of one caller of a plan. A plan is immutable; any number of callers run it, each in a workspace of its own.
class Workspace {
 public:
  explicit Workspace(const Plan& plan);
  // That the last run could use.
  int wanted_workers() const { return workers_; }

 private:
  friend class Plan;
  std::shared_ptr<void> arena_;
  std::vector<void*> pointers_;
  std::vector<KernelCall> calls_;
  std::vector<Tensor> snapshots_;         // of variables that the plan only reads
  std::vector<const void*> bound_;        // per variable of the graph: the memory in use
  int workers_ = 0;                       // wanted by the last run; the next one calls them at once
};

class Plan {
 public:
  // Brings up to date what the graph reads and others compute. Called before the variables are looked at.
  using Refresh = std::function<void(const StateAccess&)>;

  Plan(std::shared_ptr<const Graph> graph, std::vector<TensorSpec> inputs, const PlanOptions& options, Refresh refresh = nullptr);

  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  const std::vector<TensorSpec>& outputs() const { return outputs_; }
  bool has_updates() const { return has_updates_; }
  std::size_t arena_bytes() const { return arena_bytes_; }
  // One line per kernel, for people and tests.
  std::vector<std::string> description() const;

  void bind_input(Workspace& workspace, std::size_t i, const void* data) const;
  void bind_output(Workspace& workspace, std::size_t i, void* data) const;
  // Reads and writes variables; sees and leaves them in the state of whole runs.
  void run(Workspace& workspace) const;
  // For a caller whose variables nobody else uses: binds them once; run_alone() then takes no lock and allocates nothing.
  void bind_alone(Workspace& workspace) const;
  void run_alone(Workspace& workspace) const { execute(workspace); }
  // Runs so many times and returns the median nanoseconds of each kernel, in the order of description().
  std::vector<double> profile(Workspace& workspace, int repeats) const;

 private:
  friend class Workspace;
  enum class Place : std::uint8_t { kArena, kConstant, kInput, kOutput, kVariable, kNone };
  struct Location {
    Place place = Place::kNone;
    std::size_t index = 0;  // arena offset, or number of the constant, input, output, variable
  };
  struct Instruction {
    Kernel kernel;
    std::size_t first_pointer = 0;
    std::size_t input_count = 0;
    std::size_t workspace_pointer = 0;
    std::string name;
  };
  struct Patch {
    std::size_t pointer;
    std::size_t number;
  };

  void locate(const Resolved& resolved, const UnitSchedule& schedule, const PlanOptions& options);
  Location location_of(int value, const Resolved& resolved) const;
  void add_instruction(Kernel kernel, const std::vector<Location>& inputs, const std::vector<Location>& outputs, const Location& workspace,
                       std::string name);
  void add_unit(const Unit& unit, const Resolved& resolved, std::size_t position);
  void add_kernel_unit(const Unit& unit, const Resolved& resolved, std::size_t position);
  void add_side_by_side_unit(const Unit& unit, const Resolved& resolved, std::size_t position);
  std::vector<Location> inputs_of(const Node& node, const Resolved& resolved) const;
  void add_map_unit(const Unit& unit, const Resolved& resolved);
  void add_panel_unit(const Unit& unit, const Resolved& resolved, std::size_t position);
  void add_copy_unit(const Unit& unit, const Resolved& resolved);
  void bind_variables(Workspace& workspace, const StateAccess& access) const;
  void execute(Workspace& workspace) const;

  std::shared_ptr<const Graph> graph_;
  Refresh refresh_;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  bool has_updates_ = false;
  std::size_t arena_bytes_ = 0;
  std::vector<Tensor> constants_;
  std::vector<Instruction> instructions_;
  std::vector<Location> pointers_;   // every pointer of every instruction, in order
  std::vector<Patch> input_patches_;
  std::vector<Patch> output_patches_;
  std::vector<Patch> variable_patches_;
  std::vector<bool> is_written_;     // per variable of the graph
  std::vector<bool> is_used_;        // some kernel has a pointer to it
  std::vector<Location> locations_;  // per value, while building
  std::vector<std::vector<Kernel>> made_;       // per unit and node, while building
  std::vector<std::vector<Location>> scratch_;  // likewise
};

}  // namespace keraunos
