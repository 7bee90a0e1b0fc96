#include "runtime/function.h"

#include "bindings.h"
#include "runtime/loop.h"

namespace keraunos::python {
namespace {

py::list call(const Function& function, const py::sequence& given) {
  const std::vector<Tensor> inputs = borrow_all(given);
  std::vector<Tensor> outputs;
  {
    const py::gil_scoped_release release;
    outputs = function.call(inputs);
  }
  py::list result(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) result[i] = py::cast(Value(std::move(outputs[i])));
  return result;
}

bool is_interrupted() {
  const py::gil_scoped_acquire gil;
  return PyErr_CheckSignals() != 0;
}

std::int64_t run_loop(Loop& loop, std::int64_t max_steps, double max_milliseconds) {
  std::int64_t done = 0;
  {
    const py::gil_scoped_release release;
    done = loop.run(max_steps, max_milliseconds, is_interrupted);
  }
  if (PyErr_Occurred()) throw py::error_already_set();
  return done;
}

py::list loop_outputs(const Loop& loop, bool copy) {
  py::list result;
  for (const Tensor& output : loop.outputs()) result.append(py::cast(Value(copy ? output.copy() : output)));
  return result;
}

PlanOptions options_from(bool optimize) {
  PlanOptions options;
  if (!optimize) options = {{false, false, false, false, false}, false, false, false};
  return options;
}

}  // namespace

void bind_function(py::module_& m) {
  py::class_<Function, std::shared_ptr<Function>>(m, "Function")
      .def(py::init([](const std::shared_ptr<Graph>& graph, bool optimize) { return std::make_shared<Function>(graph, options_from(optimize)); }),
           py::arg("graph"), py::arg("optimize") = true)
      .def("call", &call)
      .def("plan_description",
           [](const Function& function, const py::sequence& inputs) {
             std::vector<TensorSpec> specs;
             for (const Tensor& tensor : borrow_all(inputs)) specs.push_back(tensor.spec());
             Function::Lease lease(function, specs);
             return py::make_tuple(lease.plan().description(), lease.plan().arena_bytes());
           })
      .def("profile",
           [](const Function& function, const py::sequence& given, int repeats) {
             const std::vector<Tensor> inputs = borrow_all(given);
             std::vector<TensorSpec> specs;
             for (const Tensor& tensor : inputs) specs.push_back(tensor.spec());
             Function::Lease lease(function, specs);
             const Plan& plan = lease.plan();
             for (std::size_t i = 0; i < inputs.size(); ++i) plan.bind_input(lease.workspace(), i, inputs[i].data());
             std::vector<Tensor> outputs;
             for (std::size_t i = 0; i < plan.outputs().size(); ++i) {
               outputs.emplace_back(plan.outputs()[i].dtype, plan.outputs()[i].shape);
               plan.bind_output(lease.workspace(), i, outputs.back().data());
             }
             return py::make_tuple(plan.description(), plan.profile(lease.workspace(), repeats));
           })
      .def_property_readonly("graph", [](const Function& f) { return std::const_pointer_cast<Graph>(f.graph().shared_from_this()); });

  py::class_<Loop>(m, "Loop")
      .def(py::init([](const std::shared_ptr<Function>& function, const py::sequence& arrays, std::int64_t batch_size, bool shuffle,
                       bool collect_rows) {
             return std::make_unique<Loop>(function, borrow_all(arrays), LoopOptions{batch_size, shuffle, collect_rows});
           }),
           py::arg("function"), py::arg("arrays"), py::arg("batch_size") = 32, py::arg("shuffle") = false,
           py::arg("collect_rows") = false)
      .def_property_readonly("steps_per_epoch", &Loop::steps_per_epoch)
      .def("start_epoch", &Loop::start_epoch, py::arg("seed") = 0)
      .def("run", &run_loop, py::arg("max_steps"), py::arg("max_milliseconds"))
      .def("outputs", &loop_outputs, py::arg("copy") = true);
}

}  // namespace keraunos::python
