// activation(a * b + bias) in one pass over the product: what fusion makes of a Dense layer, and the same on a kernel packed before.
#include <algorithm>

#include "kernels/kernels.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

const char* const kActivations[] = {"linear", "relu", "sigmoid", "tanh"};

kernels::Activation activation_of(const std::string& name) {
  for (int i = 0; i < 4; ++i) {
    if (name == kActivations[i]) return static_cast<kernels::Activation>(i);
  }
  throw value_error("dense", "`activation` must be linear, relu, sigmoid or tanh", '"' + name + '"');
}

std::vector<TensorSpec> dense_specs(const InferContext& context) {
  const Shape& a = context.shape(0);
  const Shape& b = context.shape(1);
  require_same_dtype(context, 0, 1);
  require_same_dtype(context, 0, 2);
  if (context.dtype(0) != Dtype::kFloat32 && context.dtype(0) != Dtype::kFloat64) {
    throw type_error("dense", "needs float32 or float64", name_of(context.dtype(0)));
  }
  const bool is_transposed = context.attributes.boolean("transpose_b");
  if (a.rank() < 2 || b.rank() != 2 || context.shape(2).rank() != 1) {
    throw value_error("dense", "needs a matrix, a kernel of rank 2 and a bias of rank 1", a, b, context.shape(2));
  }
  const std::int64_t inner = b[is_transposed ? 1 : 0];
  const std::int64_t units = b[is_transposed ? 0 : 1];
  const std::int64_t given = a[a.rank() - 1];
  if (given != kUnknown && inner != kUnknown && given != inner) throw value_error("dense", "inner sizes must agree", both(a, b));
  if (context.shape(2)[0] != units) throw value_error("dense", "the bias must have one value per unit", both(b, context.shape(2)));
  activation_of(context.attributes.text("activation"));
  Shape result = a;
  result[result.rank() - 1] = units;
  return {{context.dtype(0), result}};
}

// The shape of the product of `request`'s first two inputs.
template <class T>
kernels::Gemm<T> dense_gemm(const KernelRequest& request, bool has_bias) {
  kernels::Gemm<T> gemm;
  const Shape& a = request.shape(0);
  const Shape& b = request.shape(1);
  gemm.transpose_b = request.attributes.boolean("transpose_b");
  gemm.k = a[a.rank() - 1];
  gemm.m = product(a, 0, a.rank() - 1);
  gemm.n = b[gemm.transpose_b ? 0 : 1];
  gemm.lda = std::max<std::int64_t>(1, gemm.k);
  gemm.ldb = std::max<std::int64_t>(1, b[1]);
  gemm.ldc = std::max<std::int64_t>(1, gemm.n);
  gemm.has_bias = has_bias;
  gemm.activation = activation_of(request.attributes.text("activation"));
  return gemm;
}

template <class T>
Kernel dense_kernel_of(KernelRequest& request) {
  kernels::Gemm<T> gemm = dense_gemm<T>(request, true);
  gemm.may_split = request.may_split_products;
  request.workspace_bytes = kernels::gemm_workspace(gemm);
  return [gemm](const KernelCall& call) { kernels::gemm(gemm, call.in<T>(0), call.in<T>(1), call.in<T>(2), call.out<T>(0), call.workspace); };
}

Kernel dense_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? dense_kernel_of<double>(request) : dense_kernel_of<float>(request);
}

std::vector<Value> dense_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  const Value sum = build.add(build.matmul(inputs[0], inputs[1], false, attributes.boolean("transpose_b")), inputs[2]);
  const std::string& activation = attributes.text("activation");
  return {activation == "linear" ? sum : build.emit1(activation.c_str(), {sum})};
}

// ---------------------------------------------------------------- on a packed kernel

template <class T>
kernels::Gemm<T> packing_of(const Shape& kernel, bool is_transposed) {
  kernels::Gemm<T> gemm;
  gemm.transpose_b = is_transposed;
  gemm.k = kernel[is_transposed ? 1 : 0];
  gemm.n = kernel[is_transposed ? 0 : 1];
  gemm.ldb = std::max<std::int64_t>(1, kernel[1]);
  return gemm;
}

template <class T>
std::int64_t packed_elements(const Shape& kernel, bool is_transposed) {
  return static_cast<std::int64_t>(kernels::gemm_packed_bytes(packing_of<T>(kernel, is_transposed)) / sizeof(T));
}

std::int64_t packed_elements(const TensorSpec& kernel, bool is_transposed) {
  if (!kernel.shape.is_known()) return kUnknown;
  return kernel.dtype == Dtype::kFloat64 ? packed_elements<double>(kernel.shape, is_transposed) : packed_elements<float>(kernel.shape, is_transposed);
}

