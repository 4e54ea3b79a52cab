// The project as bytes: every file that matters, of the root and of its packages, read once; nothing after this phase
// touches the project's disk. dbt_project.yml is understood here, because it says where to look.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/result.h"
#include "base/source_map.h"
#include "project/invocation.h"
#include "project/project_config.h"

namespace stir::project {

enum class FileKind : uint8_t {
  kModel,
  kSeed,
  kSnapshot,
  kAnalysis,
  kTest,
  kGenericTest,
  kFixture,
  kFunction,
  kMacro,
  kProperties,
  kDocs
};

class ParseCache;
struct CachedFile;

struct ProjectFile {
  FileKind kind = FileKind::kModel;
  std::string path;       // below the package's root, '/' separated: dbt's original_file_path
  std::string folder;     // the configured folder that it was found in: "models"
  SourceId source;        // its text; none for seeds, whose rows are no text that an error shows
  std::string_view text;  // in the SourceMap; empty for seeds, but for those of a project with unit tests
  std::string checksum;   // seeds: sha256, or the path for one above 1 MiB (checksum_is_path)
  bool checksum_is_path = false;
  Hash128 content;  // of the bytes
  FileStat stat;
  bool settled = false;               // older than the walk that saw it: the same stat means the same bytes
  const CachedFile* known = nullptr;  // the same content in an earlier start, when there is one
  // The path below its folder: dbt's path.
  std::string_view RelativePath() const {
    return std::string_view(path).substr(folder.empty() ? 0 : folder.size() + 1);
  }
};

struct PackageFiles {
  std::string root;                // absolute path
  std::string folder;              // below the project's root; empty for the root
  ProjectConfig config;            // its dbt_project.yml
  std::vector<ProjectFile> files;  // by kind, then by path
};

struct ProjectFiles {
  std::vector<PackageFiles> packages;       // [0] is the root project, the others by name
  SourceId selectors;                       // selectors.yml, when there is one
  SourceId dependencies;                    // packages.yml or dependencies.yml, when there is one
  std::shared_ptr<const ParseCache> cache;  // what `known` points into; null without
  Diagnostics warnings;
};

// Reads the project in `root` (absolute). Fails on a missing or wrong dbt_project.yml, on packages that are not
// installed and on files that cannot be read or are not UTF-8; all such errors at once. The texts go to `sources`,
// which must outlive what is made of them. Files that `cache` knows are not read again while they look the same.
Result<ProjectFiles> ReadProject(Files& files, const fs::path& root, const Invocation& invocation, SourceMap& sources,
                                 std::shared_ptr<const ParseCache> cache = nullptr);

// The same from memory: path below the root -> text. Packages stand under dbt_packages/<folder>/.
Result<ProjectFiles> ProjectFilesOf(const std::map<std::string, std::string>& texts, const Invocation& invocation,
                                    SourceMap& sources, std::shared_ptr<const ParseCache> cache = nullptr);

}  // namespace stir::project
