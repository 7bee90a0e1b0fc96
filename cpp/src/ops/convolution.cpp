// Convolution (cross-correlation, as in Keras) of images with their channels last, and its two gradients. Each of the three is linear in
// both operands, and the gradients of each are the other two.
#include "kernels/convolution.h"
#include "kernels/winograd.h"

#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"
#include "ops/windows.h"

namespace keraunos {
namespace {

Ints sizes_of_window(const Shape& kernel) { return Ints(kernel.sizes().begin(), kernel.sizes().end() - 2); }

std::int64_t channels_of(const Shape& shape) { return shape[shape.rank() - 1]; }

void require_image_and_kernel(const InferContext& context, std::size_t image, std::size_t kernel) {
  require_floating(context, 0);
  require_same_dtype(context, 0, 1);
  require_image(context, image);
  if (context.shape(image).rank() != context.shape(kernel).rank()) {
    throw value_error(context.op.name, "the kernel needs one axis per spatial axis, input channels and output channels",
                      both(context.shape(image), context.shape(kernel)));
  }
}

// x's channels come in groups of the kernel's input channels, each with its share of the output channels.
void require_groups(const InferContext& context, const Shape& x, const Shape& kernel) {
  const std::int64_t given = channels_of(x), per_group = kernel[kernel.rank() - 2], out = channels_of(kernel);
  if (given == kUnknown || per_group == kUnknown) return;
  const std::int64_t groups = per_group > 0 ? given / per_group : 0;
  if (groups * per_group != given || (groups == 0 && given > 0) || (out != kUnknown && groups > 0 && out % groups != 0)) {
    throw value_error(context.op.name, "the number of input channels must be a multiple of the kernel's input channels, and the output channels "
                      "must divide evenly between the groups", both(x, kernel));
  }
}

std::vector<TensorSpec> conv_specs(const InferContext& context) {
  require_image_and_kernel(context, 0, 1);
  const Shape& x = context.shape(0);
  const Shape& kernel = context.shape(1);
  require_groups(context, x, kernel);
  const Shape places = window_places(context.op, windows_of(context.op, context.attributes, sizes_of_window(kernel)), x);
  Shape result = {x[0]};
  for (std::int64_t size : places.sizes()) result.push_back(size);
  result.push_back(channels_of(kernel));
  return {{context.dtype(0), result}};
}

// Without an image to be shaped like, the smallest one whose convolution has g's size; there is one group then.
std::vector<TensorSpec> conv_input_grad_specs(const InferContext& context) {
  require_image_and_kernel(context, 0, 1);
  const Shape& g = context.shape(0);
  const Shape& kernel = context.shape(1);
  if (channels_of(g) != kUnknown && channels_of(kernel) != kUnknown && channels_of(g) != channels_of(kernel)) {
    throw value_error(context.op.name, "the gradient needs the kernel's output channels", both(g, kernel));
  }
  const Windows windows = windows_of(context.op, context.attributes, sizes_of_window(kernel));
  if (context.inputs.size() == 3) {
    require_image(context, 2);
    require_groups(context, context.shape(2), kernel);
    return {{context.dtype(0), context.shape(2)}};
  }
  if (windows.is_same) throw value_error(context.op.name, "needs the image's size for padding \"same\"", g);
  Shape result = {g[0]};
  for (std::size_t axis = 0; axis < windows.sizes.size(); ++axis) {
    const std::int64_t places = g[static_cast<int>(axis) + 1];
    const bool is_known = places != kUnknown && windows.sizes[axis] != kUnknown;
    const std::int64_t size = is_known ? (places - 1) * windows.strides[axis] + windows.extent(axis) - windows.low[axis] - windows.high[axis] : 0;
    result.push_back(is_known ? std::max<std::int64_t>(0, size) : kUnknown);
  }
  result.push_back(kernel[kernel.rank() - 2]);
  return {{context.dtype(0), result}};
}

void require_linear_or_relu(const InferContext& context) {
  const std::string& activation = context.attributes.text("activation");
  if (activation != "linear" && activation != "relu") throw value_error(context.op.name, "`activation` must be linear or relu", '"' + activation + '"');
}

// activation(conv(x, kernel) + bias): what fusion makes of a convolution layer.
std::vector<TensorSpec> biased_conv_specs(const InferContext& context) {
  std::vector<TensorSpec> result = conv_specs(context);
  const Shape& bias = context.shape(2);
  require_same_dtype(context, 0, 2);
  if (bias.rank() != 1 || (bias[0] != channels_of(context.shape(1)) && bias[0] != kUnknown && channels_of(context.shape(1)) != kUnknown)) {
    throw value_error("biased_conv", "the bias must have one value per output channel", both(context.shape(1), bias));
  }
  require_linear_or_relu(context);
  return result;
}

std::vector<TensorSpec> conv_weight_grad_specs(const InferContext& context) {
  require_image_and_kernel(context, 0, 2);
  require_image(context, 1);
  require_groups(context, context.shape(0), context.shape(2));
  windows_of(context.op, context.attributes, sizes_of_window(context.shape(2)));
  return {{context.dtype(0), context.shape(2)}};
}

// The gradients of kernel and bias: what fusion makes of the two.
std::vector<TensorSpec> biased_conv_weight_grad_specs(const InferContext& context) {
  std::vector<TensorSpec> result = conv_weight_grad_specs(context);
  result.push_back({context.dtype(0), {channels_of(context.shape(2))}});
  return result;
}

// A kernel of 3 x 3 taps at the 16 points of Winograd's convolution, or turned, for the input gradient.
std::vector<TensorSpec> winograd_kernel_specs(const InferContext& context) {
  require_floating(context, 0);
  const Shape& kernel = context.shape(0);
  if (kernel.rank() != 4 || kernel[0] != 3 || kernel[1] != 3) throw value_error("winograd_kernel", "needs a kernel of 3 x 3 taps", kernel);
  const bool is_turned = context.attributes.boolean("turned");
  return {{context.dtype(0), {kernels::kWinogradPoints, kernel[is_turned ? 3 : 2], kernel[is_turned ? 2 : 3]}}};
}

// (image, kernel, transformed kernel[, bias]): the kernel itself is read where the batch makes the plain convolution faster.
std::vector<TensorSpec> winograd_conv_specs(const InferContext& context) {
  require_same_dtype(context, 0, 2);
  std::vector<TensorSpec> result = conv_specs(context);
  const Shape& kernel = context.shape(1);
  if (kernel.rank() != 4 || context.shape(2) != Shape{kernels::kWinogradPoints, kernel[2], kernel[3]}) {
    throw value_error("winograd_conv", "the transformed kernel must be that of the kernel", both(kernel, context.shape(2)));
  }
  require_linear_or_relu(context);
  if (context.inputs.size() < 4) return result;
  const std::vector<TensorSpec> inputs = {context.inputs[0], context.inputs[1], context.inputs[3]};
  return biased_conv_specs({context.op, inputs, context.attributes, context.values});
}

// (gradient, kernel, image to be shaped like, transformed turned kernel)
std::vector<TensorSpec> winograd_input_grad_specs(const InferContext& context) {
  require_same_dtype(context, 0, 3);
  const Shape& kernel = context.shape(1);
  if (kernel.rank() != 4 || context.shape(3) != Shape{kernels::kWinogradPoints, kernel[3], kernel[2]}) {
    throw value_error("winograd_input_grad", "the transformed kernel must be that of the kernel, turned", both(kernel, context.shape(3)));
  }
  const std::vector<TensorSpec> inputs = {context.inputs[0], context.inputs[1], context.inputs[2]};
  return conv_input_grad_specs({context.op, inputs, context.attributes, context.values});
}

// ---------------------------------------------------------------- kernels

kernels::Convolution convolution_of(const KernelRequest& request, const Shape& x, const Shape& kernel, const Shape& y) {
  const Windows windows = windows_of(request.op, request.attributes, sizes_of_window(kernel));
  kernels::Convolution result;
  result.batch = x[0];
  result.in_channels = channels_of(x);
  result.out_channels = channels_of(kernel);
  const std::int64_t per_group = kernel[kernel.rank() - 2];
  result.groups = per_group > 0 ? result.in_channels / per_group : 0;
  const std::size_t missing = 3 - windows.sizes.size();
  for (std::size_t axis = 0; axis < windows.sizes.size(); ++axis) {
    const int at = static_cast<int>(axis) + 1;
    result.axes[missing + axis] = {x[at], y[at], windows.sizes[axis], windows.strides[axis], windows.dilations[axis], windows.low_for(axis, x[at])};
    if (windows.places(axis, x[at]) < y[at]) throw value_error(request.op.name, "the gradient has more places than windows fit into the image", both(x, y));
  }
  if (channels_of(y) != result.out_channels || y[0] != x[0]) throw value_error(request.op.name, "the gradient must have the convolution's shape", both(x, y));
  return result;
}

template <class Pass, class Run>
Kernel planned(KernelRequest& request, Pass pass, Run run) {
  request.workspace_bytes = pass.workspace_bytes();
  return [pass = std::move(pass), run](const KernelCall& call) { run(pass, call); };
}

template <class T>
Kernel conv_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = convolution_of(request, request.shape(0), request.shape(1), request.outputs[0].shape);
  return planned(request, kernels::ConvolutionForward<T>(shape, false, kernels::Activation::kNone), [](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(1), nullptr, call.out<T>(0), call.workspace);
  });
}

