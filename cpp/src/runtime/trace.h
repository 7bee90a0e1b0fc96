// Traces under construction on this thread, and the values that flow into them.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

enum class TraceKind {
  kFunction,  // reads and assigns variables
  kScratch,   // shape inference: assigns stay inside and are thrown away
  kBranch,    // a sub-graph of a control flow op: outer values become captured inputs
};

class Trace {
 public:
  explicit Trace(TraceKind kind) : kind_(kind), graph_(std::make_shared<Graph>()) {}

  TraceKind kind() const { return kind_; }
  const std::shared_ptr<Graph>& graph() const { return graph_; }

  Value add_input(const TensorSpec& spec, const std::string& name);
  // The graph, with these outputs; concrete and outer values become constants and captures.
  std::shared_ptr<const Graph> finish(const std::vector<Value>& outputs);

  // Node number of `value` in this trace.
  int import(const Value& value);
  // Outer values that a branch uses, in the order of its extra inputs.
  const std::vector<Value>& captures() const { return captures_; }

  // The value of a variable at this point of the trace.
  Value read(const std::shared_ptr<Variable>& variable);
  void assign(const std::shared_ptr<Variable>& variable, const Value& value);

 private:
  Value settled(const Value& value);

  TraceKind kind_;
  std::shared_ptr<Graph> graph_;
  std::vector<Value> captures_;
  std::unordered_map<std::uint64_t, int> imported_;
  std::unordered_map<const Variable*, Value> current_;
};

// The innermost trace of this thread, or nullptr.
Trace* current_trace();
// The innermost trace of this thread that keeps variables of its own, or nullptr.
Trace* current_root_trace();
// How many traces lie around that one: its tapes' frame (0: no trace is open).
std::size_t current_root_depth();
bool is_tracing();
// nullptr: ops run now until it is popped, although traces are open around it.
void push_trace(Trace* trace);
void pop_trace(Trace* trace);

// Path of the layer that runs on this thread, for messages and node names.
const std::string& current_scope();
void set_current_scope(std::string scope);

}  // namespace keraunos
