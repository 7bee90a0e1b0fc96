#include "runtime/units.h"

#include <algorithm>
#include <unordered_map>

#include "runtime/dependencies.h"

namespace keraunos {
namespace {

constexpr std::size_t kMaxChain = 40;  // nodes of one fused loop; bounds its scratch memory
constexpr std::int64_t kWorthMerging = 1 << 16;  // elements; a longer loop keeps every thread busy by itself

bool is_map(const Node& node) { return node.op->map_loop || node.op->is_conversion; }

void add_once(std::vector<int>& list, int item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

class Scheduler {
 public:
  Scheduler(const Graph& graph, const Resolved& resolved, const FusionOptions& options)
      : graph_(graph), resolved_(resolved), options_(options), producer_(graph.values().size(), -1), direct_(graph.values().size()) {}

  UnitSchedule run() {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (resolved_.is_live[n] && !resolved_.is_alias(graph_.nodes()[n])) place(static_cast<int>(n));
    }
    collect_reads();
    place_outputs();
    place_updates();
    for (Unit& unit : units_) {
      if (unit.kind != UnitKind::kMap || is_gone(unit)) continue;
      unit.segments.push_back(make_segment(unit));
      // What stays inside the loop needs no memory of its own.
      unit.writes = unit.segments[0].outputs;
    }
    if (options_.merge_equal_maps) merge_equal_maps();
    if (options_.fuse_panels) fuse_panels();
    return {ordered(), std::move(direct_)};
  }

 private:
  static bool is_gone(const Unit& unit) { return unit.nodes.empty() && unit.kind != UnitKind::kCopy; }
  int root(int value) const { return resolved_.root[static_cast<std::size_t>(value)]; }
  const TensorSpec& spec(int value) const { return resolved_.specs[static_cast<std::size_t>(value)]; }
  const Node& node_of(int n) const { return graph_.nodes()[static_cast<std::size_t>(n)]; }
  Unit& unit(int u) { return units_[static_cast<std::size_t>(u)]; }
  int producer(int value) const { return producer_[static_cast<std::size_t>(root(value))]; }

  int add_unit(UnitKind kind) {
    units_.emplace_back();
    units_.back().kind = kind;
    return dependencies_.add_unit();
  }

  // A node becomes a unit, or joins the loop of the values it reads.
  void place(int n) {
    const Node& node = node_of(n);
    const int own = add_unit(is_map(node) ? UnitKind::kMap : UnitKind::kKernel);
    unit(own).nodes.push_back(n);
    std::vector<int> sources;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const int input = node.inputs[i];
      if (!is_data_input(*node.op, i) || resolved_.is_known(input) || producer(input) < 0) continue;
      add_once(sources, producer(input));
      dependencies_.add(own, producer(input));
    }
    for (int output : node.outputs) producer_[static_cast<std::size_t>(output)] = own;
    if (!is_map(node) || !options_.fuse_maps) return;
    int joined = own;
    for (int source : sources) {
      if (source == joined) continue;
      const bool is_reversed = dependencies_.depends(source, joined);
      if (!can_join(is_reversed ? joined : source, is_reversed ? source : joined)) continue;
      join(source, joined);
      joined = source;
    }
  }

  bool can_join(int earlier, int later) {
    Unit& a = unit(earlier);
    Unit& b = unit(later);
    if (a.kind != UnitKind::kMap || is_gone(a) || a.nodes.size() + b.nodes.size() > kMaxChain) return false;
    const Shape& shape = spec(node_of(a.nodes[0]).outputs[0]).shape;
    if (shape != spec(node_of(b.nodes[0]).outputs[0]).shape || shape.elements() == 0) return false;
    return !dependencies_.has_path_between(earlier, later);
  }

  void join(int into, int from) {
    Unit& a = unit(into);
    Unit& b = unit(from);
    a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
    std::sort(a.nodes.begin(), a.nodes.end());
    for (int n : b.nodes) {
      for (int output : node_of(n).outputs) producer_[static_cast<std::size_t>(output)] = into;
    }
    b.nodes.clear();
    dependencies_.merge(into, from);
  }

