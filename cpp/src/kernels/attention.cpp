#include "kernels/attention.h"

#include <algorithm>

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "kernels/typed_level.h"

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

// A block of scores stays in the second-level cache.
constexpr Index kScores = 16384;
constexpr Index kMaxRows = 64;
// Tasks at most: each has scratch memory of its own.
constexpr Index kMaxTasks = 32;

template <class T>
const AttentionKernels<T>& level() { return of_type<T>(*levels().attention); }

Index block_rows(Index queries, Index length) {
  const Index most = std::clamp<Index>(kScores / std::max<Index>(length, 1), 8, kMaxRows);
  // Equal blocks.
  const Index blocks = std::max<Index>(1, (queries + most - 1) / most);
  return std::max<Index>(1, (queries + blocks - 1) / blocks);
}

Index aligned(Index bytes) { return (bytes + static_cast<Index>(kAlignment) - 1) / static_cast<Index>(kAlignment) * static_cast<Index>(kAlignment); }

// One head of one sample.
template <class T>
struct Head {
  const Attention<T>& shape;
  Index batch, head;

  Index row(Index size) const { return shape.heads * size; }  // from one position to the next
  Index queries(Index size) const { return (batch * shape.queries * shape.heads + head) * size; }
  Index keys(Index size) const { return (batch * shape.length * shape.heads + head) * size; }
  Index statistics() const { return (batch * shape.heads + head) * shape.queries * 2; }
};

// c = a b, m x n from m x k and k x n, some of it transposed.
template <class T>
Gemm<T> product(Index m, Index n, Index k, Index lda, Index ldb, Index ldc) {
  Gemm<T> gemm;
  gemm.m = m;
  gemm.n = n;
  gemm.k = k;
  gemm.lda = lda;
  gemm.ldb = ldb;
  gemm.ldc = ldc;
  return gemm;
}

// The products of one block of rows with all keys.
template <class T>
struct Products {
  Gemm<T> scores;        // q k^T
  Gemm<T> result;        // weights v
  Gemm<T> weight_slope;  // g v^T
  Gemm<T> query_slope;   // slopes k
  Gemm<T> key_slope;     // slopes^T q
  Gemm<T> value_slope;   // weights^T g

  Products(const Attention<T>& a, Index rows, Index n, bool is_first) {
    const Index q = a.heads * a.size, v = a.heads * a.value_size;
    scores = product<T>(rows, n, a.size, q, q, n);
    scores.transpose_b = true;
    result = product<T>(rows, a.value_size, n, n, v, v);
    weight_slope = product<T>(rows, n, a.value_size, v, v, n);
    weight_slope.transpose_b = true;
    query_slope = product<T>(rows, a.size, n, n, q, q);
    key_slope = product<T>(n, a.size, rows, n, q, q);
    value_slope = product<T>(n, a.value_size, rows, n, v, v);
    key_slope.transpose_a = value_slope.transpose_a = true;
    key_slope.accumulate = value_slope.accumulate = !is_first;
  }
  Index workspace() const {
    return static_cast<Index>(std::max({gemm_workspace(scores), gemm_workspace(result), gemm_workspace(weight_slope),
                                        gemm_workspace(query_slope), gemm_workspace(key_slope), gemm_workspace(value_slope)}));
  }
};

// Do several blocks of rows meet all keys? Then keys and values are turned once for all of them.
template <class T>
bool turns_keys(const Attention<T>& a) {
  return a.queries > block_rows(a.queries, a.length) && (!a.is_causal || a.has_mask);
}

// Scratch memory of one task: blocks of scores, one number for each row, packing space, turned keys and values.
template <class T>
struct Scratch {
  Index scores, dots, packing, keys = 0, values = 0;

  explicit Scratch(const Attention<T>& a) {
    const Index rows = block_rows(a.queries, a.length);
    scores = aligned(rows * a.length * static_cast<Index>(sizeof(T)));
    dots = aligned(rows * static_cast<Index>(sizeof(T)));
    const Index last = a.queries > 0 ? (a.queries - 1) % rows + 1 : 1;
    const Products<T> products(a, rows, a.length, true);
    packing = aligned(std::max(products.workspace(), Products<T>(a, last, a.length, true).workspace()));
    if (!turns_keys(a)) return;
    keys = aligned(static_cast<Index>(gemm_packed_bytes(products.scores)));
    values = aligned(static_cast<Index>(gemm_packed_bytes(products.weight_slope)));
  }
  Index bytes() const { return 2 * scores + dots + packing + keys + values; }
};

