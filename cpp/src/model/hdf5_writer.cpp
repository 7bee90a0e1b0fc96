#include "model/hdf5_writer.h"

#include <algorithm>
#include <memory>

#include "keraunos/error.h"

namespace keraunos {
namespace {

constexpr std::uint64_t kUndefined = ~std::uint64_t{0};
constexpr std::size_t kInternalK = 16;  // of the B-trees
constexpr std::size_t kEntryBytes = 40;
constexpr std::size_t kSuperblockBytes = 96;

// A name in the tree: a group with members, or a dataset.
struct Item {
  std::map<std::string, std::unique_ptr<Item>> members;  // sorted by name, as the format wants it
  const Tensor* tensor = nullptr;
  std::string path;
};

struct Written {
  std::uint64_t header = 0;
  std::uint64_t tree = 0;  // of a group
  std::uint64_t heap = 0;
};

class Writer {
 public:
  explicit Writer(Hdf5File& file) : out_(file.bytes), file_(file) {}

  void write(const Item& root) {
    leaf_k_ = std::max<std::size_t>(4, (largest_group(root) + 1) / 2);
    out_.assign(kSuperblockBytes, '\0');
    const Written written = group(root);
    std::string superblock = "\x89HDF\r\n\x1a\n";
    put(superblock, 0, 5);  // versions of superblock, free space and root entry; reserved; version of shared headers
    put(superblock, 8, 1);  // bytes of an offset, and of a length
    put(superblock, 8, 1);
    put(superblock, 0, 1);
    put(superblock, leaf_k_, 2);
    put(superblock, kInternalK, 2);
    put(superblock, 0, 4);
    put(superblock, 0, 8);
    put(superblock, kUndefined, 8);
    put(superblock, out_.size(), 8);
    put(superblock, kUndefined, 8);
    entry(superblock, 0, written);
    out_.replace(0, superblock.size(), superblock);
  }

 private:
  static void put(std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(i < 8 ? value >> (8 * i) & 0xFFu : 0);
  }

  static std::size_t largest_group(const Item& item) {
    std::size_t largest = item.members.size();
    for (const auto& [name, member] : item.members) largest = std::max(largest, largest_group(*member));
    return largest;
  }

  static void pad(std::string& to, std::size_t alignment) { to.resize((to.size() + alignment - 1) / alignment * alignment, '\0'); }

  std::uint64_t append(const std::string& block) {
    pad(out_, 8);
    out_ += block;
    return out_.size() - block.size();
  }

  // An entry of a symbol table; a group's carries the places of its tree and heap.
  static void entry(std::string& to, std::uint64_t name, const Written& item) {
    put(to, name, 8);
    put(to, item.header, 8);
    put(to, item.tree != 0 ? 1 : 0, 4);
    put(to, 0, 4);
    put(to, item.tree, 8);
    put(to, item.heap, 8);
  }

  static void message(std::string& to, int type, std::string body) {
    pad(body, 8);
    put(to, static_cast<std::uint64_t>(type), 2);
    put(to, body.size(), 2);
    put(to, 0, 4);
    to += body;
  }

  std::uint64_t object_header(int count, const std::string& messages) {
    std::string header;
    put(header, 1, 2);
    put(header, static_cast<std::uint64_t>(count), 2);
    put(header, 1, 4);  // references
    put(header, messages.size(), 4);
    put(header, 0, 4);
    return append(header + messages);
  }

  Written group(const Item& item) {
    std::string names(8, '\0');
    std::string entries;
    std::uint64_t last = 0;
    for (const auto& [name, member] : item.members) {
      const Written written = member->tensor ? dataset(*member) : group(*member);
      last = names.size();
      names += name;
      names += '\0';
      pad(names, 8);
      entry(entries, last, written);
    }
    std::string heap = "HEAP";
    put(heap, 0, 4);
    put(heap, names.size(), 8);
    put(heap, 1, 8);  // no free list
    put(heap, append(names), 8);
    std::string node = "SNOD";
    put(node, 1, 2);
    put(node, item.members.size(), 2);
    entries.resize(2 * leaf_k_ * kEntryBytes, '\0');
    std::string tree = "TREE";
    put(tree, 0, 2);
    put(tree, item.members.empty() ? 0 : 1, 2);
    put(tree, kUndefined, 8);
    put(tree, kUndefined, 8);
    put(tree, 0, 8);
    if (!item.members.empty()) {
      put(tree, append(node + entries), 8);
      put(tree, last, 8);
    }
    tree.resize(24 + (2 * kInternalK + 1) * 8 + 2 * kInternalK * 8, '\0');
    Written written;
    written.heap = append(heap);
    written.tree = append(tree);
    std::string table;
    put(table, written.tree, 8);
    put(table, written.heap, 8);
    std::string messages;
    message(messages, 0x11, table);
    written.header = object_header(1, messages);
    return written;
  }

