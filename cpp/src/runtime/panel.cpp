#include "runtime/panel.h"

#include <algorithm>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"

namespace keraunos {
namespace {

// Elements of a panel at most: with what the loop reads beside it, it stays in the second-level cache.
constexpr std::int64_t kPanelElements = 1 << 17;
// Enough panels for many threads, none so low that the product gets slow.
constexpr std::int64_t kPanels = 16;
constexpr std::int64_t kLeastRows = 32;  // and a multiple of these, which suits every product

// Elements of sparse rows worth another thread.
constexpr std::int64_t kSparseElements = 1 << 14;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Panel make_panel(const Node& node, const Resolved& resolved, bool may_split_products) {
  const std::vector<TensorSpec> in = specs_of(node.inputs, resolved);
  const std::vector<TensorSpec> out = specs_of(node.outputs, resolved);
  Panel panel;
  panel.rows = out[0].shape[0];
  panel.columns = out[0].shape[1];
  panel.dtype = out[0].dtype;
  const std::int64_t fitting = std::min(kPanelElements / panel.columns, (panel.rows + kPanels - 1) / kPanels);
  panel.rows_at_once = std::min(std::max<std::int64_t>((fitting + kLeastRows - 1) / kLeastRows, 1) * kLeastRows, panel.rows);
  KernelRequest request{*node.op, in, out, node.attributes, known_inputs(node, resolved), node.scope};
  request.may_split_products = may_split_products;
  panel.kernel = node.op->panel_kernel(request, panel.rows_at_once);
  panel.workspace_bytes = request.workspace_bytes;
  return panel;
}

namespace {

Kernel sparse_panel_kernel(const Panel& panel, std::size_t kernel_inputs, std::shared_ptr<MapProgram> loop) {
  const std::size_t row_bytes = static_cast<std::size_t>(panel.columns) * size_of(panel.dtype);
  return [=](const KernelCall& call) {
    const std::int64_t count = panel.kernel.sparse.prepare(call);
    parallel_for(count, std::max<std::int64_t>(1, kSparseElements / panel.columns), [&](std::int64_t begin, std::int64_t end) {
      void* result = thread_scratch(row_bytes);
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = panel.kernel.sparse.row({call.inputs, &result, nullptr}, call.workspace, i);
        MapOperands operands(*loop, call.inputs + kernel_inputs, call.outputs, row * panel.columns);
        operands.inputs[panel.input] = result;
        loop->run(operands.inputs.data(), operands.outputs.data(), 0, panel.columns);
      }
    });
  };
}

}  // namespace

Kernel panel_unit_kernel(const Panel& panel, std::size_t kernel_inputs, std::shared_ptr<MapProgram> loop) {
  if (panel.skips_zeros) return sparse_panel_kernel(panel, kernel_inputs, std::move(loop));
  const std::size_t buffer_bytes = aligned(static_cast<std::size_t>(panel.rows_at_once * panel.columns) * size_of(panel.dtype));
  return [panel, kernel_inputs, loop = std::move(loop), buffer_bytes](const KernelCall& call) {
    if (panel.kernel.prepare) panel.kernel.prepare(call);
    parallel_for(panel.rows, panel.rows_at_once, [&](std::int64_t begin, std::int64_t end) {
      char* buffer = static_cast<char*>(thread_scratch(buffer_bytes + panel.workspace_bytes));
      void* result = buffer;
      panel.kernel.rows({call.inputs, &result, buffer + buffer_bytes}, call.workspace, begin, end);
      const std::int64_t first = begin * panel.columns;
      MapOperands operands(*loop, call.inputs + kernel_inputs, call.outputs, first);
      operands.inputs[panel.input] = buffer;
      loop->run(operands.inputs.data(), operands.outputs.data(), 0, end * panel.columns - first);
    });
  };
}

}  // namespace keraunos
