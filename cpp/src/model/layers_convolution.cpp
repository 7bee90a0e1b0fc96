// Convolutions and poolings over 1, 2 or 3 spatial axes.
#include "keraunos/layers.h"

#include "model/activations.h"
#include "model/layer_design.h"

namespace keraunos {
namespace {

Ints along(const PerAxis& numbers, int rank, const char* subject, const char* argument) {
  Ints found = numbers.numbers();
  if (found.size() == 1) found.assign(static_cast<std::size_t>(rank), found[0]);
  bool is_good = found.size() == static_cast<std::size_t>(rank);
  for (const std::int64_t number : found) is_good = is_good && number >= 1;
  if (!is_good) throw value_error(subject, std::string("`") + argument + "` needs one positive number per spatial axis", Shape(numbers.numbers()));
  return found;
}

bool is_same(const std::string& padding, const char* subject) {
  if (padding != "valid" && padding != "same") throw value_error(subject, "`padding` must be valid or same", '"' + padding + '"');
  return padding == "same";
}

// Arguments that all convolutions have, checked.
struct ConvolutionArguments {
  ConvolutionArguments(int axes, const char* name, const PerAxis& kernel_size, const std::string& given_activation, const ConvolutionOptions& options)
      : rank(axes), subject(name), sizes(along(kernel_size, axes, name, "kernel_size")), strides(along(options.strides, axes, name, "strides")),
        dilations(along(options.dilation_rate, axes, name, "dilation_rate")), same(is_same(options.padding, name)), padding(options.padding),
        activation(given_activation), use_bias(options.use_bias) {
    check_activation(activation);
  }

  Json config() const {
    Json json;
    json.set("kernel_size", list_json(sizes));
    json.set("strides", list_json(strides));
    json.set("padding", padding);
    json.set("data_format", "channels_last");
    json.set("dilation_rate", list_json(dilations));
    json.set("activation", activation);
    json.set("use_bias", use_bias);
    return json;
  }

  std::int64_t channels(const Shape& input) const {
    if (input.rank() != rank + 2) throw value_error(subject, "needs inputs of rank " + std::to_string(rank + 2), input);
    return last_size(input, subject);
  }

  Shape kernel(std::int64_t channels, std::int64_t results) const {
    Shape shape(sizes);
    shape.push_back(channels);
    shape.push_back(results);
    return shape;
  }

  Value convolved(Builder& build, const Value& x, const Value& kernel) const {
    return build.emit1("conv", {x, kernel}, {{"strides", strides}, {"dilations", dilations}, {"same", same}});
  }

  // Each channel by itself: as many groups as channels.
  Value convolved_by_channel(Builder& build, const Value& x, const Value& kernel) const {
    Ints shape = kernel.shape().sizes();
    const std::size_t last = shape.size() - 1;
    shape[last] *= shape[last - 1];
    shape[last - 1] = 1;
    return convolved(build, x, build.emit1("reshape", {kernel}, {{"shape", shape}}));
  }

  Value finished(const LayerCall& call, const Value& result, std::size_t bias) const {
    return activated(call.build, use_bias ? call.build.add(result, call.weights[bias]) : result, activation);
  }

