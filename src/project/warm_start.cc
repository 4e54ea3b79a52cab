// Keys are hashes of texts that name every answer; what is taken over is unpacked on all cores.
#include "project/warm_start.h"

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "project/pack.h"
#include "project/pack_nodes.h"

namespace stir::project {

namespace {

constexpr size_t kNodesInChunk = 1024;

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

ReadKeys::ReadKeys(const ProjectContext& project, const Invocation& invocation)
    : project_(project), invocation_(invocation), macros_(HashMacros(*project.macros)) {
  KeyText flags;
  for (const auto& [name, value] : invocation.flags) flags.Add(name).Add(value);
  flags_ = flags.Hash();
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
  for (const std::string& name : reads.environment) {
    auto found = invocation_.environment->find(name);
    key.Add(name).Add(found == invocation_.environment->end() ? 0 : 1);
    if (found != invocation_.environment->end()) key.Add(found->second);
  }
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

WarmStart::WarmStart(const ParseCache& cache, const ProjectContext& project, std::span<const NumberedFile> files)
    : cache_(cache) {
  size_t count = 0;
  for (const CachedPackage& package : cache.packages()) count += package.files.size();
  numbers_.assign(count, kNoFile);
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].file->known) numbers_[files[i].file->known->number] = static_cast<uint32_t>(i);
  }
  for (const CachedPackage& package : cache.packages()) {
    auto same = std::ranges::find(project.packages, package.folder,
                                  [](const PackageContext& each) { return std::string_view(each.files->folder); });
    sources_.Add(same == project.packages.end() ? SourceId{} : same->files->config.source, "");
  }
  for (const CachedPackage& package : cache.packages()) {
    for (const CachedFile& file : package.files) {
      const uint32_t number = numbers_[file.number];
      const ProjectFile* now = number == kNoFile ? nullptr : files[number].file;
      // Nodes of a file that is gone are unpacked with the others, and thrown away.
      sources_.Add(now ? now->source : SourceId{}, now ? now->text : file.text);
    }
  }
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
  Nodes nodes;
  nodes.enabled.resize(cache_.nodes().size());
  nodes.disabled.resize(cache_.disabled().size());
  std::atomic<bool> whole = true;
  ParallelFor(
      nodes.enabled.size() + nodes.disabled.size(),
      [&](size_t i) {
        const bool enabled = i < nodes.enabled.size();
        const size_t at = enabled ? i : i - nodes.enabled.size();
        std::optional<std::vector<Node>> read =
            UnpackNodes(enabled ? cache_.nodes()[at] : cache_.disabled()[at], sources_);
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

std::optional<WarmStart::Others> WarmStart::UnpackOthers(MacroIndex& macros) const {
  Unpacker pack(cache_.project(), sources_);
  if (!UnpackMacroProperties(pack, macros)) return std::nullopt;
  Others others;
  others.warnings = UnpackWarnings(pack);
  others.checked = UnpackWarnings(pack);
  pack.Get(others.timely);
  others.groups = UnpackGroups(pack);
  if (pack.failed()) return std::nullopt;
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

bool LooksAsBefore(const ProjectFiles& files) {
  return std::ranges::all_of(files.packages, [](const PackageFiles& package) {
    return std::ranges::all_of(package.files, [](const ProjectFile& file) { return LooksAsBefore(file); });
  });
}

Status RefreshCache(const ParseCache& cache, const ProjectFiles& files, std::string_view program,
                    const CacheSink& sink) {
  ParseCacheWriter writer(sink);
  writer.Begin(program, cache.project_key(), files.packages.size());
  for (const PackageFiles& package : files.packages) {
    writer.BeginPackage(package.folder, package.files.size());
    for (const ProjectFile& file : package.files) writer.AddFile(file, *file.known);
  }
  for (const auto packs : {cache.nodes(), cache.disabled()}) {
    writer.BeginPacks(packs.size());
    for (const std::string_view pack : packs) writer.AddPack(pack);
  }
  return writer.Finish(cache.project(), cache.identity());
}

namespace {

constexpr Kind kCannotPack{"cannot-pack", Category::kInternal};

Diagnostic CannotPack() { return Diagnostic(kCannotPack, "what was parsed holds an object of a template"); }

class CacheMaker {
 public:
  CacheMaker(const CacheInput& input, const CacheSink& sink) : input_(input), writer_(sink) {
    for (const PackageFiles& package : input.files.packages) sources_.Add(package.config.source, "");
    for (const NumberedFile& file : input.present) sources_.Add(file.file->source, file.file->text);
  }

  Result<Hash128> Make() {
    STIR_ASSIGN(const std::string project, PackProject());
    identity_.Add(input_.project_key).Add(ContentHash(project));
    writer_.Begin(input_.program, input_.project_key, input_.files.packages.size());
    for (const PackageFiles& package : input_.files.packages) STIR_TRY(AddPackage(package));
    STIR_TRY(AddNodes(input_.manifest.nodes()));
    STIR_TRY(AddNodes(input_.manifest.disabled()));
    const Hash128 identity = identity_.Hash();
    STIR_TRY(writer_.Finish(project, identity));
    return identity;
  }

 private:
  Result<std::string> PackProject() const {
    const Diagnostics warnings(input_.warnings.begin(), input_.warnings.end());
    const Diagnostics checked(input_.checked.begin(), input_.checked.end());
    if (!CanPack(warnings) || !CanPack(checked)) return CannotPack();
    Packer pack(sources_);
    PackMacroProperties(pack, input_.manifest.macros());
    PackWarnings(pack, warnings);
    PackWarnings(pack, checked);
    pack.Put(std::ranges::any_of(input_.manifest.nodes(), HasDeprecationDate));
    PackGroups(pack, {input_.manifest.groups().begin(), input_.manifest.groups().end()});
    if (pack.failed()) return CannotPack();
    return std::move(pack).Take();
  }

  Status AddPackage(const PackageFiles& package) {
    identity_.Add(package.root);
    writer_.BeginPackage(package.folder, package.files.size());
    for (const ProjectFile& file : package.files) {
      identity_.Add(file.path).Add(file.content);
      STIR_TRY(AddFile(input_.present[next_], input_.results[next_]));
      ++next_;
    }
    return {};
  }

  Status AddFile(const NumberedFile& file, const FileResult& result) {
    CachedFile made;
    made.reusable = !result.reads.uncertain && CanPack(result.warnings) && CanPack(result.test_warnings);
    made.key = input_.keys.KeyOf(result.reads, *file.package);
    Packer reads(sources_);
    PackReads(reads, result.reads);
    const std::string packed_reads = std::move(reads).Take();
    Packer rest(sources_);
    if (made.reusable) PutResult(rest, result);
    if (rest.failed()) return CannotPack();
    const std::string packed_result = std::move(rest).Take();
    made.reads = packed_reads;
    made.result = packed_result;
    writer_.AddFile(*file.file, made);
    return {};
  }

  Status AddNodes(std::span<const Node> nodes) {
    writer_.BeginPacks((nodes.size() + kNodesInChunk - 1) / kNodesInChunk);
    for (; !nodes.empty(); nodes = nodes.subspan(std::min(kNodesInChunk, nodes.size()))) {
      const std::optional<std::string> pack = PackNodes(nodes.first(std::min(kNodesInChunk, nodes.size())), sources_);
      if (!pack) return CannotPack();
      identity_.Add(ContentHash(*pack));
      writer_.AddPack(*pack);
    }
    return {};
  }

  const CacheInput& input_;
  ParseCacheWriter writer_;
  PackedSources sources_;
  KeyText identity_;  // everything that the manifest is made from
  size_t next_ = 0;
};

}  // namespace

Result<Hash128> MakeCache(const CacheInput& input, const CacheSink& sink) { return CacheMaker(input, sink).Make(); }

}  // namespace stir::project
