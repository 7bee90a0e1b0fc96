// The largest element or the mean of windows over the spatial axes of images with their channels last. Padding takes part in neither.
#include "kernels/pooling.h"

#include <algorithm>

#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"
#include "ops/windows.h"

namespace keraunos {
namespace {

// Windows of the attribute "sizes" that move by strides, or, with "places", so many windows that they cover the image evenly.
bool is_adaptive(const Attributes& attributes) { return !attributes.ints("places").empty(); }

Shape places_of(const Op& op, const Attributes& attributes, const Shape& image) {
  const Ints& sizes = attributes.ints(is_adaptive(attributes) ? "places" : "sizes");
  if (sizes.size() + 2 != image.sizes().size()) {
    throw value_error(op.name, "windows need one size per spatial axis", image, list_text(sizes));
  }
  const Windows windows = windows_of(op, attributes, sizes);
  if (!is_adaptive(attributes)) return window_places(op, windows, image);
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (image[static_cast<int>(axis) + 1] == 0) throw value_error(op.name, "needs an image with at least one place", image);
  }
  return Shape(sizes);
}

Shape pooled_shape(const InferContext& context, const Shape& image) {
  Shape result = {image[0]};
  const Shape places = places_of(context.op, context.attributes, image);
  for (std::int64_t size : places.sizes()) result.push_back(size);
  result.push_back(image[image.rank() - 1]);
  return result;
}

// Of the last input, the images.
// The attributes are numbers, never sizes that are not known yet.
void require_positive_windows(const InferContext& context) {
  const Ints& sizes = context.attributes.ints(is_adaptive(context.attributes) ? "places" : "sizes");
  for (const std::int64_t size : sizes) {
    if (size < 1) throw value_error(context.op.name, "sizes must be positive", list_text(sizes));
  }
}

std::vector<TensorSpec> pool_specs(const InferContext& context) {
  require_positive_windows(context);
  const std::size_t last = context.inputs.size() - 1;
  require_floating(context, 0);
  require_same_dtype(context, 0, last);
  require_image(context, last);
  return {{context.dtype(0), pooled_shape(context, context.shape(last))}};
}

std::vector<TensorSpec> pool_grad_specs(const InferContext& context) {
  require_positive_windows(context);
  require_floating(context, 0);
  require_same_dtype(context, 0, 1);
  require_image(context, 1);
  const Shape pooled = pooled_shape(context, context.shape(1));
  if (pooled.is_known() && context.shape(0).is_known() && pooled != context.shape(0)) {
    throw value_error(context.op.name, "the gradient must have one element per window", both(context.shape(0), pooled));
  }
  return {{context.dtype(0), context.shape(1)}};
}

kernels::Pooling pooling_of(const KernelRequest& request, const Shape& image) {
  const bool adaptive = is_adaptive(request.attributes);
  const Windows windows = windows_of(request.op, request.attributes, request.attributes.ints(adaptive ? "places" : "sizes"));
  const Shape places = places_of(request.op, request.attributes, image);
  kernels::Pooling result;
  result.batch = image[0];
  result.channels = image[image.rank() - 1];
  const std::size_t missing = 3 - windows.sizes.size();
  for (std::size_t axis = 0; axis < windows.sizes.size(); ++axis) {
    const std::int64_t in = image[static_cast<int>(axis) + 1], count = places[static_cast<int>(axis)];
    kernels::PoolingAxis& to = result.axes[missing + axis];
    to = {in, {}, {}};
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t first = i * windows.strides[axis] - windows.low_for(axis, in);
      to.begin.push_back(adaptive ? i * in / count : std::max<std::int64_t>(0, first));
      to.end.push_back(adaptive ? ((i + 1) * in + count - 1) / count : std::min(in, first + windows.sizes[axis]));
    }
  }
  return result;
}

// run(type, plan, call) in float32 or float64; `image` is the input that has the images' shape.
template <class Run>
KernelMaker pool_kernel(std::size_t image, Run run) {
  return in_float32([image, run](KernelRequest& request) -> Kernel {
    if (request.outputs[0].shape.elements() == 0) return [](const KernelCall&) {};
    const kernels::Pooling plan = pooling_of(request, request.shape(image));
    if (request.dtype(0) == Dtype::kFloat64) return [plan, run](const KernelCall& call) { run(double(), plan, call); };
    return [plan, run](const KernelCall& call) { run(float(), plan, call); };
  });
}

