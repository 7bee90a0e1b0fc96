// while_loop(*variables, *condition_captures, *body_captures)
#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "runtime/control_flow.h"
#include "runtime/execute.h"
#include "runtime/replay.h"
#include "runtime/sub_graph.h"

namespace keraunos::control_flow {
namespace {

std::vector<TensorSpec> while_specs(const InferContext& context) {
  require_count(context, "variable_count", context.inputs.size());
  require_count(context, "condition_captures", context.inputs.size() - count(context.attributes, "variable_count"));
  const std::size_t variables = count(context.attributes, "variable_count");
  const std::size_t split = variables + count(context.attributes, "condition_captures");
  const std::vector<TensorSpec> state = part(context.inputs, 0, variables);
  const std::vector<TensorSpec> captures = part(context.inputs, split, context.inputs.size());
  require_inputs(context, "condition", split);
  require_inputs(context, "body", state.size() + captures.size());
  const std::vector<TensorSpec> test = results_of(*context.attributes.graph("condition"), part(context.inputs, 0, split));
  if (test.size() != 1 || test[0].dtype != Dtype::kBool || test[0].shape.rank() != 0) {
    throw value_error("while_loop", "the condition must give a bool scalar", test.empty() ? std::string("nothing") : test[0].shape.text());
  }
  const std::vector<TensorSpec> results = results_of(*context.attributes.graph("body"), joined(state, captures));
  if (results.size() != variables) throw value_error("while_loop", "the body must give every loop variable", results.size(), variables);
  for (std::size_t i = 0; i < variables; ++i) require_same_state(context, "every loop variable", state[i], results[i]);
  return state;
}

Kernel while_kernel(KernelRequest& request) {
  const std::size_t variables = count(request.attributes, "variable_count");
  const std::size_t split = variables + count(request.attributes, "condition_captures");
  const std::size_t inputs = request.inputs.size();
  const std::int64_t limit = request.attributes.integer("maximum_iterations");
  const std::vector<TensorSpec> state = part(request.inputs, 0, variables);
  const auto condition = std::make_shared<SubGraph>(request.attributes.graph("condition"), joined(state, part(request.inputs, variables, split)));
  const auto body = std::make_shared<SubGraph>(request.attributes.graph("body"), joined(state, part(request.inputs, split, inputs)));
  const Layout layout(state);
  request.workspace_bytes = layout.total;
  return [=](const KernelCall& call) {
    for (std::size_t i = 0; i < variables; ++i) std::memcpy(call.outputs[i], call.inputs[i], layout.bytes[i]);
    SubGraph::Run test(*condition);
    SubGraph::Run step(*body);
    bool goes_on = false;
    test.output(0, &goes_on);
    for (std::size_t i = 0; i < variables; ++i) {
      test.input(i, call.outputs[i]);
      step.input(i, call.outputs[i]);
      step.output(i, static_cast<char*>(call.workspace) + layout.offsets[i]);
    }
    for (std::size_t i = variables; i < split; ++i) test.input(i, call.inputs[i]);
    for (std::size_t i = split; i < inputs; ++i) step.input(variables + i - split, call.inputs[i]);
    for (std::int64_t iteration = 0; limit < 0 || iteration < limit; ++iteration) {
      test.run();
      if (!goes_on) return;
      step.run();
      for (std::size_t i = 0; i < variables; ++i) std::memcpy(call.outputs[i], static_cast<char*>(call.workspace) + layout.offsets[i], layout.bytes[i]);
    }
  };
}

// ---------------------------------------------------------------- the gradient: (*flowing, *variables, *condition_captures, *body_captures)

// Where the operands of while_loop_grad begin. `flowing` are the gradients of the floating variables after the loop.
struct GradParts {
  std::size_t flowing, variables, condition_captures, inputs;

