// QR, eigenvalues of symmetric matrices, singular values. Wide matrices are turned, or cut, before they come here.
#include "kernels/decompositions.h"

#include <cmath>
#include <limits>

#include "ops/half_precision.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace keraunos {
namespace {

template <class T>
void load(const T* from, double* to, std::int64_t n) { std::copy(from, from + n, to); }

template <class T>
void store(const double* from, T* to, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
}

bool is_finite(const double* values, std::int64_t n) {
  return std::all_of(values, values + n, [](double value) { return std::isfinite(value); });
}

// A matrix that holds NaN or infinity has no such factors: all of them are NaN.
void store_nan(double* factors, std::int64_t n) { std::fill(factors, factors + n, std::numeric_limits<double>::quiet_NaN()); }

// The kernel for the dtype of the first input.
template <template <class> class Maker>
Kernel for_floats(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? Maker<double>::make(request) : Maker<float>::make(request);
}

// The matrices of the first input, at least as tall as wide; their first factor has all columns, or as many as the matrix.
struct Tall {
  std::int64_t m, n, columns;
};

Tall tall_of(const Shape& shape, const Attributes& attributes) {
  const std::int64_t m = from_back(shape, 2), n = from_back(shape, 1);
  return {m, n, attributes.boolean("full") ? m : n};
}

Tall checked_tall(const InferContext& context) {
  require_floating(context, 0);
  require_min_rank(context, 0, 2);
  const Tall tall = tall_of(context.shape(0), context.attributes);
  if (tall.m != kUnknown && tall.n != kUnknown && tall.m < tall.n) {
    throw value_error(context.op.name, "needs at least as many rows as columns", context.shape(0));
  }
  return tall;
}

// ---------------------------------------------------------------- QR

std::vector<TensorSpec> qr_specs(const InferContext& context) {
  const Tall tall = checked_tall(context);
  const Dtype dtype = context.dtype(0);
  return {{dtype, matrices_like(context.shape(0), tall.m, tall.columns)}, {dtype, matrices_like(context.shape(0), tall.columns, tall.n)}};
}

template <class T>
struct QrKernel {
  static Kernel make(KernelRequest& request) {
    const Tall tall = tall_of(request.shape(0), request.attributes);
    const std::int64_t m = tall.m, n = tall.n, columns = tall.columns;
    const MatrixStack stack(request, m * n + m * columns + kernels::qr_work(n, columns), 2 * m * n * columns);
    return [=](const KernelCall& call) {
      stack.run(call, [&](std::int64_t i, double* scratch) {
        double* a = scratch;
        double* q = a + m * n;
        load(call.in<T>(0) + i * m * n, a, m * n);
        kernels::householder_qr(a, m, n, q, columns, q + m * columns);
        store(q, call.out<T>(0) + i * m * columns, m * columns);
        store(a, call.out<T>(1) + i * columns * n, columns * n);
      });
    };
  }
};

// A matrix does not determine the columns that complete a basis.
Error undetermined_error(const char* op) {
  return Error(ErrorKind::kNotImplemented, std::string(op) + ": the columns that complete a basis have no gradient. Use the reduced form.");
}

Formula gradient_or_zeros(const GradientContext& context, std::size_t output) {
  const Value& gradient = context.gradients[output];
  return {context.build, gradient.is_empty() ? context.build.zeros_like(context.outputs[output]) : gradient};
}

// Walter & Lehmann, "Algorithmic differentiation of linear algebra functions" (2018): (gq + q c) r^-T, where c is
// r gr^T - gq^T q with its lower triangle mirrored.
std::vector<Value> qr_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Tall tall = tall_of(context.inputs[0].shape(), context.attributes);
  if (tall.columns != tall.n) throw undetermined_error("qr");
  const Formula q(build, context.outputs[0]), r(build, context.outputs[1]);
  const Formula gq = gradient_or_zeros(context, 0), gr = gradient_or_zeros(context, 1);
  const Formula full = product_of(r, gr, build, false, true) - product_of(gq, q, build, true, false);
  const Formula lower = is_below_diagonal(full, build, true).choose(full, full.number(0.0));
  const Formula strictly_lower = is_below_diagonal(full, build, false).choose(full, full.number(0.0));
  const Formula mirrored = lower + transposed(strictly_lower, build);
  const Formula right = gq + product_of(q, mirrored, build);
  return {transposed(triangular_solution(r, transposed(right, build), build, false, false), build)};
}

