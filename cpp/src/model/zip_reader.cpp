#include <algorithm>
#include <limits>
#include <unordered_set>

#include "keraunos/error.h"
#include "model/zip.h"

namespace keraunos {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint16_t kZip64Field = 0x0001;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kMaxMembers = 1u << 16;
constexpr std::uint64_t kMaxTrailer = 24;  // of sizes and checksum after the data
constexpr std::uint32_t kIn64 = 0xFFFFFFFFu;

Error format_error(const std::string& message) { return Error(ErrorKind::kFormat, "zip archive: " + message); }

// Little-endian numbers at offsets that are checked.
class Bytes {
 public:
  Bytes(const unsigned char* data, std::uint64_t size) : data_(data), size_(size) {}

  void require(std::uint64_t offset, std::uint64_t count) const {
    if (offset > size_ || count > size_ - offset) throw format_error("truncated at byte " + std::to_string(std::min(offset, size_)) + '.');
  }
  std::uint64_t number(std::uint64_t offset, int count) const {
    require(offset, static_cast<std::uint64_t>(count));
    std::uint64_t value = 0;
    for (int i = count; i-- > 0;) value = value << 8 | data_[offset + static_cast<std::uint64_t>(i)];
    return value;
  }
  std::uint16_t u16(std::uint64_t offset) const { return static_cast<std::uint16_t>(number(offset, 2)); }
  std::uint32_t u32(std::uint64_t offset) const { return static_cast<std::uint32_t>(number(offset, 4)); }
  std::uint64_t u64(std::uint64_t offset) const { return number(offset, 8); }
  std::string text(std::uint64_t offset, std::uint64_t count) const {
    require(offset, count);
    return std::string(reinterpret_cast<const char*>(data_ + offset), static_cast<std::size_t>(count));
  }
  std::uint64_t size() const { return size_; }

 private:
  const unsigned char* data_;
  std::uint64_t size_;
};

void check_name(const std::string& name) {
  const bool has_bad_sign = name.find('\\') != std::string::npos || name.find('\0') != std::string::npos || name.find(':') != std::string::npos;
  const bool climbs = name == ".." || name.compare(0, 3, "../") == 0 || name.find("/../") != std::string::npos ||
                      (name.size() >= 3 && name.compare(name.size() - 3, 3, "/..") == 0);
  if (name.empty() || name[0] == '/' || has_bad_sign || climbs) throw format_error("a member's name leaves the archive.");
}

struct Directory {
  std::uint64_t offset;
  std::uint64_t bytes;
  std::uint64_t count;
  std::uint64_t end;  // where the records that close the archive begin
};

// The end record stands at the very end, without a comment: so no other place can be mistaken for it.
Directory find_directory(const Bytes& file) {
  if (file.size() < kEndBytes) throw format_error("too short.");
  const std::uint64_t at = file.size() - kEndBytes;
  if (file.u32(at) != kEnd || file.u16(at + 20) != 0) throw format_error("the end record is missing (truncated?), or something follows it.");
  if (file.u16(at + 4) != 0 || file.u16(at + 6) != 0 || file.u16(at + 8) != file.u16(at + 10)) throw format_error("it has several disks.");
  Directory found{file.u32(at + 16), file.u32(at + 12), file.u16(at + 10), at};
  const bool is_64 = found.offset == kIn64 || found.bytes == kIn64 || found.count == 0xFFFFu;
  if (is_64) {
    if (at < kLocatorBytes || file.u32(at - kLocatorBytes) != kLocator64) throw format_error("the 64-bit end record is missing.");
    const std::uint64_t record = file.u64(at - kLocatorBytes + 8);
    if (record > at || file.u32(record) != kEnd64 || file.u64(record + 4) + 12 != at - kLocatorBytes - record) throw format_error("the 64-bit end record is wrong.");
    found = {file.u64(record + 48), file.u64(record + 40), file.u64(record + 32), record};
  }
  if (found.count > kMaxMembers) throw format_error("it has too many members.");
  if (found.bytes > found.end || found.offset != found.end - found.bytes) throw format_error("the directory does not end where the end record begins.");
  return found;
}

struct Sizes {
  std::uint64_t unpacked;
  std::uint64_t packed;
  std::uint64_t offset;
};

// Sizes of 0xFFFFFFFF stand in the zip64 extra field, in this order.
void read_zip64(const Bytes& file, std::uint64_t extra, std::uint64_t bytes, Sizes& sizes) {
  const std::uint64_t end = extra + bytes;
  std::uint64_t* wanted[3] = {&sizes.unpacked, &sizes.packed, &sizes.offset};
  const bool is_needed = sizes.unpacked == kIn64 || sizes.packed == kIn64 || sizes.offset == kIn64;
  bool is_found = false;
  for (std::uint64_t at = extra; at + 4 <= end;) {
    const std::uint64_t length = file.u16(at + 2);
    if (length > end - at - 4) throw format_error("an extra field is longer than its place.");
    if (file.u16(at) == kZip64Field) {
      std::uint64_t next = at + 4;
      for (std::uint64_t* size : wanted) {
        if (*size != kIn64) continue;
        if (next + 8 > at + 4 + length) throw format_error("a 64-bit size is missing.");
        *size = file.u64(next);
        next += 8;
      }
      is_found = true;
    }
    at += 4 + length;
  }
  if (is_needed && !is_found) throw format_error("a 64-bit size is missing.");
}

}  // namespace

