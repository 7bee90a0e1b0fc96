// What layers are called with, as a key of what is known about such calls.
#pragma once

#include <string>
#include <vector>

#include "bindings.h"

namespace keraunos::python {

// The attribute of a call's context that says whether it trains.
PyObject* training_name();

// A text that is the same for calls alike.
class Signature {
 public:
  Signature() { text_.reserve(kUsualBytes); }

  const std::string& text() const { return text_; }

  // All return true, for the sake of those who go on only while nothing was refused.
  bool mark(char sign) {
    text_ += sign;
    return true;
  }
  bool put(std::int64_t number) {
    text_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return true;
  }
  bool put_spec(Dtype dtype, const Shape& shape);
  bool put_text(PyObject* text);

 private:
  static constexpr std::size_t kUsualBytes = 160;

  std::string text_;
};

// The arguments of a native call: nestings of tensors and arrays, None, booleans and strings.
class Arguments {
 public:
  // False for what a native call must not stand for: other objects, traced tensors, and tensors that carry attributes (masks).
  bool take(const py::handle& object);
  // The training mode of the call around this one, which is another one than that of no call. `context` may be None.
  bool take_mode(const py::handle& context);

  const std::string& signature() const { return signature_.text(); }
  const std::vector<Tensor>& tensors() const { return tensors_; }  // in the order of Python's tree.flatten
  // The Tensor object behind number i; an array has none.
  PyObject* object(std::size_t i) const { return objects_[i]; }

 private:
  bool take_tensor(PyObject* item, const Value& value);
  bool take_array(const py::handle& object);
  bool take_items(PyObject* const* items, Py_ssize_t count);
  bool take_dict(PyObject* dict);
  bool keep(Tensor tensor, PyObject* object);

  Signature signature_;
  std::vector<Tensor> tensors_;
  std::vector<PyObject*> objects_;
};

}  // namespace keraunos::python