// The right operand of the products of all blocks of rows with it, turned.
template <class T>
class TurnedOperand {
 public:
  // `whole`: its product with any block. Turned at once where there is memory for that.
  TurnedOperand(const Gemm<T>& whole, const T* b, char* memory, Index bytes) : b_(b), packed_(bytes > 0 ? memory : nullptr) {
    if (packed_ != nullptr) gemm_pack(whole, b, packed_);
  }
  void multiply(const Gemm<T>& shape, const T* a, T* c, void* packing) const {
    const T* none = nullptr;
    if (packed_ != nullptr) return gemm_packed(shape, a, packed_, none, c, packing);
    gemm(shape, a, b_, none, c, packing);
  }

 private:
  const T* b_;
  char* packed_;
};

Index task_count(Index heads) { return std::min(heads, kMaxTasks); }

template <class T>
ScoreRows<T> score_rows(const Attention<T>& a, const Head<T>& head, const unsigned char* mask, Index first, Index count) {
  ScoreRows<T> rows;
  rows.first = first;
  rows.count = count;
  // Later keys than the last query's are not looked at; with a mask a query may see nothing, and then weighs all alike.
  rows.n = a.is_causal && !a.has_mask ? std::min(a.length, first + count) : a.length;
  rows.scale = a.scale;
  rows.is_causal = a.is_causal;
  if (a.has_mask) {
    rows.mask = mask + head.batch * a.mask_strides[0] + head.head * a.mask_strides[1] + first * a.mask_strides[2];
    rows.mask_row = a.mask_strides[2];
    rows.mask_column = a.mask_strides[3];
  }
  return rows;
}

// visit(head, scratch) for every head of every sample: in as many tasks as there is scratch memory for.
template <class T, class Visit>
void over_heads(const Attention<T>& a, void* workspace, const Visit& visit) {
  const Index heads = a.batch * a.heads, tasks = task_count(heads), bytes = Scratch<T>(a).bytes();
  const double work = 4.0 * static_cast<double>(a.queries * a.length) * static_cast<double>(a.size + a.value_size);
  const Index least = std::max<Index>(1, static_cast<Index>(1e6 / std::max(work, 1.0)));
  const Index per_task = std::max((heads + tasks - 1) / std::max<Index>(tasks, 1), least);
  parallel_for((heads + per_task - 1) / per_task, 1, [&](Index begin, Index end) {
    for (Index task = begin; task < end; ++task) {
      char* scratch = static_cast<char*>(workspace) + task * bytes;
      for (Index i = task * per_task; i < std::min(heads, (task + 1) * per_task); ++i) visit(Head<T>{a, i / a.heads, i % a.heads}, scratch);
    }
  });
}

template <class T>
void clear_rows(T* p, Index stride, Index rows, Index n) {
  for (Index r = 0; r < rows; ++r) std::fill(p + r * stride, p + r * stride + n, T(0));
}

template <class T>
void forward_head(const Head<T>& head, const T* q, const T* k, const T* v, const unsigned char* mask, T* y, T* statistics, char* scratch) {
  const Attention<T>& a = head.shape;
  const Scratch<T> parts(a);
  T* scores = reinterpret_cast<T*>(scratch);
  void* packing = scratch + 2 * parts.scores + parts.dots;
  const Index rows = block_rows(a.queries, a.length), value_row = head.row(a.value_size);
  if (a.length == 0) return clear_rows(y + head.queries(a.value_size), value_row, a.queries, a.value_size);
  const TurnedOperand<T> keys(Products<T>(a, rows, a.length, true).scores, k + head.keys(a.size), scratch + parts.bytes() - parts.keys, parts.keys);
  for (Index first = 0; first < a.queries; first += rows) {
    const ScoreRows<T> block = score_rows(a, head, mask, first, std::min(rows, a.queries - first));
    const Products<T> products(a, block.count, block.n, first == 0);
    T* found = statistics + head.statistics() + 2 * first;
    T* out = y + head.queries(a.value_size) + first * value_row;
    keys.multiply(products.scores, q + head.queries(a.size) + first * head.row(a.size), scores, packing);
    level<T>().exponentials(block, scores, found);
    gemm(products.result, scores, v + head.keys(a.value_size), static_cast<const T*>(nullptr), out, packing);
    level<T>().scale_rows(out, value_row, block.count, a.value_size, found);
  }
}

