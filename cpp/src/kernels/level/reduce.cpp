// Reductions of one level: along a row, or down columns. Sums of floats are pairwise over blocks.
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"
#include "kernels/level/vector_math.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

template <class T>
constexpr T kInf = sizeof(T) == 4 ? T(kInf32) : T(kInf64);

// ---------------------------------------------------------------- floats: what a reduction does to vectors

struct Sum {
  template <class T>
  static constexpr T identity = T(0);
  template <class V>
  KERAUNOS_INLINE V combine(V a, V b) { return a + b; }
};
struct Product {
  template <class T>
  static constexpr T identity = T(1);
  template <class V>
  KERAUNOS_INLINE V combine(V a, V b) { return a * b; }
};
struct Largest {
  template <class T>
  static constexpr T identity = -kInf<T>;
  template <class V>
  KERAUNOS_INLINE V combine(V a, V b) { return maximum(a, b); }
};
struct Smallest {
  template <class T>
  static constexpr T identity = kInf<T>;
  template <class V>
  KERAUNOS_INLINE V combine(V a, V b) { return minimum(a, b); }
};

struct Same {
  template <class V>
  V operator()(V x) const { return x; }
};
struct Squared {
  template <class V>
  V operator()(V x) const { return x * x; }
};

template <class T, class Op, class V>
KERAUNOS_INLINE T combine_lanes(V v) {
  return fold_lanes<Lanes<T>::count / 2>(v, [](V a, V b) __attribute__((always_inline)) { return Op::combine(a, b); })[0];
}

constexpr std::int64_t kRowBlock = 64;  // vectors that are added one after the other

template <class T, class Op, class Map>
auto reduce_span(const T* p, std::int64_t n, Map map) -> typename Lanes<T>::Vector {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  if (n > kRowBlock * W) {
    const std::int64_t half = n / 2 / W * W;
    return Op::combine(reduce_span<T, Op>(p, half, map), reduce_span<T, Op>(p + half, n - half, map));
  }
  const V identity = splat(Op::template identity<T>);
  V sum[4] = {identity, identity, identity, identity};
  std::int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W) {
    for (int j = 0; j < 4; ++j) sum[j] = Op::combine(sum[j], map(load(p + i + j * W)));
  }
  for (; i + W <= n; i += W) sum[0] = Op::combine(sum[0], map(load(p + i)));
  if (i < n) {
    const auto part = part_of(p, static_cast<int>(n - i));
    // Mapped first: the identity stands for what comes after the map.
    V v = map(load_part(p + i, part));
    T lane[W];
    store(lane, v);
    sum[1] = Op::combine(sum[1], load_part_or(lane, part, identity));
  }
  return Op::combine(Op::combine(sum[0], sum[1]), Op::combine(sum[2], sum[3]));
}

template <class T, class Op, class Map>
T reduce_row(const T* p, std::int64_t n, Map map) {
  return combine_lanes<T, Op>(reduce_span<T, Op>(p, n, map));
}

constexpr std::int64_t kColumnBlock = 32;  // rows that are added one after the other

// `load_at(p)` reads one vector of columns; strips of several vectors keep more additions in flight.
template <int Vectors, class T, class Op, class Load, class V = typename Lanes<T>::Vector>
void reduce_strip(const T* p, std::int64_t rows, std::int64_t stride, Load load_at, V* out) {
  if (rows > kColumnBlock) {
    const std::int64_t half = rows / 2;
    V other[Vectors];
    reduce_strip<Vectors, T, Op>(p, half, stride, load_at, out);
    reduce_strip<Vectors, T, Op>(p + half * stride, rows - half, stride, load_at, other);
    for (int v = 0; v < Vectors; ++v) out[v] = Op::combine(out[v], other[v]);
    return;
  }
  V sum[Vectors];
  for (int v = 0; v < Vectors; ++v) sum[v] = splat(Op::template identity<T>);
  for (std::int64_t r = 0; r < rows; ++r, p += stride) {
    for (int v = 0; v < Vectors; ++v) sum[v] = Op::combine(sum[v], load_at(p, v));
  }
  for (int v = 0; v < Vectors; ++v) out[v] = sum[v];
}

