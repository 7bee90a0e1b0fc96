// Prefix beam search over the classes of a sequence (Graves, 2012; Hannun et al., 2014).
#pragma once

#include <cstdint>

namespace keraunos::kernels {

struct BeamSearch {
  std::int64_t length = 0, classes = 0;
  std::int64_t beam_width = 1, top_paths = 1;
  std::int64_t blank = 0;
};

// `scores` are log probabilities [length, classes], of which the first `steps` rows count (at least one). paths receives
// top_paths labellings of `length` labels, `path_stride` apart, filled up with -1; path_scores their log probabilities, best
// first, -inf where there are fewer.
template <class T>
void beam_search(const BeamSearch& search, const T* scores, std::int64_t steps, std::int32_t* paths, std::int64_t path_stride,
                 T* path_scores);

}  // namespace keraunos::kernels
