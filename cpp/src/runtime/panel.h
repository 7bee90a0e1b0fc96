// A product that gives its result some rows at a time, and the loop that consumes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "keraunos/graph.h"
#include "runtime/map_program.h"
#include "runtime/resolve.h"

namespace keraunos {

struct Panel {
  PanelKernel kernel;  // none for rows: the node is not worth it
  std::int64_t rows = 0, columns = 0;
  std::int64_t rows_at_once = 0;
  Dtype dtype = Dtype::kFloat32;
  std::size_t workspace_bytes = 0;
  std::size_t input = 0;  // which operand of the loop the kernel gives
  bool skips_zeros = false;  // the loop does nothing in rows of zeros: only the kernel's sparse rows are computed

  std::size_t shared_bytes() const { return skips_zeros ? kernel.sparse.shared_bytes : kernel.shared_bytes; }
};

Panel make_panel(const Node& node, const Resolved& resolved, bool may_split_products);

// Workspace: what the panels share. Operands: those of the kernel (`kernel_inputs` of them), then those of the loop. Any number of threads take panels, each
// with scratch of its own; what a panel computes does not depend on who takes it.
Kernel panel_unit_kernel(const Panel& panel, std::size_t kernel_inputs, std::shared_ptr<MapProgram> loop);

}  // namespace keraunos
