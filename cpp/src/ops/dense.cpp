// activation(a * b + bias) in one pass over the product: what fusion makes of a Dense layer.
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

template <class T>
Kernel dense_kernel_of(KernelRequest& request) {
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
  gemm.has_bias = true;
  gemm.activation = activation_of(request.attributes.text("activation"));
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

}  // namespace

void register_dense(Registry& registry) {
  Op op;
  op.name = "dense";
  op.min_inputs = op.max_inputs = 3;
  op.attributes = {{"transpose_b", AttributeKind::kBool, false, false}, {"activation", AttributeKind::kString, false, std::string("linear")}};
  op.shape_rule = dense_specs;
  op.kernel = dense_kernel;
  op.body = dense_body;
  registry.add(std::move(op));
}

}  // namespace keraunos
