// Transposes that undo each other are gone from graphs, and nothing else changes.
#include <algorithm>

#include "graph/rewrite.h"
#include "runtime/function.h"
#include "training_graph.h"

namespace {

using namespace keraunos;
using training::random_tensor;
using training::random_variable;
using Variables = std::vector<std::shared_ptr<Variable>>;

const Ints kToLast = {0, 2, 3, 1};
const Ints kToFirst = {0, 3, 1, 2};

// A graph of one input (batch, channels, height, width), or with this shape.
template <class Build>
std::shared_ptr<const Graph> graph_of(Build build, const Shape& shape = {kUnknown, 3, 9, 8}) {
  register_control_flow();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const Value x = trace.add_input({Dtype::kFloat32, shape}, "x");
  const std::vector<Value> outputs = build(execution_builder(), x);
  const std::shared_ptr<const Graph> graph = trace.finish(outputs);
  pop_trace(&trace);
  return graph;
}

std::int64_t count(const Graph& graph, const char* op) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(), [op](const Node& node) { return node.op->name == op; });
}

// The results of the graph as it is and as it runs.
std::vector<std::vector<Tensor>> both_results(const std::shared_ptr<const Graph>& graph, const std::vector<Tensor>& inputs) {
  PlanOptions plain;
  plain.rewrite = plain.prepare = false;
  return {Function(graph, plain).call(inputs), Function(graph).call(inputs)};
}

void check_equal(const std::shared_ptr<const Graph>& graph, const std::vector<Tensor>& inputs, double tolerance = 0) {
  const auto results = both_results(graph, inputs);
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    CHECK(results[0][i].shape() == results[1][i].shape());
    for (std::int64_t j = 0; j < results[0][i].elements(); ++j) {
      CHECK(check::is_near(results[1][i].value_at(j), results[0][i].value_at(j), tolerance, tolerance));
    }
  }
}

// An op that wants its channels last, on images that have them first.
Value channels_last(Builder& build, const char* op, const Value& x, std::vector<Value> others, Attributes attributes) {
  others.insert(others.begin(), build.transpose(x, kToLast));
  return build.transpose(build.emit1(op, std::move(others), std::move(attributes)), kToFirst);
}

Value convolution(Builder& build, const Value& x, const std::shared_ptr<Variable>& kernel, const std::shared_ptr<Variable>& bias) {
  const Attributes attributes = {{"strides", Ints{1, 1}}, {"dilations", Ints{1, 1}}, {"same", true}};
  const Value column = build.emit1("reshape", {read_variable(bias)}, {{"shape", Ints{1, -1, 1, 1}}});
  return build.emit1("relu", {build.add(channels_last(build, "conv", x, {read_variable(kernel)}, attributes), column)});
}

Value pooling(Builder& build, const Value& x) {
  return channels_last(build, "max_pool", x, {}, {{"sizes", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"same", false}});
}

Value network(Builder& build, const Value& x, const Variables& weights) {
  const Value first = pooling(build, convolution(build, x, weights[0], weights[1]));
  const Value second = build.add(first, convolution(build, first, weights[2], weights[3]));
  return build.emit1("mean", {second}, {{"axes", Ints{2, 3}}, {"keepdims", false}});
}

Variables network_weights() {
  return {random_variable({3, 3, 3, 4}, 1), random_variable({4}, 2), random_variable({3, 3, 4, 4}, 3), random_variable({4}, 4)};
}

void a_network_with_channels_first_transposes_its_input_alone() {
  const Variables weights = network_weights();
  const auto graph = graph_of([&](Builder& build, const Value& x) { return std::vector<Value>{network(build, x, weights)}; });
  CHECK(count(*graph, "transpose") == 6);
  const Function function(graph);
  CHECK(count(function.graph(), "transpose") == 1);
  CHECK(count(function.graph(), "biased_conv") == 2);
  CHECK(count(function.graph(), "relu") == 0);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)}, 1e-6);
}

void so_does_its_training_step() {
  const Variables weights = network_weights();
  const auto graph = graph_of([&](Builder& build, const Value& x) {
    Tape tape(false, true);
    start_tape(&tape);
    const Value y = network(build, x, weights);
    const Value loss = build.emit1("mean", {build.emit1("square", {y})}, {{"axes", Ints{0, 1}}, {"keepdims", false}});
    stop_tape(&tape);
    std::vector<Value> reads;
    for (const auto& weight : weights) reads.push_back(tape.reads_of(*weight)[0]);
    std::vector<Value> results = tape.gradient({loss}, {}, reads);
    results.push_back(loss);
    return results;
  });
  CHECK(count(*graph, "transpose") > 10);
  CHECK(count(Function(graph).graph(), "transpose") == 1);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)}, 1e-6);
}