// finish(vector, number of the strip's vector) -> what is written.
template <class T, class Op, class Map, class Finish>
void reduce_columns(const T* in, T* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end, Map map,
                    Finish finish) {
  using V = typename Lanes<T>::Vector;
  constexpr int W = Lanes<T>::count;
  std::int64_t j = begin;
  for (; j + 4 * W <= end; j += 4 * W) {
    V sum[4];
    reduce_strip<4, T, Op>(in + j, reduced, inner, [&](const T* p, int v) { return map(load(p + v * W)); }, sum);
    for (int v = 0; v < 4; ++v) store(out + j + v * W, finish(sum[v]));
  }
  for (; j + W <= end; j += W) {
    V sum[1];
    reduce_strip<1, T, Op>(in + j, reduced, inner, [&](const T* p, int) { return map(load(p)); }, sum);
    store(out + j, finish(sum[0]));
  }
  if (j < end) {
    const auto part = part_of(out, static_cast<int>(end - j));
    V sum[1];
    reduce_strip<1, T, Op>(in + j, reduced, inner, [&](const T* p, int) { return map(load_part(p, part)); }, sum);
    store_part(out + j, finish(sum[0]), part);
  }
}

template <class T, class Op, class Map>
void float_rows(const void* in, void* out, std::int64_t outer, std::int64_t reduced) {
  const T* p = static_cast<const T*>(in);
  for (std::int64_t i = 0; i < outer; ++i) static_cast<T*>(out)[i] = reduce_row<T, Op>(p + i * reduced, reduced, Map{});
}
template <class T, class Op, class Map>
void float_columns(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end) {
  reduce_columns<T, Op>(static_cast<const T*>(in), static_cast<T*>(out), reduced, inner, begin, end, Map{}, Same{});
}

template <class T>
void mean_rows(const void* in, void* out, std::int64_t outer, std::int64_t reduced) {
  const T* p = static_cast<const T*>(in);
  for (std::int64_t i = 0; i < outer; ++i) {
    static_cast<T*>(out)[i] = reduce_row<T, Sum>(p + i * reduced, reduced, Same{}) / static_cast<T>(reduced);
  }
}
template <class T>
void mean_columns(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end) {
  const T count = static_cast<T>(reduced);
  reduce_columns<T, Sum>(static_cast<const T*>(in), static_cast<T*>(out), reduced, inner, begin, end, Same{},
                         [count](auto v) { return v / splat(count); });
}

// ---------------------------------------------------------------- log of a sum of exponentials

// The maximum is subtracted first, unless it is infinite: inf - inf is NaN.
template <class V>
KERAUNOS_INLINE V finite_or_zero(V x) {
  return select(equal(x - x, V{}), x, V{});
}

template <class T>
void logsumexp_rows(const void* in, void* out, std::int64_t outer, std::int64_t reduced) {
  using V = typename Lanes<T>::Vector;
  for (std::int64_t i = 0; i < outer; ++i) {
    const T* p = static_cast<const T*>(in) + i * reduced;
    const V shift = finite_or_zero(splat(reduce_row<T, Largest>(p, reduced, Same{})));
    const T sum = reduce_row<T, Sum>(p, reduced, [shift](V x) { return exp(x - shift); });
    const V result = log(splat(sum)) + shift;
    static_cast<T*>(out)[i] = result[0];
  }
}

template <class T, class Load>
KERAUNOS_INLINE typename Lanes<T>::Vector logsumexp_strip(const T* p, std::int64_t reduced, std::int64_t inner, Load load_at) {
  using V = typename Lanes<T>::Vector;
  V largest[1], sum[1];
  reduce_strip<1, T, Largest>(p, reduced, inner, [&](const T* q, int) { return load_at(q); }, largest);
  const V shift = finite_or_zero(largest[0]);
  reduce_strip<1, T, Sum>(p, reduced, inner, [&](const T* q, int) { return exp(load_at(q) - shift); }, sum);
  return log(sum[0]) + shift;
}

template <class T>
void logsumexp_columns(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin,
                       std::int64_t end) {
  constexpr int W = Lanes<T>::count;
  const T* p = static_cast<const T*>(in);
  T* to = static_cast<T*>(out);
  std::int64_t j = begin;
  for (; j + W <= end; j += W) store(to + j, logsumexp_strip<T>(p + j, reduced, inner, [](const T* q) { return load(q); }));
  if (j < end) {
    const auto part = part_of(p, static_cast<int>(end - j));
    store_part(to + j, logsumexp_strip<T>(p + j, reduced, inner, [part](const T* q) { return load_part(q, part); }), part);
  }
}

// ---------------------------------------------------------------- integers and bool: vectorised by the compiler

template <class T>
struct WideOf {
  using Type = std::uint32_t;
};
template <>
struct WideOf<std::uint64_t> {
  using Type = std::uint64_t;
};
template <>
struct WideOf<std::int64_t> {
  using Type = std::uint64_t;
};

