#include "model/initial_values.h"

#include <algorithm>
#include <cmath>

#include "runtime/trace.h"

namespace keraunos {
namespace {

Tensor filled(const Shape& shape, float number) {
  Tensor value = Tensor::zeros(Dtype::kFloat32, shape);
  std::fill_n(value.as<float>(), value.elements(), number);
  return value;
}

// Glorot and Bengio 2010: the last two axes are inputs and outputs, the others belong to a window.
double glorot_limit(const Shape& shape) {
  const int rank = shape.rank();
  const double inputs = static_cast<double>(shape[rank - 2]), outputs = static_cast<double>(shape[rank - 1]);
  const double window = static_cast<double>(shape.elements()) / (inputs * outputs);
  return std::sqrt(6.0 / (window * (inputs + outputs)));
}

}  // namespace

Tensor InitialValues::value(const WeightDesign& design) {
  switch (design.kind) {
    case WeightKind::kSeed: return next_seed();
    case WeightKind::kZeros: return filled(design.shape, 0);
    case WeightKind::kOnes: return filled(design.shape, 1);
    case WeightKind::kGlorotUniform: return uniform(design.shape, glorot_limit(design.shape));
    case WeightKind::kSmallUniform: return uniform(design.shape, 0.05);
    case WeightKind::kOrthogonal: return orthogonal(design.shape);
    case WeightKind::kForgetBias: {
      // Of the four gates the second forgets: it begins with ones (Jozefowicz et al. 2015).
      Tensor value = filled(design.shape, 0);
      const std::int64_t units = design.shape[0] / 4;
      std::fill_n(value.as<float>() + units, units, 1.0f);
      return value;
    }
  }
  throw Error(ErrorKind::kRuntime, "a weight has no kind");
}

Tensor InitialValues::next_seed() {
  const std::uint64_t bits = seed_ * 0x9E3779B97F4A7C15u + ++draws_;
  return Tensor::from(std::vector<std::uint32_t>{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)}, {2});
}

Tensor InitialValues::drawn(const char* op, const Shape& shape) {
  push_trace(nullptr);  // now, although a trace is open
  const Value found = build_.emit1(op, {Value(next_seed())}, {{"shape", Ints(shape.sizes())}, {"dtype", Dtype::kFloat32}});
  pop_trace(nullptr);
  return found.tensor();
}

Tensor InitialValues::uniform(const Shape& shape, double limit) {
  Tensor value = drawn("random_uniform", shape).copy();
  float* numbers = value.as<float>();
  for (std::int64_t i = 0; i < value.elements(); ++i) numbers[i] = static_cast<float>((2.0 * numbers[i] - 1.0) * limit);
  return value;
}

// Rows (or columns, whichever are fewer) of random directions, each made orthogonal to those before it (Saxe et al. 2014).
Tensor InitialValues::orthogonal(const Shape& shape) {
  const std::int64_t rows = shape[0], columns = shape[1];
  const bool is_wide = rows <= columns;
  const std::int64_t count = is_wide ? rows : columns, size = is_wide ? columns : rows;
  const Tensor normal = drawn("random_normal", {count, size});
  std::vector<double> basis(normal.as<float>(), normal.as<float>() + count * size);
  for (std::int64_t i = 0; i < count; ++i) {
    double* vector = basis.data() + i * size;
    // Twice: what rounding leaves after the first time goes with the second.
    for (int pass = 0; pass < 2; ++pass) {
      for (std::int64_t j = 0; j < i; ++j) {
        const double* other = basis.data() + j * size;
        double along = 0;
        for (std::int64_t k = 0; k < size; ++k) along += vector[k] * other[k];
        for (std::int64_t k = 0; k < size; ++k) vector[k] -= along * other[k];
      }
    }
    double square = 0;
    for (std::int64_t k = 0; k < size; ++k) square += vector[k] * vector[k];
    for (std::int64_t k = 0; k < size; ++k) vector[k] /= std::sqrt(square);
  }
  Tensor value = Tensor::zeros(Dtype::kFloat32, shape);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t k = 0; k < size; ++k) {
      value.as<float>()[is_wide ? i * columns + k : k * columns + i] = static_cast<float>(basis[static_cast<std::size_t>(i * size + k)]);
    }
  }
  return value;
}

}  // namespace keraunos
