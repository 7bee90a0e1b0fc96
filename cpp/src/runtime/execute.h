// Emitting ops: eagerly, into the current trace, and onto the tapes that listen.
#pragma once

#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "keraunos/op.h"

namespace keraunos {

// Runs the op, or appends a node to the current trace when an input is symbolic.
std::vector<Value> execute(const Op& op, const std::vector<Value>& inputs, Attributes attributes);

// The content of a variable here: symbolic inside a trace, a snapshot outside. Tapes watch trainable ones.
Value read_variable(const std::shared_ptr<Variable>& variable);
void assign_variable(const std::shared_ptr<Variable>& variable, const Value& value);

// The builder that gradient rules and bodies use.
Builder& execution_builder();

}  // namespace keraunos
