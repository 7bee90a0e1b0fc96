#include "base/json.h"

#include <charconv>
#include <cmath>
#include <unordered_set>

#include "keraunos/error.h"

namespace keraunos {
namespace {

constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxValues = 4u << 20;  // 16 bytes each

Error format_error(const std::string& message) { return Error(ErrorKind::kFormat, message); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Length of the well-formed UTF-8 sequence at the start of `text`, or 0 (RFC 3629, no surrogates, no long forms).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_in_range = (first != 0xE0 || byte(1) >= 0xA0) && (first != 0xED || byte(1) <= 0x9F);
    return is_in_range && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_in_range = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) <= 0x8F);
    return is_in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& subject) : text_(text), subject_(subject) {}

  Json document() {
    Json result = value(0);
    skip_space();
    if (at_ != text_.size()) fail("one value and nothing after it");
    return result;
  }

 private:
  [[noreturn]] void fail(const char* expected) const {
    throw format_error(subject_ + ": expected " + expected + " at byte " + std::to_string(at_) + " of " + std::to_string(text_.size()) + '.');
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }

  void word(std::string_view wanted) {
    if (text_.substr(at_, wanted.size()) != wanted) fail("a value");
    at_ += wanted.size();
  }

  Json value(int depth) {
    if (depth > kMaxDepth) fail("no more than 200 nested values");
    if (++count_ > kMaxValues) fail("no more than four million values");
    skip_space();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return Json(string());
      case 't': word("true"); return Json(true);
      case 'f': word("false"); return Json(false);
      case 'n': word("null"); return Json();
      default: return number();
    }
  }

  Json array(int depth) {
    Json::Array items;
    ++at_;
    skip_space();
    if (peek() == ']') {
      ++at_;
      return Json(std::move(items));
    }
    for (;;) {
      items.push_back(value(depth + 1));
      skip_space();
      if (peek() == ']') break;
      if (peek() != ',') fail("',' or ']'");
      ++at_;
    }
    ++at_;
    return Json(std::move(items));
  }

  Json object(int depth) {
    Json::Object members;
    std::unordered_set<std::string> names;
    ++at_;
    skip_space();
    if (peek() == '}') {
      ++at_;
      return Json(std::move(members));
    }
    for (;;) {
      skip_space();
      if (peek() != '"') fail("a name in quotes");
      std::string name = string();
      if (!names.insert(name).second) fail("a name that this object does not have yet");
      skip_space();
      if (peek() != ':') fail("':'");
      ++at_;
      members.emplace_back(std::move(name), value(depth + 1));
      skip_space();
      if (peek() == '}') break;
      if (peek() != ',') fail("',' or '}'");
      ++at_;
    }
    ++at_;
    return Json(std::move(members));
  }

  std::uint32_t hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) fail("four hexadecimal digits");
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  void escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case '"': out += '"'; return;
      case '\\': out += '\\'; return;
      case '/': out += '/'; return;
      case 'b': out += '\b'; return;
      case 'f': out += '\f'; return;
      case 'n': out += '\n'; return;
      case 'r': out += '\r'; return;
      case 't': out += '\t'; return;
      case 'u': break;
      default: --at_; fail("an escape that JSON has");
    }
    std::uint32_t code = hex4();
    if (code >= 0xDC00 && code <= 0xDFFF) fail("no lone surrogate");
    if (code >= 0xD800 && code <= 0xDBFF) {
      if (text_.substr(at_, 2) != "\\u") fail("the second half of a surrogate pair");
      at_ += 2;
      const std::uint32_t low = hex4();
      if (low < 0xDC00 || low > 0xDFFF) fail("the second half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, code);
  }

  std::string string() {
    std::string out;
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) fail("the end of the string");
      const char c = text_[at_];
      if (c == '"') break;
      if (c == '\\') {
        ++at_;
        escape(out);
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) fail("no control character in a string");
      const std::size_t length = utf8_length(text_.substr(at_, 4));
      if (length == 0) fail("UTF-8");
      out.append(text_.substr(at_, length));
      at_ += length;
    }
    ++at_;
    return out;
  }

  void digits() {
    if (!is_digit(peek())) fail("a digit");
    while (is_digit(peek())) ++at_;
  }

  Json number() {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) fail("a value");
    if (peek() == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) fail("no leading zero");
    digits();
    bool is_integer = true;
    if (peek() == '.') {
      is_integer = false;
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      is_integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
    const char* first = text_.data() + begin;
    const char* last = text_.data() + at_;
    if (is_integer) {
      std::int64_t integer = 0;
      if (std::from_chars(first, last, integer).ec != std::errc()) fail("an integer of 64 bits");
      return Json(integer);
    }
    double real = 0;
    if (std::from_chars(first, last, real).ec != std::errc()) fail("a number that float64 holds");
    return Json(real);
  }

  std::string_view text_;
  const std::string& subject_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
};

