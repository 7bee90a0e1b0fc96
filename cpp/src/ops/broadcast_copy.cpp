#include "ops/broadcast_copy.h"

#include "ops/rules.h"

namespace keraunos {

Kernel copy_with(kernels::StridedCopy copy) {
  return [copy = std::move(copy)](const KernelCall& call) { copy.run(call.inputs[0], call.outputs[0]); };
}

void require_broadcastable(const char* subject, const Shape& from, const Shape& to) {
  bool fits = from.rank() <= to.rank();
  for (int back = 1; fits && back <= from.rank(); ++back) {
    const std::int64_t a = from[from.rank() - back];
    const std::int64_t b = to[to.rank() - back];
    fits = a == b || a == 1 || a == kUnknown || b == kUnknown;
  }
  if (!fits) throw value_error(subject, "the operand must broadcast to the wanted shape", both(from, to));
}

kernels::StridedCopy broadcast_copy(const Shape& from, const Shape& to, std::size_t element_size) {
  const Ints source = strides_of(from);
  const Ints target = strides_of(to);
  const int missing = to.rank() - from.rank();
  std::vector<kernels::CopyAxis> loops;
  for (int axis = 0; axis < to.rank(); ++axis) {
    const bool is_repeated = axis < missing || from[axis - missing] == 1;
    loops.push_back({to[axis], is_repeated ? 0 : source[static_cast<std::size_t>(axis - missing)], target[static_cast<std::size_t>(axis)]});
  }
  return kernels::StridedCopy(std::move(loops), element_size);
}

}  // namespace keraunos
