// Shape and Tensor: one dtype, one shape, one aligned contiguous buffer shared by count.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "keraunos/dtype.h"

namespace keraunos {

// A size that is not known before the graph meets real data.
inline constexpr std::int64_t kUnknown = -1;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : sizes_(sizes) {}
  explicit Shape(std::vector<std::int64_t> sizes) : sizes_(std::move(sizes)) {}

  int rank() const { return static_cast<int>(sizes_.size()); }
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return sizes_[static_cast<std::size_t>(axis)]; }
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  void push_back(std::int64_t size) { sizes_.push_back(size); }

  bool is_known() const;
  // Number of elements. Every size must be known.
  std::int64_t elements() const;
  // As Python writes it: "(32, None)".
  std::string text() const;

  bool operator==(const Shape& other) const { return sizes_ == other.sizes_; }
  bool operator!=(const Shape& other) const { return sizes_ != other.sizes_; }

 private:
  std::vector<std::int64_t> sizes_;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

// Axis in [0, rank) for an axis in [-rank, rank); otherwise an error that names `subject`.
int normalize_axis(std::int64_t axis, int rank, const char* subject);

struct TensorSpec {
  Dtype dtype = Dtype::kFloat32;
  Shape shape;

  bool operator==(const TensorSpec& other) const { return dtype == other.dtype && shape == other.shape; }
};

class Tensor {
 public:
  Tensor() = default;
  // Uninitialised memory, aligned to 64 bytes.
  Tensor(Dtype dtype, Shape shape);
  // Memory owned by somebody else and kept alive by `owner`.
  Tensor(Dtype dtype, Shape shape, std::shared_ptr<void> owner) : spec_{dtype, std::move(shape)}, data_(std::move(owner)) {}

  static Tensor zeros(Dtype dtype, Shape shape);
  // A tensor of rank 0.
  static Tensor scalar(double value, Dtype dtype);
  static Tensor scalar_int(std::int64_t value, Dtype dtype);
  template <class T>
  static Tensor from(const std::vector<T>& values, Shape shape);

  Dtype dtype() const { return spec_.dtype; }
  const Shape& shape() const { return spec_.shape; }
  const TensorSpec& spec() const { return spec_; }
  std::int64_t elements() const { return spec_.shape.elements(); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(spec_.dtype); }
  bool has_data() const { return data_ != nullptr; }

  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }
  template <class T>
  T* as() { return static_cast<T*>(data_.get()); }
  template <class T>
  const T* as() const { return static_cast<const T*>(data_.get()); }

  // The same memory under another shape of equally many elements.
  Tensor reshaped(Shape shape) const;
  // A deep copy.
  Tensor copy() const;
  // Another tensor or view also holds this memory.
  bool is_shared() const { return data_.use_count() > 1; }
  // Element `index` of the flat buffer, converted.
  double value_at(std::int64_t index) const;
  std::int64_t int_at(std::int64_t index) const;
  const std::shared_ptr<void>& owner() const { return data_; }

 private:
  TensorSpec spec_;
  std::shared_ptr<void> data_;
};

// A copy in another dtype. Floats to integers truncate and saturate; NaN becomes 0.
Tensor cast(const Tensor& tensor, Dtype dtype);

}  // namespace keraunos
