// Plans: every optimisation switched off gives the same numbers, variables are written at the right time, threads agree.
#include <cstring>
#include <thread>

#include "base/threads.h"
#include "runtime/loop.h"
#include "training_graph.h"

namespace {

using namespace keraunos;

std::vector<Tensor> train(const PlanOptions& options, int threads) {
  set_thread_count(threads);
  const training::Network network = training::make_network();
  const auto function = std::make_shared<Function>(network.graph, options);
  Loop loop(function, {training::random_tensor({100, 16}, 10), training::random_tensor({100, 4}, 11)}, {32, true, false});
  for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
    loop.start_epoch(epoch);
    loop.run(1000, 1e9, nullptr);
  }
  std::vector<Tensor> weights;
  for (const auto& weight : network.weights) weights.push_back(weight->read());
  return weights;
}

double largest_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::int64_t j = 0; j < a[i].elements(); ++j) largest = std::max(largest, std::fabs(a[i].value_at(j) - b[i].value_at(j)));
  }
  return largest;
}

void every_pass_alone_and_none_at_all_agree() {
  const std::vector<Tensor> all = train({}, 1);
  CHECK(largest_difference(all, train({{false, false, false, false}, false, false}, 1)) < 1e-5);
  CHECK(largest_difference(all, train({{true, false, false}, false, false}, 1)) < 1e-5);
  CHECK(largest_difference(all, train({{true, true, false}, false, false}, 1)) < 1e-5);
  CHECK(largest_difference(all, train({{false, false, true}, true, false}, 1)) < 1e-5);
  CHECK(largest_difference(all, train({{false, false, false, false}, false, true}, 1)) < 1e-5);
}

void thread_counts_give_the_same_bits() {
  const std::vector<Tensor> one = train({}, 1);
  for (int threads : {2, 3, 8}) {
    const std::vector<Tensor> many = train({}, threads);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(std::memcmp(one[i].data(), many[i].data(), one[i].bytes()) == 0);
  }
}

std::shared_ptr<Variable> number(float value) { return std::make_shared<Variable>(Tensor::scalar(value, Dtype::kFloat32), "number"); }

void two_variables_can_be_swapped() {
  const auto a = number(1);
  const auto b = number(2);
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const Value old_a = read_variable(a);
  const Value old_b = read_variable(b);
  assign_variable(a, old_b);
  assign_variable(b, old_a);
  const Function function(trace.finish({old_a, read_variable(a)}));
  pop_trace(&trace);
  const std::vector<Tensor> outputs = function.call({});
  CHECK(a->read().value_at(0) == 2 && b->read().value_at(0) == 1);
  CHECK(outputs[0].value_at(0) == 1 && outputs[1].value_at(0) == 2);
}

void an_old_value_survives_its_update() {
  const auto a = std::make_shared<Variable>(training::random_tensor({64, 64}, 5), "a");
  const Tensor before = a->read().copy();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  Builder& build = execution_builder();
  const Value old = read_variable(a);
  const Value fresh = build.multiply(old, build.constant(2, Dtype::kFloat32));
  assign_variable(a, fresh);
  // Reads the old content after the assignment in the trace's order.
  const Value product = build.matmul(old, fresh, false, true);
  const std::shared_ptr<const Graph> graph = trace.finish({product, old});
  pop_trace(&trace);
  const Function plain(graph, {{false, false, false, false}, false, false});
  const std::vector<Tensor> slow = plain.call({});
  a->assign(before);
  const std::vector<Tensor> fast = Function(graph).call({});
  CHECK(largest_difference(slow, fast) < 1e-4);
  CHECK(largest_difference({before}, {fast[1]}) == 0);
  for (std::int64_t i = 0; i < before.elements(); ++i) CHECK(a->read().value_at(i) == 2 * before.value_at(i));
}

void a_snapshot_never_changes() {
  const training::Network network = training::make_network();
  const Function function(network.graph);
  const Tensor snapshot = network.weights[0]->read();
  const Tensor copy = snapshot.copy();
  function.call({training::random_tensor({8, 16}, 10), training::random_tensor({8, 4}, 11)});
  CHECK(largest_difference({snapshot}, {copy}) == 0);
  CHECK(largest_difference({network.weights[0]->read()}, {copy}) > 0);
}