void require_kernel(const InferContext& context, std::size_t i) {
  if (context.dtype(i) != Dtype::kFloat32 && context.dtype(i) != Dtype::kFloat64) {
    throw type_error(context.op.name, "needs float32 or float64", name_of(context.dtype(i)));
  }
  if (context.shape(i).rank() != 2) throw value_error(context.op.name, "needs a kernel of rank 2", context.shape(i));
}

std::vector<TensorSpec> pack_specs(const InferContext& context) {
  require_kernel(context, 0);
  return {{context.dtype(0), {packed_elements(context.inputs[0], context.attributes.boolean("transpose_b"))}}};
}

template <class T>
Kernel pack_kernel_of(KernelRequest& request) {
  const kernels::Gemm<T> gemm = packing_of<T>(request.shape(0), request.attributes.boolean("transpose_b"));
  return [gemm](const KernelCall& call) { kernels::gemm_pack(gemm, call.in<T>(0), call.out<T>(0)); };
}

Kernel pack_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? pack_kernel_of<double>(request) : pack_kernel_of<float>(request);
}

// (a, kernel, packed kernel[, bias]): the kernel itself says what was packed, and is not read.
std::vector<TensorSpec> packed_dense_specs(const InferContext& context) {
  require_kernel(context, 1);
  require_same_dtype(context, 1, 2);
  const std::int64_t expected = packed_elements(context.inputs[1], context.attributes.boolean("transpose_b"));
  if (context.shape(2).rank() != 1 || context.shape(2)[0] != expected) {
    throw value_error("packed_dense", "the packed kernel must be that of the kernel", both(context.shape(1), context.shape(2)));
  }
  const std::int64_t units = context.shape(1)[context.attributes.boolean("transpose_b") ? 0 : 1];
  const bool has_bias = context.inputs.size() == 4;
  const std::vector<TensorSpec> inputs = {context.inputs[0], context.inputs[1], has_bias ? context.inputs[3] : TensorSpec{context.dtype(0), {units}}};
  return dense_specs({context.op, inputs, context.attributes, context.values});
}

template <class T>
Kernel packed_dense_kernel_of(KernelRequest& request) {
  const bool has_bias = request.inputs.size() == 4;
  const kernels::Gemm<T> gemm = dense_gemm<T>(request, has_bias);
  request.workspace_bytes = kernels::gemm_workspace(gemm);
  return [gemm, has_bias](const KernelCall& call) {
    kernels::gemm_packed(gemm, call.in<T>(0), call.in<T>(2), has_bias ? call.in<T>(3) : nullptr, call.out<T>(0), call.workspace);
  };
}

Kernel packed_dense_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? packed_dense_kernel_of<double>(request) : packed_dense_kernel_of<float>(request);
}

std::vector<Value> packed_dense_body(Builder& build, const std::vector<Value>& inputs, const Attributes& attributes) {
  if (inputs.size() == 4) return dense_body(build, {inputs[0], inputs[1], inputs[3]}, attributes);
  const Value product = build.matmul(inputs[0], inputs[1], false, attributes.boolean("transpose_b"));
  const std::string& activation = attributes.text("activation");
  return {activation == "linear" ? product : build.emit1(activation.c_str(), {product})};
}

}  // namespace

void register_dense(Registry& registry) {
  const AttributeRule transpose_b = {"transpose_b", AttributeKind::kBool, false, false};
  const AttributeRule activation = {"activation", AttributeKind::kString, false, std::string("linear")};
  Op op;
  op.name = "dense";
  op.min_inputs = op.max_inputs = 3;
  op.attributes = {transpose_b, activation};
  op.shape_rule = dense_specs;
  op.kernel = dense_kernel;
  op.body = dense_body;
  registry.add(std::move(op));

  Op pack;
  pack.name = "pack_dense_kernel";
  pack.attributes = {transpose_b};
  pack.shape_rule = pack_specs;
  pack.kernel = pack_kernel;
  registry.add(std::move(pack));

  Op packed;
  packed.name = "packed_dense";
  packed.min_inputs = 3;
  packed.max_inputs = 4;
  packed.attributes = {transpose_b, activation};
  packed.shape_rule = packed_dense_specs;
  packed.kernel = packed_dense_kernel;
  packed.body = packed_dense_body;
  packed.shape_only_inputs = 1u << 1;
  registry.add(std::move(packed));
}

}  // namespace keraunos
