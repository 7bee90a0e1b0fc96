// What a Layer holds, and what a design is made of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "keraunos/layers.h"
#include "keraunos/op.h"

namespace keraunos {

enum class WeightKind { kZeros, kOnes, kGlorotUniform, kSmallUniform, kOrthogonal, kForgetBias, kSeed };

struct WeightDesign {
  std::string name;
  Shape shape;
  WeightKind kind;
  bool is_trainable = true;
  std::string folder = {};  // of the layer in files: "cell/", say
};

// One call of a layer inside a trace.
struct LayerCall {
  Builder& build;
  const std::vector<Value>& inputs;
  const std::vector<Value>& weights;
  bool is_training;
  // Puts a new value into a weight when the call is over.
  std::function<void(std::size_t weight, const Value& value)> assign;

  const Value& x() const { return inputs[0]; }
};

struct LayerDesign {
  std::string class_name;  // Keras's
  std::string path_name;   // in snake case
  std::string name;        // given by the user, or empty
  std::size_t min_inputs = 1;
  std::size_t max_inputs = 1;
  std::function<Json()> config;  // arguments as Keras writes them
  std::function<std::vector<WeightDesign>(const Shape& input)> weights;
  std::function<Value(const LayerCall& call)> call;
  // A recurrent layer: the same in the other direction.
  std::function<Layer()> reversed;
};

// An input of the model, or one call of a layer.
struct LayerNode {
  std::shared_ptr<const LayerDesign> layer;  // absent: an input
  std::vector<LayerOutput> inputs;
  TensorSpec spec;   // of an input, with the batch
  std::string name;  // of an input, or empty
};

std::vector<WeightDesign> no_weights(const Shape& input);
Json no_arguments();

// A design of one input. `config` and `weights` as in LayerDesign.
Layer make_layer(const char* class_name, const char* path_name, std::function<Json()> config,
                 std::function<std::vector<WeightDesign>(const Shape&)> weights, std::function<Value(const LayerCall&)> call);

// The size of the last axis, which must be known.
std::int64_t last_size(const Shape& shape, const char* subject);

// Keras's form of an object: {"module": ..., "class_name": ..., "config": ..., "registered_name": null}.
Json object_json(const char* module, const std::string& class_name, Json config);
Json list_json(const std::vector<std::int64_t>& numbers);  // kUnknown becomes null

}  // namespace keraunos
