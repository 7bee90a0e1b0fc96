#include "base/file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "keraunos/error.h"

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <sys/stat.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace keraunos {
namespace {

Error file_error(ErrorKind kind, const std::string& path, const std::string& what) { return Error(kind, "'" + path + "': " + what); }

std::string reason() { return std::string(std::strerror(errno)); }

#if defined(_WIN32)
constexpr int kReadFlags = _O_RDONLY | _O_BINARY;
constexpr int kWriteFlags = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY;
int open_handle(const char* path, int flags) { return _open(path, flags, _S_IREAD | _S_IWRITE); }
int close_handle(int handle) { return _close(handle); }
long read_some(int handle, void* to, std::size_t bytes) { return _read(handle, to, static_cast<unsigned>(bytes)); }
long write_some(int handle, const void* from, std::size_t bytes) { return _write(handle, from, static_cast<unsigned>(bytes)); }
int sync_handle(int handle) { return _commit(handle); }
int process_number() { return _getpid(); }
bool rename_over(const std::string& from, const std::string& to) {
  return MoveFileExA(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0;
}
void sync_folder_of(const std::string&) {}
void keep_mode(const std::string&, int) {}
std::string real_path(const std::string& path) { return path; }
#else
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;  // a pipe must not make us wait
constexpr int kWriteFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
int open_handle(const char* path, int flags) { return ::open(path, flags, 0666); }
int close_handle(int handle) { return ::close(handle); }
long read_some(int handle, void* to, std::size_t bytes) { return ::read(handle, to, bytes); }
long write_some(int handle, const void* from, std::size_t bytes) { return ::write(handle, from, bytes); }
int sync_handle(int handle) { return ::fsync(handle); }
int process_number() { return static_cast<int>(::getpid()); }
bool rename_over(const std::string& from, const std::string& to) { return std::rename(from.c_str(), to.c_str()) == 0; }
// Makes the rename itself survive a power loss.
void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return;
  (void)::fsync(handle);
  ::close(handle);
}
// A replaced file keeps its permissions.
void keep_mode(const std::string& path, int handle) {
  struct stat old;
  if (::stat(path.c_str(), &old) == 0) (void)!::fchmod(handle, old.st_mode & 0777);
}
// The file behind a symbolic link is replaced, not the link.
std::string real_path(const std::string& path) {
  char* found = ::realpath(path.c_str(), nullptr);
  if (!found) return path;
  const std::string result(found);
  std::free(found);
  return result;
}
#endif

struct Handle {
  int number;
  ~Handle() { close_handle(number); }
};

// The size of a regular file; another kind of file is an error.
std::size_t regular_size(int handle, const std::string& path) {
#if defined(_WIN32)
  struct _stat64 facts;
  if (_fstat64(handle, &facts) != 0) throw file_error(ErrorKind::kRuntime, path, reason());
  const bool is_regular = (facts.st_mode & _S_IFREG) != 0;
#else
  struct stat facts;
  if (::fstat(handle, &facts) != 0) throw file_error(ErrorKind::kRuntime, path, reason());
  const bool is_regular = S_ISREG(facts.st_mode);
#endif
  if (!is_regular) throw file_error(ErrorKind::kFormat, path, "is not a regular file.");
  if (static_cast<std::uint64_t>(facts.st_size) > std::numeric_limits<std::size_t>::max()) {
    throw file_error(ErrorKind::kMemory, path, "is larger than the address space.");
  }
  return static_cast<std::size_t>(facts.st_size);
}

std::shared_ptr<const unsigned char> read_all(int handle, std::size_t bytes, const std::string& path) {
  std::shared_ptr<unsigned char> memory(new unsigned char[bytes > 0 ? bytes : 1], std::default_delete<unsigned char[]>());
  std::size_t done = 0;
  while (done < bytes) {
    const long got = read_some(handle, memory.get() + done, std::min<std::size_t>(bytes - done, std::size_t{1} << 30));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw file_error(ErrorKind::kRuntime, path, reason());
    if (got == 0) throw file_error(ErrorKind::kFormat, path, "became shorter while it was read.");
    done += static_cast<std::size_t>(got);
  }
  return memory;
}

}  // namespace

FileContent open_file(const std::string& path, bool is_mapped) {
  const Handle handle{open_handle(path.c_str(), kReadFlags)};
  if (handle.number < 0) {
    throw file_error(errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kRuntime, path, errno == ENOENT ? "there is no such file." : reason());
  }
  FileContent content;
  content.bytes = regular_size(handle.number, path);
#if !defined(_WIN32)
  if (is_mapped && content.bytes > 0) {
    void* memory = ::mmap(nullptr, content.bytes, PROT_READ, MAP_PRIVATE, handle.number, 0);
    if (memory != MAP_FAILED) {
      const std::size_t bytes = content.bytes;
      content.data = std::shared_ptr<const unsigned char>(static_cast<const unsigned char*>(memory),
                                                          [bytes](const unsigned char* first) { ::munmap(const_cast<unsigned char*>(first), bytes); });
      return content;
    }
  }
#endif
  (void)is_mapped;
  content.data = read_all(handle.number, content.bytes, path);
  return content;
}

AtomicFile::AtomicFile(const std::string& path) : path_(real_path(path)) {
  for (int attempt = 0; attempt < 100 && handle_ < 0; ++attempt) {
    temporary_ = path_ + '.' + std::to_string(process_number()) + '.' + std::to_string(attempt) + ".tmp";
    handle_ = open_handle(temporary_.c_str(), kWriteFlags);
    if (handle_ < 0 && errno != EEXIST) break;
  }
  if (handle_ < 0) fail("cannot be created");
  keep_mode(path_, handle_);
}

AtomicFile::~AtomicFile() {
  if (handle_ < 0) return;
  close_handle(handle_);
  std::remove(temporary_.c_str());
}

void AtomicFile::fail(const char* what) const { throw file_error(ErrorKind::kRuntime, path_, std::string(what) + ": " + reason()); }

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const long done = write_some(handle_, from, std::min<std::size_t>(bytes, std::size_t{1} << 30));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail("cannot be written");
    from += done;
    bytes -= static_cast<std::size_t>(done);
  }
}

void AtomicFile::commit() {
  if (sync_handle(handle_) != 0) fail("cannot be synced");
  const int closed = close_handle(handle_);
  handle_ = -1;
  if (closed != 0 || !rename_over(temporary_, path_)) {
    std::remove(temporary_.c_str());
    fail("cannot be renamed into place");
  }
  sync_folder_of(path_);
}

}  // namespace keraunos