// b is always twice a: a reader that saw half of a step would see another ratio.
void a_reader_sees_the_state_of_whole_steps() {
  const auto a = std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, {20000}), "a");
  const auto b = std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, {20000}), "b");
  Builder& build = execution_builder();
  Trace writing(TraceKind::kFunction);
  push_trace(&writing);
  const Value next = build.add(read_variable(a), build.constant(1, Dtype::kFloat32));
  assign_variable(a, next);
  assign_variable(b, build.multiply(next, build.constant(2, Dtype::kFloat32)));
  const Function writer(writing.finish({}));
  pop_trace(&writing);
  Trace reading(TraceKind::kFunction);
  push_trace(&reading);
  const Value wrong = build.subtract(read_variable(b), build.multiply(read_variable(a), build.constant(2, Dtype::kFloat32)));
  const Function reader(reading.finish({build.emit1("max", {build.emit1("absolute", {wrong})}, {{"axes", Ints{0}}, {"keepdims", false}})}));
  pop_trace(&reading);
  std::thread thread([&] {
    for (int i = 0; i < 300; ++i) writer.call({});
  });
  bool is_whole = true;
  for (int i = 0; i < 300; ++i) is_whole = is_whole && reader.call({})[0].value_at(0) == 0;
  thread.join();
  CHECK(is_whole);
}

void a_shuffled_epoch_visits_every_row_once() {
  register_control_flow();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const Value x = trace.add_input({Dtype::kFloat32, {kUnknown, 1}}, "x");
  const auto function = std::make_shared<Function>(trace.finish({execution_builder().emit1("identity", {x})}));
  pop_trace(&trace);
  Tensor rows(Dtype::kFloat32, {103, 1});
  for (int i = 0; i < 103; ++i) rows.as<float>()[i] = static_cast<float>(i);
  Loop loop(function, {rows}, {10, true, true});
  loop.start_epoch(0);
  CHECK(loop.run(1000, 1e9, nullptr) == 11);
  std::vector<int> seen(103, 0);
  for (int i = 0; i < 103; ++i) ++seen[static_cast<std::size_t>(loop.outputs()[0].value_at(i))];
  for (int times : seen) CHECK(times == 1);
}

// tanh(x * w): too little for a second thread, so that its steps run side by side.
Tensor predict(const Tensor& rows, int threads) {
  set_thread_count(threads);
  register_control_flow();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const auto weight = training::random_variable({16, 4}, 3);
  const Value x = trace.add_input({Dtype::kFloat32, {kUnknown, 16}}, "x");
  const Value product = execution_builder().matmul(x, read_variable(weight), false, false);
  const auto function = std::make_shared<Function>(trace.finish({execution_builder().emit1("tanh", {product})}));
  pop_trace(&trace);
  Loop loop(function, {rows}, {8, false, true});
  Tensor result;
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    loop.start_epoch(0);
    CHECK(loop.run(70, 1e9, nullptr) == 70);
    CHECK(loop.run(1000, 1e9, nullptr) == loop.steps_per_epoch());
    result = loop.outputs()[0];
  }
  return result;
}

void steps_side_by_side_give_the_same_bits() {
  const Tensor rows = training::random_tensor({1603, 16}, 9);
  const Tensor one = predict(rows, 1);
  for (int threads : {2, 3, 8}) {
    const Tensor many = predict(rows, threads);
    CHECK(std::memcmp(one.data(), many.data(), one.bytes()) == 0);
  }
}

}  // namespace

int main() {
  every_pass_alone_and_none_at_all_agree();
  thread_counts_give_the_same_bits();
  two_variables_can_be_swapped();
  an_old_value_survives_its_update();
  a_snapshot_never_changes();
  a_reader_sees_the_state_of_whole_steps();
  a_shuffled_epoch_visits_every_row_once();
  steps_side_by_side_give_the_same_bits();
  return check::finish();
}
