#include "base/threads.h"
#include "bindings.h"
#include "keraunos/version.h"
#include "kernels/kernels.h"
#include "kernels/probabilities.h"
#include "runtime/control_flow.h"

PYBIND11_MODULE(_core, m) {
  using namespace keraunos;
  m.doc() = "The C++ core of keraunos.";
  m.attr("__version__") = KERAUNOS_VERSION;
  register_control_flow();
  python::bind_errors(m);
  python::bind_tensor(m);
  python::bind_variable(m);
  python::bind_ops(m);
  python::bind_graph(m);
  python::bind_trace(m);
  python::bind_tape(m);
  python::bind_function(m);
  python::bind_arguments(m);
  python::bind_call_table(m);
  python::bind_model(m);
  m.def("cpu_level", &kernels::cpu_level);
  m.def("take_improbable", &kernels::take_improbable);
  m.def("get_num_threads", &thread_count);
  m.def("set_num_threads", &set_thread_count);
}
