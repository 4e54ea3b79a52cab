// From the project's bytes to its Manifest: files are parsed on all cores, each by a pure function, and joined in a
// fixed order, so the result does not depend on the threads.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "adapter/relation.h"
#include "base/result.h"
#include "project/files.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/profile.h"

namespace stir::project {

// A file of built-in macros: "duckdb/table.sql" belongs to the internal package dbt_duckdb, "default/view.sql" to dbt.
struct BuiltinFile {
  std::string_view path, text;
};

struct ParseOptions {
  const Invocation* invocation = nullptr;
  const Target* target = nullptr;
  const adapter::Dialect* dialect = nullptr;
  std::span<const BuiltinFile> builtin_macros;  // those of the target's engine and of `default` are used
  unsigned threads = 0;                         // 0: all cores
};

struct ParsedProject {
  std::shared_ptr<const Manifest> manifest;
  Diagnostics warnings;
};

// `sources` is the map that `files` were read into; it must outlive the manifest. Reports all errors it can find at
// once.
Result<ParsedProject> ParseProject(ProjectFiles files, const ParseOptions& options, SourceMap& sources);

}  // namespace stir::project