Kernel max_pool_kernel(KernelRequest& request) {
  return pool_kernel(0, [](auto zero, const kernels::Pooling& plan, const KernelCall& call) {
    using T = decltype(zero);
    kernels::max_pool(plan, call.in<T>(0), call.out<T>(0));
  })(request);
}

Kernel max_pool_grad_kernel(KernelRequest& request) {
  return pool_kernel(1, [is_relu = request.attributes.boolean("relu")](auto zero, const kernels::Pooling& plan, const KernelCall& call) {
    using T = decltype(zero);
    kernels::max_pool_grad(plan, call.in<T>(0), call.in<T>(1), is_relu, call.out<T>(0));
  })(request);
}

Kernel max_pool_pick_kernel(KernelRequest& request) {
  return pool_kernel(1, [](auto zero, const kernels::Pooling& plan, const KernelCall& call) {
    using T = decltype(zero);
    kernels::max_pool_pick(plan, call.in<T>(0), call.in<T>(1), call.out<T>(0));
  })(request);
}

Kernel average_pool_kernel(KernelRequest& request) {
  return pool_kernel(0, [](auto zero, const kernels::Pooling& plan, const KernelCall& call) {
    using T = decltype(zero);
    kernels::average_pool(plan, call.in<T>(0), call.out<T>(0));
  })(request);
}

Kernel average_pool_grad_kernel(KernelRequest& request) {
  return pool_kernel(1, [](auto zero, const kernels::Pooling& plan, const KernelCall& call) {
    using T = decltype(zero);
    kernels::average_pool_grad(plan, call.in<T>(0), call.out<T>(0));
  })(request);
}

// ---------------------------------------------------------------- gradients: all are linear, the places of largest elements being fixed

// `op` of the gradient and the images, which are the first or the second input.
template <std::size_t image>
GradientRule through(const char* op) {
  return [op](const GradientContext& context) {
    std::vector<Value> result(context.inputs.size());
    result[0] = context.build.emit1(op, {context.gradients[0], context.inputs[image]}, context.attributes);
    return result;
  };
}

std::vector<Value> average_pool_grad_gradient(const GradientContext& context) {
  return {context.build.emit1("average_pool", {context.gradients[0]}, context.attributes), Value()};
}

std::vector<Value> max_pool_grad_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  Attributes plain;
  for (const auto& [name, value] : attributes.items()) {
    if (name != "relu") plain.set(name, value);
  }
  const Value gradient = build.emit1("max_pool_grad", inputs, plain);
  return {attributes.boolean("relu") ? build.emit1("relu_grad", {gradient, inputs[1]}) : gradient};
}

Op pooling_op(const char* name, int inputs, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.min_inputs = op.max_inputs = inputs;
  op.attributes = window_attributes();
  op.attributes.push_back({"sizes", AttributeKind::kInts, false, Ints{}});
  op.attributes.push_back({"places", AttributeKind::kInts, false, Ints{}});
  op.shape_rule = std::move(rule);
  op.kernel = std::move(kernel);
  op.gradient = std::move(gradient);
  return op;
}

}  // namespace

void register_pooling(Registry& registry) {
  registry.add(pooling_op("max_pool", 1, pool_specs, max_pool_kernel, through<0>("max_pool_grad")));
  Op max_grad = pooling_op("max_pool_grad", 2, pool_grad_specs, max_pool_grad_kernel, through<1>("max_pool_pick"));
  // Set by fusion, after gradients were taken: the gradient of relu, whose result the images are, is a part of it.
  max_grad.attributes.push_back({"relu", AttributeKind::kBool, false, false});
  max_grad.body = max_pool_grad_body;
  registry.add(std::move(max_grad));
  registry.add(pooling_op("max_pool_pick", 2, pool_specs, max_pool_pick_kernel, through<1>("max_pool_grad")));
  registry.add(pooling_op("average_pool", 1, pool_specs, average_pool_kernel, through<0>("average_pool_grad")));
  Op average_grad = pooling_op("average_pool_grad", 2, pool_grad_specs, average_pool_grad_kernel, average_pool_grad_gradient);
  average_grad.shape_only_inputs = 1u << 1;
  registry.add(std::move(average_grad));
}

}  // namespace keraunos
