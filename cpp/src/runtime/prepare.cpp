#include "runtime/prepare.h"

#include <algorithm>
#include <unordered_map>

#include "graph/fixed_values.h"
#include "runtime/resolve.h"

namespace keraunos {
namespace {

// A kept value takes at most so many times the memory of what it is computed from, and a little.
constexpr std::size_t kMostGrowth = 4;
constexpr std::size_t kSmallBytes = 4096;
// Elements read and written. To look at a kept value costs as much as computing fewer.
constexpr std::int64_t kLeastWork = 64;
// Looks at ancestors, for each value of the graph. Beyond them the rest is computed in every run.
constexpr std::size_t kMostLooks = 64;

enum class Demand { kNone, kSpec, kData };

using Values = std::vector<int>;  // per value of the old graph: its number in the new one, or -1

class Splitter {
 public:
  explicit Splitter(const Graph& graph)
      : graph_(graph),
        fixed_(graph),
        demand_(graph.values().size(), Demand::kNone),
        is_kept_(graph.values().size(), false),
        visited_(graph.values().size(), 0) {}

  PreparedGraph split(const std::shared_ptr<const Graph>& whole) {
    demand_values();
    if (std::find(is_kept_.begin(), is_kept_.end(), true) == is_kept_.end()) return {whole, {}};
    return copy_rest();
  }

 private:
  const GraphValue& value(int v) const { return graph_.values()[static_cast<std::size_t>(v)]; }
  const Node& producer(int v) const { return graph_.nodes()[static_cast<std::size_t>(value(v).source)]; }
  std::int64_t elements(int v) const { return value(v).spec.shape.elements(); }
  std::size_t bytes(int v) const { return static_cast<std::size_t>(elements(v)) * size_of(value(v).spec.dtype); }
  bool is_kept(int v) const { return is_kept_[static_cast<std::size_t>(v)]; }
  Demand& demand(int v) { return demand_[static_cast<std::size_t>(v)]; }
  void raise(int v, Demand wanted) { demand(v) = std::max(demand(v), wanted); }

  // From the results backwards: what the runs need, and where they begin to need what is fixed.
  void demand_values() {
    for (int output : graph_.outputs()) raise(output, Demand::kData);
    for (const GraphVariable& v : graph_.variables()) {
      if (v.update >= 0) raise(v.update, Demand::kData);
    }
    for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
      const Node& node = graph_.nodes()[n];
      const Demand wanted = demand_of(node);
      if (wanted == Demand::kNone) continue;
      for (std::size_t i = 0; i < node.inputs.size(); ++i) raise(node.inputs[i], is_data_input(*node.op, i) ? wanted : Demand::kSpec);
    }
  }

  // Notes on the way which outputs are kept; those ask nothing of the node.
  Demand demand_of(const Node& node) {
    Demand wanted = Demand::kNone;
    for (int output : node.outputs) {
      if (demand(output) == Demand::kData && is_worth_keeping(output)) {
        is_kept_[static_cast<std::size_t>(output)] = true;
      } else {
        wanted = std::max(wanted, demand(output));
      }
    }
    return wanted;
  }

