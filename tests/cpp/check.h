// Assertions of the C++ tests. A test is a function; main lists them and returns the number of failures.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <sstream>
#include <string>

namespace check {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void fail(const char* file, int line, const std::string& what) {
  if (++failures() <= 20) std::printf("%s:%d: %s\n", file, line, what.c_str());
}

inline int finish() {
  if (failures() > 0) std::printf("%d failures\n", failures());
  return failures() == 0 ? 0 : 1;
}

// Equal, both NaN, or within the tolerance.
inline bool is_near(double value, double expected, double relative, double absolute) {
  if (std::isnan(value) || std::isnan(expected)) return std::isnan(value) && std::isnan(expected);
  if (value == expected) return true;
  if (std::isinf(value) || std::isinf(expected)) return false;
  return std::fabs(value - expected) <= absolute + relative * std::fabs(expected);
}

// A small generator, the same everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t bits() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545F4914F6CDD1Dull;
  }
  // In [-1, 1).
  double number() { return static_cast<double>(bits() >> 11) * 0x1p-52 - 1.0; }

 private:
  std::uint64_t state_;
};

}  // namespace check

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) check::fail(__FILE__, __LINE__, "not true: " #condition); \
  } while (false)

// `what` is anything that can be streamed; it says which case failed.
#define CHECK_CASE(condition, what)                                \
  do {                                                             \
    if (!(condition)) {                                            \
      std::ostringstream check_text;                               \
      check_text << "not true: " #condition ": " << what;          \
      check::fail(__FILE__, __LINE__, check_text.str());           \
    }                                                              \
  } while (false)
