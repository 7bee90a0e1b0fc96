#include "runtime/replay.h"

#include "runtime/execute.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos {

std::vector<Value> replay(const Graph& graph, const std::vector<Value>& inputs) {
  if (!graph.variables().empty()) throw Error(ErrorKind::kRuntime, "replay: a graph with variables cannot be emitted again");
  std::vector<Value> values(graph.values().size());
  for (std::size_t v = 0; v < values.size(); ++v) {
    const GraphValue& value = graph.values()[v];
    const std::size_t number = static_cast<std::size_t>(value.source);
    if (value.kind == ValueKind::kInput) values[v] = inputs[number];
    if (value.kind == ValueKind::kConstant) values[v] = Value(graph.constants()[number]);
  }
  for (const Node& node : graph.nodes()) {
    std::vector<Value> operands;
    operands.reserve(node.inputs.size());
    for (int input : node.inputs) operands.push_back(values[static_cast<std::size_t>(input)]);
    const std::vector<Value> results = execute(*node.op, operands, node.attributes);
    for (std::size_t i = 0; i < results.size(); ++i) values[static_cast<std::size_t>(node.outputs[i])] = results[i];
  }
  std::vector<Value> outputs;
  for (int output : graph.outputs()) outputs.push_back(values[static_cast<std::size_t>(output)]);
  return outputs;
}

std::shared_ptr<const Graph> build_graph(const std::vector<TensorSpec>& inputs,
                                         const std::function<std::vector<Value>(const std::vector<Value>&)>& body) {
  Trace trace(TraceKind::kBranch);
  struct Opened {
    Trace* trace;
    explicit Opened(Trace* t) : trace(t) { push_trace(t); }
    ~Opened() { pop_trace(trace); }
  } opened(&trace);
  std::vector<Value> values;
  for (const TensorSpec& input : inputs) values.push_back(trace.add_input(input, "input"));
  return trace.finish(body(values));
}

std::vector<Value> replay_gradient(const Graph& graph, const std::vector<Value>& inputs, const std::vector<Value>& output_gradients) {
  Tape tape(false, false);
  for (const Value& input : inputs) {
    if (is_floating(input.dtype())) tape.watch(input);
  }
  start_tape(&tape);
  std::vector<Value> outputs;
  try {
    outputs = replay(graph, inputs);
  } catch (...) {
    stop_tape(&tape);
    throw;
  }
  stop_tape(&tape);
  std::vector<Value> targets;
  std::vector<Value> flowing;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (i >= output_gradients.size() || output_gradients[i].is_empty() || !is_floating(outputs[i].dtype())) continue;
    targets.push_back(outputs[i]);
    flowing.push_back(output_gradients[i]);
  }
  std::vector<Value> gradients = tape.gradient(targets, flowing, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (gradients[i].is_empty() && is_floating(inputs[i].dtype())) gradients[i] = execution_builder().zeros_like(inputs[i]);
  }
  return gradients;
}

}  // namespace keraunos
