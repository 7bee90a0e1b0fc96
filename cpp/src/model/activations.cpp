#include "model/activations.h"

#include <algorithm>
#include <iterator>

namespace keraunos {
namespace {

Value along_last(Builder& build, const Value& x, const char* op) {
  return build.emit1(op, {x}, {{"axis", static_cast<std::int64_t>(x.shape().rank() - 1)}});
}

// alpha * (exp(x) - 1) below 0. Above, the argument of exp stays at 0: no infinity gets into the gradient.
Value elu(Builder& build, const Value& x, double alpha) {
  const Value zero = build.constant_like(0, x);
  const Value tail = build.emit1("expm1", {build.emit1("minimum", {x, zero})});
  return build.select(build.emit1("greater", {x, zero}), x, build.multiply(tail, build.constant_like(alpha, x)));
}

Value relu6(Builder& build, const Value& x) { return build.emit1("minimum", {build.emit1("relu", {x}), build.constant_like(6, x)}); }

struct Activation {
  const char* name;
  Value (*apply)(Builder& build, const Value& x);
};

constexpr Activation kActivations[] = {
    {"linear", [](Builder&, const Value& x) { return x; }},
    {"relu", [](Builder& build, const Value& x) { return build.emit1("relu", {x}); }},
    {"relu6", relu6},
    {"leaky_relu",
     [](Builder& build, const Value& x) {
       const Value positive = build.emit1("greater", {x, build.constant_like(0, x)});
       return build.select(positive, x, build.multiply(x, build.constant_like(0.2, x)));
     }},
    {"elu", [](Builder& build, const Value& x) { return elu(build, x, 1); }},
    // Klambauer et al. 2017, section 2
    {"selu", [](Builder& build, const Value& x) { return build.multiply(elu(build, x, 1.6732632423543772), build.constant_like(1.0507009873554805, x)); }},
    {"gelu", [](Builder& build, const Value& x) { return build.emit1("gelu", {x}); }},
    {"silu", [](Builder& build, const Value& x) { return build.multiply(x, build.emit1("sigmoid", {x})); }},
    {"mish", [](Builder& build, const Value& x) { return build.multiply(x, build.emit1("tanh", {build.emit1("softplus", {x})})); }},
    {"sigmoid", [](Builder& build, const Value& x) { return build.emit1("sigmoid", {x}); }},
    {"hard_sigmoid",
     [](Builder& build, const Value& x) {
       const Value shifted = relu6(build, build.add(x, build.constant_like(3, x)));
       return build.divide(shifted, build.constant_like(6, x));
     }},
    {"log_sigmoid", [](Builder& build, const Value& x) { return build.negative(build.emit1("softplus", {build.negative(x)})); }},
    {"tanh", [](Builder& build, const Value& x) { return build.emit1("tanh", {x}); }},
    {"softplus", [](Builder& build, const Value& x) { return build.emit1("softplus", {x}); }},
    {"softsign", [](Builder& build, const Value& x) { return build.divide(x, build.add(build.emit1("absolute", {x}), build.constant_like(1, x))); }},
    {"exponential", [](Builder& build, const Value& x) { return build.emit1("exp", {x}); }},
    {"softmax", [](Builder& build, const Value& x) { return along_last(build, x, "softmax"); }},
    {"log_softmax", [](Builder& build, const Value& x) { return along_last(build, x, "log_softmax"); }},
};

const Activation& find_activation(const std::string& name) {
  const auto found = std::find_if(std::begin(kActivations), std::end(kActivations), [&](const Activation& one) { return name == one.name; });
  if (found != std::end(kActivations)) return *found;
  std::string names;
  for (const Activation& one : kActivations) names += (names.empty() ? "" : ", ") + std::string(one.name);
  throw value_error("activation", "must be one of " + names, '"' + name + '"');
}

}  // namespace

void check_activation(const std::string& name) { find_activation(name); }

Value activated(Builder& build, const Value& x, const std::string& name) { return find_activation(name).apply(build, x); }

}  // namespace keraunos
