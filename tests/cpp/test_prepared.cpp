// What depends on variables only is computed once, and again when one of them changed.
#include <atomic>
#include <thread>

#include "runtime/function.h"
#include "training_graph.h"

namespace {

using namespace keraunos;

PlanOptions nothing_prepared() {
  PlanOptions options;
  options.prepare = false;
  return options;
}

// A graph of one input (rows, 16) and these variables.
template <class Build>
std::shared_ptr<const Graph> graph_of(Build build) {
  register_control_flow();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const Value x = trace.add_input({Dtype::kFloat32, {kUnknown, 16}}, "x");
  const std::vector<Value> outputs = build(execution_builder(), x);
  const std::shared_ptr<const Graph> graph = trace.finish(outputs);
  pop_trace(&trace);
  return graph;
}

bool are_equal(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::int64_t j = 0; j < a[i].elements(); ++j) {
      if (a[i].value_at(j) != b[i].value_at(j)) return false;
    }
  }
  return a.size() == b.size();
}

std::shared_ptr<const Graph> half_precision_dense(const std::shared_ptr<Variable>& kernel) {
  return graph_of([&](Builder& build, const Value& x) {
    const Value half = build.cast(read_variable(kernel), Dtype::kFloat16);
    return std::vector<Value>{build.matmul(build.cast(x, Dtype::kFloat16), half, false, false)};
  });
}

void a_cast_of_a_weight_runs_once_for_each_state() {
  const auto kernel = training::random_variable({16, 8}, 1);
  const auto graph = half_precision_dense(kernel);
  const Function function(graph);
  const Function plain(graph, nothing_prepared());
  CHECK(function.prepared_graph().nodes().size() + 1 == graph->nodes().size());
  const Tensor x = training::random_tensor({3, 16}, 2);
  for (std::uint64_t seed = 5; seed < 8; ++seed) {
    CHECK(are_equal(function.call({x}), plain.call({x})));
    CHECK(are_equal(function.call({x}), plain.call({x})));
    kernel->assign(training::random_tensor({16, 8}, seed));
  }
  CHECK(are_equal(function.call({x}), plain.call({x})));
}

void what_a_graph_updates_is_never_kept() {
  const auto kernel = training::random_variable({16, 8}, 1);
  kernel->set_trainable(false);
  const auto graph = graph_of([&](Builder& build, const Value& x) {
    const Value doubled = build.add(read_variable(kernel), read_variable(kernel));
    assign_variable(kernel, doubled);
    return std::vector<Value>{build.matmul(x, doubled, false, false)};
  });
  const Function function(graph);
  const Tensor x = training::random_tensor({3, 16}, 2);
  const double first = function.call({x})[0].value_at(0);
  CHECK(function.call({x})[0].value_at(0) == 2 * first);
  CHECK(function.call({x})[0].value_at(0) == 4 * first);
}

void a_graph_that_trains_keeps_nothing() {
  const auto frozen = training::random_variable({16, 8}, 1);
  frozen->set_trainable(false);
  const auto bias = training::random_variable({8}, 2);
  const auto build_graph = [&](bool is_trained) {
    bias->set_trainable(is_trained);
    const auto graph = graph_of([&](Builder& build, const Value& x) {
      const Value y = build.add(build.matmul(x, build.emit1("tanh", {read_variable(frozen)}), false, false), read_variable(bias));
      assign_variable(bias, build.sum(y, {0}, false));
      return std::vector<Value>{y};
    });
    return Function(graph).prepared_graph().nodes().size();
  };
  CHECK(build_graph(true) == build_graph(false) + 1);
}

void a_value_much_larger_than_its_variables_is_not_kept() {
  const auto row = training::random_variable({16}, 1);
  const auto graph = graph_of([&](Builder& build, const Value& x) {
    const Value table = build.emit1("broadcast_to", {build.emit1("tanh", {read_variable(row)})}, {{"shape", Ints{4096, 16}}});
    return std::vector<Value>{build.matmul(x, build.emit1("tanh", {table}), false, true)};
  });
  const Function function(graph);
  for (const GraphVariable& kept : function.prepared_graph().variables()) CHECK(kept.variable->spec().shape.elements() <= 16);
  CHECK(are_equal(function.call({training::random_tensor({3, 16}, 2)}), Function(graph, nothing_prepared()).call({training::random_tensor({3, 16}, 2)})));
}

void functions_of_the_same_weights_share_what_they_keep() {
  const auto kernel = training::random_variable({16, 8}, 1);
  const Function one(half_precision_dense(kernel));
  const Function two(half_precision_dense(kernel));
  CHECK(one.prepared_graph().variables().size() == 1);
  CHECK(one.prepared_graph().variables()[0].variable == two.prepared_graph().variables()[0].variable);
  const Function other(half_precision_dense(training::random_variable({16, 8}, 1)));
  CHECK(one.prepared_graph().variables()[0].variable != other.prepared_graph().variables()[0].variable);
}

// The difference of the two weights is always zero: a reader that kept one of them for too long would see more.
void readers_see_what_was_computed_from_whole_steps() {
  const auto a = std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, {16, 64}), "a");
  const auto b = std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, {16, 64}), "b");
  const auto step = graph_of([&](Builder& build, const Value&) {
    const Value next = build.add(read_variable(a), build.constant(1, Dtype::kFloat32));
    assign_variable(a, next);
    assign_variable(b, next);
    return std::vector<Value>{};
  });
  const auto read = graph_of([&](Builder& build, const Value& x) {
    const Value left = build.matmul(x, build.multiply(read_variable(a), build.constant(2, Dtype::kFloat32)), false, false);
    const Value right = build.matmul(x, build.add(read_variable(b), read_variable(b)), false, false);
    return std::vector<Value>{build.emit1("max", {build.emit1("absolute", {build.subtract(left, right)})}, {{"axes", Ints{0, 1}}, {"keepdims", false}})};
  });
  const Function writer(step);
  const Function reader(read);
  const Tensor x = training::random_tensor({5, 16}, 2);
  const auto count_wrong = [&](int times) {
    int wrong = 0;
    for (int i = 0; i < times; ++i) wrong += reader.call({x})[0].value_at(0) != 0;
    return wrong;
  };
  std::atomic<int> wrong{0};
  std::thread training([&] {
    for (int i = 0; i < 300; ++i) writer.call({x});
  });
  std::thread other([&] { wrong += count_wrong(300); });
  wrong += count_wrong(300);
  training.join();
  other.join();
  CHECK(wrong == 0);
  CHECK(a->read().value_at(0) == 300);
}

}  // namespace

int main() {
  a_cast_of_a_weight_runs_once_for_each_state();
  what_a_graph_updates_is_never_kept();
  a_graph_that_trains_keeps_nothing();
  a_value_much_larger_than_its_variables_is_not_kept();
  functions_of_the_same_weights_share_what_they_keep();
  readers_see_what_was_computed_from_whole_steps();
  return check::finish();
}
