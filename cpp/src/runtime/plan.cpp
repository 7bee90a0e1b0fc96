#include "runtime/plan.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/memory.h"
#include "base/threads.h"
#include "runtime/memory_plan.h"

namespace keraunos {
namespace {

// A piece of one segment, small enough for one thread.
struct Chunk {
  std::size_t segment;
  std::int64_t begin;
  std::int64_t end;
};

struct SegmentRun {
  std::shared_ptr<MapProgram> program;
  std::size_t first_input;
  std::size_t first_output;
};

Kernel map_kernel(const std::vector<Segment>& segments) {
  std::vector<SegmentRun> runs;
  std::vector<Chunk> chunks;
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::int64_t total = 0;
  std::int64_t grain = 1;
  for (const Segment& segment : segments) {
    runs.push_back({segment.program, inputs, outputs});
    inputs += segment.inputs.size();
    outputs += segment.outputs.size();
    const std::int64_t n = segment.program->elements();
    grain = segment.program->grain();
    for (std::int64_t begin = 0; begin < n; begin += grain) chunks.push_back({runs.size() - 1, begin, std::min(n, begin + grain)});
    total += n;
  }
  if (runs.size() == 1) {
    const std::shared_ptr<MapProgram> program = runs[0].program;
    return [program, total, grain](const KernelCall& call) {
      parallel_for(total, grain, [&](std::int64_t begin, std::int64_t end) { program->run(call.inputs, call.outputs, begin, end); });
    };
  }
  // Many small segments share a thread until there is enough work for another.
  const bool is_small = total <= grain;
  return [runs, chunks, is_small](const KernelCall& call) {
    const auto body = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) {
        const Chunk& chunk = chunks[static_cast<std::size_t>(c)];
        const SegmentRun& run = runs[chunk.segment];
        run.program->run(call.inputs + run.first_input, call.outputs + run.first_output, chunk.begin, chunk.end);
      }
    };
    const std::int64_t count = static_cast<std::int64_t>(chunks.size());
    if (is_small) {
      body(0, count);
    } else {
      parallel_for(count, 1, body);
    }
  };
}

}  // namespace

Plan::Plan(std::shared_ptr<const Graph> graph, std::vector<TensorSpec> inputs, const PlanOptions& options, Refresh refresh)
    : graph_(std::move(graph)), refresh_(std::move(refresh)), inputs_(std::move(inputs)) {
  const Resolved resolved = resolve(*graph_, inputs_);
  const UnitSchedule schedule = schedule_units(*graph_, resolved, options.fusion);
  outputs_ = specs_of(graph_->outputs(), resolved);
  is_written_.assign(graph_->variables().size(), false);
  for (std::size_t v = 0; v < is_written_.size(); ++v) {
    const GraphVariable& variable = graph_->variables()[v];
    is_written_[v] = variable.update >= 0 && resolved.root[static_cast<std::size_t>(variable.update)] != variable.read;
    has_updates_ = has_updates_ || is_written_[v];
  }
  locate(resolved, schedule, options);
  for (std::size_t u = 0; u < schedule.units.size(); ++u) add_unit(schedule.units[u], resolved, u);
  for (std::size_t p = 0; p < pointers_.size(); ++p) {
    const Location& location = pointers_[p];
    if (location.place == Place::kInput) input_patches_.push_back({p, location.index});
    if (location.place == Place::kOutput) output_patches_.push_back({p, location.index});
    if (location.place == Place::kVariable) variable_patches_.push_back({p, location.index});
  }
  is_used_ = is_written_;
  for (const Patch& patch : variable_patches_) is_used_[patch.number] = true;
  locations_.clear();
  made_.clear();
  scratch_.clear();
}