  int rank;
  const char* subject;
  Ints sizes, strides, dilations;
  bool same;
  std::string padding, activation;
  bool use_bias;
};

void check_filters(std::int64_t filters, const char* subject) {
  if (filters < 1) throw value_error(subject, "`filters` must be positive", filters);
}

Layer convolution(const char* class_name, const char* name, std::int64_t filters, const ConvolutionArguments& arguments) {
  check_filters(filters, name);
  const auto config = [=] {
    Json json = arguments.config();
    json.set("filters", filters);
    json.set("groups", 1);
    return json;
  };
  const auto weights = [=](const Shape& input) {
    std::vector<WeightDesign> designs = {{"kernel", arguments.kernel(arguments.channels(input), filters), WeightKind::kGlorotUniform}};
    if (arguments.use_bias) designs.push_back({"bias", Shape{filters}, WeightKind::kZeros});
    return designs;
  };
  return make_layer(class_name, name, config, weights, [=](const LayerCall& call) {
    return arguments.finished(call, arguments.convolved(call.build, call.x(), call.weights[0]), 1);
  });
}

Layer depthwise(const char* class_name, const char* name, const ConvolutionArguments& arguments) {
  const auto config = [=] {
    Json json = arguments.config();
    json.set("depth_multiplier", 1);
    return json;
  };
  const auto weights = [=](const Shape& input) {
    const std::int64_t channels = arguments.channels(input);
    std::vector<WeightDesign> designs = {{"kernel", arguments.kernel(channels, 1), WeightKind::kGlorotUniform}};
    if (arguments.use_bias) designs.push_back({"bias", Shape{channels}, WeightKind::kZeros});
    return designs;
  };
  return make_layer(class_name, name, config, weights, [=](const LayerCall& call) {
    return arguments.finished(call, arguments.convolved_by_channel(call.build, call.x(), call.weights[0]), 1);
  });
}

Layer separable(const char* class_name, const char* name, std::int64_t filters, const ConvolutionArguments& arguments) {
  check_filters(filters, name);
  const auto config = [=] {
    Json json = arguments.config();
    json.set("filters", filters);
    json.set("depth_multiplier", 1);
    return json;
  };
  const auto weights = [=](const Shape& input) {
    const std::int64_t channels = arguments.channels(input);
    Shape pointwise(Ints(static_cast<std::size_t>(arguments.rank), 1));
    pointwise.push_back(channels);
    pointwise.push_back(filters);
    std::vector<WeightDesign> designs = {{"depthwise_kernel", arguments.kernel(channels, 1), WeightKind::kGlorotUniform},
                                         {"pointwise_kernel", pointwise, WeightKind::kGlorotUniform}};
    if (arguments.use_bias) designs.push_back({"bias", Shape{filters}, WeightKind::kZeros});
    return designs;
  };
  return make_layer(class_name, name, config, weights, [=](const LayerCall& call) {
    const Value deep = arguments.convolved_by_channel(call.build, call.x(), call.weights[0]);
    return arguments.finished(call, call.build.emit1("conv", {deep, call.weights[1]}), 2);
  });
}

Layer pooling(const char* class_name, const char* name, const char* op, int rank, const PerAxis& pool_size, const PoolingOptions& options) {
  const Ints sizes = along(pool_size, rank, name, "pool_size");
  Ints strides = sizes;
  if (options.strides.size() == 1) strides.assign(static_cast<std::size_t>(rank), options.strides[0]);
  if (options.strides.size() > 1) strides = options.strides;
  const bool same = is_same(options.padding, name);
  const std::string padding = options.padding;
  const auto config = [=] {
    Json json;
    json.set("pool_size", list_json(sizes));
    json.set("strides", list_json(strides));
    json.set("padding", padding);
    json.set("data_format", "channels_last");
    return json;
  };
  return make_layer(class_name, name, config, no_weights, [=](const LayerCall& call) {
    return call.build.emit1(op, {call.x()}, {{"sizes", sizes}, {"strides", strides}, {"same", same}});
  });
}

Layer global_pooling(const char* class_name, const char* name, const char* op, int rank) {
  const auto config = [] {
    Json json;
    json.set("data_format", "channels_last");
    json.set("keepdims", false);
    return json;
  };
  return make_layer(class_name, name, config, no_weights, [=](const LayerCall& call) {
    if (call.x().shape().rank() != rank + 2) throw value_error(name, "needs inputs of rank " + std::to_string(rank + 2), call.x().shape());
    Ints axes;
    for (int axis = 1; axis <= rank; ++axis) axes.push_back(axis);
    return call.build.emit1(op, {call.x()}, {{"axes", axes}, {"keepdims", false}});
  });
}

}  // namespace

namespace layers {

Layer conv1d(std::int64_t filters, PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return convolution("Conv1D", "conv1d", filters, {1, "conv1d", kernel_size, activation, options});
}

Layer conv2d(std::int64_t filters, PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return convolution("Conv2D", "conv2d", filters, {2, "conv2d", kernel_size, activation, options});
}

Layer conv3d(std::int64_t filters, PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return convolution("Conv3D", "conv3d", filters, {3, "conv3d", kernel_size, activation, options});
}

Layer depthwise_conv1d(PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return depthwise("DepthwiseConv1D", "depthwise_conv1d", {1, "depthwise_conv1d", kernel_size, activation, options});
}

Layer depthwise_conv2d(PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return depthwise("DepthwiseConv2D", "depthwise_conv2d", {2, "depthwise_conv2d", kernel_size, activation, options});
}

Layer separable_conv1d(std::int64_t filters, PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return separable("SeparableConv1D", "separable_conv1d", filters, {1, "separable_conv1d", kernel_size, activation, options});
}

Layer separable_conv2d(std::int64_t filters, PerAxis kernel_size, const std::string& activation, const ConvolutionOptions& options) {
  return separable("SeparableConv2D", "separable_conv2d", filters, {2, "separable_conv2d", kernel_size, activation, options});
}

Layer max_pooling1d(PerAxis pool_size, const PoolingOptions& options) { return pooling("MaxPooling1D", "max_pooling1d", "max_pool", 1, pool_size, options); }
Layer max_pooling2d(PerAxis pool_size, const PoolingOptions& options) { return pooling("MaxPooling2D", "max_pooling2d", "max_pool", 2, pool_size, options); }
Layer max_pooling3d(PerAxis pool_size, const PoolingOptions& options) { return pooling("MaxPooling3D", "max_pooling3d", "max_pool", 3, pool_size, options); }

Layer average_pooling1d(PerAxis pool_size, const PoolingOptions& options) {
  return pooling("AveragePooling1D", "average_pooling1d", "average_pool", 1, pool_size, options);
}

Layer average_pooling2d(PerAxis pool_size, const PoolingOptions& options) {
  return pooling("AveragePooling2D", "average_pooling2d", "average_pool", 2, pool_size, options);
}

Layer average_pooling3d(PerAxis pool_size, const PoolingOptions& options) {
  return pooling("AveragePooling3D", "average_pooling3d", "average_pool", 3, pool_size, options);
}

Layer global_max_pooling1d() { return global_pooling("GlobalMaxPooling1D", "global_max_pooling1d", "max", 1); }
Layer global_max_pooling2d() { return global_pooling("GlobalMaxPooling2D", "global_max_pooling2d", "max", 2); }
Layer global_average_pooling1d() { return global_pooling("GlobalAveragePooling1D", "global_average_pooling1d", "mean", 1); }
Layer global_average_pooling2d() { return global_pooling("GlobalAveragePooling2D", "global_average_pooling2d", "mean", 2); }

}  // namespace layers

}  // namespace keraunos
