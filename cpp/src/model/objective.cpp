#include "model/objective.h"

#include "runtime/execute.h"

namespace keraunos {
namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

Value one_hot(Builder& build, const Value& y, const Value& predicted) {
  const std::int64_t classes = predicted.shape()[predicted.shape().rank() - 1];
  return build.emit1("one_hot", {build.cast(y, Dtype::kInt32)}, {{"depth", classes}, {"dtype", predicted.dtype()}});
}

Value sum_of_last(Builder& build, const Value& x, bool keepdims) { return build.sum(x, {x.shape().rank() - 1}, keepdims); }

Value clipped(Builder& build, const Value& p) {
  const Value low = build.emit1("maximum", {p, build.constant_like(kEpsilon, p)});
  return build.emit1("minimum", {low, build.constant_like(1 - kEpsilon, p)});
}

Value logarithm(Builder& build, const Value& x) { return build.emit1("log", {x}); }

// -sum(y log(p)) over the classes, with the probabilities made to add up to 1 first.
Value crossentropy(Builder& build, const Value& y, const Value& predicted) {
  const Value p = clipped(build, build.divide(predicted, sum_of_last(build, predicted, true)));
  return build.negative(sum_of_last(build, build.multiply(y, logarithm(build, p)), false));
}

Value equal(Builder& build, const Value& a, const Value& b) { return build.cast(build.emit1("equal", {a, b}), Dtype::kFloat32); }

Value argmax(Builder& build, const Value& x) {
  return build.emit1("argmax", {x}, {{"axis", static_cast<std::int64_t>(x.shape().rank() - 1)}, {"keepdims", false}});
}

}  // namespace

bool has_index_targets(const std::string& loss) { return loss == "sparse_categorical_crossentropy"; }

Value mean_of_all(Builder& build, const Value& x) {
  Ints axes;
  for (int axis = 0; axis < x.shape().rank(); ++axis) axes.push_back(axis);
  return build.emit1("mean", {x}, {{"axes", axes}, {"keepdims", false}});
}

Value loss_values(Builder& build, const std::string& name, const Value& y, const Value& predicted) {
  if (name == "mse") return build.emit1("square", {build.subtract(predicted, y)});
  if (name == "mae") return build.emit1("absolute", {build.subtract(predicted, y)});
  if (name == "sparse_categorical_crossentropy") return crossentropy(build, one_hot(build, y, predicted), predicted);
  if (name == "categorical_crossentropy") return crossentropy(build, y, predicted);
  if (name == "binary_crossentropy") {
    const Value p = clipped(build, predicted);
    const Value one = build.constant_like(1, p);
    const Value positive = build.multiply(y, logarithm(build, p));
    return build.negative(build.add(positive, build.multiply(build.subtract(one, y), logarithm(build, build.subtract(one, p)))));
  }
  throw value_error("compile", "`loss` must be mse, mae, sparse_categorical_crossentropy, categorical_crossentropy or binary_crossentropy", '"' + name + '"');
}

Value metric_values(Builder& build, const std::string& name, const std::string& loss, const Value& y, const Value& predicted) {
  if (name == "mse" || name == "mae") return loss_values(build, name, y, predicted);
  if (name != "accuracy") throw value_error("compile", "a metric must be accuracy, mse or mae", '"' + name + '"');
  if (has_index_targets(loss)) return equal(build, build.cast(y, Dtype::kInt32), argmax(build, predicted));
  if (predicted.shape()[predicted.shape().rank() - 1] == 1) {
    const Value decided = build.cast(build.emit1("greater", {predicted, build.constant_like(0.5, predicted)}), y.dtype());
    return equal(build, y, decided);
  }
  return equal(build, argmax(build, y), argmax(build, predicted));
}

