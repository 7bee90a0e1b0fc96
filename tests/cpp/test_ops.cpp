// Shape rules, error texts and kernels of the op records, one op at a time through the eager builder.
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "base/threads.h"
#include "check.h"
#include "keraunos/op.h"
#include "runtime/execute.h"

using namespace keraunos;

namespace {

using Numbers = std::vector<double>;

Value tensor(const Numbers& numbers, Shape shape, Dtype dtype = Dtype::kFloat32) {
  return Value(cast(Tensor::from(numbers, std::move(shape)), dtype));
}

Value counted(Shape shape, Dtype dtype = Dtype::kFloat32) {
  Numbers numbers(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  return tensor(numbers, std::move(shape), dtype);
}

Value run(const char* op, std::vector<Value> inputs, Attributes attributes = {}) {
  return execution_builder().emit1(op, std::move(inputs), std::move(attributes));
}

Numbers numbers_of(const Value& value) {
  Numbers numbers;
  for (std::int64_t i = 0; i < value.tensor().elements(); ++i) numbers.push_back(value.tensor().value_at(i));
  return numbers;
}

void expect(const Value& value, const Numbers& expected, const Shape& shape, int line) {
  bool is_equal = value.shape() == shape && static_cast<std::int64_t>(expected.size()) == value.tensor().elements();
  for (std::size_t i = 0; is_equal && i < expected.size(); ++i) {
    is_equal = check::is_near(value.tensor().value_at(static_cast<std::int64_t>(i)), expected[i], 1e-5, 1e-6);
  }
  if (is_equal) return;
  std::ostringstream text;
  text << "got " << value.shape() << ":";
  for (double number : numbers_of(value)) text << ' ' << number;
  check::fail(__FILE__, line, text.str());
}
#define EXPECT(value, ...) expect(value, __VA_ARGS__, __LINE__)

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The shape that a rule infers while tracing; sizes may be unknown and nothing is known of the values.
Shape inferred(const char* name, const std::vector<Shape>& shapes, const Attributes& attributes = {}, Dtype dtype = Dtype::kFloat32) {
  const Op& op = find_op(name);
  std::vector<TensorSpec> inputs;
  for (const Shape& shape : shapes) inputs.push_back({dtype, shape});
  const std::vector<const Tensor*> values(inputs.size(), nullptr);
  Attributes complete = attributes;
  for (const AttributeRule& rule : op.attributes) {
    if (!complete.find(rule.name)) complete.set(rule.name, rule.default_value);
  }
  return op.shape_rule({op, inputs, complete, values})[0].shape;
}

// ---------------------------------------------------------------- shape rules

void unknown_sizes_broadcast() {
  CHECK(inferred("add", {{kUnknown, 3}, {1, 3}}) == Shape({kUnknown, 3}));
  CHECK(inferred("add", {{kUnknown, 3}, {5, 1}}) == Shape({5, 3}));
  CHECK(inferred("add", {{kUnknown, kUnknown}, {7}}) == Shape({kUnknown, 7}));
  CHECK(inferred("add", {{0, 3}, {1, 3}}) == Shape({0, 3}));
}

void unknown_sizes_pass_through_reshape_and_matmul() {
  CHECK(inferred("reshape", {{kUnknown, 4, 5}}, {{"shape", Ints{-1, 20}}}) == Shape({kUnknown, 20}));
  CHECK(inferred("reshape", {{6, 4, 5}}, {{"shape", Ints{-1, 20}}}) == Shape({6, 20}));
  CHECK(inferred("matmul", {{kUnknown, 7, 3}, {3, 2}}) == Shape({kUnknown, 7, 2}));
  CHECK(inferred("slice", {{kUnknown, 4}}, {{"begin", Ints{0, 1}}, {"end", Ints{INT64_MAX, INT64_MAX}}, {"strides", Ints{1, 2}}}) == Shape({kUnknown, 2}));
  CHECK(inferred("concatenate", {{kUnknown, 4}, {3, kUnknown}}, {{"axis", std::int64_t{1}}}) == Shape({3, kUnknown}));
}

void errors_state_the_rule_and_what_came() {
  CHECK(message_of([] { run("matmul", {counted({32, 20}), counted({64, 10})}); }) == "matmul: inner sizes must agree. Received: (32, 20) and (64, 10)");
  CHECK(message_of([] { run("add", {counted({2, 3}), counted({4})}); }) == "add: shapes must broadcast to a common shape. Received: (2, 3) and (4,)");
  CHECK(message_of([] { run("add", {counted({2}), counted({2}, Dtype::kInt32)}); }) == "add: operands must share a dtype. Received: float32 and int32");
  CHECK(message_of([] { run("reshape", {counted({2, 3})}, {{"shape", Ints{4, -1}}}); }) == "reshape: sizes must have the same product. Received: (2, 3) and shape=[4, -1]");
  CHECK(message_of([] { run("top_k", {counted({3, 5})}, {{"k", std::int64_t{7}}}); }) == "top_k: k must be at most the size of the last axis. Received: k=7, (3, 5)");
  CHECK(message_of([] { run("sum", {counted({3, 5})}, {{"axes", Ints{2}}}); }).find("sum: axes must rise and lie in [0, 2)") == 0);
  CHECK(message_of([] { run("max", {counted({3, 0})}, {{"axes", Ints{1}}}); }) == "max: cannot reduce an axis of size 0. Received: (3, 0)");
  CHECK(message_of([] { find_op("no_such_op"); }).find("no_such_op") != std::string::npos);
}

void an_index_out_of_range_is_named_with_its_range() {
  const Value x = counted({5, 2});
  for (const double index : {7.0, -1.0}) {
    const std::string number = std::to_string(static_cast<int>(index));
    CHECK(message_of([&] { run("gather", {x, tensor({0, index}, {2}, Dtype::kInt32)}, {{"axis", std::int64_t{0}}}); }) ==
          "gather: index " + number + " is out of range [0, 5), at position 1");
    CHECK(message_of([&] { run("take_along_axis", {x, tensor({0, index}, {1, 2}, Dtype::kInt64)}, {{"axis", std::int64_t{0}}}); }) ==
          "take_along_axis: index " + number + " is out of range [0, 5), at position 1");
    CHECK(message_of([&] { run("scatter_add", {x, tensor({index}, {1, 1}, Dtype::kInt8), counted({1, 2})}); }) ==
          "scatter_add: index " + number + " is out of range [0, 5), at position 0");
  }
}

// ---------------------------------------------------------------- kernels

void reductions_take_any_axes() {
  const Value x = counted({2, 3, 4});
  EXPECT(run("sum", {x}, {{"axes", Ints{0, 2}}}), {60, 92, 124}, {3});
  EXPECT(run("sum", {x}, {{"axes", Ints{1}}, {"keepdims", true}}), {12, 15, 18, 21, 48, 51, 54, 57}, {2, 1, 4});
  EXPECT(run("mean", {x}, {{"axes", Ints{0, 1, 2}}}), {11.5}, {});
  EXPECT(run("max", {x}, {{"axes", Ints{0, 2}}}), {15, 19, 23}, {3});
  EXPECT(run("sum", {counted({3, 0})}, {{"axes", Ints{1}}}), {0, 0, 0}, {3});
  EXPECT(run("prod", {counted({2, 0})}, {{"axes", Ints{1}}}), {1, 1}, {2});
  EXPECT(run("mean", {counted({1, 0})}, {{"axes", Ints{1}}}), {NAN}, {1});
  EXPECT(run("sum", {counted({0, 3})}, {{"axes", Ints{1}}}), {}, {0});
  EXPECT(run("argmax", {tensor({1, NAN, 3, NAN}, {1, 4})}, {{"axis", std::int64_t{1}}}), {1}, {1});
  EXPECT(run("any", {tensor({0, 1, 0, 0}, {2, 2}, Dtype::kBool)}, {{"axes", Ints{1}}}), {1, 0}, {2});
  EXPECT(run("sum", {counted({4}, Dtype::kBfloat16)}, {{"axes", Ints{0}}}), {6}, {});
}

void reduce_to_undoes_broadcasting() {
  const Value x = counted({2, 3, 4});
  EXPECT(run("reduce_to", {x, counted({3, 1})}), {60, 92, 124}, {3, 1});
  EXPECT(run("reduce_to", {x, counted({1, 1, 4})}), {60, 66, 72, 78}, {1, 1, 4});
  EXPECT(run("reduce_to", {x, counted({})}), {276}, {});
  EXPECT(run("reduce_to", {counted({0, 2}), counted({2})}), {0, 0}, {2});
}

void matmul_broadcasts_and_transposes() {
  const Value a = counted({2, 1, 2, 3});
  const Value b = counted({3, 3, 2});
  const Value out = run("matmul", {a, b});
  CHECK(out.shape() == Shape({2, 3, 2, 2}));
  CHECK(out.tensor().value_at(0) == 10);
  CHECK(out.tensor().value_at(23) == 9 * 13 + 10 * 15 + 11 * 17);
  EXPECT(run("matmul", {counted({3, 2}), counted({2, 3})}, {{"transpose_a", true}, {"transpose_b", true}}), {10, 28, 13, 40}, {2, 2});
  EXPECT(run("matmul", {counted({2, 2}, Dtype::kInt8), counted({2, 2}, Dtype::kInt8)}), {2, 3, 6, 11}, {2, 2});
  EXPECT(run("matmul", {counted({2, 2}, Dtype::kFloat16), counted({2, 2}, Dtype::kFloat16)}), {2, 3, 6, 11}, {2, 2});
  EXPECT(run("matmul", {counted({2, 0}), counted({0, 2})}), {0, 0, 0, 0}, {2, 2});
  EXPECT(run("matmul", {counted({0, 2}), counted({2, 3})}), {}, {0, 3});
}

void a_transpose_agrees_with_index_arithmetic() {
  const std::int64_t sizes[] = {3, 70, 5, 41};
  const Value x = counted({3, 70, 5, 41});
  const Ints permutations[] = {{0, 2, 1, 3}, {3, 2, 1, 0}, {0, 3, 1, 2}, {2, 3, 0, 1}, {0, 1, 3, 2}, {1, 0, 2, 3}};
  for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64, Dtype::kInt8, Dtype::kInt16}) {
    const Value operand = run("cast", {x}, {{"dtype", dtype}});
    for (const Ints& axes : permutations) {
      const Value out = run("transpose", {operand}, {{"axes", axes}});
      std::int64_t strides[4] = {70 * 5 * 41, 5 * 41, 41, 1};
      bool is_right = true;
      std::int64_t flat = 0;
      for (std::int64_t i = 0; i < sizes[axes[0]]; ++i)
        for (std::int64_t j = 0; j < sizes[axes[1]]; ++j)
          for (std::int64_t k = 0; k < sizes[axes[2]]; ++k)
            for (std::int64_t l = 0; l < sizes[axes[3]]; ++l, ++flat) {
              const std::int64_t from = i * strides[axes[0]] + j * strides[axes[1]] + k * strides[axes[2]] + l * strides[axes[3]];
              is_right = is_right && out.tensor().int_at(flat) == operand.tensor().int_at(from);
            }
      CHECK_CASE(is_right, name_of(dtype) << " " << axes[0] << axes[1] << axes[2] << axes[3]);
    }
  }
}

