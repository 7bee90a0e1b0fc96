#include <algorithm>

#include "base/crc32.h"
#include "base/file.h"
#include "model/model_parts.h"

namespace keraunos {
namespace {

// New bytes for a part of a member.
struct Patch {
  std::uint64_t offset;
  Tensor value;
};

using Piece = std::function<void(const void* data, std::size_t bytes)>;

// The member's bytes with the patches in their places, piece by piece.
void for_each_piece(const unsigned char* old, std::uint64_t bytes, const std::vector<Patch>& patches, const Piece& piece) {
  std::uint64_t at = 0;
  for (const Patch& patch : patches) {
    piece(old + at, static_cast<std::size_t>(patch.offset - at));
    piece(patch.value.data(), patch.value.bytes());
    at = patch.offset + patch.value.bytes();
  }
  piece(old + at, static_cast<std::size_t>(bytes - at));
}

// By offset. Places that overlap would not be saved as they are.
void sort_patches(std::vector<Patch>& patches) {
  std::sort(patches.begin(), patches.end(), [](const Patch& a, const Patch& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < patches.size(); ++i) {
    if (patches[i].offset < patches[i - 1].offset + patches[i - 1].value.bytes()) {
      throw Error(ErrorKind::kFormat, "save: two variables share bytes of the file.");
    }
  }
}

}  // namespace

void Model::save(const std::string& path) const {
  std::vector<Patch> weights;
  std::vector<Patch> binary;
  const ZipMember& json_member = parts_->directory.stored(kNativeMember);
  const unsigned char* data = parts_->archive.data.get();
  const std::string text(reinterpret_cast<const char*>(data + json_member.offset), static_cast<std::size_t>(json_member.bytes));
  Json json = Json::parse(text, kNativeMember);
  Json::Array& entries = json.items_of("variables");
  {
    const StateAccess access;
    for (std::size_t v = 0; v < entries.size(); ++v) {
      const StoredVariable& stored = parts_->native.variables[v];
      const Tensor value = access.peek(*stored.variable);
      (stored.place.is_in_weights ? weights : binary).push_back({stored.place.offset, value});
      if (stored.place.is_in_weights) entries[v].set("crc32", static_cast<std::int64_t>(crc32(value.data(), value.bytes())));
    }
  }
  sort_patches(weights);
  sort_patches(binary);
  const std::string new_json = json.text();

  AtomicFile file(path);
  ZipWriter archive([&](const void* from, std::size_t bytes) { file.write(from, bytes); });
  for (const ZipMember& listed : parts_->directory.members()) {
    const ZipMember& member = parts_->directory.stored(listed.name);
    if (member.name == kNativeMember) {
      archive.member(member.name, new_json);
      continue;
    }
    const unsigned char* old = data + member.offset;
    if (crc32(old, static_cast<std::size_t>(member.bytes)) != member.crc) {
      throw Error(ErrorKind::kFormat, "save: member '" + member.name + "' of " + parts_->label + " is damaged.");
    }
    const std::vector<Patch> none;
    const std::vector<Patch>& patches = member.name == kWeightsMember ? weights : member.name == kBinaryMember ? binary : none;
    std::uint32_t crc = 0;
    for_each_piece(old, member.bytes, patches, [&](const void* from, std::size_t bytes) { crc = crc32(from, bytes, crc); });
    archive.begin(member.name, member.bytes, crc);
    for_each_piece(old, member.bytes, patches, [&](const void* from, std::size_t bytes) { archive.data(from, bytes); });
  }
  archive.finish();
  file.commit();
}

}  // namespace keraunos
