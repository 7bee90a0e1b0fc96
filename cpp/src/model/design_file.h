// A `.keras` file of a design.
#pragma once

#include <string>
#include <vector>

#include "model/layer_network.h"
#include "model/native_part.h"
#include "model/optimizer_steps.h"

namespace keraunos {

// The bytes of the archive: Keras's config, the weights with the optimizer's variables, and the functions that `writer` has.
std::string design_file(const Network& network, bool is_sequential, const OptimizerState& optimizer, const std::vector<Objective>& objectives,
                        NativePartWriter& writer);

}  // namespace keraunos
