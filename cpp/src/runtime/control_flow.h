// Ops with sub-graphs: cond, while_loop, scan.
#pragma once

namespace keraunos {

// Adds the records; calls after the first do nothing.
void register_control_flow();

}  // namespace keraunos