void axes_of_size_1_are_moved_without_transposes() {
  const auto graph = graph_of([](Builder& build, const Value& x) { return std::vector<Value>{build.transpose(x, kToLast)}; }, {kUnknown, 1, 9, 8});
  CHECK(count(Function(graph).graph(), "transpose") == 0);
  check_equal(graph, {random_tensor({2, 1, 9, 8}, 5)});
}

void a_transpose_that_is_needed_is_done_where_least_is_moved() {
  const auto graph = graph_of([](Builder& build, const Value& x) {
    const Value padded = build.emit1("pad", {x, build.constant(0, Dtype::kFloat32)}, {{"low", Ints{0, 0, 4, 4}}, {"high", Ints{0, 0, 4, 4}}});
    return std::vector<Value>{build.transpose(build.emit1("exp", {padded}), kToLast)};
  });
  const auto rewritten = cancel_transposes(graph);
  CHECK(rewritten->nodes()[0].op->name == "transpose");
  CHECK(count(*rewritten, "transpose") == 1);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)});
}

void no_transpose_is_moved_to_where_more_is_moved() {
  const auto graph = graph_of([](Builder& build, const Value& x) {
    const Value few = build.emit1("slice", {x}, {{"begin", Ints{0, 0, 0, 0}}, {"end", Ints{INT64_MAX, 3, 2, 2}}, {"strides", Ints{1, 1, 1, 1}}});
    return std::vector<Value>{build.transpose(build.emit1("exp", {few}), kToLast)};
  });
  CHECK(cancel_transposes(graph)->nodes()[0].op->name == "slice");
}

void a_value_that_meets_its_own_transpose_keeps_it() {
  const auto graph = graph_of([](Builder& build, const Value& x) { return std::vector<Value>{build.add(x, build.transpose(x, {1, 0}))}; }, {5, 5});
  CHECK(count(Function(graph).graph(), "transpose") == 1);
  check_equal(graph, {random_tensor({5, 5}, 5)});
}

void rows_are_not_turned_away_from_the_last_axis() {
  const auto graph = graph_of([](Builder& build, const Value& x) {
    const Value last = build.transpose(x, kToLast);
    return std::vector<Value>{build.transpose(build.emit1("softmax", {build.emit1("exp", {last})}, {{"axis", std::int64_t{3}}}), kToFirst)};
  });
  CHECK(count(Function(graph).graph(), "transpose") == 2);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)});
}

void operands_with_fewer_axes_follow() {
  const auto row = random_variable({9, 8}, 1);
  const auto graph = graph_of([&](Builder& build, const Value& x) {
    const Value last = build.emit1("exp", {build.transpose(x, kToLast)});
    return std::vector<Value>{build.multiply(build.transpose(last, kToFirst), read_variable(row))};
  });
  CHECK(count(Function(graph).graph(), "transpose") == 0);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)});
}

void an_output_and_its_transpose_are_both_given() {
  const auto graph = graph_of([](Builder& build, const Value& x) {
    const Value y = build.emit1("exp", {build.transpose(x, kToLast)});
    return std::vector<Value>{y, build.transpose(y, kToFirst), build.transpose(build.transpose(x, kToLast), kToFirst), x};
  });
  CHECK(count(Function(graph).graph(), "transpose") == 1);
  check_equal(graph, {random_tensor({2, 3, 9, 8}, 5)});
}

void what_is_not_read_is_dropped_and_updates_are_kept() {
  const auto total = random_variable({3, 4}, 1);
  const auto graph = graph_of([&](Builder& build, const Value& x) {
    build.emit1("tanh", {x});
    const Value turned = build.transpose(read_variable(total), {1, 0});
    assign_variable(total, build.transpose(build.emit1("exp", {turned}), {1, 0}));
    return std::vector<Value>{build.emit1("exp", {x})};
  });
  const auto rewritten = cancel_transposes(graph);
  CHECK(count(*rewritten, "transpose") == 0);
  CHECK(count(*rewritten, "tanh") == 0);
  CHECK(count(*rewritten, "exp") == 2);
}

}  // namespace

int main() {
  a_network_with_channels_first_transposes_its_input_alone();
  so_does_its_training_step();
  axes_of_size_1_are_moved_without_transposes();
  a_transpose_that_is_needed_is_done_where_least_is_moved();
  no_transpose_is_moved_to_where_more_is_moved();
  a_value_that_meets_its_own_transpose_keeps_it();
  rows_are_not_turned_away_from_the_last_axis();
  operands_with_fewer_axes_follow();
  an_output_and_its_transpose_are_both_given();
  what_is_not_read_is_dropped_and_updates_are_kept();
  return check::finish();
}
