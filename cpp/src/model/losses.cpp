#include "model/losses.h"

#include <algorithm>
#include <iterator>

#include "model/layer_design.h"

namespace keraunos {
namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

Value with_number(Builder& build, const char* op, const Value& x, double number) { return build.emit1(op, {x, build.constant_like(number, x)}); }

Value difference(Builder& build, const Value& y, const Value& predicted) { return build.subtract(predicted, y); }

Value clipped(Builder& build, const Value& p) {
  return with_number(build, "minimum", with_number(build, "maximum", p, kEpsilon), 1 - kEpsilon);
}

Value logarithm(Builder& build, const Value& x) { return build.emit1("log", {x}); }

std::int64_t last_axis(const Value& x) { return x.shape().rank() - 1; }

Value huber(Builder& build, const Value& y, const Value& predicted) {
  const Value distance = build.emit1("absolute", {difference(build, y, predicted)});
  const Value near = with_number(build, "multiply", build.emit1("square", {distance}), 0.5);
  return build.select(with_number(build, "less_equal", distance, 1), near, with_number(build, "subtract", distance, 0.5));
}

// The logarithms of the classes' probabilities, which are made to add up to 1 first.
Value log_probabilities(Builder& build, const Value& predicted, bool from_logits) {
  if (from_logits) return build.emit1("log_softmax", {predicted}, {{"axis", last_axis(predicted)}});
  const Value sum = build.sum(predicted, {last_axis(predicted)}, true);
  const Value total = build.select(with_number(build, "equal", sum, 0), build.emit1("add", {build.zeros_like(sum), build.constant_like(1, sum)}), sum);
  return logarithm(build, clipped(build, build.divide(predicted, total)));
}

Value categorical(Builder& build, const Value& y, const Value& predicted, bool from_logits) {
  const Value products = build.multiply(y, log_probabilities(build, predicted, from_logits));
  return build.negative(build.sum(products, {last_axis(predicted)}, false));
}

Value sparse_categorical(Builder& build, const Value& y, const Value& predicted, bool from_logits) {
  const std::int64_t classes = predicted.shape()[predicted.shape().rank() - 1];
  const Value hot = build.emit1("one_hot", {build.cast(y, Dtype::kInt32)}, {{"depth", classes}, {"dtype", predicted.dtype()}});
  return categorical(build, hot, predicted, from_logits);
}

Value binary(Builder& build, const Value& y, const Value& predicted, bool from_logits) {
  if (from_logits) {
    // relu(x) - x y + log(1 + exp(-|x|)): no overflow, no cancellation
    const Value tail = build.emit1("softplus", {build.negative(build.emit1("absolute", {predicted}))});
    return build.add(build.subtract(build.emit1("relu", {predicted}), build.multiply(predicted, y)), tail);
  }
  const Value p = clipped(build, predicted);
  const Value one = build.constant_like(1, p);
  const Value positive = build.multiply(y, logarithm(build, p));
  return build.negative(build.add(positive, build.multiply(build.subtract(one, y), logarithm(build, build.subtract(one, p)))));
}

struct LossKind {
  const char* name;
  const char* class_name;
  bool is_of_probabilities;
  Value (*values)(Builder& build, const Value& y, const Value& predicted, bool from_logits);
};

constexpr LossKind kLosses[] = {
    {"mse", "MeanSquaredError", false,
     [](Builder& build, const Value& y, const Value& predicted, bool) { return build.emit1("square", {difference(build, y, predicted)}); }},
    {"mae", "MeanAbsoluteError", false,
     [](Builder& build, const Value& y, const Value& predicted, bool) { return build.emit1("absolute", {difference(build, y, predicted)}); }},
    {"huber", "Huber", false, [](Builder& build, const Value& y, const Value& predicted, bool) { return huber(build, y, predicted); }},
    {"binary_crossentropy", "BinaryCrossentropy", true, binary},
    {"categorical_crossentropy", "CategoricalCrossentropy", true, categorical},
    {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", true, sparse_categorical},
};

const LossKind& find_loss(const Loss& loss) {
  const auto found = std::find_if(std::begin(kLosses), std::end(kLosses), [&](const LossKind& kind) { return loss.name == kind.name; });
  if (found == std::end(kLosses)) {
    std::string names;
    for (const LossKind& kind : kLosses) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    throw value_error("compile", "`loss` must be one of " + names, '"' + loss.name + '"');
  }
  if (loss.from_logits && !found->is_of_probabilities) throw value_error("compile", "only crossentropies are made of logits", '"' + loss.name + '"');
  return *found;
}

Value equal(Builder& build, const Value& a, const Value& b) { return build.cast(build.emit1("equal", {a, b}), Dtype::kFloat32); }

Value argmax(Builder& build, const Value& x) { return build.emit1("argmax", {x}, {{"axis", last_axis(x)}, {"keepdims", false}}); }

}  // namespace

namespace losses {

Loss from_logits(const std::string& name) {
  Loss loss(name);
  loss.from_logits = true;
  return loss;
}

}  // namespace losses

bool has_index_targets(const Loss& loss) { return loss.name == "sparse_categorical_crossentropy"; }

Value mean_of_all(Builder& build, const Value& x) {
  Ints axes;
  for (int axis = 0; axis < x.shape().rank(); ++axis) axes.push_back(axis);
  return build.emit1("mean", {x}, {{"axes", axes}, {"keepdims", false}});
}

Value loss_values(Builder& build, const Loss& loss, const Value& y, const Value& predicted) {
  return find_loss(loss).values(build, y, predicted, loss.from_logits);
}

Value metric_values(Builder& build, const std::string& name, const Loss& loss, const Value& y, const Value& predicted) {
  if (name == "mse" || name == "mae") {
    if (has_index_targets(loss)) throw value_error("compile", "class indices have no distance from the outputs", '"' + name + '"');
    return loss_values(build, name, y, predicted);
  }
  if (name != "accuracy") throw value_error("compile", "a metric must be accuracy, mse or mae", '"' + name + '"');
  if (has_index_targets(loss)) return equal(build, build.cast(y, Dtype::kInt32), argmax(build, predicted));
  if (predicted.shape()[predicted.shape().rank() - 1] == 1) return equal(build, y, build.cast(with_number(build, "greater", predicted, 0.5), y.dtype()));
  return equal(build, argmax(build, y), argmax(build, predicted));
}

Json loss_json(const Loss& loss) {
  if (!loss.from_logits) return loss.name;
  Json config;
  config.set("name", loss.name);
  config.set("reduction", "sum_over_batch_size");
  config.set("from_logits", true);
  return object_json("keras.losses", find_loss(loss).class_name, std::move(config));
}

}  // namespace keraunos