template <class T>
Kernel biased_conv_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = convolution_of(request, request.shape(0), request.shape(1), request.outputs[0].shape);
  const bool is_relu = request.attributes.text("activation") == "relu";
  const kernels::ConvolutionForward<T> forward(shape, true, is_relu ? kernels::Activation::kRelu : kernels::Activation::kNone);
  return planned(request, forward, [](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(1), call.in<T>(2), call.out<T>(0), call.workspace);
  });
}

template <class T>
Kernel input_grad_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = convolution_of(request, request.outputs[0].shape, request.shape(1), request.shape(0));
  return planned(request, kernels::ConvolutionInputGradient<T>(shape), [](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(1), call.out<T>(0), call.workspace);
  });
}

template <class T>
Kernel weight_grad_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = convolution_of(request, request.shape(0), request.outputs[0].shape, request.shape(1));
  const bool has_bias = request.outputs.size() == 2;
  const auto run = [has_bias](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(1), call.out<T>(0), has_bias ? call.out<T>(1) : nullptr, call.workspace);
  };
  if (kernels::pays_as_winograd_weights<T>(shape)) return planned(request, kernels::WinogradWeightGradient<T>(shape, has_bias), run);
  return planned(request, kernels::ConvolutionWeightGradient<T>(shape, has_bias), run);
}

