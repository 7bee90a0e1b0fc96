// Emitting the nodes of a finished graph again, into whatever is being built now.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

// The outputs of `graph` on `inputs`. The graph must not use variables.
std::vector<Value> replay(const Graph& graph, const std::vector<Value>& inputs);

// A new graph with inputs of these specs, built by `body`.
std::shared_ptr<const Graph> build_graph(const std::vector<TensorSpec>& inputs,
                                         const std::function<std::vector<Value>(const std::vector<Value>&)>& body);

// The gradients of `inputs` when `output_gradients` flow into the outputs (zeros where nothing
// flows; empty for integers). Must be called inside build_graph.
std::vector<Value> replay_gradient(const Graph& graph, const std::vector<Value>& inputs, const std::vector<Value>& output_gradients);

}  // namespace keraunos