void Plan::locate(const Resolved& resolved, const UnitSchedule& schedule, const PlanOptions& options) {
  const std::vector<GraphValue>& values = graph_->values();
  locations_.assign(values.size(), {});
  for (std::size_t v = 0; v < values.size(); ++v) {
    const std::size_t source = static_cast<std::size_t>(values[v].source);
    if (resolved.known[v].has_data()) {
      locations_[v] = {Place::kConstant, constants_.size()};
      constants_.push_back(resolved.known[v]);
    } else if (values[v].kind == ValueKind::kInput) {
      locations_[v] = {Place::kInput, source};
    } else if (values[v].kind == ValueKind::kVariable) {
      locations_[v] = {Place::kVariable, source};
    } else if (schedule.direct[v].variable >= 0) {
      locations_[v] = {Place::kVariable, static_cast<std::size_t>(schedule.direct[v].variable)};
    } else if (schedule.direct[v].output >= 0) {
      locations_[v] = {Place::kOutput, static_cast<std::size_t>(schedule.direct[v].output)};
    }
  }
  // Values of the arena, and the kernels' own scratch, with the units between which they live.
  std::vector<MemoryRequest> requests;
  std::vector<Location*> targets;
  std::vector<int> request_of(values.size(), -1);
  scratch_.assign(schedule.units.size(), {});
  made_.resize(schedule.units.size());
  for (std::size_t u = 0; u < schedule.units.size(); ++u) {
    const Unit& unit = schedule.units[u];
    const int position = static_cast<int>(u);
    for (int value : unit.writes) {
      const std::size_t v = static_cast<std::size_t>(value);
      if (locations_[v].place != Place::kNone) continue;
      request_of[v] = static_cast<int>(requests.size());
      const TensorSpec& spec = resolved.specs[v];
      requests.push_back({static_cast<std::size_t>(spec.shape.elements()) * size_of(spec.dtype), position, position});
      targets.push_back(&locations_[v]);
    }
    for (int value : unit.reads) {
      const int request = request_of[static_cast<std::size_t>(value)];
      if (request >= 0) requests[static_cast<std::size_t>(request)].last = position;
    }
    scratch_[u].resize(unit.nodes.size());
    const std::size_t shared_bytes = unit.kind == UnitKind::kPanels ? unit.panel.shared_bytes() : 0;
    if (shared_bytes > 0) {
      requests.push_back({shared_bytes, position, position});
      targets.push_back(&scratch_[u][0]);
    }
    if (unit.kind != UnitKind::kKernel && unit.kind != UnitKind::kSideBySide) continue;
    for (std::size_t i = 0; i < unit.nodes.size(); ++i) {
      const Node& node = graph_->nodes()[static_cast<std::size_t>(unit.nodes[i])];
      const std::vector<TensorSpec> in = specs_of(node.inputs, resolved);
      const std::vector<TensorSpec> out = specs_of(node.outputs, resolved);
      KernelRequest request{*node.op, in, out, node.attributes, known_inputs(node, resolved), node.scope};
      request.may_split_products = options.fusion.may_split_products;
      made_[u].push_back(node.op->kernel(request));
      if (request.workspace_bytes > 0) {
        requests.push_back({request.workspace_bytes, position, position});
        targets.push_back(&scratch_[u][i]);
      }
    }
  }
  const MemoryPlan memory = plan_memory(requests, options.share_memory);
  for (std::size_t r = 0; r < requests.size(); ++r) *targets[r] = {Place::kArena, memory.offsets[r]};
  arena_bytes_ = memory.bytes;
}

Plan::Location Plan::location_of(int value, const Resolved& resolved) const {
  const Location& own = locations_[static_cast<std::size_t>(value)];
  if (own.place != Place::kNone) return own;
  return locations_[static_cast<std::size_t>(resolved.root[static_cast<std::size_t>(value)])];
}

void Plan::add_instruction(Kernel kernel, const std::vector<Location>& inputs, const std::vector<Location>& outputs, const Location& workspace,
                           std::string name) {
  Instruction instruction;
  instruction.kernel = std::move(kernel);
  instruction.first_pointer = pointers_.size();
  instruction.input_count = inputs.size();
  instruction.name = std::move(name);
  pointers_.insert(pointers_.end(), inputs.begin(), inputs.end());
  pointers_.insert(pointers_.end(), outputs.begin(), outputs.end());
  instruction.workspace_pointer = pointers_.size();
  pointers_.push_back(workspace);
  instructions_.push_back(std::move(instruction));
}

void Plan::add_unit(const Unit& unit, const Resolved& resolved, std::size_t position) {
  switch (unit.kind) {
    case UnitKind::kKernel: return add_kernel_unit(unit, resolved, position);
    case UnitKind::kMap: return add_map_unit(unit, resolved);
    case UnitKind::kPanels: return add_panel_unit(unit, resolved, position);
    case UnitKind::kCopy: return add_copy_unit(unit, resolved);
    case UnitKind::kSideBySide: return add_side_by_side_unit(unit, resolved, position);
  }
}