void slices_follow_python() {
  const auto slice = [](std::int64_t size, std::int64_t begin, std::int64_t end, std::int64_t stride) {
    return numbers_of(run("slice", {counted({size})}, {{"begin", Ints{begin}}, {"end", Ints{end}}, {"strides", Ints{stride}}}));
  };
  const std::int64_t open = -(std::int64_t{1} << 62);
  CHECK(slice(5, 1, INT64_MAX, 2) == Numbers({1, 3}));
  CHECK(slice(5, -1, open, -2) == Numbers({4, 2, 0}));
  CHECK(slice(5, -2, -1, 1) == Numbers({3}));
  CHECK(slice(5, 9, 12, 1).empty());
  CHECK(slice(5, 9, open, -1) == Numbers({4, 3, 2, 1, 0}));
  CHECK(slice(0, 0, INT64_MAX, 1).empty());
  CHECK(slice(3, 0, INT64_MAX, INT64_MAX) == Numbers({0}));
  const Attributes bounds = {{"begin", Ints{0, 3}}, {"end", Ints{2, open}}, {"strides", Ints{1, -2}}};
  EXPECT(run("slice", {counted({2, 4})}, bounds), {3, 1, 7, 5}, {2, 2});
  EXPECT(run("slice_grad", {tensor({1, 2, 3, 4}, {2, 2}), counted({2, 4})}, bounds), {0, 2, 0, 1, 0, 4, 0, 3}, {2, 4});
}