OptimizerState::OptimizerState(const Optimizer& optimizer, const std::vector<std::shared_ptr<Variable>>& weights)
    : optimizer_(optimizer), weights_(weights) {
  const std::string name = optimizer.name == "SGD" ? "sgd" : "adam";
  variables_.push_back(std::make_shared<Variable>(Tensor::zeros(Dtype::kInt32, Shape()), name + "/iteration"));
  variables_.push_back(std::make_shared<Variable>(Tensor::scalar(optimizer.learning_rate, Dtype::kFloat32), name + "/learning_rate"));
  const auto add_slot = [&](const std::shared_ptr<Variable>& weight, const char* slot) {
    const TensorSpec spec = weight->spec();
    variables_.push_back(std::make_shared<Variable>(Tensor::zeros(spec.dtype, spec.shape), name + '/' + weight->name() + '_' + slot));
  };
  for (const auto& weight : weights) {
    if (optimizer.name == "Adam" || optimizer.momentum != 0) add_slot(weight, "momentum");
    if (optimizer.name == "Adam") add_slot(weight, "velocity");
  }
}

void OptimizerState::step(Builder& build, const std::vector<Value>& gradients) const {
  const Value before = read_variable(iterations());
  const Value rate = read_variable(learning_rate());
  const auto number = [&](double value) { return build.constant(value, Dtype::kFloat32); };
  Value adam_rate;
  if (optimizer_.name == "Adam") {
    // Kingma and Ba 2015, section 2: both corrections in the rate.
    const Value steps = build.cast(build.add(before, build.constant(1, Dtype::kInt32)), Dtype::kFloat32);
    const auto rest = [&](double beta) { return build.subtract(number(1), build.emit1("power", {number(beta), steps})); };
    adam_rate = build.divide(build.multiply(rate, build.emit1("sqrt", {rest(optimizer_.beta_2)})), rest(optimizer_.beta_1));
  }
  std::size_t slot = 2;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const Value weight = read_variable(weights_[i]);
    const Value& g = gradients[i];
    if (optimizer_.name == "Adam") {
      const std::shared_ptr<Variable>& momentum = variables_[slot++];
      const std::shared_ptr<Variable>& velocity = variables_[slot++];
      Value m = read_variable(momentum);
      Value v = read_variable(velocity);
      m = build.add(m, build.multiply(build.subtract(g, m), number(1 - optimizer_.beta_1)));
      v = build.add(v, build.multiply(build.subtract(build.emit1("square", {g}), v), number(1 - optimizer_.beta_2)));
      const Value down = build.divide(build.multiply(m, adam_rate), build.add(build.emit1("sqrt", {v}), number(optimizer_.epsilon)));
      assign_variable(momentum, m);
      assign_variable(velocity, v);
      assign_variable(weights_[i], build.subtract(weight, down));
    } else if (optimizer_.momentum != 0) {
      const std::shared_ptr<Variable>& momentum = variables_[slot++];
      const Value m = build.subtract(build.multiply(read_variable(momentum), number(optimizer_.momentum)), build.multiply(g, rate));
      assign_variable(momentum, m);
      assign_variable(weights_[i], build.add(weight, m));
    } else {
      assign_variable(weights_[i], build.subtract(weight, build.multiply(g, rate)));
    }
  }
  assign_variable(iterations(), build.add(before, build.constant(1, Dtype::kInt32)));
}

Json OptimizerState::config() const {
  Json config;
  config.set("name", optimizer_.name == "SGD" ? "sgd" : "adam");
  config.set("learning_rate", optimizer_.learning_rate);
  if (optimizer_.name == "SGD") {
    config.set("momentum", optimizer_.momentum);
  } else {
    config.set("beta_1", optimizer_.beta_1);
    config.set("beta_2", optimizer_.beta_2);
    config.set("epsilon", optimizer_.epsilon);
  }
  Json json;
  json.set("module", "keras.optimizers");
  json.set("class_name", optimizer_.name);
  json.set("config", std::move(config));
  json.set("registered_name", Json());
  return json;
}

}  // namespace keraunos
