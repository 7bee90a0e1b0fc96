// Saves a model that is designed in C++: design NAME OUT.keras. Without a name: lists the names.
#include <keraunos/layers.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace kn = keraunos;
namespace layers = keraunos::layers;
namespace optimizers = keraunos::optimizers;

namespace {

kn::Model chain(const kn::Shape& input, const std::vector<kn::Layer>& parts, const kn::Optimizer& optimizer, const kn::Loss& loss,
                const std::vector<std::string>& metrics = {}, kn::Dtype dtype = kn::Dtype::kFloat32) {
  kn::Sequential network(input, dtype);
  for (const kn::Layer& layer : parts) network.add(layer);
  return network.compile(optimizer, loss, metrics, 3);
}

kn::ConvolutionOptions same(kn::PerAxis strides = 1, kn::PerAxis dilation_rate = 1) { return {"same", strides, dilation_rate, true}; }

kn::Model activations() {
  const char* names[] = {"linear",  "relu",         "relu6",       "leaky_relu", "elu",      "selu",     "gelu",        "silu",    "mish",
                         "sigmoid", "hard_sigmoid", "log_sigmoid", "tanh",       "softplus", "softsign", "exponential", "softmax", "log_softmax"};
  std::vector<kn::Layer> parts;
  for (const char* name : names) {
    parts.push_back(layers::dense(5, name));
    parts.push_back(layers::activation(name));
    parts.push_back(layers::layer_normalization());
  }
  parts.push_back(layers::dense(1, "linear", false));
  return chain({4}, parts, optimizers::sgd(0.01, 0.9, true), "huber", {"mae", "mse"});
}

kn::Model convolutions_1d() {
  return chain({20, 3},
               {layers::conv1d(6, 3, "relu"), layers::depthwise_conv1d(3, "tanh", same()), layers::separable_conv1d(8, 3, "relu", same(1, 2)),
                layers::max_pooling1d(), layers::average_pooling1d(3, {"same", {1}}), layers::global_max_pooling1d(), layers::dense(1)},
               optimizers::rmsprop(0.01, 0.9, 0.5), "mse");
}

kn::Model convolutions_2d() {
  return chain({12, 10, 3},
               {layers::conv2d(8, {3, 5}, "relu", same(2)), layers::batch_normalization(0.9), layers::depthwise_conv2d(3), layers::activation("relu"),
                layers::separable_conv2d(7, 3, "silu", same()), layers::max_pooling2d(2, {"same", {1}}), layers::average_pooling2d({2, 1}),
                layers::global_average_pooling2d(), layers::dense(4)},
               optimizers::adamw(0.01, 0.1), kn::losses::from_logits("sparse_categorical_crossentropy"), {"accuracy"});
}

kn::Model convolutions_3d() {
  return chain({5, 6, 4, 2},
               {layers::conv3d(4, 2, "relu", {"valid", 1, 1, false}), layers::max_pooling3d({1, 2, 1}), layers::average_pooling3d({2, 1, 1}),
                layers::flatten(), layers::dense(3, "softmax")},
               optimizers::adagrad(0.05), "categorical_crossentropy", {"accuracy"});
}

kn::Model recurrent() {
  return chain({7, 3},
               {layers::lstm(5, {true, false}), layers::gru(4, {true, true}), layers::bidirectional(layers::lstm(3, {true, false})),
                layers::bidirectional(layers::gru(3, {true, false}), "ave"), layers::bidirectional(layers::simple_rnn(2), "mul"), layers::dense(1, "sigmoid")},
               optimizers::adam(0.01), "binary_crossentropy", {"accuracy"});
}

kn::Model text() {
  return chain({9}, {layers::embedding(30, 6), layers::simple_rnn(8, {true, false}), layers::global_average_pooling1d(), layers::dropout(0.3), layers::dense(1)},
               optimizers::adam(0.01), kn::losses::from_logits("binary_crossentropy"), {}, kn::Dtype::kInt32);
}

kn::Model shapes() {
  return chain({4, 6}, {layers::reshape({2, 3, -1}), layers::rescaling(0.5, -1), layers::global_max_pooling2d(), layers::reshape({2, 2}), layers::flatten(), layers::dense(2)},
               optimizers::sgd(), "mae");
}

// Two inputs and outputs, a residual block, a layer used twice, and every merging.
kn::Model branches() {
  const kn::LayerOutput a = kn::input({6}), b = kn::input({6}, kn::Dtype::kFloat32, "other");
  const kn::Layer tower = layers::dense(5, "tanh").named("tower");
  const kn::LayerOutput left = tower(a), right = tower(b);
  const std::vector<kn::LayerOutput> both = {left, right};
  std::vector<kn::LayerOutput> merged = {left};
  for (const kn::Layer& layer : {layers::add(), layers::subtract(), layers::multiply(), layers::average(), layers::maximum(), layers::minimum()}) {
    merged.push_back(layer(both));
  }
  const kn::LayerOutput joined = layers::concatenate()(merged);
  const kn::LayerOutput inner = layers::dense(35, "relu")(joined);
  const kn::LayerOutput residual = layers::add()({joined, inner});
  const kn::Functional network({a, b}, {layers::dense(2).named("numbers")(residual), layers::dense(1, "sigmoid").named("decision")(left)});
  return network.compile(optimizers::adam(0.01), {{"mse", {"mae"}}, {"binary_crossentropy", {"accuracy"}, 0.5}}, 3);
}

kn::Model residual_images() {
  const kn::LayerOutput x = kn::input({8, 8, 2});
  kn::LayerOutput y = layers::conv2d(6, 3, "relu", same())(x);
  const kn::LayerOutput inner = layers::batch_normalization()(layers::conv2d(6, 3, "linear", same())(y));
  y = layers::activation("relu")(layers::add()({y, inner}));
  y = layers::dense(3, "softmax")(layers::global_average_pooling2d()(y));
  return kn::Functional({x}, {y}).compile(optimizers::adam(0.01), {{"sparse_categorical_crossentropy", {"accuracy"}}}, 3);
}

const std::map<std::string, std::function<kn::Model()>>& designs() {
  static const std::map<std::string, std::function<kn::Model()>> all = {
      {"activations", activations}, {"branches", branches}, {"convolutions_1d", convolutions_1d}, {"convolutions_2d", convolutions_2d},
      {"convolutions_3d", convolutions_3d}, {"recurrent", recurrent}, {"residual_images", residual_images}, {"shapes", shapes}, {"text", text}};
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    for (const auto& [name, design] : designs()) std::printf("%s\n", name.c_str());
    return 0;
  }
  try {
    designs().at(argv[1])().save(argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