void dynamic_slices_are_moved_inside() {
  const Value x = counted({3, 3});
  EXPECT(run("dynamic_slice", {x, tensor({5, -1}, {2}, Dtype::kInt32)}, {{"sizes", Ints{2, 2}}}), {3, 4, 6, 7}, {2, 2});
  EXPECT(run("dynamic_update_slice", {x, tensor({-1, -2}, {1, 2}), tensor({1, 1}, {2}, Dtype::kInt64)}), {0, 1, 2, 3, -1, -2, 6, 7, 8}, {3, 3});
}

void padding_flipping_and_joining() {
  EXPECT(run("pad", {counted({2, 2}), tensor({9}, {})}, {{"low", Ints{1, 0}}, {"high", Ints{0, 1}}}), {9, 9, 9, 0, 1, 9, 2, 3, 9}, {3, 3});
  EXPECT(run("flip", {counted({2, 3})}, {{"axes", Ints{0, 1}}}), {5, 4, 3, 2, 1, 0}, {2, 3});
  EXPECT(run("concatenate", {counted({2, 1}), counted({2, 0}), counted({2, 2})}, {{"axis", std::int64_t{1}}}), {0, 0, 1, 1, 2, 3}, {2, 3});
  EXPECT(run("concatenate_grad", {counted({2, 3}), counted({2, 1}), counted({2, 2})}, {{"axis", std::int64_t{1}}, {"index", std::int64_t{1}}}), {1, 2, 4, 5}, {2, 2});
}

