#include <cstring>

#include "base/threads.h"
#include "graph/graph_copy.h"
#include "model/model_parts.h"
#include "runtime/plan.h"

namespace keraunos {

struct Session::Parts {
  // A variable of the session, and the value that it starts with.
  struct State {
    std::shared_ptr<Variable> variable;
    Tensor start;
  };

  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<Tensor> input_memory;
  std::vector<Tensor> output_memory;
  std::vector<State> states;
  std::unique_ptr<Plan> plan;
  std::unique_ptr<Workspace> workspace;
  std::string error;
  int threads = 1;

  // Runs once to let everything that is made on first use be made, then puts the state back.
  void warm_up();
  void reset();
};

namespace {

void check_port(std::size_t i, std::size_t count, const char* what) {
  if (i >= count) throw index_error("Session", std::string("there is no ") + what + " of this number", std::to_string(i), std::to_string(count));
}

int threads_of(const SessionOptions& options) {
  if (options.threads < 0) throw value_error("session", "the number of threads must be 0 (as many as there are) or more", options.threads);
  return options.threads == 0 ? thread_count() : options.threads;
}

void check_dtype(const Port& port, Dtype dtype) {
  if (port.spec.dtype == dtype) return;
  throw type_error("Session", "'" + port.name + "' has elements of the type " + name_of(port.spec.dtype), name_of(dtype));
}

}  // namespace

void Session::Parts::reset() {
  const StateAccess access;
  for (const State& state : states) {
    Tensor& memory = access.writable(*state.variable);
    if (state.start.bytes() > 0) std::memcpy(memory.data(), state.start.data(), state.start.bytes());
  }
}

void Session::Parts::warm_up() {
  const ThreadLimit limit(threads);
  if (threads > 1) start_threads();
  try {
    plan->run_alone(*workspace);
  } catch (const Error&) {
    // Zeros may be no valid input.
  }
  reset();
}

Session::Session(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

std::size_t Session::input_count() const noexcept { return parts_->inputs.size(); }
std::size_t Session::output_count() const noexcept { return parts_->outputs.size(); }

const Port& Session::input_port(std::size_t i) const {
  check_port(i, parts_->inputs.size(), "input");
  return parts_->inputs[i];
}

const Port& Session::output_port(std::size_t i) const {
  check_port(i, parts_->outputs.size(), "output");
  return parts_->outputs[i];
}

void* Session::input_memory(std::size_t i, Dtype dtype) {
  check_dtype(input_port(i), dtype);
  return parts_->input_memory[i].data();
}

const void* Session::output_memory(std::size_t i, Dtype dtype) const {
  check_dtype(output_port(i), dtype);
  return parts_->output_memory[i].data();
}

bool Session::run() noexcept {
  const ThreadLimit limit(parts_->threads);
  try {
    parts_->plan->run_alone(*parts_->workspace);
    return true;
  } catch (const std::exception& error) {
    try {
      parts_->error = error.what();
    } catch (...) {
      parts_->error.clear();
    }
    return false;
  }
}

const char* Session::error() const noexcept { return parts_->error.c_str(); }

void Session::reset() { parts_->reset(); }

Session Model::session(const std::string& name, const std::vector<Shape>& shapes, const SessionOptions& options) const {
  const StoredFunction& stored = parts_->stored(name);
  auto parts = std::make_unique<Session::Parts>();
  parts->threads = threads_of(options);
  parts->inputs = input_ports(stored);
  if (shapes.size() != parts->inputs.size()) {
    throw value_error("session", "needs the shapes of " + std::to_string(parts->inputs.size()) + " inputs", shapes.size());
  }
  std::vector<TensorSpec> specs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!shapes[i].is_known()) throw value_error("session", "every size of '" + parts->inputs[i].name + "' must be given", shapes[i]);
    parts->inputs[i].spec.shape = shapes[i];
    parts->input_memory.push_back(Tensor::zeros(parts->inputs[i].spec.dtype, shapes[i]));
    specs.push_back(parts->inputs[i].spec);
  }
  fitted_inputs(stored, parts->input_memory, "session");

  // The same graph on variables of the session's own. They share the model's memory until one of the two changes it, and what
  // the model computes from variables once is computed now.
  const Function& function = *parts_->function(name);
  const Graph& graph = function.prepared_graph();
  std::map<const Variable*, std::shared_ptr<Variable>> own;
  {
    const StateAccess access;
    function.refresh(access);
    for (const GraphVariable& known : graph.variables()) {
      own.emplace(known.variable.get(), std::make_shared<Variable>(access.peek(*known.variable), known.variable->name()));
    }
  }
  GraphCopy copy(graph, [&](const std::shared_ptr<Variable>& variable) { return own.at(variable.get()); });
  for (const Node& node : graph.nodes()) copy.copy(node);
  const std::shared_ptr<const Graph> own_graph = copy.finish();
  for (const GraphVariable& known : own_graph->variables()) {
    if (known.update >= 0) parts->states.push_back({known.variable, known.variable->read().copy()});
  }
  parts->plan = std::make_unique<Plan>(own_graph, specs, PlanOptions());
  parts->workspace = std::make_unique<Workspace>(*parts->plan);
  for (std::size_t i = 0; i < specs.size(); ++i) parts->plan->bind_input(*parts->workspace, i, parts->input_memory[i].data());
  parts->outputs = output_ports(stored);
  for (std::size_t i = 0; i < parts->outputs.size(); ++i) {
    parts->outputs[i].spec = parts->plan->outputs()[i];
    parts->output_memory.push_back(Tensor::zeros(parts->outputs[i].spec.dtype, parts->outputs[i].spec.shape));
    parts->plan->bind_output(*parts->workspace, i, parts->output_memory[i].data());
  }
  parts->plan->bind_alone(*parts->workspace);
  parts->warm_up();
  return Session(std::move(parts));
}

}  // namespace keraunos
