#include "runtime/trace.h"

#include <algorithm>

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

Trace* current_root_trace() {
  std::vector<Trace*>& stack = trace_stack();
  for (auto it = stack.rbegin(); it != stack.rend(); ++it) {
    if (!*it || (*it)->kind() != TraceKind::kBranch) return *it;
  }
  return nullptr;
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
  for (const auto& [id, index] : imported_) {
    if (id == value.id()) return index;
  }
  int index = -1;
  if (!value.is_symbolic()) {
    index = graph_->add_constant(value.tensor());
  } else if (kind_ != TraceKind::kFunction) {
    index = graph_->add_input(value.spec(), "captured");
    captures_.push_back(value);
  } else {
    throw Error(ErrorKind::kTrace, "A traced tensor was used outside of the trace that made it. Keep values that live across calls in a Variable.");
  }
  imported_.emplace_back(value.id(), index);
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
  for (const auto& [known, value] : current_) {
    if (known == variable.get()) return value;
  }
  const int index = graph_->read_variable(variable);
  Value value(graph_, index, variable->spec());
  current_.emplace_back(variable.get(), value);
  return value;
}

void Trace::assign(const std::shared_ptr<Variable>& variable, const Value& value) {
  if (kind_ == TraceKind::kBranch) {
    throw Error(ErrorKind::kTrace, "Variable '" + variable->name() +
                                       "': a branch or loop body of a traced function cannot assign variables. Return the new value from it "
                                       "and assign outside.");
  }
  const int index = import(value);
  const Value current(graph_, index, graph_->values()[static_cast<std::size_t>(index)].spec);
  if (kind_ == TraceKind::kFunction) graph_->assign_variable(variable, index);
  for (auto& [known, old] : current_) {
    if (known == variable.get()) {
      old = value.is_symbolic() ? value : current;
      return;
    }
  }
  current_.emplace_back(variable.get(), value.is_symbolic() ? value : current);
}

}  // namespace keraunos