template <class T>
Kernel winograd_kernel_kernel_of(KernelRequest& request) {
  const std::int64_t in = request.shape(0)[2], out = request.shape(0)[3];
  if (!request.attributes.boolean("turned")) {
    return [in, out](const KernelCall& call) { kernels::transform_winograd_kernel(call.in<T>(0), in, out, call.out<T>(0)); };
  }
  request.workspace_bytes = static_cast<std::size_t>(kernels::kWinogradPoints * in * out) * sizeof(T);
  return [in, out](const KernelCall& call) {
    kernels::transform_turned_winograd_kernel(call.in<T>(0), in, out, call.out<T>(0), static_cast<T*>(call.workspace));
  };
}

template <class T>
Kernel winograd_conv_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = convolution_of(request, request.shape(0), request.shape(1), request.outputs[0].shape);
  if (!kernels::can_be_winograd(shape)) {
    throw value_error("winograd_conv", "needs strides and dilations of 1, one group and a multiple of 16 output channels", both(request.shape(0), request.shape(1)));
  }
  const bool has_bias = request.inputs.size() == 4, is_relu = request.attributes.text("activation") == "relu";
  if (!kernels::pays_as_winograd<T>(shape)) {
    const kernels::ConvolutionForward<T> plain(shape, has_bias, is_relu ? kernels::Activation::kRelu : kernels::Activation::kNone);
    return planned(request, plain, [has_bias](const auto& pass, const KernelCall& call) {
      pass.run(call.in<T>(0), call.in<T>(1), has_bias ? call.in<T>(3) : nullptr, call.out<T>(0), call.workspace);
    });
  }
  return planned(request, kernels::WinogradForward<T>(shape, is_relu), [has_bias](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(2), has_bias ? call.in<T>(3) : nullptr, call.out<T>(0), call.workspace);
  });
}

