// Long chains: no pass walks a graph by recursion, or compares every node with every other.
// The number of links may be given: test_long_graphs 100000.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "base/json.h"
#include "graph/graph_json.h"
#include "runtime/dependencies.h"
#include "runtime/function.h"
#include "runtime/memory_plan.h"
#include "training_graph.h"

namespace {

using namespace keraunos;
using Clock = std::chrono::steady_clock;

class Stopwatch {
 public:
  void lap(const std::string& what) {
    const Clock::time_point now = Clock::now();
    std::printf("%-44s %8.3f s\n", what.c_str(), std::chrono::duration<double>(now - last_).count());
    last_ = now;
  }

 private:
  Clock::time_point last_ = Clock::now();
};

Tensor ones(const Shape& shape) {
  Tensor tensor(Dtype::kFloat32, shape);
  for (std::int64_t i = 0; i < tensor.elements(); ++i) tensor.as<float>()[i] = 1;
  return tensor;
}

std::vector<Tensor> run(const std::shared_ptr<const Graph>& graph, const std::vector<Tensor>& inputs, const std::string& name, Stopwatch& watch) {
  const Function function(graph);
  watch.lap(name + ": passes");
  const std::vector<Tensor> results = function.call(inputs);
  watch.lap(name + ": plan and first run");
  return results;
}

void write_and_read(const std::shared_ptr<const Graph>& graph, const std::string& name, Stopwatch& watch) {
  GraphWriter writer;
  writer.add(graph);
  const std::string text = writer.take_graphs().text();
  watch.lap(name + ": written as text");
  const std::vector<std::shared_ptr<const Graph>> again = read_graphs(Json::parse(text, name), writer.variables(), writer.constants());
  watch.lap(name + ": read from text");
  CHECK(again.size() == 1 && again[0]->nodes().size() == graph->nodes().size());
}

// Loops of fused elementwise ops.
void a_chain_of_elementwise_ops(int links) {
  Stopwatch watch;
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  Builder& build = execution_builder();
  Tape tape(false, true);
  start_tape(&tape);
  const Value x = trace.add_input({Dtype::kFloat32, {kUnknown, 3}}, "x");
  tape.watch(x);
  Value value = x;
  for (int i = 0; i < links; ++i) value = build.emit1(i % 2 ? "negative" : "relu", {value});
  stop_tape(&tape);
  const Value gradient = tape.gradient({value}, {}, {x})[0];
  const std::shared_ptr<const Graph> graph = trace.finish({value, gradient});
  pop_trace(&trace);
  watch.lap("elementwise: trace and gradient");
  const std::vector<Tensor> results = run(graph, {ones({2, 3})}, "elementwise", watch);
  CHECK(results[0].elements() == 6 && results[1].elements() == 6);
  write_and_read(graph, "elementwise", watch);
}

// Kernels that no loop fuses, with a training step for the weights of each.
void a_chain_of_products_that_trains(int links) {
  Stopwatch watch;
  std::vector<std::shared_ptr<Variable>> weights;
  for (int i = 0; i < links; ++i) {
    Tensor value = Tensor::zeros(Dtype::kFloat32, {2, 2});
    value.as<float>()[0] = value.as<float>()[3] = 1;
    weights.push_back(std::make_shared<Variable>(value, "weight"));
  }
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  Builder& build = execution_builder();
  Tape tape(false, true);
  start_tape(&tape);
  Value value = trace.add_input({Dtype::kFloat32, {kUnknown, 2}}, "x");
  for (const auto& weight : weights) value = build.emit1("relu", {build.matmul(value, read_variable(weight), false, false)});
  const Value loss = build.emit1("mean", {build.emit1("square", {value})}, {{"axes", Ints{0, 1}}, {"keepdims", false}});
  stop_tape(&tape);
  std::vector<Value> reads;
  for (const auto& weight : weights) reads.push_back(tape.reads_of(*weight)[0]);
  const std::vector<Value> gradients = tape.gradient({loss}, {}, reads);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    assign_variable(weights[i], build.subtract(reads[i], build.multiply(gradients[i], build.constant(0.001 / links, Dtype::kFloat32))));
  }
  const std::shared_ptr<const Graph> graph = trace.finish({loss});
  pop_trace(&trace);
  watch.lap("training: trace and gradient");
  const std::vector<Tensor> results = run(graph, {ones({3, 2})}, "training", watch);
  CHECK(results[0].value_at(0) == 1);
  for (const auto& weight : weights) CHECK(weight->read().value_at(0) < 1);
}

// ---------------------------------------------------------------- the parts that could have compared all with all

