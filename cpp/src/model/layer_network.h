// The layers of a design in Keras's order, with their names and calls.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keraunos/graph.h"
#include "model/layer_design.h"

namespace keraunos {

// One call of a layer, and where its inputs come from.
struct NetworkCall {
  std::size_t layer;  // number of the layer
  std::size_t index;  // number of this call among those of its layer
  std::vector<std::size_t> inputs;  // numbers of calls
  TensorSpec output;                // filled in by the construction
};

struct NetworkLayer {
  std::shared_ptr<const LayerDesign> design;  // absent: an input
  std::string name;                           // "dense_1", or what the user called it
  std::string path;                           // of its weights in files: "layers/dense_1/"
  TensorSpec spec;                            // of an input
  std::vector<std::size_t> calls;
  std::vector<WeightDesign> weight_designs;  // filled in by the construction
  std::vector<std::shared_ptr<Variable>> weights;
};

struct Network {
  std::vector<NetworkLayer> layers;  // in the order of Keras's `model.layers`, which decides about paths in files
  std::vector<NetworkCall> calls;    // each after those that it needs
  std::vector<std::size_t> inputs;   // calls
  std::vector<std::size_t> outputs;
};

// Everything that leads from the inputs to the outputs. An error names what is not connected, or a name that is there twice.
Network make_network(const std::vector<LayerOutput>& inputs, const std::vector<LayerOutput>& outputs);

}  // namespace keraunos