void gathers_and_scatters() {
  const Value x = counted({2, 3, 2});
  const Value indices = tensor({2, 0, 2}, {3}, Dtype::kUint8);
  EXPECT(run("gather", {x, indices}, {{"axis", std::int64_t{1}}}), {4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11}, {2, 3, 2});
  EXPECT(run("gather_grad", {counted({2, 3, 2}), indices, x}, {{"axis", std::int64_t{1}}}), {2, 3, 0, 0, 4, 6, 8, 9, 0, 0, 16, 18}, {2, 3, 2});
  EXPECT(run("take_along_axis", {counted({2, 3}), tensor({2, 0}, {1, 2}, Dtype::kInt32)}, {{"axis", std::int64_t{1}}}), {2, 0, 5, 3}, {2, 2});
  const Value places = tensor({0, 1, 1, 0, 0, 1}, {3, 2}, Dtype::kInt32);
  EXPECT(run("scatter_add", {counted({2, 2}), places, tensor({10, 20, 30}, {3})}), {0, 41, 22, 3}, {2, 2});
  EXPECT(run("scatter_update", {counted({2, 2}), places, tensor({10, 20, 30}, {3})}), {0, 30, 20, 3}, {2, 2});
  EXPECT(run("gather_nd", {counted({2, 2}), places}), {1, 2, 1}, {3});
  EXPECT(run("scatter_add", {counted({2, 2}, Dtype::kBfloat16), tensor({1}, {1, 1}, Dtype::kInt32), counted({1, 2}, Dtype::kBfloat16)}), {0, 1, 2, 4}, {2, 2});
  EXPECT(run("gather", {counted({3}), tensor({}, {0}, Dtype::kInt32)}, {{"axis", std::int64_t{0}}}), {}, {0});
}

