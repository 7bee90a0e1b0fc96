// Files: one mapped into memory for reading, and one that takes the place of another only when it is complete.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace keraunos {

// The content of a file. `data` keeps the mapping (or the copy) alive.
struct FileContent {
  std::shared_ptr<const unsigned char> data;
  std::size_t bytes = 0;
};

// Mapped where the system can do that and `is_mapped` asks for it, otherwise read into memory. Errors: kNotFound when it is
// not there, kFormat when it is not a regular file, kRuntime when it cannot be read.
FileContent open_file(const std::string& path, bool is_mapped);

// Writes to a temporary file in the same folder. commit() syncs it and renames it to `path`; without commit it disappears.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(const void* data, std::size_t bytes);
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;
  std::string path_;
  std::string temporary_;
  int handle_ = -1;
};

}  // namespace keraunos
