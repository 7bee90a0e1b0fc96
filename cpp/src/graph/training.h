// What kind of graph a graph is.
#pragma once

#include "keraunos/graph.h"

namespace keraunos {

// Does it update a variable that one of its matrix products multiplies by, as a train step does?
bool trains_products(const Graph& graph);

}  // namespace keraunos
