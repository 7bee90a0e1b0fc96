// Models designed in C++ alone: layers, an optimizer and losses become a Model that trains, and a file that Python, real Keras
// and C++ load. Layers are written in ops: shapes, kernels and gradients are those of every other model.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keraunos/model.h"

namespace keraunos {

struct LayerDesign;  // defined inside the library
struct LayerNode;

// What an input or a layer gives in a design: the input of other layers, or an output of the model.
class LayerOutput {
 public:
  explicit LayerOutput(std::shared_ptr<const LayerNode> node) : node_(std::move(node)) {}
  const std::shared_ptr<const LayerNode>& node() const { return node_; }

 private:
  std::shared_ptr<const LayerNode> node_;
};

// An input of the model, of this shape without the batch.
LayerOutput input(const Shape& shape, Dtype dtype = Dtype::kFloat32, const std::string& name = "");

// A layer of a design: its Keras config, its weights, and its call. Copies are the same layer, with the same weights.
class Layer {
 public:
  explicit Layer(std::shared_ptr<const LayerDesign> design) : design_(std::move(design)) {}

  // Connects the layer in a Functional design. A layer that is called twice uses one set of weights twice.
  LayerOutput operator()(const LayerOutput& input) const;
  LayerOutput operator()(const std::vector<LayerOutput>& inputs) const;
  // Another layer of this kind with a name of its own.
  Layer named(const std::string& name) const;

  const std::shared_ptr<const LayerDesign>& design() const { return design_; }

 private:
  std::shared_ptr<const LayerDesign> design_;
};

// One number per spatial axis, or one for all of them.
class PerAxis {
 public:
  PerAxis(std::int64_t everywhere) : numbers_{everywhere} {}
  PerAxis(std::initializer_list<std::int64_t> numbers) : numbers_(numbers) {}
  const std::vector<std::int64_t>& numbers() const { return numbers_; }

 private:
  std::vector<std::int64_t> numbers_;
};

struct ConvolutionOptions {
  std::string padding = "valid";  // or "same"
  PerAxis strides = 1;
  PerAxis dilation_rate = 1;
  bool use_bias = true;
};

struct PoolingOptions {
  std::string padding = "valid";  // or "same"
  std::vector<std::int64_t> strides;  // one per axis; empty: the size of the window
};

struct RecurrentOptions {
  bool return_sequences = false;
  bool go_backwards = false;
};

// The layers, with the arguments and meanings of Keras's layers of these names. Activations: "linear", "relu", "relu6", "leaky_relu",
// "elu", "selu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid", "log_sigmoid", "tanh", "softplus", "softsign", "exponential",
// "softmax", "log_softmax". Images are (batch, spatial axes, channels). Wrong arguments throw.
namespace layers {

Layer dense(std::int64_t units, const std::string& activation = "linear", bool use_bias = true);
Layer activation(const std::string& name);
Layer dropout(double rate);
Layer embedding(std::int64_t input_dim, std::int64_t output_dim);

Layer flatten();
Layer reshape(const Shape& target);  // one size may be -1: what is left
Layer rescaling(double scale, double offset = 0);

Layer conv1d(std::int64_t filters, PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer conv2d(std::int64_t filters, PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer conv3d(std::int64_t filters, PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer depthwise_conv1d(PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer depthwise_conv2d(PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer separable_conv1d(std::int64_t filters, PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});
Layer separable_conv2d(std::int64_t filters, PerAxis kernel_size, const std::string& activation = "linear", const ConvolutionOptions& options = {});

Layer max_pooling1d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer max_pooling2d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer max_pooling3d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer average_pooling1d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer average_pooling2d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer average_pooling3d(PerAxis pool_size = 2, const PoolingOptions& options = {});
Layer global_max_pooling1d();
Layer global_max_pooling2d();
Layer global_average_pooling1d();
Layer global_average_pooling2d();

Layer batch_normalization(double momentum = 0.99, double epsilon = 1e-3);
Layer layer_normalization(double epsilon = 1e-3);

Layer simple_rnn(std::int64_t units, const RecurrentOptions& options = {});
Layer lstm(std::int64_t units, const RecurrentOptions& options = {});
Layer gru(std::int64_t units, const RecurrentOptions& options = {});
// Runs a recurrent layer and a copy of it, which goes backwards. Merge modes: "concat", "sum", "mul", "ave".
Layer bidirectional(const Layer& layer, const std::string& merge_mode = "concat");

// Of two or more inputs, which need the same shape (`concatenate`: but for the axis).
Layer add();
Layer subtract();
Layer multiply();
Layer average();
Layer maximum();
Layer minimum();
Layer concatenate(std::int64_t axis = -1);

}  // namespace layers

// How the weights are changed: an optimizer of Keras by class name, and its arguments.
struct Optimizer {
  std::string name;
  double learning_rate;
  std::map<std::string, double> settings;
  bool nesterov = false;  // SGD
};

namespace optimizers {

Optimizer sgd(double learning_rate = 0.01, double momentum = 0, bool nesterov = false);
Optimizer rmsprop(double learning_rate = 0.001, double rho = 0.9, double momentum = 0, double epsilon = 1e-7);
Optimizer adagrad(double learning_rate = 0.001, double initial_accumulator_value = 0.1, double epsilon = 1e-7);
Optimizer adam(double learning_rate = 0.001, double beta_1 = 0.9, double beta_2 = 0.999, double epsilon = 1e-7);
Optimizer adamw(double learning_rate = 0.001, double weight_decay = 0.004, double beta_1 = 0.9, double beta_2 = 0.999, double epsilon = 1e-7);

}  // namespace optimizers

// What training makes small: "mse", "mae", "huber", "binary_crossentropy", "categorical_crossentropy" or
// "sparse_categorical_crossentropy"; the last three of probabilities, or with `from_logits` of numbers without an activation.
struct Loss {
  Loss(const char* loss) : name(loss) {}
  Loss(std::string loss) : name(std::move(loss)) {}

  std::string name;
  bool from_logits = false;
};

namespace losses {

Loss from_logits(const std::string& name);

}  // namespace losses

// What an output is trained for. Metrics: "accuracy", "mse", "mae".
struct Objective {
  Loss loss;
  std::vector<std::string> metrics = {};
  double weight = 1;
};

// A chain of layers, from inputs of one shape (without the batch).
class Sequential {
 public:
  explicit Sequential(const Shape& input, Dtype dtype = Dtype::kFloat32);
  Sequential& add(const Layer& layer);

  // The model, with fresh weights drawn from `seed`. Throws value errors that name the layer or the argument.
  Model compile(const Optimizer& optimizer, const Loss& loss, const std::vector<std::string>& metrics = {}, std::uint64_t seed = 0) const;

 private:
  LayerOutput input_;
  std::vector<Layer> layers_;
};

// Layers between any number of inputs and outputs, as they were called.
class Functional {
 public:
  Functional(std::vector<LayerOutput> inputs, std::vector<LayerOutput> outputs);

  // One objective per output; otherwise as Sequential::compile.
  Model compile(const Optimizer& optimizer, const std::vector<Objective>& objectives, std::uint64_t seed = 0) const;

 private:
  std::vector<LayerOutput> inputs_;
  std::vector<LayerOutput> outputs_;
};

}  // namespace keraunos
