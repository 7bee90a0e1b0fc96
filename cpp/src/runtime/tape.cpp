#include "runtime/tape.h"

#include <algorithm>

#include "runtime/execute.h"
#include "runtime/trace.h"

namespace keraunos {
namespace {

struct Listeners {
  std::vector<Tape*> tapes;
  int pauses = 0;
};

std::vector<Listeners>& frames() {
  thread_local std::vector<Listeners> stack(1);
  return stack;
}

Listeners& listeners() { return frames().back(); }

// Gradients belong to the layer whose op they are of: messages name it.
class ScopeOf {
 public:
  explicit ScopeOf(const std::string& scope) : outer_(current_scope()) { set_current_scope(scope); }
  ~ScopeOf() { set_current_scope(std::move(outer_)); }
  ScopeOf(const ScopeOf&) = delete;
  ScopeOf& operator=(const ScopeOf&) = delete;

 private:
  std::string outer_;
};

bool listens() { return !listeners().tapes.empty() && listeners().pauses == 0; }

}  // namespace

void enter_tape_frame() { frames().emplace_back(); }
void leave_tape_frame() { frames().pop_back(); }

void start_tape(Tape* tape) { listeners().tapes.push_back(tape); }

void stop_tape(Tape* tape) {
  for (Listeners& frame : frames()) frame.tapes.erase(std::remove(frame.tapes.begin(), frame.tapes.end(), tape), frame.tapes.end());
}

Tape::~Tape() { stop_tape(this); }

void pause_tapes() { ++listeners().pauses; }
void resume_tapes() { --listeners().pauses; }
bool is_recording() { return listens(); }
int recording_tapes() { return listens() ? static_cast<int>(listeners().tapes.size()) : 0; }

void record_on_tapes(const Op& op, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Attributes& attributes) {
  if (!listens() || !op.gradient) return;
  for (Tape* tape : listeners().tapes) tape->record(op, inputs, outputs, attributes);
}

void record_custom_on_tapes(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const CustomGradient& gradient) {
  if (!listens()) return;
  for (Tape* tape : listeners().tapes) tape->record_custom(inputs, outputs, gradient);
}

void watch_on_tapes(const std::shared_ptr<Variable>& variable, const Value& value, std::size_t first) {
  for (std::size_t frame = first; frame < frames().size(); ++frame) {
    if (frames()[frame].pauses > 0) continue;
    for (Tape* tape : frames()[frame].tapes) {
      const bool is_watched = (tape->watches_variables() && variable->is_trainable()) || tape->is_watched(*variable);
      tape->record_read(*variable, value, is_watched);
    }
  }
}

bool Tape::any_tracked(const std::vector<Value>& values) const {
  return std::any_of(values.begin(), values.end(), [this](const Value& v) { return is_tracked(v); });
}

void Tape::add(Record record) {
  for (const Value& output : record.outputs) {
    if (is_floating(output.dtype())) tracked_.insert(output.id());
  }
  records_.push_back(std::move(record));
}

void Tape::record(const Op& op, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Attributes& attributes) {
  if (any_tracked(inputs)) add({&op, inputs, outputs, attributes, nullptr, current_scope()});
}

void Tape::record_custom(const std::vector<Value>& inputs, const std::vector<Value>& outputs, CustomGradient gradient) {
  if (any_tracked(inputs)) add({nullptr, inputs, outputs, {}, std::move(gradient), current_scope()});
}

void Tape::record_read(const Variable& variable, const Value& value, bool is_watched) {
  if (!is_watched) return;
  std::vector<Value>& reads = variable_reads_[&variable];
  // An eager read is a value of its own, and there may be thousands of them: only one that is known already is looked for.
  const bool is_new = tracked_.insert(value.id()).second;
  const auto is_same = [&](const Value& read) { return read.id() == value.id(); };
  if (is_new || std::none_of(reads.begin(), reads.end(), is_same)) reads.push_back(value);
}

void Tape::watch_variable(const std::shared_ptr<Variable>& variable) { watched_variables_.insert(variable.get()); }

std::vector<Value> Tape::reads_of(const Variable& variable) const {
  const auto it = variable_reads_.find(&variable);
  return it == variable_reads_.end() ? std::vector<Value>{} : it->second;
}

void Tape::clear() {
  records_.clear();
  tracked_.clear();
  variable_reads_.clear();
}

std::vector<Value> Tape::gradient(const std::vector<Value>& targets, const std::vector<Value>& target_gradients,
                                  const std::vector<Value>& sources) {
  if (is_used_up_) {
    throw Error(ErrorKind::kRuntime, "GradientTape: a tape that is not persistent gives gradients once. Use GradientTape(persistent=True).");
  }
  Builder& build = execution_builder();
  std::unordered_map<std::uint64_t, Value> gradients;
  const auto accumulate = [&](const Value& value, const Value& gradient) {
    auto [it, is_new] = gradients.emplace(value.id(), gradient);
    if (!is_new) it->second = build.add(it->second, gradient);
  };
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const bool is_given = i < target_gradients.size() && !target_gradients[i].is_empty();
    accumulate(targets[i], is_given ? target_gradients[i] : build.emit1("ones_like", {targets[i]}));
  }
  for (std::size_t r = records_.size(); r-- > 0;) {
    // A copy: a persistent tape that still listens grows while the rules run.
    const Record record = records_[r];
    std::vector<Value> output_gradients(record.outputs.size());
    bool is_reached = false;
    for (std::size_t i = 0; i < record.outputs.size(); ++i) {
      const auto it = gradients.find(record.outputs[i].id());
      if (it == gradients.end()) continue;
      output_gradients[i] = it->second;
      is_reached = true;
    }
    if (!is_reached) continue;
    const ScopeOf scope(record.scope);
    std::vector<Value> input_gradients;
    if (record.custom) {
      input_gradients = record.custom(output_gradients);
    } else {
      std::vector<bool> wanted;
      wanted.reserve(record.inputs.size());
      for (const Value& input : record.inputs) wanted.push_back(is_tracked(input));
      input_gradients = record.op->gradient({build, record.inputs, record.outputs, output_gradients, record.attributes, wanted});
    }
    for (std::size_t i = 0; i < record.inputs.size() && i < input_gradients.size(); ++i) {
      if (!input_gradients[i].is_empty() && is_tracked(record.inputs[i])) accumulate(record.inputs[i], input_gradients[i]);
    }
  }
  std::vector<Value> results;
  results.reserve(sources.size());
  for (const Value& source : sources) {
    const auto it = gradients.find(source.id());
    results.push_back(it == gradients.end() ? Value() : it->second);
  }
  if (!is_persistent_) {
    is_used_up_ = true;
    clear();
  }
  return results;
}

}  // namespace keraunos
