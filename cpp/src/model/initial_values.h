// First values of weights.
#pragma once

#include "model/layer_design.h"

namespace keraunos {

// Draws weights and seeds one after the other from one seed.
class InitialValues {
 public:
  InitialValues(Builder& build, std::uint64_t seed) : build_(build), seed_(seed) {}
  Tensor value(const WeightDesign& design);

 private:
  Tensor next_seed();
  Tensor drawn(const char* op, const Shape& shape);
  Tensor uniform(const Shape& shape, double limit);
  Tensor orthogonal(const Shape& shape);

  Builder& build_;
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
};

}  // namespace keraunos
