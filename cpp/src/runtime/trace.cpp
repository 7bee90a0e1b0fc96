#include "runtime/trace.h"

#include <algorithm>

#include "runtime/execute.h"
#include "runtime/tape.h"

namespace keraunos {
namespace {

std::vector<Trace*>& trace_stack() {
  thread_local std::vector<Trace*> stack;
  return stack;
}

std::string& scope_text() {
  thread_local std::string scope;
  return scope;
}

}  // namespace

Trace* current_trace() { return trace_stack().empty() ? nullptr : trace_stack().back(); }

std::size_t current_root_depth() {
  const std::vector<Trace*>& stack = trace_stack();
  std::size_t depth = stack.size();
  while (depth > 0 && stack[depth - 1] && stack[depth - 1]->kind() == TraceKind::kBranch) --depth;
  return depth;
}

Trace* current_root_trace() {
  const std::size_t depth = current_root_depth();
  return depth == 0 ? nullptr : trace_stack()[depth - 1];
}

bool is_tracing() { return current_trace() != nullptr; }

void push_trace(Trace* trace) {
  trace_stack().push_back(trace);
  enter_tape_frame();
}

void pop_trace(Trace* trace) {
  std::vector<Trace*>& stack = trace_stack();
  if (std::find(stack.begin(), stack.end(), trace) == stack.end()) return;
  bool is_found = false;
  while (!is_found) {
    is_found = stack.back() == trace;
    stack.pop_back();
    leave_tape_frame();
  }
}

const std::string& current_scope() { return scope_text(); }
void set_current_scope(std::string scope) { scope_text() = std::move(scope); }

Value Trace::add_input(const TensorSpec& spec, const std::string& name) {
  return Value(graph_, graph_->add_input(spec, name), spec);
}

int Trace::import(const Value& value) {
  if (value.is_symbolic() && value.graph() == graph_) return value.index();
  const auto known = imported_.find(value.id());
  if (known != imported_.end()) return known->second;
  int index = -1;
  if (!value.is_symbolic()) {
    index = graph_->add_constant(value.tensor());
  } else if (kind_ != TraceKind::kFunction) {
    index = graph_->add_input(value.spec(), "captured");
    captures_.push_back(value);
  } else {
    throw Error(ErrorKind::kTrace, "A traced tensor was used outside of the trace that made it. Keep values that live across calls in a Variable.");
  }
  imported_.emplace(value.id(), index);
  return index;
}

std::shared_ptr<const Graph> Trace::finish(const std::vector<Value>& outputs) {
  std::vector<int> indices;
  indices.reserve(outputs.size());
  for (const Value& output : outputs) indices.push_back(import(output));
  graph_->set_outputs(std::move(indices));
  return graph_;
}

Value Trace::read(const std::shared_ptr<Variable>& variable) {
  const auto known = current_.find(variable.get());
  if (known != current_.end()) return known->second;
  const int index = graph_->read_variable(variable);
  Value value(graph_, index, variable->spec());
  current_.emplace(variable.get(), value);
  return value;
}

void Trace::assign(const std::shared_ptr<Variable>& variable, const Value& value) {
  if (kind_ == TraceKind::kBranch) {
    throw Error(ErrorKind::kTrace, "Variable '" + variable->name() +
                                       "': a branch or loop body of a traced function cannot assign variables. Return the new value from it "
                                       "and assign outside.");
  }
  const Value current = settled(value);
  if (kind_ == TraceKind::kFunction) graph_->assign_variable(variable, current.index());
  current_.insert_or_assign(variable.get(), current);
}

// A value of this trace that no update of a variable can change under its reader: another variable's content is copied.
Value Trace::settled(const Value& value) {
  const int index = import(value);
  const std::vector<GraphValue>& values = graph_->values();
  int root = index;
  while (values[static_cast<std::size_t>(root)].kind == ValueKind::kNode) {
    const Node& node = graph_->nodes()[static_cast<std::size_t>(values[static_cast<std::size_t>(root)].source)];
    if (!node.op->is_view && !node.op->is_view_when_unchanged) break;
    root = node.inputs[0];
  }
  if (values[static_cast<std::size_t>(root)].kind == ValueKind::kVariable) {
    return execution_builder().emit1("copy", {Value(graph_, index, values[static_cast<std::size_t>(index)].spec)});
  }
  return value.is_symbolic() && value.graph() == graph_ ? value : Value(graph_, index, values[static_cast<std::size_t>(index)].spec);
}

}  // namespace keraunos
