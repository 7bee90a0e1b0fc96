#include "keraunos/graph.h"

namespace keraunos {
namespace {

std::mutex& state_mutex() {
  static std::mutex* mutex = new std::mutex;  // never destroyed: threads may outlive static destruction
  return *mutex;
}

}  // namespace

Variable::Variable(Tensor value, std::string name) : name_(std::move(name)), value_(std::move(value)) {
  if (!value_.has_data()) throw value_error("Variable", "needs an initial value", "name='" + name_ + "'");
}

TensorSpec Variable::spec() const { return value_.spec(); }

Tensor Variable::read() const {
  StateAccess access;
  return access.peek(*this);
}

void Variable::assign(const Tensor& value) {
  if (!(value.spec() == value_.spec())) {
    throw value_error("Variable '" + name_ + "'", "a new value must have the variable's dtype and shape",
                      std::string(name_of(value.dtype())) + " " + value.shape().text() + " for " +
                          name_of(value_.dtype()) + " " + value_.shape().text());
  }
  StateAccess access;
  value_ = value;
  ++version_;
}

StateAccess::StateAccess() : lock_(state_mutex()) {}

Tensor& StateAccess::writable(Variable& variable) const {
  if (variable.value_.is_shared()) variable.value_ = variable.value_.copy();
  ++variable.version_;
  return variable.value_;
}

Tensor& StateAccess::overwritable(Variable& variable) const {
  if (variable.value_.is_shared()) variable.value_ = Tensor(variable.value_.dtype(), variable.value_.shape());
  ++variable.version_;
  return variable.value_;
}

}  // namespace keraunos