std::vector<Plan::Location> Plan::inputs_of(const Node& node, const Resolved& resolved) const {
  std::vector<Location> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const bool is_read = is_data_input(*node.op, i) || resolved.is_known(node.inputs[i]);
    inputs.push_back(is_read ? location_of(node.inputs[i], resolved) : Location{});
  }
  return inputs;
}

void Plan::add_kernel_unit(const Unit& unit, const Resolved& resolved, std::size_t position) {
  const Node& node = graph_->nodes()[static_cast<std::size_t>(unit.nodes[0])];
  std::vector<Location> outputs;
  for (int output : node.outputs) outputs.push_back(location_of(output, resolved));
  add_instruction(std::move(made_[position][0]), inputs_of(node, resolved), outputs, scratch_[position][0], node.op->name);
}

// One instruction: the operands of all kernels, then for each its results and its scratch memory.
void Plan::add_side_by_side_unit(const Unit& unit, const Resolved& resolved, std::size_t position) {
  struct Part {
    Kernel kernel;
    std::size_t first_input, first_output, scratch;
  };
  std::vector<Part> parts;
  std::vector<Location> inputs;
  std::vector<Location> outputs;
  std::string name;
  for (std::size_t i = 0; i < unit.nodes.size(); ++i) {
    const Node& node = graph_->nodes()[static_cast<std::size_t>(unit.nodes[i])];
    parts.push_back({std::move(made_[position][i]), inputs.size(), outputs.size(), outputs.size() + node.outputs.size()});
    const std::vector<Location> own = inputs_of(node, resolved);
    inputs.insert(inputs.end(), own.begin(), own.end());
    for (int output : node.outputs) outputs.push_back(location_of(output, resolved));
    outputs.push_back(scratch_[position][i]);
    name += (i > 0 ? " beside " : "") + std::string(node.op->name);
  }
  const Kernel all = [parts](const KernelCall& call) {
    parallel_for(static_cast<std::int64_t>(parts.size()), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Part& part = parts[static_cast<std::size_t>(i)];
        part.kernel({call.inputs + part.first_input, call.outputs + part.first_output, call.outputs[part.scratch]});
      }
    });
  };
  add_instruction(all, inputs, outputs, {}, std::move(name));
}

void Plan::add_map_unit(const Unit& unit, const Resolved& resolved) {
  std::vector<Location> inputs;
  std::vector<Location> outputs;
  for (const Segment& segment : unit.segments) {
    for (int value : segment.inputs) inputs.push_back(location_of(value, resolved));
    for (int value : segment.outputs) outputs.push_back(location_of(value, resolved));
  }
  std::string name = "map";
  for (int n : unit.nodes) name += " " + graph_->nodes()[static_cast<std::size_t>(n)].op->name;
  add_instruction(map_kernel(unit.segments), inputs, outputs, {}, std::move(name));
}

// The kernel's operands, then the loop's; the loop's results.
void Plan::add_panel_unit(const Unit& unit, const Resolved& resolved, std::size_t position) {
  const Node& node = graph_->nodes()[static_cast<std::size_t>(unit.nodes[0])];
  const Segment& segment = unit.segments[0];
  std::vector<Location> inputs;
  std::vector<Location> outputs;
  for (int value : node.inputs) inputs.push_back(location_of(value, resolved));
  for (int value : segment.inputs) inputs.push_back(location_of(value, resolved));
  for (int value : segment.outputs) outputs.push_back(location_of(value, resolved));
  std::string name;
  for (int n : unit.nodes) name += (name.empty() ? "" : " ") + graph_->nodes()[static_cast<std::size_t>(n)].op->name;
  add_instruction(panel_unit_kernel(unit.panel, node.inputs.size(), segment.program), inputs, outputs, scratch_[position][0], std::move(name));
}

void Plan::add_copy_unit(const Unit& unit, const Resolved& resolved) {
  const int source = unit.reads[0];
  const TensorSpec& spec = resolved.specs[static_cast<std::size_t>(source)];
  const std::size_t bytes = static_cast<std::size_t>(spec.shape.elements()) * size_of(spec.dtype);
  const Location target = unit.written_variable >= 0 ? Location{Place::kVariable, static_cast<std::size_t>(unit.written_variable)}
                                                     : Location{Place::kOutput, static_cast<std::size_t>(unit.written_output)};
  const Kernel copy = [bytes](const KernelCall& call) {
    if (bytes > 0) std::memcpy(call.outputs[0], call.inputs[0], bytes);
  };
  add_instruction(copy, {location_of(source, resolved)}, {target}, {}, "copy");
}

