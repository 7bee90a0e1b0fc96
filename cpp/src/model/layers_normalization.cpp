#include "keraunos/layers.h"
#include "model/layer_design.h"

namespace keraunos {

namespace layers {

Layer batch_normalization(double momentum, double epsilon) {
  if (!(momentum >= 0 && momentum <= 1)) throw value_error("batch_normalization", "`momentum` must be in [0, 1]", momentum);
  if (!(epsilon > 0)) throw value_error("batch_normalization", "`epsilon` must be positive", epsilon);
  const auto config = [=] {
    Json json;
    json.set("axis", -1);
    json.set("momentum", momentum);
    json.set("epsilon", epsilon);
    return json;
  };
  const auto weights = [](const Shape& input) -> std::vector<WeightDesign> {
    const Shape size{last_size(input, "batch_normalization")};
    return {{"gamma", size, WeightKind::kOnes},
            {"beta", size, WeightKind::kZeros},
            {"moving_mean", size, WeightKind::kZeros, false},
            {"moving_variance", size, WeightKind::kOnes, false}};
  };
  return make_layer("BatchNormalization", "batch_normalization", config, weights, [=](const LayerCall& call) {
    Builder& build = call.build;
    const Value& gamma = call.weights[0];
    const Value& beta = call.weights[1];
    if (!call.is_training) {
      const Value& variance = call.weights[3];
      const Value inverse = build.emit1("rsqrt", {build.add(variance, build.constant_like(epsilon, variance))});
      return build.add(build.multiply(build.subtract(call.x(), call.weights[2]), build.multiply(inverse, gamma)), beta);
    }
    const std::vector<Value> found = build.emit_named("batch_norm", {call.x(), gamma, beta}, {{"epsilon", epsilon}});
    for (std::size_t moving = 2; moving < 4; ++moving) {
      const Value kept = build.multiply(call.weights[moving], build.constant_like(momentum, call.weights[moving]));
      call.assign(moving, build.add(kept, build.multiply(found[moving - 1], build.constant_like(1 - momentum, found[moving - 1]))));
    }
    return found[0];
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
  return make_layer("LayerNormalization", "layer_normalization", config, weights, [=](const LayerCall& call) {
    return call.build.emit_named("layer_norm", {call.x(), call.weights[0], call.weights[1]}, {{"epsilon", epsilon}})[0];
  });
}

}  // namespace layers

}  // namespace keraunos
