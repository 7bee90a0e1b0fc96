// A reduction over any axes as a few reductions over [outer, reduced, inner].
#pragma once

#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "keraunos/op.h"

namespace keraunos {

// Reduces the axes that are marked. Neighbouring axes that are treated alike become one; each run of reduced axes is one
// pass, the fastest first, so that later passes read little. Sets request.workspace_bytes.
Kernel make_reduction(KernelRequest& request, kernels::ReduceOp reduce, const std::vector<bool>& is_reduced);

}  // namespace keraunos