// ---------------------------------------------------------------- symmetric eigenvalues

std::vector<TensorSpec> eigh_specs(const InferContext& context) {
  require_floating(context, 0);
  require_min_rank(context, 0, 2);
  const Shape& shape = context.shape(0);
  const std::int64_t rows = from_back(shape, 2), n = from_back(shape, 1);
  if (rows != n && rows != kUnknown && n != kUnknown) throw value_error("eigh", "needs square matrices", shape);
  return {{context.dtype(0), vectors_like(shape, n)}, {context.dtype(0), shape}};
}

template <class T>
struct EighKernel {
  static Kernel make(KernelRequest& request) {
    const std::int64_t n = from_back(request.shape(0), 1);
    const MatrixStack stack(request, 2 * n * n + 3 * n, 9 * n * n * n);
    return [=](const KernelCall& call) {
      stack.run(call, [&](std::int64_t i, double* scratch) {
        double* a = scratch;
        double* vectors = a + n * n;
        double* values = vectors + n * n;
        const T* in = call.in<T>(0) + i * n * n;
        for (std::int64_t row = 0; row < n; ++row) {
          for (std::int64_t column = 0; column < n; ++column) {
            a[row * n + column] = 0.5 * (static_cast<double>(in[row * n + column]) + static_cast<double>(in[column * n + row]));
          }
        }
        if (is_finite(a, n * n)) {
          kernels::symmetric_eigen(a, n, values, vectors, values + n);
        } else {
          store_nan(vectors, n * n + n);
        }
        store(values, call.out<T>(0) + i * n, n);
        T* out = call.out<T>(1) + i * n * n;
        for (std::int64_t row = 0; row < n; ++row) {
          for (std::int64_t column = 0; column < n; ++column) out[row * n + column] = static_cast<T>(vectors[column * n + row]);
        }
      });
    };
  }
};

// 1 / (x_j - x_i); 0 on the diagonal, and where values are equal and the vectors of both are no function of the matrix.
Formula inverse_gaps(const Formula& x, Builder& build) {
  const std::int64_t rank = x.value().shape().rank();
  const Formula row(build, build.emit1("expand_dims", {x.value()}, {{"axes", Ints{rank - 1}}}));
  const Formula column(build, build.emit1("expand_dims", {x.value()}, {{"axes", Ints{rank}}}));
  const Formula gaps = row - column;
  const Formula is_zero = gaps.apply("equal", gaps.number(0.0));
  return is_zero.choose(gaps.number(0.0), 1.0 / is_zero.choose(gaps.number(1.0), gaps));
}

// The matrices x with column j times number j of `factors`.
Formula scaled_columns(const Formula& x, const Formula& factors, Builder& build) {
  const std::int64_t rank = factors.value().shape().rank();
  return x * Formula(build, build.emit1("expand_dims", {factors.value()}, {{"axes", Ints{rank - 1}}}));
}

std::vector<Value> eigh_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Formula values(build, context.outputs[0]), vectors(build, context.outputs[1]);
  const Formula of_values = scaled_columns(vectors, gradient_or_zeros(context, 0), build);
  const Formula inner = inverse_gaps(values, build) * product_of(vectors, gradient_or_zeros(context, 1), build, true, false);
  const Formula full = product_of(of_values + product_of(vectors, inner, build), vectors, build, false, true);
  return {(full + transposed(full, build)) * 0.5};
}

// ---------------------------------------------------------------- singular values

std::vector<TensorSpec> svd_specs(const InferContext& context) {
  const Tall tall = checked_tall(context);
  const Dtype dtype = context.dtype(0);
  const Shape& shape = context.shape(0);
  return {{dtype, matrices_like(shape, tall.m, tall.columns)}, {dtype, vectors_like(shape, tall.n)}, {dtype, matrices_like(shape, tall.n, tall.n)}};
}