  explicit GradParts(const Attributes& attributes, std::size_t inputs_given)
      : flowing(count(attributes, "flowing_count")),
        variables(count(attributes, "variable_count")),
        condition_captures(count(attributes, "condition_captures")),
        inputs(inputs_given) {}
  std::size_t captures_begin() const { return flowing + variables + condition_captures; }
};

// The walk takes the gradients of the floating variables, the sums for the floating captures, the variables before the step
// and the captures, and gives those gradients and sums one step earlier.
std::vector<TensorSpec> while_grad_specs(const InferContext& context) {
  require_count(context, "flowing_count", context.inputs.size());
  require_count(context, "variable_count", context.inputs.size() - count(context.attributes, "flowing_count"));
  const GradParts parts(context.attributes, context.inputs.size());
  require_count(context, "condition_captures", context.inputs.size() - parts.flowing - parts.variables);
  require_inputs(context, "condition", parts.variables + parts.condition_captures);
  const std::vector<TensorSpec> captures = part(context.inputs, parts.captures_begin(), parts.inputs);
  require_inputs(context, "body", parts.variables + captures.size());
  std::vector<TensorSpec> state = part(context.inputs, 0, parts.flowing);
  for (const TensorSpec& capture : captures) {
    if (is_floating(capture.dtype)) state.push_back(capture);
  }
  require_inputs(context, "walk", state.size() + parts.variables + captures.size());
  const std::vector<TensorSpec> before = part(context.inputs, parts.flowing, parts.flowing + parts.variables);
  const std::vector<TensorSpec> results = results_of(*context.attributes.graph("walk"), joined(joined(state, before), captures));
  if (results.size() != state.size()) throw value_error("while_loop_grad", "the walk must give every gradient", results.size(), state.size());
  for (std::size_t i = 0; i < state.size(); ++i) require_same_state(context, "every gradient", state[i], results[i]);
  return state;
}

// Runs the loop again and keeps the variables of every step, in memory that grows with their number, then walks back.
Kernel while_grad_kernel(KernelRequest& request) {
  const GradParts parts(request.attributes, request.inputs.size());
  const std::int64_t limit = request.attributes.integer("maximum_iterations");
  const std::size_t variables_end = parts.flowing + parts.variables;
  const std::vector<TensorSpec> before = part(request.inputs, parts.flowing, variables_end);
  const std::vector<TensorSpec> captures = part(request.inputs, parts.captures_begin(), parts.inputs);
  const auto condition = std::make_shared<SubGraph>(request.attributes.graph("condition"), part(request.inputs, parts.flowing, parts.captures_begin()));
  const auto body = std::make_shared<SubGraph>(request.attributes.graph("body"), joined(before, captures));
  const auto walk = std::make_shared<SubGraph>(request.attributes.graph("walk"), joined(joined(request.outputs, before), captures));
  const Layout history_layout(before);
  const Layout state_layout(request.outputs);
  request.workspace_bytes = state_layout.total;
  return [=](const KernelCall& call) {
    const auto remember = [&] { return static_cast<std::shared_ptr<void>>(allocate_aligned(std::max<std::size_t>(history_layout.total, 1))); };
    const auto place = [&](const std::shared_ptr<void>& memory, std::size_t i) { return static_cast<char*>(memory.get()) + history_layout.offsets[i]; };
    std::vector<std::shared_ptr<void>> history = {remember()};
    for (std::size_t i = 0; i < parts.variables; ++i) std::memcpy(place(history[0], i), call.inputs[parts.flowing + i], history_layout.bytes[i]);
    {
      SubGraph::Run test(*condition);
      SubGraph::Run step(*body);
      bool goes_on = false;
      test.output(0, &goes_on);
      for (std::size_t i = 0; i < parts.condition_captures; ++i) test.input(parts.variables + i, call.inputs[variables_end + i]);
      for (std::size_t i = parts.captures_begin(); i < parts.inputs; ++i) step.input(parts.variables + i - parts.captures_begin(), call.inputs[i]);
      for (std::int64_t iteration = 0; limit < 0 || iteration < limit; ++iteration) {
        for (std::size_t i = 0; i < parts.variables; ++i) test.input(i, place(history.back(), i));
        test.run();
        if (!goes_on) break;
        std::shared_ptr<void> next = remember();
        for (std::size_t i = 0; i < parts.variables; ++i) {
          step.input(i, place(history.back(), i));
          step.output(i, place(next, i));
        }
        step.run();
        history.push_back(std::move(next));
      }
    }
    const std::size_t state = state_layout.bytes.size();
    for (std::size_t i = 0; i < parts.flowing; ++i) std::memcpy(call.outputs[i], call.inputs[i], state_layout.bytes[i]);
    for (std::size_t i = parts.flowing; i < state; ++i) std::memset(call.outputs[i], 0, state_layout.bytes[i]);
    SubGraph::Run back(*walk);
    for (std::size_t i = 0; i < state; ++i) {
      back.input(i, call.outputs[i]);
      back.output(i, static_cast<char*>(call.workspace) + state_layout.offsets[i]);
    }
    for (std::size_t i = parts.captures_begin(); i < parts.inputs; ++i) back.input(state + parts.variables + i - parts.captures_begin(), call.inputs[i]);
    for (history.pop_back(); !history.empty(); history.pop_back()) {
      for (std::size_t i = 0; i < parts.variables; ++i) back.input(state + i, place(history.back(), i));
      back.run();
      for (std::size_t i = 0; i < state; ++i) std::memcpy(call.outputs[i], static_cast<char*>(call.workspace) + state_layout.offsets[i], state_layout.bytes[i]);
    }
  };
}

std::vector<Value> while_gradient(const GradientContext& context) {
  const std::size_t variables = count(context.attributes, "variable_count");
  const std::size_t split = variables + count(context.attributes, "condition_captures");
  const std::vector<Value> before = part(context.inputs, 0, variables);
  const std::vector<Value> captures = part(context.inputs, split, context.inputs.size());
  const GraphPointer body = context.attributes.graph("body");
  std::vector<std::size_t> floats;  // inputs of the loop whose gradients come out, in order
  std::vector<Value> flowing;
  for (std::size_t i = 0; i < variables; ++i) {
    if (!is_floating(before[i].dtype())) continue;
    floats.push_back(i);
    flowing.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  std::vector<TensorSpec> walk_inputs = specs_of(flowing);
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (!is_floating(captures[i].dtype())) continue;
    floats.push_back(split + i);
    walk_inputs.push_back(captures[i].spec());
  }
  walk_inputs = joined(joined(walk_inputs, specs_of(before)), specs_of(captures));

  const GraphPointer walk = build_graph(walk_inputs, [&](const std::vector<Value>& values) {
    std::vector<Value> gradients(variables);
    for (std::size_t i = 0; i < flowing.size(); ++i) gradients[floats[i]] = values[i];
    const std::vector<Value> found = replay_gradient(*body, part(values, floats.size(), values.size()), gradients);
    std::vector<Value> results;
    for (std::size_t i = 0; i < floats.size(); ++i) {
      const bool is_variable = floats[i] < variables;
      const Value& gradient = found[is_variable ? floats[i] : floats[i] - split + variables];
      results.push_back(is_variable ? gradient : execution_builder().add(values[i], gradient));
    }
    return results;
  });
  Attributes attributes = context.attributes;
  attributes.set("walk", walk);
  attributes.set("flowing_count", static_cast<std::int64_t>(flowing.size()));
  const std::vector<Value> found = context.build.emit_named("while_loop_grad", joined(flowing, context.inputs), attributes);
  std::vector<Value> gradients(context.inputs.size());
  for (std::size_t i = 0; i < floats.size(); ++i) gradients[floats[i]] = found[i];
  return gradients;
}

std::vector<Value> no_second_gradient(const GradientContext&) {
  throw Error(ErrorKind::kNotImplemented, "while_loop: the second gradient of a loop of unknown length is not built. Use ops.scan.");
}

}  // namespace

Op while_op() {
  Op op;
  op.name = "while_loop";
  op.max_inputs = -1;
  op.attributes = {{"condition", AttributeKind::kGraph}, {"body", AttributeKind::kGraph}, {"variable_count", AttributeKind::kInt},
                   {"condition_captures", AttributeKind::kInt}, {"maximum_iterations", AttributeKind::kInt, false, std::int64_t{-1}}};
  op.shape_rule = while_specs;
  op.kernel = while_kernel;
  op.gradient = while_gradient;
  return op;
}

Op while_grad_op() {
  Op op;
  op.name = "while_loop_grad";
  op.max_inputs = -1;
  op.attributes = {{"condition", AttributeKind::kGraph}, {"body", AttributeKind::kGraph}, {"walk", AttributeKind::kGraph},
                   {"variable_count", AttributeKind::kInt}, {"condition_captures", AttributeKind::kInt}, {"flowing_count", AttributeKind::kInt},
                   {"maximum_iterations", AttributeKind::kInt, false, std::int64_t{-1}}};
  op.shape_rule = while_grad_specs;
  op.kernel = while_grad_kernel;
  op.gradient = no_second_gradient;
  return op;
}

}  // namespace keraunos::control_flow
