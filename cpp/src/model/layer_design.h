// What a Layer holds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "keraunos/layers.h"
#include "keraunos/op.h"

namespace keraunos {

enum class WeightKind { kZeros, kOnes, kGlorotUniform, kSmallUniform, kSeed };

struct WeightDesign {
  std::string name;
  Shape shape;
  WeightKind kind;
};

// One call of a layer inside a trace.
struct LayerCall {
  Builder& build;
  Value x;
  const std::vector<Value>& weights;
  bool is_training;
  // Puts a new value into a weight when the call is over.
  std::function<void(std::size_t weight, const Value& value)> assign;
};

struct LayerDesign {
  std::string class_name;  // Keras's
  std::string path_name;   // in snake case
  std::function<Json()> config;  // arguments as Keras writes them
  std::function<std::vector<WeightDesign>(const Shape& input)> weights;
  std::function<Value(const LayerCall& call)> call;
};

// The activation of that name; an error that lists the names otherwise.
Value activated(Builder& build, const Value& x, const std::string& name);

}  // namespace keraunos