void sorting_puts_nan_last_and_keeps_ties() {
  const Value x = tensor({3, NAN, 1, 3}, {1, 4});
  const auto axis = std::int64_t{1};
  EXPECT(run("sort", {x}, {{"axis", axis}}), {1, 3, 3, NAN}, {1, 4});
  EXPECT(run("argsort", {x}, {{"axis", axis}}), {2, 0, 3, 1}, {1, 4});
  EXPECT(run("argsort", {x}, {{"axis", axis}, {"descending", true}}), {1, 0, 3, 2}, {1, 4});
  EXPECT(run("sort", {tensor({3, 1, 2, 0}, {2, 2}, Dtype::kFloat16)}, {{"axis", std::int64_t{0}}}), {2, 0, 3, 1}, {2, 2});
  const std::vector<Value> top = execution_builder().emit_named("top_k", {counted({2, 4})}, {{"k", std::int64_t{2}}, {"sorted", true}});
  EXPECT(top[0], {3, 2, 7, 6}, {2, 2});
  EXPECT(top[1], {3, 2, 3, 2}, {2, 2});
  EXPECT(run("searchsorted", {tensor({1, 2, 2, 3}, {4}), tensor({2, 9, 0}, {3})}, {{"side", std::string("right")}}), {3, 4, 0}, {3});
  EXPECT(run("searchsorted", {tensor({1, 2, 2, 3}, {4}), tensor({2, 9, 0}, {3})}), {1, 4, 0}, {3});
}

void softmax_works_along_any_axis() {
  const Value x = tensor({1e4, 0, 0, 0}, {2, 2});
  EXPECT(run("softmax", {x}, {{"axis", std::int64_t{0}}}), {1, 0.5, 0, 0.5}, {2, 2});
  EXPECT(run("softmax", {x}, {{"axis", std::int64_t{1}}}), {1, 0, 0.5, 0.5}, {2, 2});
  EXPECT(run("softmax", {tensor({-INFINITY, -INFINITY}, {1, 2})}, {{"axis", std::int64_t{1}}}), {NAN, NAN}, {1, 2});
  EXPECT(run("log_softmax", {counted({2, 1, 2}, Dtype::kBfloat16)}, {{"axis", std::int64_t{1}}}), {0, 0, 0, 0}, {2, 1, 2});
}

void running_sums_and_products() {
  const Value x = counted({2, 3});
  EXPECT(run("cumsum", {x}, {{"axis", std::int64_t{1}}}), {0, 1, 3, 3, 7, 12}, {2, 3});
  EXPECT(run("cumsum", {x}, {{"axis", std::int64_t{0}}, {"reverse", true}}), {3, 5, 7, 3, 4, 5}, {2, 3});
  EXPECT(run("cumprod", {x}, {{"axis", std::int64_t{1}}, {"reverse", true}}), {0, 2, 2, 60, 20, 5}, {2, 3});
}