template <class T>
Kernel winograd_input_grad_kernel_of(KernelRequest& request) {
  const kernels::Convolution shape = kernels::turned(convolution_of(request, request.outputs[0].shape, request.shape(1), request.shape(0)));
  if (!kernels::pays_as_winograd<T>(shape)) return input_grad_kernel_of<T>(request);
  return planned(request, kernels::WinogradForward<T>(shape, false), [](const auto& pass, const KernelCall& call) {
    pass.run(call.in<T>(0), call.in<T>(3), nullptr, call.out<T>(0), call.workspace);
  });
}

template <Kernel (*of_float)(KernelRequest&), Kernel (*of_double)(KernelRequest&)>
KernelMaker by_dtype() {
  return in_float32([](KernelRequest& request) -> Kernel {
    if (request.outputs[0].shape.elements() == 0) return [](const KernelCall&) {};
    return request.dtype(0) == Dtype::kFloat64 ? of_double(request) : of_float(request);
  });
}

// ---------------------------------------------------------------- gradients

std::vector<Value> conv_gradient(const GradientContext& context) {
  const Value& g = context.gradients[0];
  std::vector<Value> result(2);
  if (context.wanted[0]) result[0] = context.build.emit1("conv_input_grad", {g, context.inputs[1], context.inputs[0]}, context.attributes);
  if (context.wanted[1]) result[1] = context.build.emit1("conv_weight_grad", {context.inputs[0], g, context.inputs[1]}, context.attributes);
  return result;
}

std::vector<Value> conv_input_grad_gradient(const GradientContext& context) {
  const Value& h = context.gradients[0];
  std::vector<Value> result(context.inputs.size());
  if (context.wanted[0]) result[0] = context.build.emit1("conv", {h, context.inputs[1]}, context.attributes);
  if (context.wanted[1]) result[1] = context.build.emit1("conv_weight_grad", {h, context.inputs[0], context.inputs[1]}, context.attributes);
  return result;
}

std::vector<Value> conv_weight_grad_gradient(const GradientContext& context) {
  const Value& h = context.gradients[0];
  std::vector<Value> result(3);
  if (context.wanted[0]) result[0] = context.build.emit1("conv_input_grad", {context.inputs[1], h, context.inputs[0]}, context.attributes);
  if (context.wanted[1]) result[1] = context.build.emit1("conv", {context.inputs[0], h}, context.attributes);
  return result;
}

std::vector<Value> biased_conv_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  Attributes of_conv;
  for (const auto& [name, value] : attributes.items()) {
    if (name != "activation") of_conv.set(name, value);
  }
  const Value sum = build.add(build.emit1("conv", {inputs[0], inputs[1]}, of_conv), inputs[2]);
  return {attributes.text("activation") == "linear" ? sum : build.emit1("relu", {sum})};
}

std::vector<Value> biased_conv_weight_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  Ints all_but_channels;
  for (int axis = 0; axis + 1 < inputs[1].shape().rank(); ++axis) all_but_channels.push_back(axis);
  return {build.emit1("conv_weight_grad", inputs, attributes), build.sum(inputs[1], all_but_channels, false)};
}

