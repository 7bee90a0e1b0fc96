#include "keraunos/error.h"

#include <new>

#include "bindings.h"

namespace keraunos::python {
namespace {

PyObject* trace_error = nullptr;

PyObject* exception_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kType: return PyExc_TypeError;
    case ErrorKind::kIndex: return PyExc_IndexError;
    case ErrorKind::kKey: return PyExc_KeyError;
    case ErrorKind::kRuntime: return PyExc_RuntimeError;
    case ErrorKind::kMemory: return PyExc_MemoryError;
    case ErrorKind::kNotImplemented: return PyExc_NotImplementedError;
    case ErrorKind::kNotFound: return PyExc_FileNotFoundError;
    case ErrorKind::kTrace: return trace_error;
    case ErrorKind::kValue:
    case ErrorKind::kFormat:
    case ErrorKind::kUnsafe: return PyExc_ValueError;
  }
  return PyExc_RuntimeError;
}

}  // namespace

void set_python_error() {
  try {
    throw;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const Error& error) {
    PyErr_SetString(exception_of(error.kind()), error.what());
  } catch (const std::bad_alloc& error) {
    PyErr_SetString(PyExc_MemoryError, error.what());
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
}

void bind_errors(py::module_& m) {
  trace_error = PyErr_NewExceptionWithDoc("keraunos._core.TraceError", "A value was asked for that exists only when the traced graph runs.",
                                          PyExc_RuntimeError, nullptr);
  m.attr("TraceError") = py::reinterpret_borrow<py::object>(trace_error);
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      PyErr_SetString(exception_of(error.kind()), error.what());
    }
  });
}

}  // namespace keraunos::python