void creation() {
  EXPECT(run("one_hot", {tensor({1, 5, -1}, {3}, Dtype::kInt32)}, {{"depth", std::int64_t{2}}, {"dtype", Dtype::kFloat16}}), {0, 1, 0, 0, 0, 0}, {3, 2});
  EXPECT(run("iota", {}, {{"size", std::int64_t{3}}, {"dtype", Dtype::kBfloat16}}), {0, 1, 2}, {3});
  EXPECT(run("fill", {tensor({7}, {}), tensor({2}, {}, Dtype::kInt32)}, {{"shape", Ints{-2, 1}}}), {7, 7}, {2, 1});
  EXPECT(run("dim", {counted({4, 5})}, {{"axis", std::int64_t{1}}}), {5}, {});
  EXPECT(run("size_ratio", {counted({4, 5}), counted({4, 1})}), {5}, {});
  EXPECT(run("expand_dims", {counted({2})}, {{"axes", Ints{0, 2}}}), {0, 1}, {1, 2, 1});
  EXPECT(run("squeeze", {counted({1, 2, 1})}, {{"axes", Ints{0, 2}}}), {0, 1}, {2});
  EXPECT(run("broadcast_to", {counted({2, 1})}, {{"shape", Ints{2, 2, 3}}}), {0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1}, {2, 2, 3});
}

// ---------------------------------------------------------------- random

Value seed_of(double a, double b) { return tensor({a, b}, {2}, Dtype::kUint32); }

void random_ops_give_the_same_bits_for_any_number_of_threads() {
  const Ints shape = {3, 20001};
  const Value alpha = run("fill", {tensor({0.5}, {})}, {{"shape", Ints{5000}}});
  const auto draw = [&] {
    std::vector<Value> drawn;
    for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64, Dtype::kBfloat16}) {
      for (const char* op : {"random_uniform", "random_normal", "random_truncated_normal"}) {
        drawn.push_back(run(op, {seed_of(1, 2)}, {{"shape", shape}, {"dtype", dtype}}));
      }
    }
    drawn.push_back(run("random_integer", {seed_of(1, 2), tensor({-5}, {}, Dtype::kInt32), tensor({5}, {}, Dtype::kInt32)}, {{"shape", shape}, {"dtype", Dtype::kInt8}}));
    drawn.push_back(run("random_permutation", {seed_of(1, 2)}, {{"size", std::int64_t{1000}}}));
    drawn.push_back(run("random_gamma", {seed_of(1, 2), alpha}, {{"dtype", Dtype::kFloat32}}));
    drawn.push_back(run("dropout", {counted({60000}), seed_of(1, 2)}, {{"rate", 0.25}}));
    return drawn;
  };
  set_thread_count(1);
  const std::vector<Value> alone = draw();
  set_thread_count(4);
  const std::vector<Value> together = draw();
  set_thread_count(0);
  for (std::size_t i = 0; i < alone.size(); ++i) CHECK_CASE(numbers_of(alone[i]) == numbers_of(together[i]), i);
}

void expect_moments(const Value& value, double mean, double variance) {
  const Numbers numbers = numbers_of(value);
  double sum = 0;
  double squares = 0;
  for (double x : numbers) sum += x;
  const double middle = sum / static_cast<double>(numbers.size());
  for (double x : numbers) squares += (x - middle) * (x - middle);
  const double spread = squares / static_cast<double>(numbers.size());
  CHECK_CASE(std::fabs(middle - mean) < 0.02 * std::sqrt(variance) && std::fabs(spread - variance) < 0.03 * variance, middle << " " << spread);
}

