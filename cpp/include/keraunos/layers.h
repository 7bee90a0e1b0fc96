// Models designed in C++ alone: a chain of layers, an optimizer and a loss become a Model that trains, and a file that Python,
// real Keras and C++ load. Layers are written in ops: shapes, kernels and gradients are those of every other model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keraunos/model.h"

namespace keraunos {

struct LayerDesign;  // defined inside the library

// A layer of a design: its Keras config, its weights, and its call.
class Layer {
 public:
  explicit Layer(std::shared_ptr<const LayerDesign> design) : design_(std::move(design)) {}
  const LayerDesign& design() const { return *design_; }

 private:
  std::shared_ptr<const LayerDesign> design_;
};

// The layers, with the arguments and meanings of Keras's layers of these names. Activations: "linear", "relu", "sigmoid", "tanh",
// "softmax", "gelu", "softplus". Wrong arguments throw.
namespace layers {

Layer dense(std::int64_t units, const std::string& activation = "linear");
Layer activation(const std::string& name);
Layer dropout(double rate);
Layer flatten();
Layer rescaling(double scale, double offset = 0);
Layer embedding(std::int64_t input_dim, std::int64_t output_dim);
Layer layer_normalization(double epsilon = 1e-3);

}  // namespace layers

// How the weights are changed.
struct Optimizer {
  std::string name;
  double learning_rate;
  double momentum = 0;  // SGD
  double beta_1 = 0;    // Adam
  double beta_2 = 0;
  double epsilon = 0;
};

namespace optimizers {

Optimizer sgd(double learning_rate = 0.01, double momentum = 0);
Optimizer adam(double learning_rate = 0.001, double beta_1 = 0.9, double beta_2 = 0.999, double epsilon = 1e-7);

}  // namespace optimizers

// A chain of layers, from inputs of one shape (without the batch).
class Sequential {
 public:
  explicit Sequential(Shape input, Dtype dtype = Dtype::kFloat32);
  Sequential& add(const Layer& layer);

  // The model, with fresh weights drawn from `seed`. Losses: "mse", "mae", "sparse_categorical_crossentropy",
  // "categorical_crossentropy", "binary_crossentropy" (the last three of probabilities). Metrics: "accuracy", "mse", "mae". Throws
  // value errors that name the layer or the argument.
  Model compile(const Optimizer& optimizer, const std::string& loss, const std::vector<std::string>& metrics = {}, std::uint64_t seed = 0) const;

 private:
  TensorSpec input_;
  std::vector<Layer> layers_;
};

}  // namespace keraunos
