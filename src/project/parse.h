// From the project's bytes to its Manifest: files are parsed on all cores, each by a pure function, and joined in a
// fixed order, so the result does not depend on the threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/relation.h"
#include "base/result.h"
#include "project/builtin_macros.h"
#include "project/files.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/profile.h"

namespace stir::project {

struct ParseOptions {
  const Invocation* invocation = nullptr;
  const Target* target = nullptr;
  const adapter::Dialect* dialect = nullptr;
  BuiltinMacros* builtin_macros = nullptr;  // those of the target's engine and of `default` are taken
  unsigned threads = 0;                     // 0: all cores
  // Which build of stir this is, when a cache for the next start is wanted; only the same build will read it.
  std::string_view program{};
  // What is kept of the manifest for a start that needs none.
  std::function<std::string(const Manifest&)> summarize{};
  // Asked when it is known that the manifest is one of this identity, before it is there: true when nobody needs it.
  std::function<bool(const Hash128& identity)> is_needless{};
  // Called when dbt_project.yml and selectors.yml have been found to be good, before anything else is parsed.
  std::function<void()> on_configured{};
};

struct CacheStore;

struct ParsedProject {
  std::shared_ptr<const Manifest> manifest;  // null when it is needless
  Diagnostics warnings;
  std::string summary;  // of a manifest that is needless
  // Makes the cache for the next start, where it differs from the one that `files` were read with; null otherwise.
  // Returns the identity. It may be called once, on any thread, also while the manifest is used, and as long as what
  // `options` points to and `sources` are there.
  std::function<Result<Hash128>(const CacheStore&)> make_cache;
  std::optional<Hash128> identity;  // equal in two starts with the same manifest; here when it is known already
  bool unchanged = false;           // everything was taken over
};

// `sources` is the map that `files` were read into; it must outlive the manifest. Reports all errors it can find at
// once.
Result<ParsedProject> ParseProject(ProjectFiles files, const ParseOptions& options, SourceMap& sources);

}  // namespace stir::project
