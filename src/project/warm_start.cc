// Keys are hashes of texts that name every answer; what is taken over is unpacked on all cores.
#include "project/warm_start.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>

#include "base/parallel.h"
#include "project/pack.h"
#include "project/pack_nodes.h"

namespace stir::project {

namespace {

constexpr size_t kNodesInChunk = 512;

// A text that two different sequences of parts never share.
class KeyText {
 public:
  KeyText& Add(std::string_view part) {
    Add(part.size());
    text_ += part;
    return *this;
  }
  KeyText& Add(const Hash128& hash) {
    Add(hash.high);
    return Add(hash.low);
  }
  KeyText& Add(uint64_t number) {
    text_.append(reinterpret_cast<const char*>(&number), sizeof(number));
    return *this;
  }
  KeyText& Add(const jinja::Value& value) {
    const Result<std::string> repr = value.Repr();
    return Add(static_cast<uint64_t>(value.type())).Add(repr.ok() ? std::string_view(*repr) : "");
  }
  Hash128 Hash() const { return ContentHash(text_); }

 private:
  std::string text_;
};

// A macro with everything that it may call, as far as its text tells.
std::vector<Hash128> HashMacros(const MacroIndex& index) {
  const std::span<const Macro> macros = index.all();
  std::vector<Hash128> own(macros.size()), all(macros.size());
  for (const Macro& macro : macros) own[macro.id] = ContentHash(macro.sql);
  std::vector<MacroId> seen;
  for (const Macro& macro : macros) {
    seen.assign(1, macro.id);
    for (size_t next = 0; next < seen.size(); ++next) {
      for (MacroId needed : macros[seen[next]].depends_on) {
        if (std::ranges::find(seen, needed) == seen.end()) seen.push_back(needed);
      }
    }
    std::ranges::sort(seen);
    KeyText key;
    for (MacroId each : seen) key.Add(own[each]);
    all[macro.id] = key.Hash();
  }
  return all;
}

void PutResult(Packer& pack, const FileResult& result) {
  PackWarnings(pack, result.warnings);
  PackWarnings(pack, result.test_warnings);
  PackGroups(pack, result.groups);
  pack.Put(static_cast<uint32_t>(result.patches.size()));
  for (const NodePatch& patch : result.patches)
    pack(patch.section, patch.name, patch.name_span, patch.files, patch.relation != nullptr);
  pack(result.describes_macros);
}

}  // namespace

namespace {

Hash128 FlagsKey(const Invocation& invocation) {
  KeyText flags;
  for (const auto& [name, value] : invocation.flags) flags.Add(name).Add(value);
  return flags.Hash();
}

void AddEnvironment(KeyText& key, const Reads& reads, const Invocation& invocation) {
  for (const std::string& name : reads.environment) {
    auto found = invocation.environment->find(name);
    key.Add(name).Add(found == invocation.environment->end() ? 0 : 1);
    if (found != invocation.environment->end()) key.Add(found->second);
  }
}

}  // namespace

// Variables are not asked for by name: where they are written is compared as a whole.
std::optional<Hash128> AnswersOf(const ProjectFiles& files, Reads reads, const Invocation& invocation,
                                 const Target& target, std::string_view selectors) {
  KeyText key;
  key.Add(files.packages.size()).Add(invocation.vars).Add(selectors);
  for (const PackageFiles& package : files.packages) {
    const ProjectConfig& config = package.config;
    key.Add(package.folder).Add(config.name).Add(config.content).Add(config.vars).Add(config.render_vars);
    reads.Add(config.reads);
  }
  if (reads.uncertain) return std::nullopt;
  std::ranges::sort(reads.environment);
  AddEnvironment(key, reads, invocation);
  if (reads.flags) key.Add(FlagsKey(invocation));
  if (reads.target) key.Add(target.context);
  return key.Add(target.profile.type).Add(target.profile.database).Add(target.profile.schema).Hash();
}

std::optional<Hash128> AnswersOf(const ProjectFiles& files, const ParseCache& cache, const Invocation& invocation,
                                 const Target& target, std::string_view selectors) {
  if (!cache.answers()) return std::nullopt;
  const PackedSources none;
  Unpacker pack(cache.reads(), none);
  Reads reads = UnpackReads(pack);
  return pack.failed() ? std::nullopt : AnswersOf(files, std::move(reads), invocation, target, selectors);
}

ReadKeys::ReadKeys(const ProjectContext& project, const Invocation& invocation)
    : project_(project), invocation_(invocation), macros_(HashMacros(*project.macros)), flags_(FlagsKey(invocation)) {
  target_ = KeyText().Add(project.target->context).Hash();
  KeyText docs;
  for (const DocBlock& block : project.docs.all()) docs.Add(block.package).Add(block.name).Add(block.contents);
  docs_ = docs.Hash();
}

Hash128 ReadKeys::KeyOf(const Reads& reads, const PackageContext& package) const {
  KeyText key;
  for (MacroId macro : reads.macros) key.Add(macro < macros_.size() ? macros_[macro] : Hash128{});
  for (const std::string& name : reads.vars) {
    const jinja::Value* value = package.parse->find_var()(name);
    key.Add(name).Add(value ? *value : jinja::Value());
  }
  AddEnvironment(key, reads, invocation_);
  if (reads.flags) key.Add(flags_);
  if (reads.target) key.Add(target_);
  if (reads.docs) key.Add(docs_);
  return key.Hash();
}

std::optional<Hash128> ReadKeys::ProjectKey(const Reads& reads, std::string_view selectors) const {
  if (reads.uncertain) return std::nullopt;
  KeyText key;
  key.Add(KeyOf(reads, project_.packages.front()));
  for (const PackageContext& package : project_.packages) {
    const ProjectConfig& config = package.files->config;
    if (config.reads.uncertain) return std::nullopt;
    key.Add(package.files->folder)
        .Add(config.name)
        .Add(config.content)
        .Add(config.vars)
        .Add(KeyOf(config.reads, package));
  }
  key.Add(selectors);
  const adapter::Profile& profile = project_.target->profile;
  key.Add(profile.type).Add(profile.database).Add(profile.schema);
  for (const Macro& macro : project_.macros->all()) key.Add(macro.unique_id);
  return key.Hash();
}

WarmStart::WarmStart(const ParseCache& cache, const ProjectFiles& files)
    : cache_(cache), files_(files), numbers_(cache.files(), kNoFile) {
  std::vector<const ProjectFile*> known(cache.files());
  uint32_t number = 0;
  for (const PackageFiles& package : files.packages) {
    for (const ProjectFile& file : package.files) {
      if (file.known) {
        numbers_[file.known->number] = number;
        known[file.known->number] = &file;
      }
      ++number;
    }
  }
  for (const CachedPackage& package : cache.packages()) {
    auto same = std::ranges::find(files.packages, package.folder,
                                  [](const PackageFiles& each) { return std::string_view(each.folder); });
    sources_.Add(same == files.packages.end() ? SourceId{} : same->config.source, "");
  }
  for (const CachedPackage& package : cache.packages()) {
    for (const CachedFile& file : package.files) {
      const ProjectFile* now = known[file.number];
      // Nodes of a file that is gone are unpacked with the others, and thrown away.
      sources_.Add(now ? now->source : SourceId{}, now ? now->text : file.text);
    }
  }
}

bool WarmStart::TakeByPlace() {
  if (files_.packages.size() != cache_.packages().size()) return false;
  for (size_t i = 0; i < files_.packages.size(); ++i) {
    const auto same = [](const ProjectFile& now, const CachedFile& before) {
      return now.known == &before || (!now.known && now.kind == before.kind && now.path == before.path);
    };
    if (files_.packages[i].folder != cache_.packages()[i].folder ||
        !std::ranges::equal(files_.packages[i].files, cache_.packages()[i].files, same))
      return false;
  }
  std::iota(numbers_.begin(), numbers_.end(), 0U);
  sources_ = PackedSources();
  for (const PackageFiles& package : files_.packages) sources_.Add(package.config.source, "");
  for (size_t i = 0; i < files_.packages.size(); ++i) {
    for (const CachedFile& before : cache_.packages()[i].files) {
      const ProjectFile& now =
          files_.packages[i].files[static_cast<size_t>(&before - cache_.packages()[i].files.data())];
      sources_.Add(now.source, before.text);
    }
  }
  return true;
}

bool WarmStart::ReadOthers() const {
  Unpacker pack(cache_.reads(), sources_);
  return UnpackReads(pack).others || pack.failed();
}

bool WarmStart::Holds(const NumberedFile& file, const ReadKeys& keys) const {
  const CachedFile* known = file.file->known;
  if (!known || !known->reusable) return false;
  Unpacker pack(known->reads, sources_);
  const Reads reads = UnpackReads(pack);
  return !pack.failed() && keys.KeyOf(reads, *file.package) == known->key;
}

std::optional<FileResult> WarmStart::ResultOf(const CachedFile& file) const {
  FileResult result;
  Unpacker reads(file.reads, sources_);
  result.reads = UnpackReads(reads);
  Unpacker pack(file.result, sources_);
  result.warnings = UnpackWarnings(pack);
  result.test_warnings = UnpackWarnings(pack);
  result.groups = UnpackGroups(pack);
  result.patches.resize(pack.Count());
  for (NodePatch& patch : result.patches) {
    pack(patch.section, patch.name, patch.name_span, patch.files);
    if (pack.Read<bool>()) patch.relation = std::make_shared<const yaml::Node>();  // its text is not asked for
  }
  pack(result.describes_macros);
  if (reads.failed() || pack.failed()) return std::nullopt;
  return result;
}

bool WarmStart::AllThere() const { return std::ranges::find(numbers_, kNoFile) == numbers_.end(); }

std::optional<WarmStart::Nodes> WarmStart::UnpackAll(unsigned threads) const {
  const ParseCache::Chunks* chunks = cache_.ReadChunks();
  if (!chunks) return std::nullopt;
  Nodes nodes;
  nodes.enabled.resize(chunks->enabled.size());
  nodes.disabled.resize(chunks->disabled.size());
  std::atomic<bool> whole = true;
  ParallelFor(
      nodes.enabled.size() + nodes.disabled.size(),
      [&](size_t i) {
        const bool enabled = i < nodes.enabled.size();
        const size_t at = enabled ? i : i - nodes.enabled.size();
        const ParseCache::Chunk& chunk = (enabled ? chunks->enabled : chunks->disabled)[at];
        std::optional<std::vector<Node>> read;
        if (ContentHash(chunk.bytes) == chunk.content) read = UnpackNodes(chunk.bytes, sources_);
        if (!read) {
          whole = false;
          return;
        }
        for (Node& node : *read) {
          node.order.file = node.order.file < numbers_.size() ? numbers_[node.order.file] : kNoFile;
        }
        (enabled ? nodes.enabled : nodes.disabled)[at] = *std::move(read);
      },
      threads);
  if (!whole) return std::nullopt;
  return nodes;
}

bool WarmStart::Nodes::Replace(Node& node) {
  for (std::vector<Node>& chunk : enabled) {
    for (Node& old : chunk) {
      if (old.order.phase != kSqlNodes || old.order.file != node.order.file) continue;
      node.order = old.order;
      node.id = old.id;
      node.depends_on = std::move(old.depends_on);
      if (node.model) node.model->primary_key = std::move(old.model->primary_key);
      old = std::move(node);
      return true;
    }
  }
  return false;
}

bool WarmStart::Others::AreAbout(const std::function<bool(SourceId)>& is_meant) const {
  const auto shows = [&](const Diagnostic& warning) {
    return is_meant(warning.span.source) ||
           std::ranges::any_of(warning.labels, [&](const Label& label) { return is_meant(label.span.source); });
  };
  return std::ranges::any_of(warnings, shows) || std::ranges::any_of(checked, shows);
}

std::optional<WarmStart::Others> WarmStart::UnpackOthers(MacroIndex* macros) const {
  Unpacker pack(cache_.project(), sources_);
  Others others;
  others.warnings = UnpackWarnings(pack);
  others.checked = UnpackWarnings(pack);
  pack.Get(others.timely);
  others.groups = UnpackGroups(pack);
  if (pack.failed() || (macros && !UnpackMacroProperties(pack, *macros))) return std::nullopt;
  return others;
}

namespace {

bool HasDeprecationDate(const Node& node) { return node.model && !node.model->deprecation_date.empty(); }

bool LooksAsBefore(const ProjectFile& file) {
  const CachedFile& known = *file.known;
  return file.settled == known.settled && file.stat.size == known.stat.size &&
         file.stat.mtime_ns == known.stat.mtime_ns && file.stat.ctime_ns == known.stat.ctime_ns &&
         file.stat.inode == known.stat.inode;
}

}  // namespace

size_t CountNewLooks(const ProjectFiles& files) {
  size_t count = 0;
  for (const PackageFiles& package : files.packages) {
    for (const ProjectFile& file : package.files) count += file.known && !LooksAsBefore(file) ? 1 : 0;
  }
  return count;
}

Status RefreshCache(const ParseCache& cache, const ProjectFiles& files, std::string_view program,
                    const CacheStore& store) {
  return store.lists([&](const CacheSink& sink) {
    ParseCacheWriter writer(sink);
    writer.Begin(program, files.packages.size());
    for (const PackageFiles& package : files.packages) {
      writer.BeginPackage(package.folder, package.files.size());
      for (const ProjectFile& file : package.files) writer.AddFile(file, *file.known);
    }
    return writer.Finish(ParseCacheWriter::ProjectOf(cache));
  });
}

namespace {

constexpr Kind kCannotPack{"cannot-pack", Category::kInternal};

Diagnostic CannotPack() { return Diagnostic(kCannotPack, "what was parsed holds an object of a template"); }

class CacheMaker {
 public:
  explicit CacheMaker(const CacheInput& input) : input_(input) {
    for (const PackageFiles& package : input.files.packages) sources_.Add(package.config.source, "");
    for (const NumberedFile& file : input.present) sources_.Add(file.file->source, file.file->text);
  }