  // The fixed values from which `v` is computed, and itself, in order.
  std::vector<int> ancestry(int v) {
    std::vector<int> found;
    std::vector<int> open = {v};
    ++visits_;
    while (!open.empty()) {
      const int next = open.back();
      open.pop_back();
      if (visited_[static_cast<std::size_t>(next)] == visits_) continue;
      visited_[static_cast<std::size_t>(next)] = visits_;
      ++looks_;
      found.push_back(next);
      if (value(next).kind == ValueKind::kNode) open.insert(open.end(), producer(next).inputs.begin(), producer(next).inputs.end());
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  bool is_view(const Node& node) const {
    return node.op->is_view || (node.op->is_view_when_unchanged && value(node.outputs[0]).spec == value(node.inputs[0]).spec);
  }

  bool is_worth_keeping(int v) {
    if (!fixed_.is_fixed(v) || looks_ > kMostLooks * graph_.values().size()) return false;
    std::int64_t work = 0;
    std::size_t source_bytes = 0;
    bool has_variable = false;
    for (int ancestor : ancestry(v)) {
      has_variable = has_variable || value(ancestor).kind == ValueKind::kVariable;
      if (value(ancestor).kind != ValueKind::kNode) {
        source_bytes += bytes(ancestor);
      } else if (!is_view(producer(ancestor))) {
        work += elements(ancestor);
        for (int input : producer(ancestor).inputs) work += elements(input);
      }
    }
    // Few constants are folded by every plan, which may need them as sizes.
    return work >= kLeastWork && bytes(v) <= kMostGrowth * source_bytes + kSmallBytes && (has_variable || elements(v) > kFoldLimit);
  }

  std::shared_ptr<PreparedValue> prepared_value(int v) {
    const auto formula = std::make_shared<Graph>();
    std::unordered_map<int, int> fresh;
    const auto number_of = [&fresh](int old) -> int& { return fresh.emplace(old, -1).first->second; };
    PreparedValue::Variables sources;
    std::vector<int> nodes;
    for (int ancestor : ancestry(v)) {
      const GraphValue& given = value(ancestor);
      const std::size_t number = static_cast<std::size_t>(given.source);
      if (given.kind == ValueKind::kNode) {
        if (nodes.empty() || nodes.back() != given.source) nodes.push_back(given.source);
      } else if (given.kind == ValueKind::kConstant) {
        number_of(ancestor) = formula->add_constant(graph_.constants()[number]);
      } else {
        sources.push_back(graph_.variables()[number].variable);
        number_of(ancestor) = formula->add_input(given.spec, sources.back()->name());
      }
    }
    for (int n : nodes) copy_node(*formula, graph_.nodes()[static_cast<std::size_t>(n)], number_of);
    formula->set_outputs({number_of(v)});
    return PreparedValue::find_or_make(std::move(sources), formula);
  }

  // `number_of`: the place for the number that a value has in the new graph.
  template <class Find>
  static void copy_node(Graph& to, const Node& node, Find number_of) {
    std::vector<int> inputs;
    inputs.reserve(node.inputs.size());
    for (int input : node.inputs) inputs.push_back(number_of(input));
    const std::vector<int> outputs = to.add_node(*node.op, std::move(inputs), node.attributes, node.scope);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      // A kept value that the node gives as well is read where it is kept.
      int& number = number_of(node.outputs[i]);
      if (number < 0) number = outputs[i];
    }
  }

  PreparedGraph copy_rest() {
    PreparedGraph result;
    const auto rest = std::make_shared<Graph>();
    Values fresh(graph_.values().size(), -1);
    for (const GraphInput& input : graph_.inputs()) fresh[static_cast<std::size_t>(input.value)] = rest->add_input(value(input.value).spec, input.name);
    for (std::size_t v = 0; v < is_kept_.size(); ++v) {
      if (!is_kept(static_cast<int>(v))) continue;
      result.values.push_back(prepared_value(static_cast<int>(v)));
      fresh[v] = rest->read_variable(result.values.back()->variable());
    }
    // Variables and constants that only kept values need are not part of the rest.
    const auto find = [&](int v) -> int& {
      int& known = fresh[static_cast<std::size_t>(v)];
      const std::size_t number = static_cast<std::size_t>(value(v).source);
      if (known < 0 && value(v).kind == ValueKind::kConstant) known = rest->add_constant(graph_.constants()[number]);
      if (known < 0 && value(v).kind == ValueKind::kVariable) known = rest->read_variable(graph_.variables()[number].variable);
      return known;
    };
    for (const Node& node : graph_.nodes()) {
      const bool runs = std::any_of(node.outputs.begin(), node.outputs.end(), [this](int output) { return demand(output) != Demand::kNone && !is_kept(output); });
      if (runs) copy_node(*rest, node, find);
    }
    for (const GraphVariable& v : graph_.variables()) {
      if (v.update >= 0) rest->assign_variable(v.variable, find(v.update));
    }
    std::vector<int> outputs;
    for (int output : graph_.outputs()) outputs.push_back(find(output));
    rest->set_outputs(std::move(outputs));
    result.graph = rest;
    return result;
  }

  const Graph& graph_;
  FixedValues fixed_;
  std::vector<Demand> demand_;
  std::vector<bool> is_kept_;
  std::vector<int> visited_;  // per value: the walk that saw it last
  int visits_ = 0;
  std::size_t looks_ = 0;
};

}  // namespace

PreparedGraph prepare(const std::shared_ptr<const Graph>& graph) { return Splitter(*graph).split(graph); }

}  // namespace keraunos