  void collect_reads() {
    for (std::size_t u = 0; u < units_.size(); ++u) {
      for (int n : units_[u].nodes) {
        const Node& node = node_of(n);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
          const int value = root(node.inputs[i]);
          const bool is_own = producer_[static_cast<std::size_t>(value)] == static_cast<int>(u);
          if (is_data_input(*node.op, i) && !resolved_.is_known(node.inputs[i]) && !is_own) add_once(units_[u].reads, value);
        }
        for (int output : node.outputs) units_[u].writes.push_back(output);
      }
    }
  }

  // `source` copied into an output or variable, after everything that made it.
  int add_copy(int source) {
    const int copy = add_unit(UnitKind::kCopy);
    unit(copy).reads.push_back(source);
    if (producer_[static_cast<std::size_t>(source)] >= 0) dependencies_.add(copy, producer_[static_cast<std::size_t>(source)]);
    return copy;
  }

  DirectTarget& direct(int value) { return direct_[static_cast<std::size_t>(value)]; }
  bool has_direct_target(int value) { return direct(value).variable >= 0 || direct(value).output >= 0; }

  void place_outputs() {
    const std::vector<int>& outputs = graph_.outputs();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const int value = root(outputs[k]);
      const bool is_known = resolved_.is_known(outputs[k]);
      if (!is_known && producer_[static_cast<std::size_t>(value)] >= 0 && !has_direct_target(value)) {
        direct(value).output = static_cast<int>(k);
      } else {
        unit(add_copy(is_known ? outputs[k] : value)).written_output = static_cast<int>(k);
      }
    }
  }

  std::vector<int> readers_of(int value) const {
    std::vector<int> readers;
    for (std::size_t u = 0; u < units_.size(); ++u) {
      const std::vector<int>& reads = units_[u].reads;
      if (std::find(reads.begin(), reads.end(), value) != reads.end()) readers.push_back(static_cast<int>(u));
    }
    return readers;
  }

  void place_updates() {
    const std::vector<GraphVariable>& variables = graph_.variables();
    for (std::size_t v = 0; v < variables.size(); ++v) {
      const int update = variables[v].update;
      if (update < 0 || root(update) == variables[v].read) continue;
      const int value = resolved_.is_known(update) ? update : root(update);
      if (!write_in_place(static_cast<int>(v), value)) {
        const int copy = add_copy(value);
        unit(copy).written_variable = static_cast<int>(v);
        if (variables[v].read >= 0) {
          for (int reader : readers_of(variables[v].read)) dependencies_.add(copy, reader);
        }
      }
    }
  }

  // The unit that computes the new content writes it into the variable, when every reader of the old content can run before.
  bool write_in_place(int v, int value) {
    const int writer = producer_[static_cast<std::size_t>(value)];
    if (!options_.write_in_place || resolved_.is_known(value) || writer < 0 || has_direct_target(value)) return false;
    const int old = graph_.variables()[static_cast<std::size_t>(v)].read;
    const Unit& w = unit(writer);
    if (old >= 0) {
      const bool reads_old = std::find(w.reads.begin(), w.reads.end(), old) != w.reads.end();
      if (reads_old && (w.kind != UnitKind::kMap || !reads_elementwise(w, old))) return false;
      for (int reader : readers_of(old)) {
        if (reader != writer && dependencies_.depends(reader, writer)) return false;
      }
      for (int reader : readers_of(old)) {
        if (reader != writer) dependencies_.add(writer, reader);
      }
    }
    direct(value).variable = v;
    return true;
  }

  // Element i of the old content is needed only for element i of the result.
  bool reads_elementwise(const Unit& w, int old) const {
    return spec(old).shape.elements() == spec(node_of(w.nodes[0]).outputs[0]).shape.elements();
  }

  Segment make_segment(const Unit& u) {
    Segment segment;
    segment.program = std::make_shared<MapProgram>(spec(node_of(u.nodes[0]).outputs[0]).shape);
    MapProgram& program = *segment.program;
    std::unordered_map<int, int> slots;  // value -> slot
    std::unordered_map<int, int> input_slots;  // root and size of an outside operand -> slot
    const int home = producer(node_of(u.nodes[0]).outputs[0]);
    const auto slot_of = [&](int value) {
      const auto own = slots.find(value);
      if (own != slots.end()) return own->second;
      const int memory = resolved_.is_known(value) ? value : root(value);
      // A view of a value that this loop makes: as many elements, so the same walk.
      if (!resolved_.is_known(value) && producer(value) == home) return slots.at(memory);
      const int slot = program.add_input(spec(value));
      segment.inputs.push_back(memory);
      slots.emplace(value, slot);
      input_slots.emplace(memory, slot);
      return slot;
    };
    for (int n : u.nodes) {
      const Node& node = node_of(n);
      std::vector<int> operands;
      operands.reserve(node.inputs.size());
      for (int input : node.inputs) operands.push_back(slot_of(input));
      slots[node.outputs[0]] = program.add_step(*node.op, operands, spec(node.outputs[0]).dtype);
    }
    for (int n : u.nodes) {
      const int value = node_of(n).outputs[0];
      if (!is_read_outside(value, u)) continue;
      int overwrites = -1;
      const int variable = direct(value).variable;
      if (variable >= 0) {
        const auto old = input_slots.find(graph_.variables()[static_cast<std::size_t>(variable)].read);
        if (old != input_slots.end()) overwrites = old->second;
      }
      program.add_output(slots[value], overwrites);
      segment.outputs.push_back(value);
    }
    program.seal();
    return segment;
  }

  bool is_read_outside(int value, const Unit& home) {
    if (has_direct_target(value)) return true;
    for (const Unit& u : units_) {
      if (&u != &home && std::find(u.reads.begin(), u.reads.end(), value) != u.reads.end()) return true;
    }
    return false;
  }

  // The optimizer's update is the same loop for every weight: one unit, one fork, many segments. Large weights are
  // better updated one by one, while their gradient is still in the cache.
  void merge_equal_maps() {
    for (std::size_t a = 0; a < units_.size(); ++a) {
      if (!is_mergeable(units_[a])) continue;
      for (std::size_t b = a + 1; b < units_.size(); ++b) {
        if (!is_mergeable(units_[b]) || !run_alike(units_[a].segments[0], units_[b].segments[0])) continue;
        const int ia = static_cast<int>(a);
        const int ib = static_cast<int>(b);
        if (dependencies_.depends(ia, ib) || dependencies_.depends(ib, ia)) continue;
        merge_units(ia, ib);
      }
    }
  }

  static bool is_mergeable(const Unit& u) {
    return u.kind == UnitKind::kMap && !u.segments.empty() && u.segments[0].program->is_flat() &&
           u.segments[0].program->elements() < kWorthMerging;
  }

  // The update of a large weight joins the product that makes its gradient: the gradient is used up while it is in the
  // cache and never lies in memory whole.
  void fuse_panels() {
    for (std::size_t u = 0; u < units_.size(); ++u) {
      Unit& loop = units_[u];
      if (loop.kind != UnitKind::kMap || loop.segments.size() != 1 || loop.segments[0].program->elements() < kWorthMerging) continue;
      const std::vector<int> inputs = loop.segments[0].inputs;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const int kernel = producer_[static_cast<std::size_t>(inputs[i])];
        if (kernel < 0 || !can_feed(kernel, static_cast<int>(u), i)) continue;
        feed(kernel, static_cast<int>(u), i);
        break;
      }
    }
  }

  bool can_feed(int kernel, int loop, std::size_t input) {
    const Unit& k = unit(kernel);
    const Segment& segment = unit(loop).segments[0];
    const int value = segment.inputs[input];
    if (k.kind != UnitKind::kKernel || !node_of(k.nodes[0]).op->panel_kernel || node_of(k.nodes[0]).outputs.size() != 1) return false;
    if (spec(node_of(k.nodes[0]).outputs[0]).shape.rank() != 2 || has_direct_target(value) || readers_of(value).size() != 1) return false;
    if (!segment.program->is_flat() || !segment.program->is_full_input(input)) return false;
    // All results go into variables, none of which the kernel still reads for its later rows.
    for (int output : segment.outputs) {
      const int variable = direct(output).variable;
      if (variable < 0) return false;
      const int old = graph_.variables()[static_cast<std::size_t>(variable)].read;
      if (old >= 0 && std::find(k.reads.begin(), k.reads.end(), old) != k.reads.end()) return false;
    }
    if (dependencies_.has_path_between(kernel, loop)) return false;
    unit(kernel).panel = make_panel(node_of(k.nodes[0]), resolved_);
    return unit(kernel).panel.kernel != nullptr;
  }

  void feed(int kernel, int loop, std::size_t input) {
    Unit& k = unit(kernel);
    Unit& l = unit(loop);
    const int fed = l.segments[0].inputs[input];
    k.kind = UnitKind::kPanels;
    k.panel.input = input;
    k.segments = std::move(l.segments);
    k.nodes.insert(k.nodes.end(), l.nodes.begin(), l.nodes.end());
    for (int read : l.reads) {
      if (read != fed) add_once(k.reads, read);
    }
    k.writes = l.writes;
    for (int& p : producer_) {
      if (p == loop) p = kernel;
    }
    l = Unit{};
    dependencies_.merge(kernel, loop);
  }

  bool run_alike(const Segment& a, const Segment& b) const {
    if (!a.program->has_same_steps(*b.program)) return false;
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
      const bool is_scalar = spec(a.inputs[i]).shape.elements() == 1;
      if (is_scalar != (spec(b.inputs[i]).shape.elements() == 1)) return false;
    }
    return true;
  }

  void merge_units(int into, int from) {
    Unit& a = unit(into);
    Unit& b = unit(from);
    a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
    for (int read : b.reads) add_once(a.reads, read);
    a.writes.insert(a.writes.end(), b.writes.begin(), b.writes.end());
    a.segments.push_back(b.segments[0]);
    for (int& p : producer_) {
      if (p == from) p = into;
    }
    b = Unit{};
    dependencies_.merge(into, from);
  }

  // Kernels keep the order of the graph; a loop runs as soon as the kernels before it are done, while its operands are near.
  int position(int u) {
    if (unit(u).kind == UnitKind::kCopy) return static_cast<int>(graph_.nodes().size());
    if (unit(u).kind != UnitKind::kMap) return unit(u).nodes.front();
    int latest = -1;
    for (int earlier = 0; earlier < dependencies_.size(); ++earlier) {
      if (dependencies_.depends(u, earlier) && !unit(earlier).nodes.empty() && unit(earlier).kind != UnitKind::kMap) {
        latest = std::max(latest, unit(earlier).nodes.front());
      }
    }
    return latest;
  }

  // Every unit after those it depends on.
  std::vector<Unit> ordered() {
    std::vector<int> waiting;
    for (std::size_t u = 0; u < units_.size(); ++u) {
      if (!is_gone(units_[u])) waiting.push_back(static_cast<int>(u));
    }
    std::vector<int> positions(units_.size());
    for (int u : waiting) positions[static_cast<std::size_t>(u)] = position(u);
    const auto at = [&](int u) { return positions[static_cast<std::size_t>(u)]; };
    std::stable_sort(waiting.begin(), waiting.end(), [&](int a, int b) { return at(a) < at(b); });
    std::vector<Unit> result;
    result.reserve(waiting.size());
    while (!waiting.empty()) {
      std::size_t next = 0;
      const auto is_ready = [&](int u) {
        return std::none_of(waiting.begin(), waiting.end(), [&](int w) { return w != u && dependencies_.depends(u, w); });
      };
      while (!is_ready(waiting[next])) ++next;
      result.push_back(std::move(unit(waiting[next])));
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(next));
    }
    return result;
  }

  const Graph& graph_;
  const Resolved& resolved_;
  const FusionOptions& options_;
  std::vector<Unit> units_;
  std::vector<int> producer_;  // per root value: the unit that writes it
  std::vector<DirectTarget> direct_;
  Dependencies dependencies_;
};

}  // namespace

UnitSchedule schedule_units(const Graph& graph, const Resolved& resolved, const FusionOptions& options) {
  return Scheduler(graph, resolved, options).run();
}

}  // namespace keraunos
