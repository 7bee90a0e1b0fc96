// Dense, activations, dropout, embedding, and layers that only change shapes or scales.
#include "keraunos/layers.h"

#include "model/activations.h"
#include "model/layer_design.h"

namespace keraunos {

std::vector<WeightDesign> no_weights(const Shape&) { return {}; }
Json no_arguments() { return Json(Json::Object{}); }

Json list_json(const std::vector<std::int64_t>& numbers) {
  Json::Array items;
  for (const std::int64_t number : numbers) items.push_back(number == kUnknown ? Json() : Json(number));
  return Json(std::move(items));
}

Json object_json(const char* module, const std::string& class_name, Json config) {
  Json json;
  json.set("module", module);
  json.set("class_name", class_name);
  json.set("config", std::move(config));
  json.set("registered_name", Json());
  return json;
}

Layer make_layer(const char* class_name, const char* path_name, std::function<Json()> config,
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

LayerOutput input(const Shape& shape, Dtype dtype, const std::string& name) {
  if (!shape.is_known()) throw value_error("input", "every size must be known", shape);
  auto node = std::make_shared<LayerNode>();
  std::vector<std::int64_t> sizes = {kUnknown};
  sizes.insert(sizes.end(), shape.sizes().begin(), shape.sizes().end());
  node->spec = {dtype, Shape(std::move(sizes))};
  node->name = name;
  return LayerOutput(std::move(node));
}

LayerOutput Layer::operator()(const LayerOutput& input) const { return (*this)(std::vector<LayerOutput>{input}); }

LayerOutput Layer::operator()(const std::vector<LayerOutput>& inputs) const {
  if (inputs.size() < design_->min_inputs || inputs.size() > design_->max_inputs) {
    throw value_error(design_->path_name, design_->max_inputs == 1 ? "takes one input" : "takes two or more inputs", inputs.size());
  }
  auto node = std::make_shared<LayerNode>();
  node->layer = design_;
  node->inputs = inputs;
  return LayerOutput(std::move(node));
}

Layer Layer::named(const std::string& name) const {
  auto design = std::make_shared<LayerDesign>(*design_);
  design->name = name;
  return Layer(std::move(design));
}

namespace layers {

Layer dense(std::int64_t units, const std::string& activation, bool use_bias) {
  if (units < 1) throw value_error("dense", "`units` must be positive", units);
  check_activation(activation);
  const auto config = [=] {
    Json json;
    json.set("units", units);
    json.set("activation", activation);
    json.set("use_bias", use_bias);
    return json;
  };
  const auto weights = [=](const Shape& input) {
    std::vector<WeightDesign> designs = {{"kernel", Shape{last_size(input, "dense"), units}, WeightKind::kGlorotUniform}};
    if (use_bias) designs.push_back({"bias", Shape{units}, WeightKind::kZeros});
    return designs;
  };
  return make_layer("Dense", "dense", config, weights, [=](const LayerCall& call) {
    const Value product = call.build.matmul(call.x(), call.weights[0], false, false);
    return activated(call.build, use_bias ? call.build.add(product, call.weights[1]) : product, activation);
  });
}

Layer activation(const std::string& name) {
  check_activation(name);
  const auto config = [=] {
    Json json;
    json.set("activation", name);
    return json;
  };
  return make_layer("Activation", "activation", config, no_weights, [=](const LayerCall& call) { return activated(call.build, call.x(), name); });
}

Layer dropout(double rate) {
  if (!(rate >= 0 && rate <= 1)) throw value_error("dropout", "`rate` must be in [0, 1]", rate);
  const auto config = [=] {
    Json json;
    json.set("rate", rate);
    return json;
  };
  const auto weights = [](const Shape&) -> std::vector<WeightDesign> {
    return {{"seed_generator_state", Shape{2}, WeightKind::kSeed, false, "seed_generator/"}};
  };
  return make_layer("Dropout", "dropout", config, weights, [=](const LayerCall& call) {
    if (!call.is_training || rate == 0) return call.x();
    const Value result = call.build.emit1("dropout", {call.x(), call.weights[0]}, {{"rate", rate}});
    call.assign(0, call.build.add(call.weights[0], Value(Tensor::from(std::vector<std::uint32_t>{0, 1}, {2}))));
    return result;
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
  return make_layer("Embedding", "embedding", config, weights, [](const LayerCall& call) {
    return call.build.emit1("gather", {call.weights[0], call.build.cast(call.x(), Dtype::kInt32)}, {{"axis", std::int64_t{0}}});
  });
}

Layer flatten() {
  return make_layer("Flatten", "flatten", no_arguments, no_weights, [](const LayerCall& call) {
    const Shape& shape = call.x().shape();
    std::int64_t row = 1;
    for (int axis = 1; axis < shape.rank(); ++axis) row *= shape[axis];
    return call.build.emit1("reshape", {call.x()}, {{"shape", Ints{-1, row}}});
  });
}

Layer reshape(const Shape& target) {
  std::int64_t known = 1;
  int open = 0;
  for (const std::int64_t size : target.sizes()) (size == -1 ? open += 1 : known *= size);
  if (open > 1 || known < 1) throw value_error("reshape", "sizes must be positive, or -1 for one of them", target);
  const auto config = [=] {
    Json::Array sizes;
    for (const std::int64_t size : target.sizes()) sizes.emplace_back(size);
    Json json;
    json.set("target_shape", std::move(sizes));
    return json;
  };
  return make_layer("Reshape", "reshape", config, no_weights, [=](const LayerCall& call) {
    const Shape& shape = call.x().shape();
    std::int64_t row = 1;
    for (int axis = 1; axis < shape.rank(); ++axis) row *= shape[axis];
    if (open ? row % known != 0 : row != known) throw value_error("reshape", "the sizes must have as many elements as the input", target, shape);
    Ints sizes = {-1};
    for (const std::int64_t size : target.sizes()) sizes.push_back(size == -1 ? row / known : size);
    return call.build.emit1("reshape", {call.x()}, {{"shape", sizes}});
  });
}

Layer rescaling(double scale, double offset) {
  const auto config = [=] {
    Json json;
    json.set("scale", scale);
    json.set("offset", offset);
    return json;
  };
  return make_layer("Rescaling", "rescaling", config, no_weights, [=](const LayerCall& call) {
    Builder& build = call.build;
    const Value x = build.cast(call.x(), Dtype::kFloat32);
    return build.add(build.multiply(x, build.constant_like(scale, x)), build.constant_like(offset, x));
  });
}

}  // namespace layers

}  // namespace keraunos
