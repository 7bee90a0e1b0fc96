#include "base/crc32.h"
#include "keraunos/error.h"
#include "model/zip.h"

namespace keraunos {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint16_t kPaddingField = 0xD935;  // as Android's zipalign marks padding
constexpr std::uint64_t kMax32 = 0xFFFFFFFFu;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFu);
}

std::uint64_t low(std::uint64_t value) { return value < kMax32 ? value : kMax32; }

// Version, flags (names are UTF-8), method "stored", and 1980-01-01: equal models give equal files.
void put_common(std::string& out, bool is_64) {
  put(out, is_64 ? 45 : 20, 2);
  put(out, 0x0800, 2);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, 0x21, 2);
}

}  // namespace

void ZipWriter::begin(const std::string& name, std::uint64_t bytes, std::uint32_t crc) {
  const bool is_64 = bytes >= kMax32;
  std::string extra;
  if (is_64) {
    put(extra, 1, 2);
    put(extra, 16, 2);
    put(extra, bytes, 8);
    put(extra, bytes, 8);
  }
  const std::uint64_t unpadded = at_ + 30 + name.size() + extra.size() + 4;
  const std::uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  put(extra, kPaddingField, 2);
  put(extra, padding, 2);
  extra.append(padding, '\0');

  std::string header;
  put(header, 0x04034b50, 4);
  put_common(header, is_64);
  put(header, crc, 4);
  put(header, low(bytes), 4);
  put(header, low(bytes), 4);
  put(header, name.size(), 2);
  put(header, extra.size(), 2);
  entries_.push_back({name, bytes, crc, at_});
  header += name;
  header += extra;
  data(header.data(), header.size());
}

void ZipWriter::data(const void* data, std::size_t bytes) {
  sink_(data, bytes);
  at_ += bytes;
}

void ZipWriter::member(const std::string& name, const std::string& content) {
  begin(name, content.size(), crc32(content.data(), content.size()));
  data(content.data(), content.size());
}

void ZipWriter::finish() {
  const std::uint64_t directory = at_;
  std::string out;
  for (const Entry& entry : entries_) {
    std::string extra;
    if (entry.bytes >= kMax32) {
      put(extra, entry.bytes, 8);
      put(extra, entry.bytes, 8);
    }
    if (entry.header >= kMax32) put(extra, entry.header, 8);
    std::string field;
    if (!extra.empty()) {
      put(field, 1, 2);
      put(field, extra.size(), 2);
      field += extra;
    }
    put(out, 0x02014b50, 4);
    put(out, 45, 2);
    put_common(out, !field.empty());
    put(out, entry.crc, 4);
    put(out, low(entry.bytes), 4);
    put(out, low(entry.bytes), 4);
    put(out, entry.name.size(), 2);
    put(out, field.size(), 2);
    put(out, 0, 2);
    put(out, 0, 2);
    put(out, 0, 2);
    put(out, 0, 4);
    put(out, low(entry.header), 4);
    out += entry.name;
    out += field;
  }
  const std::uint64_t bytes = out.size();
  if (directory >= kMax32) {
    const std::uint64_t record = directory + bytes;
    put(out, 0x06064b50, 4);
    put(out, 44, 8);
    put(out, 45, 2);
    put(out, 45, 2);
    put(out, 0, 4);
    put(out, 0, 4);
    put(out, entries_.size(), 8);
    put(out, entries_.size(), 8);
    put(out, bytes, 8);
    put(out, directory, 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, record, 8);
    put(out, 1, 4);
  }
  put(out, 0x06054b50, 4);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, entries_.size(), 2);
  put(out, entries_.size(), 2);
  put(out, low(bytes), 4);
  put(out, low(directory), 4);
  put(out, 0, 2);
  data(out.data(), out.size());
}

}  // namespace keraunos