  Result<Hash128> Make(const CacheStore& store) {
    STIR_ASSIGN(project_, PackProject());
    identity_.Add(input_.project_key).Add(ContentHash(project_));
    const auto add_nodes = [this](const CacheSink& sink) -> Status {
      STIR_TRY(AddNodes(input_.manifest.nodes(), enabled_, sink));
      return AddNodes(input_.manifest.disabled(), disabled_, sink);
    };
    STIR_TRY(store.nodes(add_nodes));
    STIR_TRY(store.lists([this](const CacheSink& sink) { return AddLists(sink); }));
    return identity_.Hash();
  }

 private:
  Result<std::string> PackProject() const {
    const Diagnostics warnings(input_.warnings.begin(), input_.warnings.end());
    const Diagnostics checked(input_.checked.begin(), input_.checked.end());
    if (!CanPack(warnings) || !CanPack(checked)) return CannotPack();
    Packer pack(sources_);
    PackWarnings(pack, warnings);
    PackWarnings(pack, checked);
    pack.Put(std::ranges::any_of(input_.manifest.nodes(), HasDeprecationDate));
    PackGroups(pack, {input_.manifest.groups().begin(), input_.manifest.groups().end()});
    PackMacroProperties(pack, input_.manifest.macros());
    if (pack.failed()) return CannotPack();
    return pack.Take();
  }