void write_string(std::string& out, const std::string& text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class Number>
void write_number(std::string& out, Number value) {
  char digits[40];
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

void write_real(std::string& out, double value) {
  if (!std::isfinite(value)) throw format_error("JSON: a number must be finite.");
  const std::size_t begin = out.size();
  write_number(out, value);
  // Keeps it a float for every reader.
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

}  // namespace

Json Json::parse(std::string_view text, const std::string& subject) { return Parser(text, subject).document(); }

std::string Json::text() const {
  std::string out;
  write(out);
  return out;
}

void Json::write(std::string& out) const {
  if (is_null()) {
    out += "null";
  } else if (const bool* truth = std::get_if<bool>(&value_)) {
    out += *truth ? "true" : "false";
  } else if (const std::int64_t* integer = std::get_if<std::int64_t>(&value_)) {
    write_number(out, *integer);
  } else if (const double* real = std::get_if<double>(&value_)) {
    write_real(out, *real);
  } else if (is_string()) {
    write_string(out, string(""));
  } else if (const auto* items = std::get_if<std::unique_ptr<Array>>(&value_)) {
    out += '[';
    for (std::size_t i = 0; i < (*items)->size(); ++i) {
      if (i > 0) out += ',';
      (**items)[i].write(out);
    }
    out += ']';
  } else {
    out += '{';
    const Object& members = object("");
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      write_string(out, members[i].first);
      out += ':';
      members[i].second.write(out);
    }
    out += '}';
  }
}

namespace {

[[noreturn]] void wrong_kind(const char* what, const char* kind) { throw format_error(std::string("'") + what + "' must be " + kind + '.'); }

}  // namespace

bool Json::boolean(const char* what) const {
  if (const bool* found = std::get_if<bool>(&value_)) return *found;
  wrong_kind(what, "true or false");
}

std::int64_t Json::integer(const char* what) const {
  if (const std::int64_t* found = std::get_if<std::int64_t>(&value_)) return *found;
  wrong_kind(what, "an integer");
}

std::int64_t Json::integer_in(std::int64_t low, std::int64_t high, const char* what) const {
  const std::int64_t found = integer(what);
  if (found < low || found > high) {
    throw format_error(std::string("'") + what + "' must be in [" + std::to_string(low) + ", " + std::to_string(high) +
                       "]. Received: " + std::to_string(found));
  }
  return found;
}

double Json::number(const char* what) const {
  if (const double* found = std::get_if<double>(&value_)) return *found;
  if (const std::int64_t* found = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*found);
  wrong_kind(what, "a number");
}

const std::string& Json::string(const char* what) const {
  if (const auto* found = std::get_if<std::unique_ptr<std::string>>(&value_)) return **found;
  wrong_kind(what, "a string");
}

const Json::Array& Json::array(const char* what) const {
  if (const auto* found = std::get_if<std::unique_ptr<Array>>(&value_)) return **found;
  wrong_kind(what, "a list");
}

const Json::Object& Json::object(const char* what) const {
  if (const auto* found = std::get_if<std::unique_ptr<Object>>(&value_)) return **found;
  wrong_kind(what, "an object");
}

const Json* Json::find(std::string_view name) const {
  for (const auto& member : object(std::string(name).c_str())) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

const Json& Json::at(std::string_view name) const {
  const Json* found = find(name);
  if (!found) throw format_error("the member '" + std::string(name) + "' is missing.");
  return *found;
}

void Json::set(const std::string& name, Json value) {
  if (is_null()) value_ = std::make_unique<Object>();
  Object& members = const_cast<Object&>(object(name.c_str()));
  for (auto& member : members) {
    if (member.first == name) {
      member.second = std::move(value);
      return;
    }
  }
  members.emplace_back(name, std::move(value));
}

Json::Array& Json::items_of(std::string_view name) { return const_cast<Array&>(at(name).array("list")); }

void Json::append(Json value) {
  if (is_null()) value_ = std::make_unique<Array>();
  const_cast<Array&>(array("list")).push_back(std::move(value));
}

}  // namespace keraunos