template <class T>
constexpr bool kIsSigned = T(-1) < T(0);
template <class T>
constexpr T kLowest = kIsSigned<T> ? static_cast<T>(std::uint64_t{1} << (sizeof(T) * 8 - 1)) : T(0);
template <class T>
constexpr T kHighest = static_cast<T>(~kLowest<T>);

// Wrapping arithmetic in an unsigned type.
template <class T>
struct IntegerSum {
  static constexpr T identity = 0;
  KERAUNOS_INLINE T combine(T a, T b) {
    using U = typename WideOf<T>::Type;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  }
};
template <class T>
struct IntegerSquares {
  static constexpr T identity = 0;
  KERAUNOS_INLINE T combine(T a, T b) {
    using U = typename WideOf<T>::Type;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b) * static_cast<U>(b));
  }
};
template <class T>
struct IntegerProduct {
  static constexpr T identity = 1;
  KERAUNOS_INLINE T combine(T a, T b) {
    using U = typename WideOf<T>::Type;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  }
};
template <class T>
struct IntegerLargest {
  static constexpr T identity = kLowest<T>;
  KERAUNOS_INLINE T combine(T a, T b) { return a > b ? a : b; }
};
template <class T>
struct IntegerSmallest {
  static constexpr T identity = kHighest<T>;
  KERAUNOS_INLINE T combine(T a, T b) { return a < b ? a : b; }
};
struct BoolAny {
  static constexpr std::uint8_t identity = 0;
  KERAUNOS_INLINE std::uint8_t combine(std::uint8_t a, std::uint8_t b) { return a | b; }
};
struct BoolAll {
  static constexpr std::uint8_t identity = 1;
  KERAUNOS_INLINE std::uint8_t combine(std::uint8_t a, std::uint8_t b) { return a & b; }
};

template <class T, class Op>
void integer_rows(const void* in, void* out, std::int64_t outer, std::int64_t reduced) {
  for (std::int64_t i = 0; i < outer; ++i) {
    const T* p = static_cast<const T*>(in) + i * reduced;
    T result = Op::identity;
    for (std::int64_t j = 0; j < reduced; ++j) result = Op::combine(result, p[j]);
    static_cast<T*>(out)[i] = result;
  }
}

template <class T, class Op>
void integer_columns(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t strip = 64;
  for (std::int64_t j0 = begin; j0 < end; j0 += strip) {
    const std::int64_t width = end - j0 < strip ? end - j0 : strip;
    T sum[strip];
    for (std::int64_t j = 0; j < width; ++j) sum[j] = Op::identity;
    for (std::int64_t r = 0; r < reduced; ++r) {
      const T* p = static_cast<const T*>(in) + r * inner + j0;
      for (std::int64_t j = 0; j < width; ++j) sum[j] = Op::combine(sum[j], p[j]);
    }
    for (std::int64_t j = 0; j < width; ++j) static_cast<T*>(out)[j0 + j] = sum[j];
  }
}

// ---------------------------------------------------------------- where the extreme lies

// Is x better than the best so far? The first NaN beats everything.
template <class T, bool wants_largest>
KERAUNOS_INLINE bool is_better(T x, T best) {
  const bool beats = wants_largest ? x > best : x < best;
  return beats | ((x != x) & (best == best));
}

template <class T>
constexpr bool kIsFloat = false;
template <>
constexpr bool kIsFloat<float> = true;
template <>
constexpr bool kIsFloat<double> = true;

template <bool wants_largest>
struct ExtremeOf {
  using Type = Largest;
};
template <>
struct ExtremeOf<false> {
  using Type = Smallest;
};

template <class T, bool wants_largest>
void arg_rows(const void* in, void* out, std::int64_t outer, std::int64_t reduced) {
  for (std::int64_t i = 0; i < outer; ++i) {
    const T* p = static_cast<const T*>(in) + i * reduced;
    std::int64_t found = 0;
    if constexpr (kIsFloat<T>) {
      using Op = typename ExtremeOf<wants_largest>::Type;
      const T best = reduced > 0 ? reduce_row<T, Op>(p, reduced, Same{}) : T(0);
      while (found + 1 < reduced && !(p[found] == best || p[found] != p[found])) ++found;
    } else {
      T best = reduced > 0 ? p[0] : T(0);
      for (std::int64_t j = 1; j < reduced; ++j) {
        if (is_better<T, wants_largest>(p[j], best)) {
          best = p[j];
          found = j;
        }
      }
    }
    static_cast<std::int32_t*>(out)[i] = static_cast<std::int32_t>(found);
  }
}

