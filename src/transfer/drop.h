// The files of a drop: found by a glob below a folder, looked at before the engine reads them. Half a file reads
// without an error in more than one format, so completeness is checked here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "platform/definitions.h"

namespace stir::transfer {

// One file, as it was when it was found.
struct DropFile {
  std::string name;            // relative to the connection's root: "us_east/2026-11-20/sales.parquet"
  std::filesystem::path path;  // absolute
  uint64_t size = 0;
  int64_t mtime_ns = 0;
  std::string hash;  // of the content, hex; empty until HashFiles

  bool SameStat(const DropFile& other) const {
    return name == other.name && size == other.size && mtime_ns == other.mtime_ns;
  }
};

// Does `name` fit the pattern? `*` and `?` stay within a folder's name, `**` crosses folders.
bool MatchesPath(std::string_view name, std::string_view pattern);

// The regular files below `root` that fit, sorted by name. None is kDropMissing, which says what there is instead.
Result<std::vector<DropFile>> FindDrop(Files& files, const std::filesystem::path& root,
                                       const platform::Placed<std::string>& pattern);

// Reads every file once, in bounded memory.
Status HashFiles(std::vector<DropFile>& drop);

// Empty, cut off, compressed halfway, in another encoding than `encoding` says: each its own error.
Status CheckDrop(const std::vector<DropFile>& drop, platform::Format format, std::string_view encoding);

// kDropChanged when a file is no longer what it was when it was found.
Status CheckUnchanged(Files& files, const std::vector<DropFile>& drop);

bool IsCompressed(const DropFile& file);
bool EndsInNewline(const DropFile& file);

}  // namespace stir::transfer
