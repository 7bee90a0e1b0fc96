// JSON for the library's own files: a value, a strict reader and a writer. Numbers know no locale, names of an object
// are unique, nesting and the number of values are limited.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace keraunos {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::make_unique<std::string>(std::move(value))) {}
  Json(const char* value) : Json(std::string(value)) {}
  Json(Array items) : value_(std::make_unique<Array>(std::move(items))) {}
  Json(Object members) : value_(std::make_unique<Object>(std::move(members))) {}

  // Throws ErrorKind::kFormat, naming `subject` and the position, for anything that is not one JSON document.
  static Json parse(std::string_view text, const std::string& subject);
  std::string text() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_string() const { return std::holds_alternative<std::unique_ptr<std::string>>(value_); }

  // Each throws ErrorKind::kFormat, naming `what`, when the value is of another kind.
  bool boolean(const char* what) const;
  std::int64_t integer(const char* what) const;
  std::int64_t integer_in(std::int64_t low, std::int64_t high, const char* what) const;
  double number(const char* what) const;  // an integer too
  const std::string& string(const char* what) const;
  const Array& array(const char* what) const;
  const Object& object(const char* what) const;

  // The member of an object: throws when it is missing, or gives nullptr.
  const Json& at(std::string_view name) const;
  const Json* find(std::string_view name) const;
  // Replaces or adds a member of an object.
  void set(const std::string& name, Json value);
  void append(Json value);
  // The list that is the member of an object, to be changed.
  Array& items_of(std::string_view name);

 private:
  void write(std::string& out) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::unique_ptr<std::string>, std::unique_ptr<Array>, std::unique_ptr<Object>> value_;
};

}  // namespace keraunos
