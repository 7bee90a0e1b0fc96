// Losses and metrics of designs, written in ops.
#pragma once

#include <string>

#include "base/json.h"
#include "keraunos/layers.h"
#include "keraunos/op.h"

namespace keraunos {

// Whether targets are class indices, one number less in rank than the outputs.
bool has_index_targets(const Loss& loss);
// One value per sample and output number.
Value loss_values(Builder& build, const Loss& loss, const Value& y, const Value& predicted);
// One value per sample; `loss` tells what the targets are.
Value metric_values(Builder& build, const std::string& name, const Loss& loss, const Value& y, const Value& predicted);
Value mean_of_all(Builder& build, const Value& x);
// As Keras writes it.
Json loss_json(const Loss& loss);

}  // namespace keraunos
