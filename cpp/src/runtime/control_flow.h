// Ops with sub-graphs: cond, while_loop, scan.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

// Adds the records; calls after the first do nothing.
void register_control_flow();

namespace control_flow {

Op cond_op();
Op while_op();
Op while_grad_op();
Op scan_op();

}  // namespace control_flow
}  // namespace keraunos
