#include "kernels/movement.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/threads.h"
#include "kernels/element_types.h"
#include "kernels/kernels.h"
#include "keraunos/error.h"

namespace keraunos::kernels {
namespace {

// 32 x 32 elements of 8 bytes are 8 kB: a tile stays in the first-level cache.
constexpr std::int64_t kTile = 32;

std::int64_t grain_for(std::int64_t item_bytes) { return std::max<std::int64_t>(1, kCopyGrainBytes / std::max<std::int64_t>(1, item_bytes)); }

// Walks the outer axes from flat index `begin` to `end` and calls visit(source offset, target offset).
template <class Visit>
void walk(const std::vector<CopyAxis>& axes, std::int64_t begin, std::int64_t end, Visit visit) {
  std::array<std::int64_t, kMaxRank> counters{};
  std::int64_t source = 0;
  std::int64_t target = 0;
  std::int64_t rest = begin;
  for (std::size_t i = axes.size(); i-- > 0;) {
    counters[i] = rest % axes[i].size;
    rest /= axes[i].size;
    source += counters[i] * axes[i].source_stride;
    target += counters[i] * axes[i].target_stride;
  }
  for (std::int64_t index = begin; index < end; ++index) {
    visit(source, target);
    for (std::size_t i = axes.size(); i-- > 0;) {
      source += axes[i].source_stride;
      target += axes[i].target_stride;
      if (++counters[i] < axes[i].size) break;
      source -= counters[i] * axes[i].source_stride;
      target -= counters[i] * axes[i].target_stride;
      counters[i] = 0;
    }
  }
}

template <class T>
void copy_line(const T* source, T* target, std::int64_t n, std::int64_t source_stride, std::int64_t target_stride) {
  if (source_stride == 1 && target_stride == 1) {
    if (n * static_cast<std::int64_t>(sizeof(T)) > 64) {
      std::memcpy(target, source, static_cast<std::size_t>(n) * sizeof(T));
    } else {
      for (std::int64_t i = 0; i < n; ++i) target[i] = source[i];
    }
    return;
  }
  if (source_stride == 0) {
    const T value = *source;
    for (std::int64_t i = 0; i < n; ++i) target[i * target_stride] = value;
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) target[i * target_stride] = source[i * source_stride];
}

// Dimensions of size 1 vanish; neighbours that are one run in both arrays become one.
std::vector<CopyAxis> merge_axes(const std::vector<CopyAxis>& axes) {
  std::vector<CopyAxis> merged;
  for (const CopyAxis& axis : axes) {
    if (axis.size == 1) continue;
    if (!merged.empty()) {
      CopyAxis& last = merged.back();
      if (last.source_stride == axis.source_stride * axis.size && last.target_stride == axis.target_stride * axis.size) {
        last = {last.size * axis.size, axis.source_stride, axis.target_stride};
        continue;
      }
    }
    merged.push_back(axis);
  }
  return merged;
}

template <class T>
void fill_typed(const void* value, void* target, std::int64_t n) {
  T element;
  std::memcpy(&element, value, sizeof(T));
  T* out = static_cast<T*>(target);
  parallel_for(n, kCopyGrainBytes / static_cast<std::int64_t>(sizeof(T)),
               [&](std::int64_t begin, std::int64_t end) { std::fill(out + begin, out + end, element); });
}

}  // namespace

void copy_bytes(const void* source, void* target, std::size_t bytes) {
  if (bytes == 0 || source == target) return;
  const char* from = static_cast<const char*>(source);
  char* to = static_cast<char*>(target);
  if (bytes <= static_cast<std::size_t>(kCopyGrainBytes)) {
    std::memcpy(to, from, bytes);
    return;
  }
  parallel_for(static_cast<std::int64_t>(bytes), kCopyGrainBytes, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
  });
}

void fill_elements(const void* value, void* target, std::int64_t n, std::size_t element_size) {
  switch (element_size) {
    case 1: return fill_typed<Element<1>>(value, target, n);
    case 2: return fill_typed<Element<2>>(value, target, n);
    case 4: return fill_typed<Element<4>>(value, target, n);
    default: return fill_typed<Element<8>>(value, target, n);
  }
}

void cast_elements(Dtype from, Dtype to, const void* source, void* target, std::int64_t n) {
  const CastLoop loop = find_cast_loop(from, to);
  const auto in_size = static_cast<std::int64_t>(size_of(from));
  const auto out_size = static_cast<std::int64_t>(size_of(to));
  const char* in = static_cast<const char*>(source);
  char* out = static_cast<char*>(target);
  parallel_for(n, 32 * 1024, [&](std::int64_t begin, std::int64_t end) {
    loop(in + begin * in_size, out + begin * out_size, end - begin);
  });
}

