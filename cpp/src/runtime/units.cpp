#include "runtime/units.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "runtime/dependencies.h"
#include "runtime/side_by_side.h"
#include "runtime/zero_operand.h"

namespace keraunos {
namespace {

constexpr std::size_t kMaxChain = 40;  // nodes of one fused loop; bounds its scratch memory
constexpr std::int64_t kWorthMerging = 1 << 16;  // elements; a longer loop keeps every thread busy by itself
// How many edges the search for loops that may be merged looks at, for each loop; and what a search may always look at.
constexpr std::int64_t kEffortPerLoop = 1 << 9;
constexpr std::int64_t kEffortOfSmallPlans = 1 << 22;

bool is_map(const Node& node) { return node.op->map_loop || node.op->is_conversion; }

void add_once(std::vector<int>& list, int item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

class Scheduler {
 public:
  Scheduler(const Graph& graph, const Resolved& resolved, const FusionOptions& options)
      : graph_(graph),
        resolved_(resolved),
        options_(options),
        producer_(graph.values().size(), -1),
        readers_(graph.values().size()),
        direct_(graph.values().size()) {}

  UnitSchedule run() {
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n) {
      if (resolved_.is_live[n] && !resolved_.is_alias(graph_.nodes()[n])) place(static_cast<int>(n));
    }
    collect_reads();
    place_outputs();
    place_updates();
    for (std::size_t u = 0; u < units_.size(); ++u) {
      Unit& unit = units_[u];
      if (unit.kind != UnitKind::kMap || is_gone(unit)) continue;
      unit.segments.push_back(make_segment(static_cast<int>(u)));
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
  // The unit that writes the value, or -1.
  int producer(int value) const {
    const int maker = producer_[static_cast<std::size_t>(root(value))];
    return maker < 0 ? -1 : dependencies_.whole(maker);
  }

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
      if (source != joined && try_join(source, joined)) joined = source;
    }
  }

  // The later loop becomes a part of the earlier one, on whose results it works.
  bool try_join(int earlier, int later) {
    Unit& a = unit(earlier);
    Unit& b = unit(later);
    if (a.kind != UnitKind::kMap || a.nodes.size() + b.nodes.size() > kMaxChain) return false;
    const Shape& shape = spec(node_of(a.nodes[0]).outputs[0]).shape;
    if (shape != spec(node_of(b.nodes[0]).outputs[0]).shape || shape.elements() == 0) return false;
    if (!dependencies_.try_merge(earlier, later)) return false;
    a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
    std::sort(a.nodes.begin(), a.nodes.end());
    b.nodes.clear();
    return true;
  }

  void add_read(int u, int value) {
    add_once(unit(u).reads, value);
    readers_[static_cast<std::size_t>(value)].push_back(u);
  }

  void collect_reads() {
    for (int u = 0; u < dependencies_.size(); ++u) {
      for (int n : unit(u).nodes) {
        const Node& node = node_of(n);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
          const bool is_outside = is_data_input(*node.op, i) && !resolved_.is_known(node.inputs[i]) && producer(node.inputs[i]) != u;
          if (is_outside) add_read(u, root(node.inputs[i]));
        }
        for (int output : node.outputs) unit(u).writes.push_back(output);
      }
    }
  }

  // `source` copied into an output or variable, after everything that made it.
  int add_copy(int source) {
    const int copy = add_unit(UnitKind::kCopy);
    add_read(copy, source);
    if (producer(source) >= 0) dependencies_.add(copy, producer(source));
    return copy;
  }

  DirectTarget& direct(int value) { return direct_[static_cast<std::size_t>(value)]; }
  bool has_direct_target(int value) { return direct(value).variable >= 0 || direct(value).output >= 0; }

  void place_outputs() {
    const std::vector<int>& outputs = graph_.outputs();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const int value = root(outputs[k]);
      const bool is_known = resolved_.is_known(outputs[k]);
      if (!is_known && producer(value) >= 0 && !has_direct_target(value)) {
        direct(value).output = static_cast<int>(k);
      } else {
        unit(add_copy(is_known ? outputs[k] : value)).written_output = static_cast<int>(k);
      }
    }
  }

