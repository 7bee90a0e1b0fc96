// Shape and Tensor: one dtype, one shape, one aligned contiguous buffer shared by count.
#pragma once

#include <algorithm>
#include <array>
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

// The sizes of a shape, read in place: a view that lives as long as the shape.
class ShapeSizes {
 public:
  ShapeSizes(const std::int64_t* begin, std::size_t count) : begin_(begin), count_(count) {}

  const std::int64_t* begin() const { return begin_; }
  const std::int64_t* end() const { return begin_ + count_; }
  std::size_t size() const { return count_; }
  std::int64_t operator[](std::size_t axis) const { return begin_[axis]; }
  operator std::vector<std::int64_t>() const { return {begin(), end()}; }

  bool operator==(const ShapeSizes& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }
  bool operator!=(const ShapeSizes& other) const { return !(*this == other); }

 private:
  const std::int64_t* begin_;
  std::size_t count_;
};

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(sizes.begin(), sizes.size()) {}
  explicit Shape(const std::vector<std::int64_t>& sizes) : Shape(sizes.data(), sizes.size()) {}
  Shape(const std::int64_t* sizes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) push_back(sizes[i]);
  }

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return data()[axis]; }
  std::int64_t& operator[](int axis) { return (rank_ > kNear ? far_.data() : near_.data())[axis]; }
  ShapeSizes sizes() const { return {data(), static_cast<std::size_t>(rank_)}; }
  void push_back(std::int64_t size) {
    if (rank_ < kNear) {
      near_[static_cast<std::size_t>(rank_++)] = size;
    } else {
      push_far(size);
    }
  }

  bool is_known() const;
  // Number of elements. Every size must be known.
  std::int64_t elements() const;
  // As Python writes it: "(32, None)".
  std::string text() const;

  bool operator==(const Shape& other) const { return sizes() == other.sizes(); }
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  // Shapes of that many sizes need no memory of their own: an eager op makes a handful of them.
  static constexpr int kNear = 6;

  const std::int64_t* data() const { return rank_ > kNear ? far_.data() : near_.data(); }
  void push_far(std::int64_t size);

  int rank_ = 0;
  std::array<std::int64_t, kNear> near_;  // unset from `rank_` on
  std::vector<std::int64_t> far_;         // all the sizes, when there are more
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
