#include "model/optimizer_steps.h"

#include <algorithm>
#include <iterator>

#include "model/layer_design.h"
#include "runtime/execute.h"

namespace keraunos {
namespace {

// One weight's step.
struct Step {
  Builder& build;
  const Optimizer& optimizer;
  Value gradient;
  Value rate;
  Value steps;  // with this one, as a float
  const std::vector<std::shared_ptr<Variable>>& slots;

  double setting(const char* name) const { return optimizer.settings.at(name); }
  Value number(double value) const { return build.constant(value, Dtype::kFloat32); }
  Value times(const Value& x, double factor) const { return build.multiply(x, number(factor)); }
  Value root(const Value& x) const { return build.emit1("sqrt", {x}); }
  Value squared_gradient() const { return build.emit1("square", {gradient}); }
  Value slot(std::size_t i) const { return read_variable(slots[i]); }
  Value keep(std::size_t i, const Value& value) const {
    assign_variable(slots[i], value);
    return value;
  }
};

bool has_momentum(const Optimizer& optimizer) { return optimizer.settings.at("momentum") != 0; }

Value sgd_change(const Step& step) {
  const Value down = step.build.multiply(step.gradient, step.rate);
  if (!has_momentum(step.optimizer)) return step.build.negative(down);
  const double momentum = step.setting("momentum");
  const Value m = step.keep(0, step.build.subtract(step.times(step.slot(0), momentum), down));
  return step.optimizer.nesterov ? step.build.subtract(step.times(m, momentum), down) : m;
}

Value rmsprop_change(const Step& step) {
  Builder& build = step.build;
  const double rho = step.setting("rho");
  const Value v = step.keep(0, build.add(step.times(step.slot(0), rho), step.times(step.squared_gradient(), 1 - rho)));
  Value down = build.divide(build.multiply(step.gradient, step.rate), step.root(build.add(v, step.number(step.setting("epsilon")))));
  if (has_momentum(step.optimizer)) down = step.keep(1, build.add(step.times(step.slot(1), step.setting("momentum")), down));
  return build.negative(down);
}

Value adagrad_change(const Step& step) {
  Builder& build = step.build;
  const Value sum = step.keep(0, build.add(step.slot(0), step.squared_gradient()));
  const Value below = step.root(build.add(sum, step.number(step.setting("epsilon"))));
  return build.negative(build.divide(build.multiply(step.gradient, step.rate), below));
}

// Kingma and Ba 2015, section 2: both corrections in the rate.
Value adam_change(const Step& step) {
  Builder& build = step.build;
  const double beta_1 = step.setting("beta_1"), beta_2 = step.setting("beta_2");
  const auto rest = [&](double beta) { return build.subtract(step.number(1), build.emit1("power", {step.number(beta), step.steps})); };
  const Value rate = build.divide(build.multiply(step.rate, step.root(rest(beta_2))), rest(beta_1));
  const Value m = step.keep(0, build.add(step.slot(0), step.times(build.subtract(step.gradient, step.slot(0)), 1 - beta_1)));
  const Value v = step.keep(1, build.add(step.slot(1), step.times(build.subtract(step.squared_gradient(), step.slot(1)), 1 - beta_2)));
  return build.negative(build.divide(build.multiply(m, rate), build.add(step.root(v), step.number(step.setting("epsilon")))));
}

}  // namespace

struct OptimizerRule {
  const char* class_name;
  const char* name;
  std::vector<std::string> (*slots)(const Optimizer& optimizer);
  bool are_slots_of_a_weight_together;  // in files; otherwise all of a kind
  Value (*change)(const Step& step);
};

namespace {

using Names = std::vector<std::string>;

Names adam_slots(const Optimizer&) { return {"momentum", "velocity"}; }

constexpr OptimizerRule kRules[] = {
    {"SGD", "sgd", [](const Optimizer& optimizer) { return has_momentum(optimizer) ? Names{"momentum"} : Names{}; }, false, sgd_change},
    {"RMSprop", "rmsprop", [](const Optimizer& optimizer) { return has_momentum(optimizer) ? Names{"velocity", "momentum"} : Names{"velocity"}; }, false,
     rmsprop_change},
    {"Adagrad", "adagrad", [](const Optimizer&) { return Names{"accumulator"}; }, false, adagrad_change},
    {"Adam", "adam", adam_slots, true, adam_change},
    {"AdamW", "adamw", adam_slots, true, adam_change},
};

const OptimizerRule& find_rule(const std::string& name) {
  const auto found = std::find_if(std::begin(kRules), std::end(kRules), [&](const OptimizerRule& rule) { return name == rule.class_name; });
  if (found == std::end(kRules)) throw value_error("compile", "the optimizer must be SGD, RMSprop, Adagrad, Adam or AdamW", '"' + name + '"');
  return *found;
}

}  // namespace

namespace optimizers {

Optimizer sgd(double learning_rate, double momentum, bool nesterov) { return {"SGD", learning_rate, {{"momentum", momentum}}, nesterov}; }

Optimizer rmsprop(double learning_rate, double rho, double momentum, double epsilon) {
  return {"RMSprop", learning_rate, {{"rho", rho}, {"momentum", momentum}, {"epsilon", epsilon}}};
}

Optimizer adagrad(double learning_rate, double initial_accumulator_value, double epsilon) {
  return {"Adagrad", learning_rate, {{"initial_accumulator_value", initial_accumulator_value}, {"epsilon", epsilon}}};
}

Optimizer adam(double learning_rate, double beta_1, double beta_2, double epsilon) {
  return {"Adam", learning_rate, {{"beta_1", beta_1}, {"beta_2", beta_2}, {"epsilon", epsilon}}};
}

Optimizer adamw(double learning_rate, double weight_decay, double beta_1, double beta_2, double epsilon) {
  Optimizer optimizer = adam(learning_rate, beta_1, beta_2, epsilon);
  optimizer.name = "AdamW";
  optimizer.settings["weight_decay"] = weight_decay;
  return optimizer;
}

}  // namespace optimizers

OptimizerState::OptimizerState(const Optimizer& optimizer, const std::vector<std::shared_ptr<Variable>>& weights)
    : optimizer_(optimizer), rule_(&find_rule(optimizer.name)), slot_names_(rule_->slots(optimizer)), weights_(weights), slots_(weights.size()) {
  const std::string name = rule_->name;
  variables_.push_back(std::make_shared<Variable>(Tensor::zeros(Dtype::kInt32, Shape()), name + "/iteration"));
  variables_.push_back(std::make_shared<Variable>(Tensor::scalar(optimizer.learning_rate, Dtype::kFloat32), name + "/learning_rate"));
  const auto first = optimizer.settings.find("initial_accumulator_value");
  const auto add_slot = [&](std::size_t i, const std::string& slot) {
    const TensorSpec spec = weights[i]->spec();
    Tensor value = Tensor::zeros(spec.dtype, spec.shape);
    if (first != optimizer.settings.end()) std::fill_n(value.as<float>(), value.elements(), static_cast<float>(first->second));
    slots_[i].push_back(std::make_shared<Variable>(std::move(value), name + '/' + weights[i]->name() + '_' + slot));
    variables_.push_back(slots_[i].back());
  };
  if (rule_->are_slots_of_a_weight_together) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      for (const std::string& slot : slot_names_) add_slot(i, slot);
    }
  } else {
    for (const std::string& slot : slot_names_) {
      for (std::size_t i = 0; i < weights.size(); ++i) add_slot(i, slot);
    }
  }
}