  std::vector<int> readers_of(int value) const {
    std::vector<int> readers = readers_[static_cast<std::size_t>(value)];
    for (int& reader : readers) reader = dependencies_.whole(reader);
    std::sort(readers.begin(), readers.end());
    readers.erase(std::unique(readers.begin(), readers.end()), readers.end());
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
    const int writer = producer(value);
    if (!options_.write_in_place || resolved_.is_known(value) || writer < 0 || has_direct_target(value)) return false;
    const int old = graph_.variables()[static_cast<std::size_t>(v)].read;
    const Unit& w = unit(writer);
    if (old >= 0) {
      const bool reads_old = std::find(w.reads.begin(), w.reads.end(), old) != w.reads.end();
      if (reads_old && (w.kind != UnitKind::kMap || !reads_elementwise(w, old))) return false;
      const std::vector<int> readers = readers_of(old);
      for (int reader : readers) {
        if (reader != writer && dependencies_.may_depend(reader, writer)) return false;
      }
      for (int reader : readers) dependencies_.add(writer, reader);
    }
    direct(value).variable = v;
    return true;
  }

  // Element i of the old content is needed only for element i of the result.
  bool reads_elementwise(const Unit& w, int old) const {
    return spec(old).shape.elements() == spec(node_of(w.nodes[0]).outputs[0]).shape.elements();
  }

