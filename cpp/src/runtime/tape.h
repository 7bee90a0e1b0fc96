// Reverse-mode differentiation: a tape remembers the ops that ran (or were traced) and walks them backwards.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "keraunos/graph.h"
#include "keraunos/op.h"

namespace keraunos {

// Gradients of the outputs in, gradients of the inputs out; empty values where nothing flows.
using CustomGradient = std::function<std::vector<Value>(const std::vector<Value>&)>;

class Tape {
 public:
  Tape(bool is_persistent, bool watches_variables) : is_persistent_(is_persistent), watches_variables_(watches_variables) {}

  // A tape that ends while it listens stops listening.
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  void watch(const Value& value) { tracked_.insert(value.id()); }
  void watch_variable(const std::shared_ptr<Variable>& variable);
  // d target / d source for each source; empty where no path leads. Clears the tape unless it is persistent.
  std::vector<Value> gradient(const std::vector<Value>& targets, const std::vector<Value>& target_gradients, const std::vector<Value>& sources);
  // The values under which this tape saw the variable.
  std::vector<Value> reads_of(const Variable& variable) const;
  void clear();

  bool is_tracked(const Value& value) const { return tracked_.count(value.id()) > 0; }
  bool watches_variables() const { return watches_variables_; }
  void record(const Op& op, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Attributes& attributes);
  void record_custom(const std::vector<Value>& inputs, const std::vector<Value>& outputs, CustomGradient gradient);
  void record_read(const Variable& variable, const Value& value, bool is_watched);
  bool is_watched(const Variable& variable) const { return watched_variables_.count(&variable) > 0; }

 private:
  struct Record {
    const Op* op;
    std::vector<Value> inputs;
    std::vector<Value> outputs;
    Attributes attributes;
    CustomGradient custom;
    std::string scope;  // path of the layer whose op it is
  };

  bool any_tracked(const std::vector<Value>& values) const;
  void add(Record record);

  bool is_persistent_;
  bool watches_variables_;
  bool is_used_up_ = false;
  std::vector<Record> records_;
  std::unordered_set<std::uint64_t> tracked_;
  std::unordered_map<const Variable*, std::vector<Value>> variable_reads_;
  std::unordered_set<const Variable*> watched_variables_;
};

// Tapes of one trace do not hear the ops of another: every trace opens a frame of its own.
void enter_tape_frame();
void leave_tape_frame();

void start_tape(Tape* tape);
void stop_tape(Tape* tape);
// Counted per thread: while positive, no tape listens.
void pause_tapes();
void resume_tapes();

void record_on_tapes(const Op& op, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Attributes& attributes);
void record_custom_on_tapes(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const CustomGradient& gradient);
// A variable read in a branch is read by the trace around it: its tapes, from frame `first` on, are told.
void watch_on_tapes(const std::shared_ptr<Variable>& variable, const Value& value, std::size_t first);
bool is_recording();
// How many tapes listen: with two, gradients of gradients may be asked for.
int recording_tapes();

}  // namespace keraunos