void OptimizerState::step(Builder& build, const std::vector<Value>& gradients) const {
  const Value before = read_variable(iterations());
  const Value rate = read_variable(learning_rate());
  const Value after = build.add(before, build.constant(1, Dtype::kInt32));
  const Value steps = build.cast(after, Dtype::kFloat32);
  const auto decay = optimizer_.settings.find("weight_decay");
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    if (gradients[i].is_empty()) continue;  // no loss depends on it
    Value weight = read_variable(weights_[i]);
    if (decay != optimizer_.settings.end()) {
      // Loshchilov and Hutter 2019: apart from the gradient.
      weight = build.subtract(weight, build.multiply(build.multiply(weight, build.constant(decay->second, Dtype::kFloat32)), rate));
    }
    const Step step{build, optimizer_, gradients[i], rate, steps, slots_[i]};
    assign_variable(weights_[i], build.add(weight, rule_->change(step)));
  }
  assign_variable(iterations(), after);
}

Json OptimizerState::config() const {
  Json config;
  config.set("name", rule_->name);
  config.set("learning_rate", optimizer_.learning_rate);
  for (const auto& [name, value] : optimizer_.settings) config.set(name, value);
  if (optimizer_.name == "SGD") config.set("nesterov", optimizer_.nesterov);
  return object_json("keras.optimizers", optimizer_.name, std::move(config));
}

}  // namespace keraunos