template <class T>
void backward_head(const Head<T>& head, const T* g, const T* q, const T* k, const T* v, const T* y, const T* statistics,
                   const unsigned char* mask, T* dq, T* dk, T* dv, char* scratch) {
  const Attention<T>& a = head.shape;
  const Scratch<T> parts(a);
  T* weights = reinterpret_cast<T*>(scratch);
  T* slopes = reinterpret_cast<T*>(scratch + parts.scores);
  T* dots = reinterpret_cast<T*>(scratch + 2 * parts.scores);
  void* packing = scratch + 2 * parts.scores + parts.dots;
  const T* none = nullptr;
  const Index rows = block_rows(a.queries, a.length), row = head.row(a.size), value_row = head.row(a.value_size);
  const Index keys = head.keys(a.size), values = head.keys(a.value_size);
  // The first block of a causal head does not reach the last keys.
  const bool is_cleared = a.is_causal || a.queries == 0;
  if (is_cleared) {
    clear_rows(dk + keys, row, a.length, a.size);
    clear_rows(dv + values, value_row, a.length, a.value_size);
  }
  const Products<T> whole(a, rows, a.length, true);
  const TurnedOperand<T> turned_keys(whole.scores, k + keys, scratch + parts.bytes() - parts.keys, parts.keys);
  const TurnedOperand<T> turned_values(whole.weight_slope, v + values, scratch + parts.bytes() - parts.keys - parts.values, parts.values);
  for (Index first = 0; first < a.queries; first += rows) {
    const ScoreRows<T> block = score_rows(a, head, mask, first, std::min(rows, a.queries - first));
    const Products<T> products(a, block.count, block.n, first == 0 && !is_cleared);
    const T* found = statistics + head.statistics() + 2 * first;
    const Index query = head.queries(a.size) + first * row, result = head.queries(a.value_size) + first * value_row;
    turned_keys.multiply(products.scores, q + query, weights, packing);
    level<T>().weights(block, weights, found);
    gemm(products.value_slope, weights, g + result, none, dv + values, packing);
    turned_values.multiply(products.weight_slope, g + result, slopes, packing);
    level<T>().row_dots(g + result, y + result, value_row, block.count, a.value_size, dots);
    level<T>().slopes(block, weights, found, dots, slopes);
    gemm(products.query_slope, slopes, k + keys, none, dq + query, packing);
    gemm(products.key_slope, slopes, q + query, none, dk + keys, packing);
  }
}

}  // namespace

template <class T>
std::size_t attention_workspace(const Attention<T>& a) {
  return static_cast<std::size_t>(task_count(a.batch * a.heads) * Scratch<T>(a).bytes());
}

template <class T>
void attention(const Attention<T>& a, const T* q, const T* k, const T* v, const unsigned char* mask, T* y, T* statistics, void* workspace) {
  over_heads(a, workspace, [&](const Head<T>& head, char* scratch) { forward_head(head, q, k, v, mask, y, statistics, scratch); });
}

template <class T>
void attention_grad(const Attention<T>& a, const T* g, const T* q, const T* k, const T* v, const T* y, const T* statistics,
                    const unsigned char* mask, T* dq, T* dk, T* dv, void* workspace) {
  over_heads(a, workspace,
             [&](const Head<T>& head, char* scratch) { backward_head(head, g, q, k, v, y, statistics, mask, dq, dk, dv, scratch); });
}

#define KERAUNOS_ATTENTION(T)                                                                                                      \
  template std::size_t attention_workspace<T>(const Attention<T>&);                                                                \
  template void attention<T>(const Attention<T>&, const T*, const T*, const T*, const unsigned char*, T*, T*, void*);              \
  template void attention_grad<T>(const Attention<T>&, const T*, const T*, const T*, const T*, const T*, const T*, const unsigned char*, \
                                  T*, T*, T*, void*);
KERAUNOS_ATTENTION(float)
KERAUNOS_ATTENTION(double)
#undef KERAUNOS_ATTENTION

}  // namespace keraunos::kernels
