#include "ops/index_operand.h"

#include "kernels/movement.h"

namespace keraunos {

IndexOperand::IndexOperand(KernelRequest& request, std::size_t input)
    : input_(input), dtype_(request.dtype(input)), elements_(request.shape(input).elements()), offset_(request.workspace_bytes) {
  if (dtype_ != Dtype::kInt32 && dtype_ != Dtype::kInt64) {
    request.workspace_bytes += (static_cast<std::size_t>(elements_) * sizeof(std::int64_t) + 63) / 64 * 64;
  }
}

kernels::Indices IndexOperand::read(const KernelCall& call) const {
  if (dtype_ == Dtype::kInt32 || dtype_ == Dtype::kInt64) return {call.inputs[input_], dtype_};
  char* staged = static_cast<char*>(call.workspace) + offset_;
  kernels::cast_elements(dtype_, Dtype::kInt64, call.inputs[input_], staged, elements_);
  return {staged, Dtype::kInt64};
}

kernels::IndexSite site_of(const KernelRequest& request) { return {request.op.name, request.scope}; }

}  // namespace keraunos
