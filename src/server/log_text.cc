#include "server/log_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/io_error.h"
#include "base/strings.h"

namespace stir::server {
namespace {

constexpr int64_t kChunk = int64_t{256} << 10;
constexpr size_t kLongestLine = 4096;

// A file open for reading; one that is not there is empty.
class LogFile {
 public:
  static Result<LogFile> Open(const std::filesystem::path& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT) return IoError("read", path.string(), errno);
    return LogFile(fd);
  }
  LogFile(LogFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile() {
    if (fd_ >= 0) close(fd_);
  }

  int64_t Size() const {
    struct stat facts{};
    return fd_ >= 0 && fstat(fd_, &facts) == 0 ? facts.st_size : 0;
  }
  // Less at the end of the file.
  std::string Read(int64_t offset, int64_t size) const {
    std::string text(fd_ >= 0 && size > 0 ? static_cast<size_t>(size) : 0, '\0');
    size_t filled = 0;
    while (filled < text.size()) {
      const ssize_t got = pread(fd_, text.data() + filled, text.size() - filled, offset + static_cast<int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      filled += static_cast<size_t>(got);
    }
    text.resize(filled);
    return text;
  }

 private:
  explicit LogFile(int fd) : fd_(fd) {}
  int fd_;
};

// Without the line that is begun and not ended, unless it is all there is.
void CutAtLine(std::string& text) {
  const size_t end = text.rfind('\n');
  if (end != std::string::npos) return text.resize(end + 1);
  // Not within a character either, which has at most four bytes.
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0xC0) return text.resize(text.size() - back);
    if ((byte & 0xC0) != 0x80) return;
  }
}

}  // namespace

Result<LogPart> ReadLog(const std::filesystem::path& path, int64_t offset, int64_t limit) {
  STIR_ASSIGN(const LogFile file, LogFile::Open(path));
  LogPart part{.size = file.Size(), .offset = offset, .text = {}};
  part.offset = std::min(offset, part.size);
  part.text = file.Read(part.offset, std::min(limit, part.size - part.offset));
  if (part.offset + static_cast<int64_t>(part.text.size()) < part.size) CutAtLine(part.text);
  return part;
}

Result<LogPart> ReadLogTail(const std::filesystem::path& path, int64_t lines, int64_t limit) {
  STIR_ASSIGN(const LogFile file, LogFile::Open(path));
  LogPart part{.size = file.Size(), .offset = 0, .text = {}};
  part.offset = std::max<int64_t>(part.size - limit, 0);
  part.text = file.Read(part.offset, part.size - part.offset);
  size_t begin = part.text.size();
  for (int64_t left = lines; left > 0 && begin > 0; --left) {
    const size_t before = begin < 2 ? std::string::npos : part.text.rfind('\n', begin - 2);
    begin = before == std::string::npos ? 0 : before + 1;
  }
  // The first line was cut, unless it is the file's first.
  if (begin == 0 && part.offset > 0) begin = std::min(part.text.find('\n') + 1, part.text.size());
  part.text.erase(0, begin);
  part.offset += static_cast<int64_t>(begin);
  return part;
}

Result<LogMatches> SearchLogFile(const std::filesystem::path& path, std::string_view text, int64_t offset,
                                 size_t limit) {
  STIR_ASSIGN(const LogFile file, LogFile::Open(path));
  const int64_t size = file.Size();
  const std::string wanted = ToLower(text);
  LogMatches found;
  while (offset < size) {
    std::string chunk = file.Read(offset, std::min(kChunk, size - offset));
    if (chunk.empty()) break;
    if (offset + static_cast<int64_t>(chunk.size()) < size) CutAtLine(chunk);
    const std::string lower = ToLower(chunk);
    for (size_t at = lower.find(wanted); at != std::string::npos;) {
      const size_t before = lower.rfind('\n', at);
      const size_t begin = before == std::string::npos ? 0 : before + 1;
      const size_t end = std::min(lower.find('\n', at), lower.size());
      if (found.matches.size() == limit) {
        found.next = offset + static_cast<int64_t>(begin);
        return found;
      }
      found.matches.push_back(
          {offset + static_cast<int64_t>(begin), chunk.substr(begin, std::min(end - begin, kLongestLine))});
      at = end >= lower.size() ? std::string::npos : lower.find(wanted, end);
    }
    offset += static_cast<int64_t>(chunk.size());
  }
  return found;
}

}  // namespace stir::server