std::vector<Value> winograd_conv_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  if (inputs.size() == 4) return biased_conv_body(build, {inputs[0], inputs[1], inputs[3]}, attributes);
  Attributes of_conv;
  for (const auto& [name, value] : attributes.items()) {
    if (name != "activation") of_conv.set(name, value);
  }
  const Value product = build.emit1("conv", {inputs[0], inputs[1]}, of_conv);
  return {attributes.text("activation") == "linear" ? product : build.emit1("relu", {product})};
}

std::vector<Value> winograd_input_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  return {build.emit1("conv_input_grad", {inputs[0], inputs[1], inputs[2]}, attributes)};
}

Op convolution_op(const char* name, int min_inputs, int max_inputs, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.min_inputs = min_inputs;
  op.max_inputs = max_inputs;
  op.attributes = window_attributes();
  op.attributes.push_back({"dilations", AttributeKind::kInts, false, Ints{}});
  op.attributes.push_back({"low", AttributeKind::kInts, false, Ints{}});
  op.attributes.push_back({"high", AttributeKind::kInts, false, Ints{}});
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  return op;
}

}  // namespace

void register_convolution(Registry& registry) {
  registry.add(convolution_op("conv", 2, 2, conv_specs, by_dtype<conv_kernel_of<float>, conv_kernel_of<double>>(), conv_gradient));
  Op input_grad = convolution_op("conv_input_grad", 2, 3, conv_input_grad_specs,
                                 by_dtype<input_grad_kernel_of<float>, input_grad_kernel_of<double>>(), conv_input_grad_gradient);
  input_grad.shape_only_inputs = 1u << 2;
  registry.add(std::move(input_grad));
  Op weight_grad = convolution_op("conv_weight_grad", 3, 3, conv_weight_grad_specs,
                                  by_dtype<weight_grad_kernel_of<float>, weight_grad_kernel_of<double>>(), conv_weight_grad_gradient);
  weight_grad.shape_only_inputs = 1u << 2;
  registry.add(std::move(weight_grad));
  Op biased = convolution_op("biased_conv", 3, 3, biased_conv_specs, by_dtype<biased_conv_kernel_of<float>, biased_conv_kernel_of<double>>(), {});
  biased.attributes.push_back({"activation", AttributeKind::kString, false, std::string("linear")});
  biased.body = biased_conv_body;
  registry.add(std::move(biased));

  Op biased_grad = convolution_op("biased_conv_weight_grad", 3, 3, biased_conv_weight_grad_specs,
                                  by_dtype<weight_grad_kernel_of<float>, weight_grad_kernel_of<double>>(), {});
  biased_grad.shape_only_inputs = 1u << 2;
  biased_grad.body = biased_conv_weight_grad_body;
  registry.add(std::move(biased_grad));

  Op transform;
  transform.name = "winograd_kernel";
  transform.attributes = {{"turned", AttributeKind::kBool, false, false}};
  transform.shape_rule = winograd_kernel_specs;
  transform.kernel = by_dtype<winograd_kernel_kernel_of<float>, winograd_kernel_kernel_of<double>>();
  registry.add(std::move(transform));
  Op winograd = convolution_op("winograd_conv", 3, 4, winograd_conv_specs, by_dtype<winograd_conv_kernel_of<float>, winograd_conv_kernel_of<double>>(), {});
  winograd.attributes.push_back({"activation", AttributeKind::kString, false, std::string("linear")});
  winograd.body = winograd_conv_body;
  registry.add(std::move(winograd));
  Op winograd_grad = convolution_op("winograd_input_grad", 4, 4, winograd_input_grad_specs,
                                    by_dtype<winograd_input_grad_kernel_of<float>, winograd_input_grad_kernel_of<double>>(), {});
  winograd_grad.shape_only_inputs = 1u << 2;
  winograd_grad.body = winograd_input_grad_body;
  registry.add(std::move(winograd_grad));
}

}  // namespace keraunos
