// Kernels that keep one thread busy for long, such as the two directions of a bidirectional layer over few sequences.
#pragma once

#include "runtime/units.h"

namespace keraunos {

// Two of them that need nothing of each other and stand near each other become one unit of kind kSideBySide.
void put_side_by_side(const Graph& graph, const Resolved& resolved, UnitSchedule& schedule);

}  // namespace keraunos
