// The indices of gather and scatter ops, whatever integer dtype they come in.
#pragma once

#include "kernels/indexing.h"
#include "keraunos/op.h"

namespace keraunos {

// Indices as int32 or int64: read in place, or cast to int64 at the start of the workspace.
class IndexOperand {
 public:
  // Reserves the workspace that the cast needs.
  IndexOperand(KernelRequest& request, std::size_t input);

  kernels::Indices read(const KernelCall& call) const;

 private:
  std::size_t input_;
  Dtype dtype_;
  std::int64_t elements_;
  std::size_t offset_ = 0;
};

kernels::IndexSite site_of(const KernelRequest& request);

}  // namespace keraunos