  // As many chunks at once as there are packs, so that no more than these are in memory.
  Status AddNodes(std::span<const Node> nodes, std::vector<CachedChunk>& chunks, const CacheSink& sink) {
    std::array<std::optional<std::string>, 4> packs;
    while (!nodes.empty()) {
      const size_t count = std::min(packs.size(), (nodes.size() - 1) / kNodesInChunk + 1);
      ParallelFor(count, [&](size_t i) {
        const auto rest = nodes.subspan(i * kNodesInChunk);
        packs[i] = PackNodes(rest.first(std::min(kNodesInChunk, rest.size())), sources_);
      });
      for (size_t i = 0; i < count; ++i) {
        if (!packs[i]) return CannotPack();
        chunks.push_back({packs[i]->size(), ContentHash(*packs[i])});
        identity_.Add(chunks.back().content);
        STIR_TRY(sink(*packs[i]));
      }
      nodes = nodes.subspan(std::min(count * kNodesInChunk, nodes.size()));
    }
    return {};
  }

  Status AddLists(const CacheSink& sink) {
    made_.resize(input_.present.size());
    for (const Node& node : input_.manifest.nodes()) {
      if (node.order.phase == kSqlNodes) made_[node.order.file] = &node;
    }
    ParseCacheWriter writer(sink);
    writer.Begin(input_.program, input_.files.packages.size());
    for (const PackageFiles& package : input_.files.packages) STIR_TRY(AddPackage(package, writer));
    all_.Add(input_.project_reads);
    all_.macros.clear();  // they change with their files, or with the program
    all_.vars.clear();    // see AnswersOf
    Packer reads(sources_);
    PackReads(reads, all_);
    const std::string packed_reads = reads.Take();
    return writer.Finish({.project_key = input_.project_key,
                          .identity = identity_.Hash(),
                          .reads = packed_reads,
                          .project = project_,
                          .summary = input_.summary,
                          .answers = input_.answers(all_),
                          .enabled = enabled_,
                          .disabled = disabled_});
  }

