#include "keraunos/dtype.h"

#include "keraunos/error.h"

namespace keraunos {
namespace {

struct DtypeFacts {
  const char* name;
  std::size_t size;
};

// In the order of the enum.
constexpr DtypeFacts kFacts[kDtypeCount] = {
    {"bool", 1},  {"uint8", 1}, {"uint16", 2}, {"uint32", 4},  {"uint64", 8},   {"int8", 1},    {"int16", 2},
    {"int32", 4}, {"int64", 8}, {"float16", 2}, {"bfloat16", 2}, {"float32", 4}, {"float64", 8},
};

}  // namespace

std::size_t size_of(Dtype dtype) { return kFacts[static_cast<int>(dtype)].size; }

const char* name_of(Dtype dtype) { return kFacts[static_cast<int>(dtype)].name; }

Dtype dtype_from_name(const std::string& name) {
  for (int i = 0; i < kDtypeCount; ++i) {
    if (name == kFacts[i].name) return static_cast<Dtype>(i);
  }
  throw Error(ErrorKind::kValue, "Invalid dtype: " + name);
}

}  // namespace keraunos