void random_ops_have_their_moments_and_bounds() {
  const Ints shape = {100000};
  for (const Dtype dtype : {Dtype::kFloat32, Dtype::kFloat64, Dtype::kFloat16}) {
    const Value uniform = run("random_uniform", {seed_of(3, 4)}, {{"shape", shape}, {"dtype", dtype}});
    expect_moments(uniform, 0.5, 1.0 / 12);
    for (double x : numbers_of(uniform)) CHECK(x >= 0.0 && x < 1.0);
    expect_moments(run("random_normal", {seed_of(3, 4)}, {{"shape", shape}, {"dtype", dtype}}), 0, 1);
    const Value cut = run("random_truncated_normal", {seed_of(3, 4)}, {{"shape", shape}, {"dtype", dtype}});
    expect_moments(cut, 0, 0.77374);
    for (double x : numbers_of(cut)) CHECK(std::fabs(x) <= 2.0);
  }
  for (const double alpha : {0.3, 1.0, 4.0}) {
    const Value alphas = run("fill", {tensor({alpha}, {})}, {{"shape", shape}});
    expect_moments(run("random_gamma", {seed_of(5, 6), alphas}, {{"dtype", Dtype::kFloat32}}), alpha, alpha);
  }
  const Value integers = run("random_integer", {seed_of(7, 8), tensor({-3}, {}, Dtype::kInt64), tensor({4}, {}, Dtype::kInt64)}, {{"shape", shape}, {"dtype", Dtype::kInt16}});
  expect_moments(integers, 0, 4);
  for (double x : numbers_of(integers)) CHECK(x >= -3 && x < 4);
  const Numbers order = numbers_of(run("random_permutation", {seed_of(9, 0)}, {{"size", std::int64_t{100}}}));
  CHECK(std::set<double>(order.begin(), order.end()).size() == 100 && order[0] + order[1] + order[2] != 3);
}

void dropout_drops_scales_and_survives_the_extremes() {
  const Value ones = run("fill", {tensor({1}, {})}, {{"shape", Ints{100000}}});
  expect_moments(run("dropout", {ones, seed_of(1, 1)}, {{"rate", 0.25}}), 1.0, 1.0 / 3);
  for (double x : numbers_of(run("dropout", {ones, seed_of(1, 1)}, {{"rate", 1.0}}))) CHECK(x == 0);
  for (double x : numbers_of(run("dropout", {ones, seed_of(1, 1)}, {{"rate", 0.0}}))) CHECK(x == 1);
  CHECK(message_of([&] { run("dropout", {ones, seed_of(1, 1)}, {{"rate", 1.5}}); }) == "dropout: rate must be in [0, 1]. Received: 1.5");
  CHECK(message_of([&] { run("random_integer", {seed_of(1, 1), tensor({3}, {}, Dtype::kInt32), tensor({3}, {}, Dtype::kInt32)}, {{"shape", Ints{2}}, {"dtype", Dtype::kInt32}}); }) ==
        "random_integer: low must be less than high. Received: 3 and 3");
}

// ---------------------------------------------------------------- records

// Operands of ops that do not take any two matrices.
Shape operand_shape(const std::string& op, int i) {
  const Shape matrix = {4, 6}, row = {6}, column = {4};
  static const std::map<std::string, std::vector<Shape>> kShapes = {
      {"dense", {{4, 6}, {6, 3}, {3}}}, {"packed_dense", {{4, 6}, {6, 3}, {}}}, {"biased_conv", {{2, 5, 4, 3}, {3, 2, 3, 7}, {7}}},
      {"biased_conv_weight_grad", {{2, 5, 4, 3}, {2, 3, 2, 7}, {3, 3, 3, 7}}}, {"winograd_conv", {{2, 5, 4, 3}, {3, 3, 3, 16}, {}}}, {"max_pool_grad", {{2, 2, 2, 3}, {2, 5, 4, 3}}},
      {"winograd_input_grad", {{2, 6, 5, 17}, {3, 3, 16, 17}, {2, 8, 7, 16}, {}}}};
  const auto found = kShapes.find(op);
  if (found != kShapes.end()) return found->second[static_cast<std::size_t>(i)];
  const bool is_grad = op.find("_grad") != std::string::npos;
  if (op.rfind("batch_norm", 0) == 0) return i <= (is_grad ? 1 : 0) ? matrix : row;
  if (op.rfind("attention", 0) == 0) return i == 5 ? Shape{2, 2, 3, 2} : Shape{2, 3, 2, 4};
  if (op == "layer_norm") return i == 0 ? matrix : row;
  if (op == "layer_norm_grad") return i <= 1 ? matrix : i == 2 ? row : column;
  return matrix;
}