// The truth: what runs before what, as a table.
class Table {
 public:
  explicit Table(int size) : size_(size), before_(static_cast<std::size_t>(size * size), false) {}
  bool is_before(int a, int b) const { return before_[static_cast<std::size_t>(a * size_ + b)]; }
  void add(int a, int b) {
    for (int i = 0; i < size_; ++i) {
      if (i != a && !is_before(i, a)) continue;
      for (int j = 0; j < size_; ++j) {
        if (j == b || is_before(b, j)) before_[static_cast<std::size_t>(i * size_ + j)] = true;
      }
    }
  }
  // `from` and `into` become one.
  void merge(int into, int from) {
    for (int i = 0; i < size_; ++i) {
      if (is_before(i, from) && i != into) add(i, into);
      if (is_before(from, i) && i != into) add(into, i);
    }
    for (int i = 0; i < size_; ++i) {
      before_[static_cast<std::size_t>(i * size_ + from)] = before_[static_cast<std::size_t>(from * size_ + i)] = false;
      before_[static_cast<std::size_t>(i * size_ + i)] = false;
    }
  }
  bool has_path_between(int a, int b) const {
    for (int i = 0; i < size_; ++i) {
      if (i != a && i != b && ((is_before(a, i) && is_before(i, b)) || (is_before(b, i) && is_before(i, a)))) return true;
    }
    return false;
  }

 private:
  int size_;
  std::vector<bool> before_;
};

void dependencies_agree_with_a_table_of_all_pairs() {
  constexpr int kUnits = 24;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    check::Numbers numbers(seed + 1);
    const auto pick = [&] { return static_cast<int>(numbers.bits() % kUnits); };
    Dependencies dependencies;
    Table table(kUnits);
    std::vector<bool> is_gone(kUnits, false);
    for (int i = 0; i < kUnits; ++i) dependencies.add_unit();
    for (int change = 0; change < 80; ++change) {
      const int a = pick(), b = pick();
      if (a == b || is_gone[static_cast<std::size_t>(a)] || is_gone[static_cast<std::size_t>(b)]) continue;
      CHECK_CASE(dependencies.may_depend(a, b) == table.is_before(b, a), "seed " << seed << ", change " << change);
      if (change % 4 != 3) {
        if (table.is_before(a, b)) continue;
        dependencies.add(a, b);
        table.add(b, a);
      } else {
        const bool is_possible = !table.has_path_between(a, b);
        CHECK_CASE(dependencies.try_merge(a, b) == is_possible, "seed " << seed << ", change " << change);
        if (!is_possible) continue;
        table.merge(a, b);
        is_gone[static_cast<std::size_t>(b)] = true;
        CHECK(dependencies.whole(b) == a);
      }
    }
    const std::vector<int> order = dependencies.in_order();
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) CHECK(!table.is_before(order[i], order[j]));
    }
  }
}

// Requests of many sizes; some live long.
std::vector<MemoryRequest> random_requests(std::size_t count) {
  check::Numbers numbers(7);
  std::vector<MemoryRequest> requests;
  for (std::size_t i = 0; i < count; ++i) {
    const int first = static_cast<int>(numbers.bits() % (2 * count));
    const int length = static_cast<int>(numbers.bits() % (i % 10 == 0 ? count : 8));
    requests.push_back({static_cast<std::size_t>(numbers.bits() % 3000), first, first + length});
  }
  return requests;
}

void no_two_values_that_live_together_share_memory() {
  for (const std::size_t count : {std::size_t{500}, std::size_t{5000}}) {
    const std::vector<MemoryRequest> requests = random_requests(count);
    const MemoryPlan plan = plan_memory(requests, true);
    std::size_t apart = 0;
    for (std::size_t a = 0; a < count; ++a) {
      const std::size_t end = plan.offsets[a] + requests[a].bytes;
      CHECK(end <= plan.bytes && plan.offsets[a] % 64 == 0);
      apart += requests[a].bytes;
      for (std::size_t b = 0; b < a; ++b) {
        const bool live_together = requests[a].first <= requests[b].last && requests[b].first <= requests[a].last;
        const bool overlap = plan.offsets[a] < plan.offsets[b] + requests[b].bytes && plan.offsets[b] < end;
        CHECK(!live_together || !overlap);
      }
    }
    CHECK(plan.bytes < apart / 5);
  }
}

}  // namespace

int main(int count, char** words) {
  register_control_flow();
  const int links = count > 1 ? std::atoi(words[1]) : 2000;
  dependencies_agree_with_a_table_of_all_pairs();
  no_two_values_that_live_together_share_memory();
  a_chain_of_elementwise_ops(links);
  a_chain_of_products_that_trains(links);
  return check::finish();
}
