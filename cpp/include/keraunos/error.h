// The one error class of the library. Its kind decides which Python exception it becomes.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace keraunos {

enum class ErrorKind {
  kValue,
  kType,
  kIndex,
  kKey,
  kRuntime,
  kMemory,
  kNotImplemented,
  kTrace,   // a value was asked for that exists only when the graph runs
  kFormat,  // a file that breaks the rules of its format
  kUnsafe,  // a file that asks for something that loading must never do
  kNotFound,
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

namespace detail {

template <class T>
void append_received(std::ostringstream& out, const T& value) {
  out << value;
}

template <class T, class... More>
void append_received(std::ostringstream& out, const T& value, const More&... more) {
  out << value << ", ";
  append_received(out, more...);
}

}  // namespace detail

// "subject: rule. Received: evidence, evidence"
template <class... Evidence>
Error make_error(ErrorKind kind, const std::string& subject, const std::string& rule, const Evidence&... evidence) {
  std::ostringstream out;
  out << subject << ": " << rule << '.';
  if constexpr (sizeof...(evidence) > 0) {
    out << " Received: ";
    detail::append_received(out, evidence...);
  }
  return Error(kind, out.str());
}

template <class... Evidence>
Error value_error(const std::string& subject, const std::string& rule, const Evidence&... evidence) {
  return make_error(ErrorKind::kValue, subject, rule, evidence...);
}

template <class... Evidence>
Error type_error(const std::string& subject, const std::string& rule, const Evidence&... evidence) {
  return make_error(ErrorKind::kType, subject, rule, evidence...);
}

template <class... Evidence>
Error index_error(const std::string& subject, const std::string& rule, const Evidence&... evidence) {
  return make_error(ErrorKind::kIndex, subject, rule, evidence...);
}

}  // namespace keraunos