template <class T, bool wants_largest>
void arg_columns(const void* in, void* out, std::int64_t reduced, std::int64_t inner, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t strip = 64;
  for (std::int64_t j0 = begin; j0 < end; j0 += strip) {
    const std::int64_t width = end - j0 < strip ? end - j0 : strip;
    T best[strip];
    std::int32_t found[strip];
    for (std::int64_t j = 0; j < width; ++j) {
      best[j] = reduced > 0 ? static_cast<const T*>(in)[j0 + j] : T(0);
      found[j] = 0;
    }
    for (std::int64_t r = 1; r < reduced; ++r) {
      const T* p = static_cast<const T*>(in) + r * inner + j0;
      for (std::int64_t j = 0; j < width; ++j) {
        const bool better = is_better<T, wants_largest>(p[j], best[j]);
        best[j] = better ? p[j] : best[j];
        found[j] = better ? static_cast<std::int32_t>(r) : found[j];
      }
    }
    for (std::int64_t j = 0; j < width; ++j) static_cast<std::int32_t*>(out)[j0 + j] = found[j];
  }
}

// ---------------------------------------------------------------- the table

template <class T>
ReduceKernels find_float(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum: return {float_rows<T, Sum, Same>, float_columns<T, Sum, Same>};
    case ReduceOp::kMean: return {mean_rows<T>, mean_columns<T>};
    case ReduceOp::kMax: return {float_rows<T, Largest, Same>, float_columns<T, Largest, Same>};
    case ReduceOp::kMin: return {float_rows<T, Smallest, Same>, float_columns<T, Smallest, Same>};
    case ReduceOp::kProd: return {float_rows<T, Product, Same>, float_columns<T, Product, Same>};
    case ReduceOp::kArgmax: return {arg_rows<T, true>, arg_columns<T, true>};
    case ReduceOp::kArgmin: return {arg_rows<T, false>, arg_columns<T, false>};
    case ReduceOp::kLogsumexp: return {logsumexp_rows<T>, logsumexp_columns<T>};
    case ReduceOp::kSumOfSquares: return {float_rows<T, Sum, Squared>, float_columns<T, Sum, Squared>};
    default: return {nullptr, nullptr};
  }
}

template <class T>
ReduceKernels find_integer(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum: return {integer_rows<T, IntegerSum<T>>, integer_columns<T, IntegerSum<T>>};
    case ReduceOp::kMax: return {integer_rows<T, IntegerLargest<T>>, integer_columns<T, IntegerLargest<T>>};
    case ReduceOp::kMin: return {integer_rows<T, IntegerSmallest<T>>, integer_columns<T, IntegerSmallest<T>>};
    case ReduceOp::kProd: return {integer_rows<T, IntegerProduct<T>>, integer_columns<T, IntegerProduct<T>>};
    case ReduceOp::kArgmax: return {arg_rows<T, true>, arg_columns<T, true>};
    case ReduceOp::kArgmin: return {arg_rows<T, false>, arg_columns<T, false>};
    case ReduceOp::kSumOfSquares: return {integer_rows<T, IntegerSquares<T>>, integer_columns<T, IntegerSquares<T>>};
    default: return {nullptr, nullptr};
  }
}

ReduceKernels find_bool(ReduceOp op) {
  using B = std::uint8_t;
  switch (op) {
    case ReduceOp::kAny:
    case ReduceOp::kMax: return {integer_rows<B, BoolAny>, integer_columns<B, BoolAny>};
    case ReduceOp::kAll:
    case ReduceOp::kMin: return {integer_rows<B, BoolAll>, integer_columns<B, BoolAll>};
    case ReduceOp::kArgmax: return {arg_rows<B, true>, arg_columns<B, true>};
    case ReduceOp::kArgmin: return {arg_rows<B, false>, arg_columns<B, false>};
    default: return {nullptr, nullptr};
  }
}

ReduceKernels find(ReduceOp op, Dtype dtype) {
  switch (dtype) {
    case Dtype::kBool: return find_bool(op);
    case Dtype::kUint8: return find_integer<std::uint8_t>(op);
    case Dtype::kUint16: return find_integer<std::uint16_t>(op);
    case Dtype::kUint32: return find_integer<std::uint32_t>(op);
    case Dtype::kUint64: return find_integer<std::uint64_t>(op);
    case Dtype::kInt8: return find_integer<std::int8_t>(op);
    case Dtype::kInt16: return find_integer<std::int16_t>(op);
    case Dtype::kInt32: return find_integer<std::int32_t>(op);
    case Dtype::kInt64: return find_integer<std::int64_t>(op);
    case Dtype::kFloat32: return find_float<float>(op);
    case Dtype::kFloat64: return find_float<double>(op);
    default: return {nullptr, nullptr};
  }
}

}  // namespace

extern const ReduceTable reduce_table = {find};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