ZipDirectory::ZipDirectory(const unsigned char* data, std::size_t bytes) {
  const Bytes file(data, bytes);
  const Directory directory = find_directory(file);
  std::unordered_set<std::string> names;
  std::uint64_t at = directory.offset;
  struct Extent {
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t trailer;  // bytes that may follow
  };
  std::vector<Extent> extents;
  for (std::uint64_t n = 0; n < directory.count; ++n) {
    if (at + 46 > directory.end || file.u32(at) != kCentralHeader) throw format_error("the directory is damaged.");
    const std::uint16_t flags = file.u16(at + 8);
    const std::uint16_t method = file.u16(at + 10);
    ZipMember member;
    member.crc = file.u32(at + 16);
    Sizes sizes{file.u32(at + 24), file.u32(at + 20), file.u32(at + 42)};
    const std::uint64_t name_bytes = file.u16(at + 28);
    const std::uint64_t extra_bytes = file.u16(at + 30);
    const std::uint64_t comment_bytes = file.u16(at + 32);
    member.name = file.text(at + 46, name_bytes);
    check_name(member.name);
    if (!names.insert(member.name).second) throw format_error("it has two members '" + member.name + "'.");
    read_zip64(file, at + 46 + name_bytes, extra_bytes, sizes);
    if ((flags & 0x2041u) != 0) throw format_error("member '" + member.name + "' is encrypted.");
    if (file.u16(at + 34) != 0) throw format_error("it has several disks.");
    member.is_stored = method == 0;
    member.bytes = sizes.unpacked;
    if (member.is_stored && sizes.unpacked != sizes.packed) throw format_error("member '" + member.name + "' has two different sizes.");

    const std::uint64_t local = sizes.offset;
    if (local > directory.offset || file.u32(local) != kLocalHeader) throw format_error("member '" + member.name + "' has no local header.");
    const bool has_trailer = (flags & 8u) != 0;  // sizes and checksum stand after the data: the local header may leave them out
    Sizes own{file.u32(local + 22), file.u32(local + 18), 0};
    const std::uint64_t local_name = file.u16(local + 26);
    const std::uint64_t local_extra = file.u16(local + 28);
    if (file.text(local + 30, local_name) != member.name || file.u16(local + 8) != method || file.u16(local + 6) != flags) {
      throw format_error("the local header of member '" + member.name + "' differs from the directory.");
    }
    read_zip64(file, local + 30 + local_name, local_extra, own);
    const bool agrees = own.unpacked == sizes.unpacked && own.packed == sizes.packed && file.u32(local + 14) == member.crc;
    if (!agrees && !has_trailer) throw format_error("the local header of member '" + member.name + "' differs from the directory.");
    member.offset = local + 30 + local_name + local_extra;
    if (member.offset > directory.offset || sizes.packed > directory.offset - member.offset) {
      throw format_error("member '" + member.name + "' reaches into the directory.");
    }
    extents.push_back({local, member.offset + sizes.packed, has_trailer ? kMaxTrailer : 0});
    at += 46 + name_bytes + extra_bytes + comment_bytes;
    members_.push_back(std::move(member));
  }
  if (at != directory.end) throw format_error("the directory has another size than its end record says.");
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  extents.push_back({directory.offset, directory.offset, 0});
  Extent before{0, 0, 0};
  for (const Extent& extent : extents) {
    if (extent.begin < before.end || extent.begin > before.end + before.trailer) throw format_error("members overlap, or something stands between them.");
    before = extent;
  }
}

const ZipMember* ZipDirectory::find(std::string_view name) const {
  for (const ZipMember& member : members_) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

const ZipMember& ZipDirectory::stored(std::string_view name) const {
  const ZipMember* member = find(name);
  if (!member) throw format_error("it has no member '" + std::string(name) + "'.");
  if (!member->is_stored) throw format_error("member '" + member->name + "' is compressed; only stored members are read here.");
  return *member;
}

}  // namespace keraunos
