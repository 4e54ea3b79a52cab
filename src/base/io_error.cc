#include "base/io_error.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/kinds.h"

namespace stir {
namespace {

Kind KindOf(std::string_view verb, int error) {
  if (error == ENOSPC || error == EDQUOT) return kDiskFull;
  if (error == ENOENT && verb != "write") return kFileMissing;
  return verb == "read" ? kFileUnreadable : kFileUnwritable;
}

std::string Reason(int error) {
  char buffer[256];
  std::string text = strerror_r(error, buffer, sizeof buffer);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

fs::path NearestFolder(fs::path path) {
  std::error_code ignored;
  do path = path.parent_path();
  while (path.has_relative_path() && !fs::is_directory(path, ignored));
  return path.empty() ? fs::path(".") : path;
}

std::string HintFor(std::string_view verb, const fs::path& path, int error) {
  const fs::path folder = NearestFolder(path);
  switch (error) {
    case ENOSPC:
    case EDQUOT: {
      struct statvfs space;
      const bool known = error == ENOSPC && statvfs(folder.c_str(), &space) == 0;
      return fmt::format("make room in `{}`{}, then run the same command again: it continues where it stopped",
                         folder.string(),
                         known ? fmt::format(" ({} MB left)", space.f_bavail * space.f_frsize / 1'000'000) : "");
    }
    case EROFS:
      return fmt::format("`{}` is on a read-only file system: choose another folder or mount it writable",
                         folder.string());
    case EACCES:
    case EPERM:
      if (verb == "read") return fmt::format("give the user with id {} the right to read it", geteuid());
      return fmt::format("the user with id {} needs the right to write in `{}`", geteuid(), folder.string());
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (`ulimit -n`)";
    case EISDIR:
      return "a file is expected here, not a folder";
    case ENOTDIR:
      return "a part of this path is a file where a folder is expected";
    default:
      return {};
  }
}

}  // namespace

Diagnostic IoError(std::string_view verb, const fs::path& path, int error) {
  return Diagnostic(KindOf(verb, error), fmt::format("cannot {} `{}`: {}", verb, path.string(), Reason(error)))
      .Hint(HintFor(verb, path, error));
}

}  // namespace stir