  static std::string datatype(Dtype dtype) {
    std::string body;
    const std::size_t size = size_of(dtype);
    if (dtype == Dtype::kFloat32 || dtype == Dtype::kFloat64) {
      const bool is_double = dtype == Dtype::kFloat64;
      put(body, 0x11, 1);
      put(body, 0x20, 1);  // little endian, implied leading bit
      put(body, 8 * size - 1, 1);
      put(body, 0, 1);
      put(body, size, 4);
      put(body, 0, 2);
      put(body, 8 * size, 2);
      put(body, is_double ? 52 : 23, 1);
      put(body, is_double ? 11 : 8, 1);
      put(body, 0, 1);
      put(body, is_double ? 52 : 23, 1);
      put(body, is_double ? 1023 : 127, 4);
    } else if (is_integer(dtype)) {
      put(body, 0x10, 1);
      put(body, is_signed_integer(dtype) ? 8 : 0, 1);
      put(body, 0, 2);
      put(body, size, 4);
      put(body, 0, 2);
      put(body, 8 * size, 2);
    } else {
      throw Error(ErrorKind::kNotImplemented, std::string("HDF5: values of ") + name_of(dtype) + " are not written");
    }
    return body;
  }

  Written dataset(const Item& item) {
    const Tensor& tensor = *item.tensor;
    if (tensor.bytes() > 0) pad(out_, tensor.bytes() >= 4096 ? 64 : 8);
    const std::uint64_t data = out_.size();
    if (tensor.bytes() > 0) out_.append(tensor.as<char>(), tensor.bytes());
    file_.offsets[item.path] = data;
    std::string space;
    put(space, 1, 1);
    put(space, static_cast<std::uint64_t>(tensor.shape().rank()), 1);
    put(space, 0, 6);
    for (const std::int64_t size : tensor.shape().sizes()) put(space, static_cast<std::uint64_t>(size), 8);
    std::string fill;
    put(fill, 2, 1);
    put(fill, 2, 1);  // allocated late
    put(fill, 2, 1);
    put(fill, 0, 1);
    std::string layout;
    put(layout, 3, 1);
    put(layout, 1, 1);  // contiguous
    put(layout, tensor.bytes() > 0 ? data : kUndefined, 8);
    put(layout, tensor.bytes(), 8);
    std::string messages;
    message(messages, 0x01, space);
    message(messages, 0x03, datatype(tensor.dtype()));
    message(messages, 0x05, fill);
    message(messages, 0x08, layout);
    Written written;
    written.header = object_header(4, messages);
    return written;
  }

  std::string& out_;
  Hdf5File& file_;
  std::size_t leaf_k_ = 4;
};

Item& item_at(Item& root, const std::string& path) {
  Item* item = &root;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    std::unique_ptr<Item>& member = item->members[path.substr(begin, end - begin)];
    if (!member) member = std::make_unique<Item>();
    item = member.get();
    begin = end + 1;
  }
  return *item;
}

}  // namespace

Hdf5File write_hdf5(const std::map<std::string, Tensor>& datasets, const std::vector<std::string>& groups) {
  Item root;
  for (const std::string& path : groups) item_at(root, path);
  for (const auto& [path, tensor] : datasets) {
    Item& item = item_at(root, path);
    item.tensor = &tensor;
    item.path = path;
  }
  Hdf5File file;
  Writer(file).write(root);
  return file;
}

}  // namespace keraunos
