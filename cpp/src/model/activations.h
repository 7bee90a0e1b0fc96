// Activations by name, written in ops.
#pragma once

#include <string>

#include "keraunos/op.h"

namespace keraunos {

// An error that lists the names, unless `name` is one of them.
void check_activation(const std::string& name);
Value activated(Builder& build, const Value& x, const std::string& name);

}  // namespace keraunos