  Segment make_segment(int home) {
    const Unit& u = unit(home);
    Segment segment;
    segment.program = std::make_shared<MapProgram>(spec(node_of(u.nodes[0]).outputs[0]).shape);
    MapProgram& program = *segment.program;
    std::unordered_map<int, int> slots;  // value -> slot
    std::unordered_map<int, int> input_slots;  // root and size of an outside operand -> slot
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
      if (!is_read_outside(value, home)) continue;
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

  bool is_read_outside(int value, int home) {
    if (has_direct_target(value)) return true;
    const std::vector<int>& readers = readers_[static_cast<std::size_t>(value)];
    return std::any_of(readers.begin(), readers.end(), [&](int reader) { return dependencies_.whole(reader) != home; });
  }

  // The optimizer's update is the same loop for every weight: one unit, one fork, many segments. Large weights are
  // better updated one by one, while their gradient is still in the cache.
  void merge_equal_maps() {
    for (std::vector<int>& alike : equal_maps()) {
      const std::int64_t most = dependencies_.effort() + std::max(kEffortOfSmallPlans, kEffortPerLoop * static_cast<std::int64_t>(alike.size()));
      while (alike.size() > 1 && dependencies_.effort() <= most) alike = merge_into_first(alike);
    }
  }

  // Loops of equal steps, each kind in the order of the units.
  std::vector<std::vector<int>> equal_maps() {
    std::vector<std::vector<int>> kinds;
    std::unordered_multimap<std::size_t, std::size_t> kind_of;  // hash of the steps -> number
    for (int u = 0; u < dependencies_.size(); ++u) {
      if (!is_mergeable(unit(u))) continue;
      const Segment& segment = unit(u).segments[0];
      const std::size_t hash = segment.program->hash_of_steps();
      const auto [first, last] = kind_of.equal_range(hash);
      const auto same = std::find_if(first, last, [&](const auto& known) { return run_alike(unit(kinds[known.second][0]).segments[0], segment); });
      if (same == last) {
        kind_of.emplace(hash, kinds.size());
        kinds.push_back({u});
      } else {
        kinds[same->second].push_back(u);
      }
    }
    return kinds;
  }

  // Gives the ones that could not be merged.
  std::vector<int> merge_into_first(const std::vector<int>& alike) {
    const int first = alike[0];
    std::vector<int> rest;
    for (std::size_t i = 1; i < alike.size(); ++i) {
      const bool is_chained = dependencies_.depends_directly(alike[i], first) || dependencies_.depends_directly(first, alike[i]);
      if (is_chained || !dependencies_.try_merge(first, alike[i])) {
        rest.push_back(alike[i]);
      } else {
        take_over(first, alike[i]);
      }
    }
    std::vector<int>& reads = unit(first).reads;
    std::sort(reads.begin(), reads.end());
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    return rest;
  }

  void take_over(int into, int from) {
    Unit& a = unit(into);
    Unit& b = unit(from);
    a.nodes.insert(a.nodes.end(), b.nodes.begin(), b.nodes.end());
    a.reads.insert(a.reads.end(), b.reads.begin(), b.reads.end());
    a.writes.insert(a.writes.end(), b.writes.begin(), b.writes.end());
    a.segments.push_back(std::move(b.segments[0]));
    b = Unit{};
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
        const int kernel = producer(inputs[i]);
        if (kernel >= 0 && try_feed(kernel, static_cast<int>(u), i)) break;
      }
    }
  }

  bool try_feed(int kernel, int loop, std::size_t input) {
    if (!can_feed(kernel, loop, input)) return false;
    Panel panel = make_panel(node_of(unit(kernel).nodes[0]), resolved_, options_.may_split_products);
    if (!panel.kernel.rows || !dependencies_.try_merge(kernel, loop)) return false;
    panel.skips_zeros = panel.kernel.sparse.prepare && does_nothing_at_zero(unit(loop), input);
    unit(kernel).panel = panel;
    feed(kernel, loop, input);
    return true;
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
    return true;
  }

  // Of a loop that can be fed: does every variable that it writes keep its content where this operand is zero?
  bool does_nothing_at_zero(const Unit& loop, std::size_t input) const {
    const ZeroOperand zero(graph_, resolved_, loop.nodes, loop.segments[0].inputs[input]);
    const std::vector<int>& outputs = loop.segments[0].outputs;
    return std::all_of(outputs.begin(), outputs.end(), [&](int output) {
      const int variable = direct_[static_cast<std::size_t>(output)].variable;
      return zero.stands_for(output) == graph_.variables()[static_cast<std::size_t>(variable)].read;
    });
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
    l = Unit{};
  }

  bool run_alike(const Segment& a, const Segment& b) const {
    if (!a.program->has_same_steps(*b.program)) return false;
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
      const bool is_scalar = spec(a.inputs[i]).shape.elements() == 1;
      if (is_scalar != (spec(b.inputs[i]).shape.elements() == 1)) return false;
    }
    return true;
  }

  // Kernels keep the order of the graph; a loop runs as soon as the kernels before it are done, while its operands are near.
  std::vector<int> positions() {
    std::vector<int> latest(units_.size(), -1);  // of the kernels that a unit depends on
    std::vector<int> positions(units_.size(), -1);
    for (int u : dependencies_.in_order()) {
      int& own = latest[static_cast<std::size_t>(u)];
      for (int other : dependencies_.earlier(u)) {
        const int earlier = dependencies_.whole(other);
        own = std::max(own, latest[static_cast<std::size_t>(earlier)]);
        const bool is_kernel = unit(earlier).kind != UnitKind::kMap && !unit(earlier).nodes.empty();
        if (earlier != u && is_kernel) own = std::max(own, unit(earlier).nodes.front());
      }
      const bool is_copy = unit(u).kind == UnitKind::kCopy, is_map = unit(u).kind == UnitKind::kMap;
      positions[static_cast<std::size_t>(u)] = is_copy ? static_cast<int>(graph_.nodes().size()) : is_map ? own : unit(u).nodes.front();
    }
    return positions;
  }

  // Every unit after those it depends on; of the units that could run next, the one of the first position.
  std::vector<Unit> ordered() {
    const std::vector<int> position = positions();
    std::vector<int> waits_for(units_.size(), 0);  // edges
    using Next = std::pair<int, int>;               // position, unit
    std::priority_queue<Next, std::vector<Next>, std::greater<Next>> ready;
    const auto is_other = [this](int u, int edge) { return dependencies_.whole(edge) != u; };
    for (int u : dependencies_.in_order()) {
      const std::vector<int>& earlier = dependencies_.earlier(u);
      const auto count = std::count_if(earlier.begin(), earlier.end(), [&](int edge) { return is_other(u, edge); });
      waits_for[static_cast<std::size_t>(u)] = static_cast<int>(count);
      if (count == 0) ready.emplace(position[static_cast<std::size_t>(u)], u);
    }
    std::vector<Unit> result;
    while (!ready.empty()) {
      const int u = ready.top().second;
      ready.pop();
      result.push_back(std::move(unit(u)));
      for (int edge : dependencies_.later(u)) {
        const int later = dependencies_.whole(edge);
        if (later != u && --waits_for[static_cast<std::size_t>(later)] == 0) ready.emplace(position[static_cast<std::size_t>(later)], later);
      }
    }
    return result;
  }

  const Graph& graph_;
  const Resolved& resolved_;
  const FusionOptions& options_;
  std::vector<Unit> units_;
  std::vector<int> producer_;  // per root value: the unit that writes it, or one that became a part of it
  std::vector<std::vector<int>> readers_;  // per root value: units that read it from outside, or that became parts of such
  std::vector<DirectTarget> direct_;
  Dependencies dependencies_;
};

}  // namespace

UnitSchedule schedule_units(const Graph& graph, const Resolved& resolved, const FusionOptions& options) {
  UnitSchedule schedule = Scheduler(graph, resolved, options).run();
  if (options.run_side_by_side) put_side_by_side(graph, resolved, schedule);
  return schedule;
}

}  // namespace keraunos
