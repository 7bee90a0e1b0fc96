// Moves elements without computing on them: strided copies, fills, casts. Knows element sizes, not dtypes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "keraunos/dtype.h"

namespace keraunos::kernels {

// Bytes of copying that are worth a task of their own (about 10 us).
inline constexpr std::int64_t kCopyGrainBytes = 128 * 1024;

// The most dimensions that a copy, a slice or a gather takes.
inline constexpr int kMaxRank = 32;

void copy_bytes(const void* source, void* target, std::size_t bytes);

// target[i] = *value, n elements of element_size (1, 2, 4 or 8) bytes.
void fill_elements(const void* value, void* target, std::int64_t n, std::size_t element_size);

// As CastLoop, in parallel when large.
void cast_elements(Dtype from, Dtype to, const void* source, void* target, std::int64_t n);

// One loop of a copy; strides count elements. A source stride may be 0 (broadcast) or negative (flip).
struct CopyAxis {
  std::int64_t size;
  std::int64_t source_stride;
  std::int64_t target_stride;
};

// Copies between two strided arrays of equal sizes; planned once, run often. Serves transpose, slice, flip,
// concatenate, pad and broadcasts. Elements of the target must not overlap.
class StridedCopy {
 public:
  StridedCopy() = default;
  // Axes go from slow to fast; offsets count elements.
  StridedCopy(std::vector<CopyAxis> axes, std::size_t element_size, std::int64_t source_offset = 0,
              std::int64_t target_offset = 0);

  void run(const void* source, void* target) const;

 private:
  enum class Kind { kNothing, kRows, kStrided, kTransposed };

  template <class T>
  void run_lines(const T* source, T* target) const;
  template <class T>
  void copy_tile(const T* in, T* out, std::int64_t height, std::int64_t width) const;
  template <class T>
  void copy_tile_buffered(const T* in, T* out, std::int64_t height, std::int64_t width) const;
  template <class T>
  void run_transposed(const T* source, T* target) const;
  template <class T>
  void run_typed(const void* source, void* target) const;

  Kind kind_ = Kind::kNothing;
  std::size_t element_size_ = 1;
  std::int64_t source_offset_ = 0;
  std::int64_t target_offset_ = 0;
  std::vector<CopyAxis> outer_;
  std::int64_t outer_count_ = 1;
  CopyAxis inner_{1, 1, 1};
  CopyAxis turned_{1, 1, 1};  // kTransposed: the axis along which the source is contiguous
};

}  // namespace keraunos::kernels
