// Zip archives of stored members: a strict reader of the directory, and a writer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace keraunos {

struct ZipMember {
  std::string name;
  std::uint64_t offset = 0;  // of its first byte in the archive
  std::uint64_t bytes = 0;   // unpacked
  std::uint32_t crc = 0;
  bool is_stored = true;     // not compressed
};

// Reads the central directory, which is the only truth, and checks each local header against it. Throws ErrorKind::kFormat,
// naming the member, for anything unusual: names twice or leaving the archive, encryption, several disks, members that
// overlap, bytes before, between or after what the directory accounts for.
class ZipDirectory {
 public:
  ZipDirectory(const unsigned char* data, std::size_t bytes);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* find(std::string_view name) const;
  // A member that is there and stored; an error that names it otherwise.
  const ZipMember& stored(std::string_view name) const;

 private:
  std::vector<ZipMember> members_;
};

// Writes stored members one after another; the bytes go to `sink`.
class ZipWriter {
 public:
  using Sink = std::function<void(const void* data, std::size_t bytes)>;
  explicit ZipWriter(Sink sink) : sink_(std::move(sink)) {}

  // The local header of a member whose `bytes` bytes with this checksum follow through data(). They begin at a multiple of 64.
  void begin(const std::string& name, std::uint64_t bytes, std::uint32_t crc);
  void data(const void* data, std::size_t bytes);
  void member(const std::string& name, const std::string& content);
  // The directory. Nothing may follow.
  void finish();

 private:
  struct Entry {
    std::string name;
    std::uint64_t bytes;
    std::uint32_t crc;
    std::uint64_t header;
  };

  Sink sink_;
  std::uint64_t at_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace keraunos
