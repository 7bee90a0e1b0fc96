// SimpleRNN, LSTM, GRU over whole sequences, and Bidirectional.
#include "keraunos/layers.h"
#include "model/layer_design.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

struct CellKind {
  const char* class_name;
  const char* name;  // of the layer, and of its op
  std::int64_t gates;
  std::size_t states;
};

constexpr CellKind kSimpleRnn = {"SimpleRNN", "simple_rnn", 1, 1};
constexpr CellKind kLstm = {"LSTM", "lstm", 4, 2};
constexpr CellKind kGru = {"GRU", "gru", 3, 1};

Value zeros_for(Builder& build, const Value& x, std::int64_t units) {
  const Value rows = build.emit1("dim", {x}, {{"axis", std::int64_t{0}}});
  return build.emit1("fill", {build.constant(0, x.dtype()), rows}, {{"shape", Ints{kFromInput, units}}});
}

Layer recurrent(const CellKind& kind, std::int64_t units, const RecurrentOptions& options) {
  if (units < 1) throw value_error(kind.name, "`units` must be positive", units);
  const auto config = [=] {
    Json json;
    json.set("units", units);
    json.set("return_sequences", options.return_sequences);
    json.set("go_backwards", options.go_backwards);
    return json;
  };
  const auto weights = [=](const Shape& input) -> std::vector<WeightDesign> {
    const std::int64_t wide = kind.gates * units;
    const std::string cell = std::string(kind.name) + "_cell/";
    const bool is_gru = kind.gates == kGru.gates;
    return {{cell + "kernel", Shape{last_size(input, kind.name), wide}, WeightKind::kGlorotUniform, true, "cell/"},
            {cell + "recurrent_kernel", Shape{units, wide}, WeightKind::kOrthogonal, true, "cell/"},
            {cell + "bias", is_gru ? Shape{2, wide} : Shape{wide}, kind.states == 2 ? WeightKind::kForgetBias : WeightKind::kZeros, true, "cell/"},
            {cell + "seed_generator_state", Shape{2}, WeightKind::kSeed, false, "cell/seed_generator/"}};
  };
  const Layer made = make_layer(kind.class_name, kind.name, config, weights, [=](const LayerCall& call) {
    std::vector<Value> operands = {call.x()};
    for (std::size_t state = 0; state < kind.states; ++state) operands.push_back(zeros_for(call.build, call.x(), units));
    operands.insert(operands.end(), call.weights.begin(), call.weights.begin() + 3);
    const Attributes attributes = {{"reverse", options.go_backwards}, {"sequences", options.return_sequences}, {"keeps", call.is_training}};
    const std::vector<Value> found = call.build.emit_named(kind.name, operands, attributes);
    return found[options.return_sequences ? 1 : 0];
  });
  auto design = std::make_shared<LayerDesign>(*made.design());
  design->reversed = [=] {
    RecurrentOptions other = options;
    other.go_backwards = !options.go_backwards;
    return recurrent(kind, units, other);
  };
  return Layer(std::move(design));
}

Value merged(Builder& build, const std::string& mode, const Value& forward, const Value& backward) {
  if (mode == "concat") return build.emit1("concatenate", {forward, backward}, {{"axis", std::int64_t{forward.shape().rank() - 1}}});
  if (mode == "mul") return build.multiply(forward, backward);
  const Value total = build.add(forward, backward);
  return mode == "ave" ? build.divide(total, build.constant_like(2, total)) : total;
}

std::vector<WeightDesign> prefixed(std::vector<WeightDesign> designs, const std::string& name, const std::string& folder) {
  for (WeightDesign& design : designs) {
    design.name = name + design.name;
    design.folder = folder + design.folder;
  }
  return designs;
}

}  // namespace

namespace layers {

Layer simple_rnn(std::int64_t units, const RecurrentOptions& options) { return recurrent(kSimpleRnn, units, options); }
Layer lstm(std::int64_t units, const RecurrentOptions& options) { return recurrent(kLstm, units, options); }
Layer gru(std::int64_t units, const RecurrentOptions& options) { return recurrent(kGru, units, options); }

Layer bidirectional(const Layer& layer, const std::string& merge_mode) {
  const std::shared_ptr<const LayerDesign> forward = layer.design();
  if (!forward->reversed) throw value_error("bidirectional", "needs a recurrent layer", forward->class_name);
  if (merge_mode != "concat" && merge_mode != "sum" && merge_mode != "mul" && merge_mode != "ave") {
    throw value_error("bidirectional", "`merge_mode` must be concat, sum, mul or ave", '"' + merge_mode + '"');
  }
  const std::shared_ptr<const LayerDesign> backward = forward->reversed().design();
  const auto inner_json = [](const LayerDesign& design, const char* prefix) {
    Json config = design.config();
    config.set("name", prefix + design.path_name);
    config.set("trainable", true);
    config.set("dtype", "float32");
    return object_json("keras.layers", design.class_name, std::move(config));
  };
  const auto config = [=] {
    Json json;
    json.set("merge_mode", merge_mode);
    json.set("layer", inner_json(*forward, "forward_"));
    json.set("backward_layer", inner_json(*backward, "backward_"));
    return json;
  };
  const auto weights = [=](const Shape& input) {
    std::vector<WeightDesign> designs = prefixed(forward->weights(input), "forward_" + forward->path_name + '/', "forward_layer/");
    const std::vector<WeightDesign> more = prefixed(backward->weights(input), "backward_" + backward->path_name + '/', "backward_layer/");
    designs.insert(designs.end(), more.begin(), more.end());
    return designs;
  };
  return make_layer("Bidirectional", "bidirectional", config, weights, [=](const LayerCall& call) {
    const auto half = call.weights.begin() + static_cast<std::ptrdiff_t>(call.weights.size() / 2);
    const std::vector<Value> first(call.weights.begin(), half), second(half, call.weights.end());
    const Value ahead = forward->call({call.build, call.inputs, first, call.is_training, call.assign});
    Value back = backward->call({call.build, call.inputs, second, call.is_training, call.assign});
    if (back.shape().rank() == 3) back = call.build.emit1("flip", {back}, {{"axes", Ints{1}}});
    return merged(call.build, merge_mode, ahead, back);
  });
}

}  // namespace layers

}  // namespace keraunos