template <class T>
struct SvdKernel {
  static Kernel make(KernelRequest& request) {
    const Tall tall = tall_of(request.shape(0), request.attributes);
    const std::int64_t m = tall.m, n = tall.n, columns = tall.columns;
    const MatrixStack stack(request, m * n + m * columns + n + n * n + kernels::svd_work(m, n, columns), 2 * m * n * columns + 40 * n * n * n);
    return [=](const KernelCall& call) {
      stack.run(call, [&](std::int64_t i, double* scratch) {
        double* a = scratch;
        double* u = a + m * n;
        double* s = u + m * columns;
        double* vt = s + n;
        load(call.in<T>(0) + i * m * n, a, m * n);
        if (is_finite(a, m * n)) {
          kernels::singular_values(a, m, n, u, columns, s, vt, vt + n * n);
        } else {
          store_nan(u, m * columns + n + n * n);
        }
        store(u, call.out<T>(0) + i * m * columns, m * columns);
        store(s, call.out<T>(1) + i * n, n);
        store(vt, call.out<T>(2) + i * n * n, n * n);
      });
    };
  }
};

// Townsend, "Differentiating the singular value decomposition" (2016).
std::vector<Value> reduced_svd_gradient(Builder& build, const Formula& u, const Formula& s, const Formula& vt, const Formula& gu, const Formula& gs, const Formula& gvt) {
  const Formula gaps = inverse_gaps(s * s, build);
  const Formula utgu = product_of(u, gu, build, true, false);
  const Formula vtgv = product_of(vt, gvt, build, false, true);
  const std::int64_t rank = s.value().shape().rank();
  const Formula rows(build, build.emit1("expand_dims", {s.value()}, {{"axes", Ints{rank}}}));
  const Formula is_zero = s.apply("equal", s.number(0.0));
  const Formula inverse = is_zero.choose(s.number(0.0), 1.0 / is_zero.choose(s.number(1.0), s));
  const Formula of_u = scaled_columns(gaps * (utgu - transposed(utgu, build)), s, build);
  const Formula of_v = rows * (gaps * (vtgv - transposed(vtgv, build)));
  const Formula inside = product_of(scaled_columns(u, gs, build) + product_of(u, of_u + of_v, build), vt, build);
  // What leaves the column space of u; vt is square, and has none to leave.
  const Formula outside = scaled_columns(gu - product_of(u, utgu, build), inverse, build);
  return {inside + product_of(outside, vt, build)};
}

std::vector<Value> svd_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Tall tall = tall_of(context.inputs[0].shape(), context.attributes);
  const bool is_reduced = tall.columns == tall.n;
  if (!is_reduced && !context.gradients[0].is_empty()) throw undetermined_error("svd");
  const std::vector<Value> factors = is_reduced ? context.outputs : build.emit_named("svd", {context.inputs[0]}, {{"full", false}});
  const Formula u(build, factors[0]);
  const Formula gu = context.gradients[0].is_empty() ? Formula(build, build.zeros_like(u)) : Formula(build, context.gradients[0]);
  return reduced_svd_gradient(build, u, {build, factors[1]}, {build, factors[2]}, gu, gradient_or_zeros(context, 1), gradient_or_zeros(context, 2));
}

Op decomposition(const char* name, ShapeRule rule, KernelMaker kernel, GradientRule gradient) {
  Op op;
  op.name = name;
  op.shape_rule = std::move(rule);
  op.kernel = in_float32(std::move(kernel));
  op.gradient = std::move(gradient);
  return op;
}

}  // namespace

void register_decompositions(Registry& registry) {
  const std::vector<AttributeRule> full = {{"full", AttributeKind::kBool, false, false}};
  Op qr = decomposition("qr", qr_specs, for_floats<QrKernel>, qr_gradient);
  qr.attributes = full;
  registry.add(std::move(qr));
  registry.add(decomposition("eigh", eigh_specs, for_floats<EighKernel>, eigh_gradient));
  Op svd = decomposition("svd", svd_specs, for_floats<SvdKernel>, svd_gradient);
  svd.attributes = full;
  registry.add(std::move(svd));
}

}  // namespace keraunos