void kernels_agree_with_bodies() {
  check::Numbers random(7);
  for (const Op* op : all_ops()) {
    if (!op->body || !(op->kernel || op->map_loop)) continue;
    std::vector<Value> inputs;
    for (int i = 0; i < op->min_inputs; ++i) {
      const Shape shape = operand_shape(op->name, i);
      Numbers numbers(static_cast<std::size_t>(shape.elements()));
      for (double& number : numbers) number = 3.0 * random.number();
      inputs.push_back(tensor(numbers, shape, Dtype::kFloat64));
    }
    if (op->name == "packed_dense") inputs[2] = run("pack_dense_kernel", {inputs[1]});
    if (op->name == "winograd_conv") inputs[2] = run("winograd_kernel", {inputs[1]});
    if (op->name == "winograd_input_grad") inputs[3] = run("winograd_kernel", {inputs[1]}, {{"turned", true}});
    Attributes attributes;
    for (const AttributeRule& rule : op->attributes) attributes.set(rule.name, rule.default_value);
    if (attributes.find("axis")) attributes.set("axis", std::int64_t{0});
    if (attributes.find("axes")) attributes.set("axes", Ints{1});
    if (attributes.find("scale")) attributes.set("scale", 0.3);
    if (attributes.find("epsilon")) attributes.set("epsilon", 10.0);
    if (attributes.find("activation")) attributes.set("activation", std::string(op->name == "biased_conv" || op->name == "winograd_conv" ? "relu" : "tanh"));
    if (op->name == "max_pool_grad") attributes.set("sizes", Ints{2, 2});
    if (op->name == "max_pool_grad") attributes.set("strides", Ints{2, 2});
    if (attributes.find("relu")) attributes.set("relu", true);
    const std::vector<Value> fast = execution_builder().emit(*op, inputs, attributes);
    const std::vector<Value> slow = op->body(execution_builder(), inputs, attributes);
    for (std::size_t k = 0; k < fast.size(); ++k) {
      CHECK_CASE(fast[k].shape() == slow[k].shape(), op->name);
      for (std::int64_t i = 0; i < fast[k].tensor().elements(); ++i) {
        CHECK_CASE(check::is_near(fast[k].tensor().value_at(i), slow[k].tensor().value_at(i), 1e-9, 1e-12), op->name << " at " << i);
      }
    }
  }
}

void ops_of_one_name_come_in_order_and_once() {
  const std::vector<const Op*> ops = all_ops();
  CHECK(ops.size() > 130);
  for (std::size_t i = 1; i < ops.size(); ++i) CHECK_CASE(ops[i - 1]->name < ops[i]->name, ops[i]->name);
  for (const Op* op : ops) CHECK_CASE(&find_op(op->name) == op, op->name);
}

}  // namespace

int main() {
  unknown_sizes_broadcast();
  unknown_sizes_pass_through_reshape_and_matmul();
  errors_state_the_rule_and_what_came();
  an_index_out_of_range_is_named_with_its_range();
  reductions_take_any_axes();
  reduce_to_undoes_broadcasting();
  matmul_broadcasts_and_transposes();
  a_transpose_agrees_with_index_arithmetic();
  slices_follow_python();
  dynamic_slices_are_moved_inside();
  padding_flipping_and_joining();
  gathers_and_scatters();
  sorting_puts_nan_last_and_keeps_ties();
  softmax_works_along_any_axis();
  running_sums_and_products();
  creation();
  random_ops_give_the_same_bits_for_any_number_of_threads();
  random_ops_have_their_moments_and_bounds();
  dropout_drops_scales_and_survives_the_extremes();
  kernels_agree_with_bodies();
  ops_of_one_name_come_in_order_and_once();
  return check::finish();
}
