// A small network with a train step, built from ops alone.
#pragma once

#include <memory>
#include <vector>

#include "check.h"
#include "keraunos/graph.h"
#include "runtime/control_flow.h"
#include "runtime/execute.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace training {

using namespace keraunos;

inline std::shared_ptr<Variable> random_variable(const Shape& shape, std::uint64_t seed) {
  Tensor tensor(Dtype::kFloat32, shape);
  check::Numbers numbers(seed);
  for (std::int64_t i = 0; i < tensor.elements(); ++i) tensor.as<float>()[i] = static_cast<float>(numbers.number() * 0.3);
  return std::make_shared<Variable>(tensor, "weight");
}

inline Tensor random_tensor(const Shape& shape, std::uint64_t seed) { return random_variable(shape, seed)->read(); }

struct Network {
  std::shared_ptr<const Graph> graph;
  std::vector<std::shared_ptr<Variable>> weights;
  std::vector<std::shared_ptr<Variable>> momenta;
};

// 16 -> 32 relu dropout -> 4; mean squared error; momentum.
inline Network make_network() {
  register_control_flow();
  Network network;
  network.weights = {random_variable({16, 32}, 1), random_variable({32}, 2), random_variable({32, 4}, 3), random_variable({4}, 4)};
  for (const auto& weight : network.weights) {
    network.momenta.push_back(std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, weight->spec().shape), "momentum"));
  }
  Tensor start = Tensor::zeros(Dtype::kUint32, {2});
  const auto seed = std::make_shared<Variable>(start, "seed");
  seed->set_trainable(false);

  Builder& build = execution_builder();
  Trace trace(TraceKind::kFunction);
  push_trace(&trace);
  const Value x = trace.add_input({Dtype::kFloat32, {kUnknown, 16}}, "x");
  const Value y = trace.add_input({Dtype::kFloat32, {kUnknown, 4}}, "y");
  Tape tape(false, true);
  start_tape(&tape);
  Value h = build.matmul(x, read_variable(network.weights[0]), false, false);
  h = build.emit1("relu", {build.add(h, read_variable(network.weights[1]))});
  const Value key = read_variable(seed);
  h = build.emit1("dropout", {h, key}, {{"rate", 0.25}});
  const Value out = build.add(build.matmul(h, read_variable(network.weights[2]), false, false), read_variable(network.weights[3]));
  const Value loss = build.emit1("mean", {build.emit1("square", {build.subtract(out, y)})}, {{"axes", Ints{0, 1}}, {"keepdims", false}});
  stop_tape(&tape);
  std::vector<Value> reads;
  for (const auto& weight : network.weights) reads.push_back(tape.reads_of(*weight)[0]);
  const std::vector<Value> gradients = tape.gradient({loss}, {}, reads);
  Tensor one(Dtype::kUint32, {2});
  one.as<std::uint32_t>()[0] = 0;
  one.as<std::uint32_t>()[1] = 1;
  assign_variable(seed, build.add(key, Value(one)));
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const Value scaled = build.multiply(read_variable(network.momenta[i]), build.constant(0.9, Dtype::kFloat32));
    const Value momentum = build.subtract(scaled, build.multiply(gradients[i], build.constant(0.05, Dtype::kFloat32)));
    assign_variable(network.momenta[i], momentum);
    assign_variable(network.weights[i], build.add(reads[i], momentum));
  }
  network.graph = trace.finish({loss});
  pop_trace(&trace);
  return network;
}

}  // namespace training