StridedCopy::StridedCopy(std::vector<CopyAxis> axes, std::size_t element_size, std::int64_t source_offset,
                         std::int64_t target_offset)
    : element_size_(element_size), source_offset_(source_offset), target_offset_(target_offset) {
  if (axes.size() > static_cast<std::size_t>(kMaxRank)) {
    throw value_error("tensor", "may have at most " + std::to_string(kMaxRank) + " dimensions", std::to_string(axes.size()));
  }
  if (std::any_of(axes.begin(), axes.end(), [](const CopyAxis& axis) { return axis.size == 0; })) return;
  outer_ = merge_axes(axes);
  kind_ = Kind::kRows;
  if (!outer_.empty()) {
    inner_ = outer_.back();
    outer_.pop_back();
  }
  if (inner_.source_stride != 1 || inner_.target_stride != 1) {
    kind_ = Kind::kStrided;
    if (inner_.source_stride != 0 && inner_.target_stride == 1) {
      const auto turned = std::find_if(outer_.begin(), outer_.end(), [](const CopyAxis& axis) { return axis.source_stride == 1; });
      if (turned != outer_.end()) {
        kind_ = Kind::kTransposed;
        turned_ = *turned;
        outer_.erase(turned);
      }
    }
  }
  for (const CopyAxis& axis : outer_) outer_count_ *= axis.size;
}

template <class T>
void StridedCopy::run_lines(const T* source, T* target) const {
  // Long lines are cut, so that one huge line still occupies every thread.
  const std::int64_t piece = std::min(inner_.size, kCopyGrainBytes / static_cast<std::int64_t>(sizeof(T)));
  const std::int64_t pieces = (inner_.size + piece - 1) / piece;
  if (pieces > 1) {
    parallel_for(outer_count_ * pieces, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t item = begin; item < end; ++item) {
        const std::int64_t first = item % pieces * piece;
        const std::int64_t n = std::min(piece, inner_.size - first);
        walk(outer_, item / pieces, item / pieces + 1, [&](std::int64_t from, std::int64_t to) {
          copy_line(source + from + first * inner_.source_stride, target + to + first * inner_.target_stride, n,
                    inner_.source_stride, inner_.target_stride);
        });
      }
    });
    return;
  }
  parallel_for(outer_count_, grain_for(inner_.size * static_cast<std::int64_t>(sizeof(T))), [&](std::int64_t begin, std::int64_t end) {
    walk(outer_, begin, end, [&](std::int64_t from, std::int64_t to) {
      copy_line(source + from, target + to, inner_.size, inner_.source_stride, inner_.target_stride);
    });
  });
}

// out[i, j] = in[j, i]
template <class T>
void StridedCopy::copy_tile(const T* in, T* out, std::int64_t height, std::int64_t width) const {
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t j = 0; j < width; ++j) out[i * turned_.target_stride + j] = in[j * inner_.source_stride + i];
  }
}

// Through a small buffer each line of the source is read once, even where strides that are powers of two make all lines
// compete for one set of the cache.
template <class T>
void StridedCopy::copy_tile_buffered(const T* in, T* out, std::int64_t height, std::int64_t width) const {
  T tile[kTile][kTile];
  for (std::int64_t j = 0; j < width; ++j) {
    for (std::int64_t i = 0; i < height; ++i) tile[i][j] = in[j * inner_.source_stride + i];
  }
  for (std::int64_t i = 0; i < height; ++i) {
    std::memcpy(out + i * turned_.target_stride, tile[i], static_cast<std::size_t>(width) * sizeof(T));
  }
}

template <class T>
void StridedCopy::run_transposed(const T* source, T* target) const {
  const std::int64_t strips = (turned_.size + kTile - 1) / kTile;
  const std::int64_t strip_bytes = std::min(kTile, turned_.size) * inner_.size * static_cast<std::int64_t>(sizeof(T));
  const bool is_narrow = std::min(turned_.size, inner_.size) < kTile / 2;
  const auto copy_strip = [&](const T* from, T* to, std::int64_t strip) {
    const std::int64_t first = strip * kTile;
    const std::int64_t height = std::min(kTile, turned_.size - first);
    for (std::int64_t left = 0; left < inner_.size; left += kTile) {
      const std::int64_t width = std::min(kTile, inner_.size - left);
      const T* in = from + first + left * inner_.source_stride;
      T* out = to + first * turned_.target_stride + left;
      if (is_narrow) {
        copy_tile(in, out, height, width);
      } else {
        copy_tile_buffered(in, out, height, width);
      }
    }
  };
  parallel_for(outer_count_ * strips, grain_for(strip_bytes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t item = begin; item < end;) {
      const std::int64_t outer = item / strips;
      const std::int64_t stop = std::min(end, (outer + 1) * strips);
      walk(outer_, outer, outer + 1, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = item; i < stop; ++i) copy_strip(source + from, target + to, i - outer * strips);
      });
      item = stop;
    }
  });
}

template <class T>
void StridedCopy::run_typed(const void* source, void* target) const {
  const T* from = static_cast<const T*>(source) + source_offset_;
  T* to = static_cast<T*>(target) + target_offset_;
  if (kind_ == Kind::kTransposed) {
    run_transposed(from, to);
  } else {
    run_lines(from, to);
  }
}

void StridedCopy::run(const void* source, void* target) const {
  if (kind_ == Kind::kNothing) return;
  switch (element_size_) {
    case 1: return run_typed<Element<1>>(source, target);
    case 2: return run_typed<Element<2>>(source, target);
    case 4: return run_typed<Element<4>>(source, target);
    default: return run_typed<Element<8>>(source, target);
  }
}

}  // namespace keraunos::kernels
