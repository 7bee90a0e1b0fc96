// Attention of heads side by side, softmax(q k^T * scale) v, without ever holding more than a few rows of scores.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keraunos::kernels {

// q is [batch, queries, heads, size], k is [batch, length, heads, size], v is [batch, length, heads, value_size]; the result
// is [batch, queries, heads, value_size]. Each query leaves two statistics, [batch, heads, queries, 2], which the gradient
// makes the same weights of.
template <class T>
struct Attention {
  std::int64_t batch = 0, heads = 0, queries = 0, length = 0, size = 0, value_size = 0;
  T scale = 1;
  bool is_causal = false;
  // Strides, in bytes, of a mask [batch, heads, queries, length]; 0 where it broadcasts. Without has_mask it is not read.
  bool has_mask = false;
  std::int64_t mask_strides[4] = {0, 0, 0, 0};
};

// For both directions.
template <class T>
std::size_t attention_workspace(const Attention<T>& attention);
template <class T>
void attention(const Attention<T>& attention, const T* q, const T* k, const T* v, const unsigned char* mask, T* y, T* statistics,
               void* workspace);

template <class T>
void attention_grad(const Attention<T>& attention, const T* g, const T* q, const T* k, const T* v, const T* y, const T* statistics,
                    const unsigned char* mask, T* dq, T* dk, T* dv, void* workspace);

}  // namespace keraunos::kernels
