#include "runtime/control_flow.h"

#include <mutex>

#include "ops/registry.h"

namespace keraunos {

void register_control_flow() {
  static std::once_flag once;
  std::call_once(once, [] {
    register_op(control_flow::cond_op());
    register_op(control_flow::while_op());
    register_op(control_flow::while_grad_op());
    register_op(control_flow::scan_op());
  });
}

}  // namespace keraunos