  Status AddPackage(const PackageFiles& package, ParseCacheWriter& writer) {
    identity_.Add(package.root);
    writer.BeginPackage(package.folder, package.files.size());
    for (const ProjectFile& file : package.files) {
      identity_.Add(file.path).Add(file.content);
      STIR_TRY(AddFile(input_.present[next_], input_.results[next_], made_[next_], writer));
      ++next_;
    }
    return {};
  }

  Status AddFile(const NumberedFile& file, const FileResult& result, const Node* node, ParseCacheWriter& writer) {
    CachedFile made;
    made.reusable = !result.reads.uncertain && CanPack(result.warnings) && CanPack(result.test_warnings);
    made.key = input_.keys.KeyOf(result.reads, *file.package);
    if (node) {
      made.shape = ShapeOf(*node);
      made.patch_path = node->patch_path;
    }
    if (made.reusable || made.shape == Hash128{}) {  // else it is made anew in every start
      all_.Add(result.reads);
      all_.uncertain = all_.uncertain || !made.reusable;
    }
    Packer reads(sources_);
    PackReads(reads, result.reads);
    const std::string packed_reads = reads.Take();
    Packer rest(sources_);
    if (made.reusable) PutResult(rest, result);
    if (rest.failed()) return CannotPack();
    const std::string packed_result = rest.Take();
    made.reads = packed_reads;
    made.result = packed_result;
    writer.AddFile(*file.file, made);
    return {};
  }

  const CacheInput& input_;
  PackedSources sources_;
  KeyText identity_;  // everything that the manifest is made from
  std::string project_;
  std::vector<CachedChunk> enabled_, disabled_;
  std::vector<const Node*> made_;  // the node of a file of SQL, by the file's number
  Reads all_;                      // of all files
  size_t next_ = 0;
};

}  // namespace

Result<Hash128> MakeCache(const CacheInput& input, const CacheStore& store) { return CacheMaker(input).Make(store); }

}  // namespace stir::project
