// Layers of several inputs.
#include <limits>

#include "keraunos/layers.h"
#include "model/layer_design.h"

namespace keraunos {
namespace {

Layer merging(const char* class_name, const char* name, std::function<Json()> config, std::function<Value(Builder&, const std::vector<Value>&)> merge) {
  const Layer made = make_layer(class_name, name, std::move(config), no_weights, [merge = std::move(merge)](const LayerCall& call) {
    return merge(call.build, call.inputs);
  });
  auto design = std::make_shared<LayerDesign>(*made.design());
  design->min_inputs = 2;
  design->max_inputs = std::numeric_limits<std::size_t>::max();
  return Layer(std::move(design));
}

// The inputs one after the other through an op of two operands.
Value folded(Builder& build, const std::vector<Value>& inputs, const char* op, const char* name) {
  Value result = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i].shape() != inputs[0].shape()) throw value_error(name, "its inputs must have the same shape", inputs[0].shape(), inputs[i].shape());
    result = build.emit1(op, {result, inputs[i]});
  }
  return result;
}

Layer folding(const char* class_name, const char* name, const char* op) {
  return merging(class_name, name, no_arguments, [=](Builder& build, const std::vector<Value>& inputs) { return folded(build, inputs, op, name); });
}

}  // namespace

namespace layers {

Layer add() { return folding("Add", "add", "add"); }
Layer multiply() { return folding("Multiply", "multiply", "multiply"); }
Layer maximum() { return folding("Maximum", "maximum", "maximum"); }
Layer minimum() { return folding("Minimum", "minimum", "minimum"); }

Layer subtract() {
  return merging("Subtract", "subtract", no_arguments, [](Builder& build, const std::vector<Value>& inputs) {
    if (inputs.size() != 2) throw value_error("subtract", "takes two inputs", inputs.size());
    return folded(build, inputs, "subtract", "subtract");
  });
}

Layer average() {
  return merging("Average", "average", no_arguments, [](Builder& build, const std::vector<Value>& inputs) {
    const Value total = folded(build, inputs, "add", "average");
    return build.divide(total, build.constant_like(static_cast<double>(inputs.size()), total));
  });
}

Layer concatenate(std::int64_t axis) {
  const auto config = [=] {
    Json json;
    json.set("axis", axis);
    return json;
  };
  return merging("Concatenate", "concatenate", config, [=](Builder& build, const std::vector<Value>& inputs) {
    const int at = normalize_axis(axis, inputs[0].shape().rank(), "concatenate");
    return build.emit1("concatenate", inputs, {{"axis", std::int64_t{at}}});
  });
}

}  // namespace layers

}  // namespace keraunos
