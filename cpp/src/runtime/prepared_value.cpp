#include "runtime/prepared_value.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "graph/equal_nodes.h"

namespace keraunos {
namespace {

// Every prepared value by its first source (nullptr: it depends on constants only).
struct Shelf {
  std::mutex mutex;
  std::unordered_multimap<const Variable*, std::weak_ptr<PreparedValue>> values;
};

Shelf& shelf() {
  static Shelf* one = new Shelf;  // never destroyed: models may outlive static destruction
  return *one;
}

const Variable* key_of(const PreparedValue::Variables& sources) { return sources.empty() ? nullptr : sources[0].get(); }

bool is_same_constant(const Tensor& a, const Tensor& b) { return a.spec() == b.spec() && std::memcmp(a.data(), b.data(), a.bytes()) == 0; }

bool is_same_node(const Node& a, const Node& b) { return a.op == b.op && a.inputs == b.inputs && are_equal(a.attributes, b.attributes); }

// Formulas are built by one rule, so that equal ones number their values alike.
bool is_same_formula(const Graph& a, const Graph& b) {
  return a.outputs() == b.outputs() && std::equal(a.nodes().begin(), a.nodes().end(), b.nodes().begin(), b.nodes().end(), is_same_node) &&
         std::equal(a.constants().begin(), a.constants().end(), b.constants().begin(), b.constants().end(), is_same_constant);
}

std::vector<TensorSpec> input_specs(const Graph& graph) {
  std::vector<TensorSpec> specs;
  for (const GraphInput& input : graph.inputs()) specs.push_back(graph.values()[static_cast<std::size_t>(input.value)].spec);
  return specs;
}

}  // namespace

std::shared_ptr<PreparedValue> PreparedValue::find_or_make(Variables sources, const std::shared_ptr<const Graph>& formula) {
  Shelf& all = shelf();
  std::vector<std::shared_ptr<PreparedValue>> seen;  // let go after the lock: the last owner of a value takes it
  const std::lock_guard<std::mutex> lock(all.mutex);
  const Variable* key = key_of(sources);
  const auto [first, last] = all.values.equal_range(key);
  for (auto it = first; it != last; ++it) {
    const std::shared_ptr<PreparedValue> other = it->second.lock();
    if (!other) continue;
    if (other->sources_ == sources && is_same_formula(*other->formula_, *formula)) return other;
    seen.push_back(other);
  }
  const std::shared_ptr<PreparedValue> made(new PreparedValue(std::move(sources), formula, input_specs(*formula)));
  all.values.emplace(key, made);
  return made;
}

PreparedValue::PreparedValue(Variables sources, const std::shared_ptr<const Graph>& formula, const std::vector<TensorSpec>& inputs)
    : sources_(std::move(sources)),
      formula_(formula),
      plan_(formula, inputs, PlanOptions()),
      // Memory that nobody has written costs nothing yet.
      variable_(std::make_shared<Variable>(Tensor(plan_.outputs()[0].dtype, plan_.outputs()[0].shape), "prepared")),
      versions_(sources_.size(), 0) {}

PreparedValue::~PreparedValue() {
  Shelf& all = shelf();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto [first, last] = all.values.equal_range(key_of(sources_));
  for (auto it = first; it != last;) it = it->second.expired() ? all.values.erase(it) : std::next(it);
}

bool PreparedValue::is_fresh(const StateAccess& access) const {
  if (!is_computed_) return false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (versions_[i] != access.version(*sources_[i])) return false;
  }
  return true;
}

void PreparedValue::refresh(const StateAccess& access) {
  if (is_fresh(access)) return;
  is_computed_ = false;
  Workspace workspace(plan_);
  for (std::size_t i = 0; i < sources_.size(); ++i) plan_.bind_input(workspace, i, access.peek(*sources_[i]).data());
  plan_.bind_output(workspace, 0, access.overwritable(*variable_).data());
  plan_.run(workspace);
  for (std::size_t i = 0; i < sources_.size(); ++i) versions_[i] = access.version(*sources_[i]);
  is_computed_ = true;
}

}  // namespace keraunos
