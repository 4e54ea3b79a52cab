// What a start takes over from an earlier one, and what it leaves for the next: results of files whose every input
// still answers the same. The rule of what is an input stands here; storage is parse_cache.h.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "project/pack.h"
#include "project/parse_cache.h"
#include "project/project_context.h"
#include "project/properties.h"

namespace stir::project {

// The order in which nodes are joined, whichever start made them.
enum Phase : uint8_t { kSqlNodes, kSnapshotNodes, kSeedNodes, kHookNodes, kPropertyNodes, kTestNodes };

// The present answers to what was read, hashed.
class ReadKeys {
 public:
  ReadKeys(const ProjectContext& project, const Invocation& invocation);
  Hash128 KeyOf(const Reads& reads, const PackageContext& package) const;
  // What every file depends on: dbt_project.yml files, the target's place, which macros there are. `reads`: what was
  // rendered for the whole project; `selectors`: the text of selectors.yml. Nothing when that is never the same twice.
  std::optional<Hash128> ProjectKey(const Reads& reads, std::string_view selectors) const;

 private:
  const ProjectContext& project_;
  const Invocation& invocation_;
  std::vector<Hash128> macros_;  // by id: each with all that it may call
  Hash128 flags_, target_, docs_;
};

// What a file gave beside its nodes.
struct FileResult {
  Reads reads;
  Diagnostics warnings, test_warnings;
  std::vector<Group> groups;
  std::vector<NodePatch> patches;  // of properties files: section, name and place only
  bool describes_macros = false;
};

// A file of the present start; its number is its place among those of all packages.
struct NumberedFile {
  const ProjectFile* file = nullptr;
  const PackageContext* package = nullptr;
};

// What all that a project asked for outside of its files answers now; nothing when that is never the same twice. As
// long as it and every file are the same, everything is: no file need be asked for its own key. `reads`: of all files.
std::optional<Hash128> AnswersOf(const ProjectFiles& files, Reads reads, const Invocation& invocation,
                                 const Target& target, std::string_view selectors);
// The same for what an earlier start asked for.
std::optional<Hash128> AnswersOf(const ProjectFiles& files, const ParseCache& cache, const Invocation& invocation,
                                 const Target& target, std::string_view selectors);

class WarmStart {
 public:
  // All must outlive what is made here.
  WarmStart(const ParseCache& cache, const ProjectFiles& files);

  // Whether the file's earlier result holds, as far as the file alone decides.
  bool Holds(const NumberedFile& file, const ReadKeys& keys) const;
  std::optional<FileResult> ResultOf(const CachedFile& file) const;
  bool AllThere() const;  // no file of the earlier start has gone or changed
  // Whether the files are those of the earlier start, each in its place; the texts of some may have changed. Such files
  // are known by their places from then on.
  bool TakeByPlace();
  bool ReadOthers() const;  // some file has a meaning that lies in others, too

  // All nodes of the earlier start with the present numbers of their files.
  static constexpr uint32_t kNoFile = UINT32_MAX;  // the file is gone
  struct Nodes {
    std::vector<std::vector<Node>> enabled, disabled;
    // `node`, made anew of the same file, in the place of the earlier one; what joining decided stays. False when the
    // file has none that is enabled.
    bool Replace(Node& node);
  };
  std::optional<Nodes> UnpackAll(unsigned threads) const;
  // What else a start takes over in which nothing has changed. `macros`, if any, are told what properties say of them.
  struct Others {
    Diagnostics warnings;  // of the whole project
    Diagnostics checked;   // what CheckManifest warned of
    bool timely = false;   // which it may do otherwise at another time
    std::vector<Group> groups;
    bool AreAbout(const std::function<bool(SourceId)>& is_meant) const;  // some warning shows such a source
  };
  std::optional<Others> UnpackOthers(MacroIndex* macros) const;

 private:
  const ParseCache& cache_;
  const ProjectFiles& files_;
  PackedSources sources_;
  std::vector<uint32_t> numbers_;  // by place in the cache
};

// What the next start's cache is made from.
struct CacheInput {
  const ProjectFiles& files;
  std::span<const NumberedFile> present;
  std::span<const FileResult> results;  // by the files' numbers
  const Manifest& manifest;
  std::span<const Diagnostic> warnings, checked;  // of the whole project; those of CheckManifest apart
  Hash128 project_key;
  const ReadKeys& keys;
  const Reads& project_reads;                                       // of what is rendered for the whole project
  std::function<std::optional<Hash128>(const Reads& all)> answers;  // AnswersOf
  std::string_view program, summary;
};
// Makes the cache and returns its identity. Fails when something cannot be packed, or as the store does. Only reads, so
// it may run beside whatever else only reads its input.
Result<Hash128> MakeCache(const CacheInput& input, const CacheStore& store);
// The same cache with the files' present looks, for when those are not as they were.
Status RefreshCache(const ParseCache& cache, const ProjectFiles& files, std::string_view program,
                    const CacheStore& store);
// How many of the files that are known look otherwise than they did.
size_t CountNewLooks(const ProjectFiles& files);

}  // namespace stir::project