std::vector<std::string> Plan::description() const {
  std::vector<std::string> lines;
  lines.reserve(instructions_.size());
  for (const Instruction& instruction : instructions_) lines.push_back(instruction.name);
  return lines;
}

// ---------------------------------------------------------------- running

Workspace::Workspace(const Plan& plan)
    : arena_(plan.arena_bytes_ > 0 ? allocate_aligned(plan.arena_bytes_) : nullptr),
      pointers_(plan.pointers_.size(), nullptr),
      bound_(plan.graph_->variables().size(), nullptr) {
  for (std::size_t p = 0; p < pointers_.size(); ++p) {
    const Plan::Location& location = plan.pointers_[p];
    if (location.place == Plan::Place::kArena) pointers_[p] = static_cast<char*>(arena_.get()) + location.index;
    if (location.place == Plan::Place::kConstant) pointers_[p] = const_cast<void*>(plan.constants_[location.index].data());
  }
  calls_.reserve(plan.instructions_.size());
  for (const Plan::Instruction& instruction : plan.instructions_) {
    void** first = pointers_.data() + instruction.first_pointer;
    calls_.push_back({first, first + instruction.input_count, nullptr});
    calls_.back().workspace = pointers_[instruction.workspace_pointer];
  }
  snapshots_.resize(bound_.size());
}

void Plan::bind_input(Workspace& workspace, std::size_t i, const void* data) const {
  for (const Patch& patch : input_patches_) {
    if (patch.number == i) workspace.pointers_[patch.pointer] = const_cast<void*>(data);
  }
}

void Plan::bind_output(Workspace& workspace, std::size_t i, void* data) const {
  for (const Patch& patch : output_patches_) {
    if (patch.number == i) workspace.pointers_[patch.pointer] = data;
  }
}

void Plan::bind_variables(Workspace& workspace, const StateAccess& access) const {
  if (refresh_) refresh_(access);
  const std::vector<GraphVariable>& variables = graph_->variables();
  bool has_moved = false;
  for (std::size_t v = 0; v < variables.size(); ++v) {
    if (!is_used_[v]) continue;
    Variable& variable = *variables[v].variable;
    const void* memory;
    if (is_written_[v]) {
      memory = access.writable(variable).data();
    } else {
      if (!has_updates_) workspace.snapshots_[v] = access.peek(variable);
      memory = access.peek(variable).data();
    }
    has_moved = has_moved || memory != workspace.bound_[v];
    workspace.bound_[v] = memory;
  }
  if (!has_moved) return;
  for (const Patch& patch : variable_patches_) {
    workspace.pointers_[patch.pointer] = const_cast<void*>(workspace.bound_[patch.number]);
  }
}

void Plan::execute(Workspace& workspace) const {
  call_workers(workspace.workers_);
  take_wanted_workers();
  const KernelCall* call = workspace.calls_.data();
  for (const Instruction& instruction : instructions_) instruction.kernel(*call++);
  workspace.workers_ = take_wanted_workers();
}

void Plan::run(Workspace& workspace) const {
  if (has_updates_) {
    const StateAccess access;
    bind_variables(workspace, access);
    execute(workspace);
    return;
  }
  if (!variable_patches_.empty()) {
    const StateAccess access;
    bind_variables(workspace, access);
  }
  execute(workspace);
  // Snapshots left behind would make the next train step copy its weights.
  for (Tensor& snapshot : workspace.snapshots_) snapshot = Tensor();
}

void Plan::bind_alone(Workspace& workspace) const {
  const StateAccess access;
  bind_variables(workspace, access);
}

std::vector<double> Plan::profile(Workspace& workspace, int repeats) const {
  using Clock = std::chrono::steady_clock;
  const StateAccess access;
  bind_variables(workspace, access);
  std::vector<std::vector<double>> times(instructions_.size());
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t i = 0; i < instructions_.size(); ++i) {
      const Clock::time_point start = Clock::now();
      instructions_[i].kernel(workspace.calls_[i]);
      times[i].push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count());
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& sample : times) {
    std::sort(sample.begin(), sample.end());
    medians.push_back(sample.empty() ? 0 : sample[sample.size() / 2]);
  }
  return medians;
}

}  // namespace keraunos
