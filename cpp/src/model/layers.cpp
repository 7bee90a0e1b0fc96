#include "keraunos/layers.h"

#include <algorithm>
#include <iterator>

#include "model/layer_design.h"

namespace keraunos {
namespace {

constexpr const char* kActivations[] = {"linear", "relu", "sigmoid", "tanh", "softmax", "gelu", "softplus"};

void check_activation(const std::string& name) {
  if (std::find(std::begin(kActivations), std::end(kActivations), name) != std::end(kActivations)) return;
  throw value_error("activation", "must be linear, relu, sigmoid, tanh, softmax, gelu or softplus", '"' + name + '"');
}

std::vector<WeightDesign> no_weights(const Shape&) { return {}; }

Layer made(const char* class_name, const char* path_name, std::function<Json()> config,
           std::function<std::vector<WeightDesign>(const Shape&)> weights, std::function<Value(const LayerCall&)> call) {
  auto design = std::make_shared<LayerDesign>();
  design->class_name = class_name;
  design->path_name = path_name;
  design->config = std::move(config);
  design->weights = std::move(weights);
  design->call = std::move(call);
  return Layer(std::move(design));
}

std::int64_t last_size(const Shape& shape, const char* subject) {
  if (shape.rank() < 2 || shape[shape.rank() - 1] == kUnknown) throw value_error(subject, "the last size of its input must be known", shape);
  return shape[shape.rank() - 1];
}

Value mean_of_last(Builder& build, const Value& x) {
  return build.emit1("mean", {x}, {{"axes", Ints{x.shape().rank() - 1}}, {"keepdims", true}});
}

}  // namespace

Value activated(Builder& build, const Value& x, const std::string& name) {
  if (name == "linear") return x;
  if (name == "softmax") return build.emit1("softmax", {x}, {{"axis", static_cast<std::int64_t>(x.shape().rank() - 1)}});
  return build.emit1(name.c_str(), {x});
}

namespace layers {

Layer dense(std::int64_t units, const std::string& activation) {
  if (units < 1) throw value_error("dense", "`units` must be positive", units);
  check_activation(activation);
  const auto config = [=] {
    Json json;
    json.set("units", units);
    json.set("activation", activation);
    json.set("use_bias", true);
    return json;
  };
  const auto weights = [=](const Shape& input) -> std::vector<WeightDesign> {
    return {{"kernel", Shape{last_size(input, "dense"), units}, WeightKind::kGlorotUniform}, {"bias", Shape{units}, WeightKind::kZeros}};
  };
  return made("Dense", "dense", config, weights, [=](const LayerCall& call) {
    return activated(call.build, call.build.add(call.build.matmul(call.x, call.weights[0], false, false), call.weights[1]), activation);
  });
}

Layer activation(const std::string& name) {
  check_activation(name);
  const auto config = [=] {
    Json json;
    json.set("activation", name);
    return json;
  };
  return made("Activation", "activation", config, no_weights, [=](const LayerCall& call) { return activated(call.build, call.x, name); });
}

Layer dropout(double rate) {
  if (!(rate >= 0 && rate <= 1)) throw value_error("dropout", "`rate` must be in [0, 1]", rate);
  const auto config = [=] {
    Json json;
    json.set("rate", rate);
    return json;
  };
  const auto weights = [](const Shape&) -> std::vector<WeightDesign> { return {{"seed_generator_state", Shape{2}, WeightKind::kSeed}}; };
  return made("Dropout", "dropout", config, weights, [=](const LayerCall& call) {
    if (!call.is_training || rate == 0) return call.x;
    const Value result = call.build.emit1("dropout", {call.x, call.weights[0]}, {{"rate", rate}});
    call.assign(0, call.build.add(call.weights[0], Value(Tensor::from(std::vector<std::uint32_t>{0, 1}, {2}))));
    return result;
  });
}

Layer flatten() {
  return made("Flatten", "flatten", [] { return Json(Json::Object{}); }, no_weights, [](const LayerCall& call) {
    std::int64_t row = 1;
    for (int axis = 1; axis < call.x.shape().rank(); ++axis) row *= call.x.shape()[axis];
    if (row < 0) throw value_error("flatten", "every size but the batch must be known", call.x.shape());
    return call.build.emit1("reshape", {call.x}, {{"shape", Ints{-1, row}}});
  });
}

Layer rescaling(double scale, double offset) {
  const auto config = [=] {
    Json json;
    json.set("scale", scale);
    json.set("offset", offset);
    return json;
  };
  return made("Rescaling", "rescaling", config, no_weights, [=](const LayerCall& call) {
    Builder& build = call.build;
    return build.add(build.multiply(call.x, build.constant_like(scale, call.x)), build.constant_like(offset, call.x));
  });
}

Layer embedding(std::int64_t input_dim, std::int64_t output_dim) {
  if (input_dim < 1 || output_dim < 1) throw value_error("embedding", "its sizes must be positive", input_dim, output_dim);
  const auto config = [=] {
    Json json;
    json.set("input_dim", input_dim);
    json.set("output_dim", output_dim);
    return json;
  };
  const auto weights = [=](const Shape&) -> std::vector<WeightDesign> {
    return {{"embeddings", Shape{input_dim, output_dim}, WeightKind::kSmallUniform}};
  };
  return made("Embedding", "embedding", config, weights, [](const LayerCall& call) {
    return call.build.emit1("gather", {call.weights[0], call.build.cast(call.x, Dtype::kInt32)}, {{"axis", std::int64_t{0}}});
  });
}

Layer layer_normalization(double epsilon) {
  const auto config = [=] {
    Json json;
    json.set("axis", -1);
    json.set("epsilon", epsilon);
    return json;
  };
  const auto weights = [](const Shape& input) -> std::vector<WeightDesign> {
    const std::int64_t size = last_size(input, "layer_normalization");
    return {{"gamma", Shape{size}, WeightKind::kOnes}, {"beta", Shape{size}, WeightKind::kZeros}};
  };
  return made("LayerNormalization", "layer_normalization", config, weights, [=](const LayerCall& call) {
    Builder& build = call.build;
    const Value centered = build.subtract(call.x, mean_of_last(build, call.x));
    const Value variance = mean_of_last(build, build.emit1("square", {centered}));
    const Value scaled = build.multiply(centered, build.emit1("rsqrt", {build.add(variance, build.constant_like(epsilon, variance))}));
    return build.add(build.multiply(scaled, call.weights[0]), call.weights[1]);
  });
}

}  // namespace layers

namespace optimizers {

Optimizer sgd(double learning_rate, double momentum) { return {"SGD", learning_rate, momentum, 0, 0, 0}; }

Optimizer adam(double learning_rate, double beta_1, double beta_2, double epsilon) {
  return {"Adam", learning_rate, 0, beta_1, beta_2, epsilon};
}

}  // namespace optimizers

}  // namespace keraunos
