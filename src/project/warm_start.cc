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

// Of everything that the manifest is made from.
Hash128 IdentityOf(const ProjectFiles& files, const CacheContents& contents) {
  KeyText key;
  key.Add(contents.project_key).Add(ContentHash(contents.project));
  for (const auto* packs : {&contents.nodes, &contents.disabled}) {
    for (const std::string& pack : *packs) key.Add(ContentHash(pack));
  }
  for (const PackageFiles& package : files.packages) {
    key.Add(package.root);
    for (const ProjectFile& file : package.files) key.Add(file.path).Add(file.content);
  }
  return key.Hash();
}

bool LooksAsBefore(const ProjectFile& file) {
  const CachedFile& known = *file.known;
  return file.settled == known.settled && file.stat.size == known.stat.size &&
         file.stat.mtime_ns == known.stat.mtime_ns && file.stat.ctime_ns == known.stat.ctime_ns &&
         file.stat.inode == known.stat.inode;
}

}  // namespace

std::optional<std::string> RefreshCache(const ParseCache& cache, const ProjectFiles& files, std::string_view program) {
  CacheContents contents;
  bool same = true;
  for (const PackageFiles& package : files.packages) {
    for (const ProjectFile& file : package.files) {
      const CachedFile& known = *file.known;
      same = same && LooksAsBefore(file);
      contents.files.push_back({known.reusable, known.key, std::string(known.reads), std::string(known.result)});
    }
  }
  if (same) return std::nullopt;
  contents.project_key = cache.project_key();
  contents.identity = cache.identity();
  contents.nodes.assign(cache.nodes().begin(), cache.nodes().end());
  contents.disabled.assign(cache.disabled().begin(), cache.disabled().end());
  contents.project = cache.project();
  return WriteParseCache(files, contents, program);
}

std::optional<MadeCache> MakeCache(const CacheInput& input) {
  PackedSources sources;
  for (const PackageFiles& package : input.files.packages) sources.Add(package.config.source, "");
  for (const NumberedFile& file : input.present) sources.Add(file.file->source, file.file->text);
  const Diagnostics warnings(input.warnings.begin(), input.warnings.end());
  const Diagnostics checked(input.checked.begin(), input.checked.end());
  if (!CanPack(warnings) || !CanPack(checked)) return std::nullopt;

  CacheContents contents;
  contents.project_key = input.project_key;
  Packer project(sources);
  PackMacroProperties(project, input.manifest.macros());
  PackWarnings(project, warnings);
  PackWarnings(project, checked);
  project.Put(std::ranges::any_of(input.manifest.nodes(), HasDeprecationDate));
  PackGroups(project, {input.manifest.groups().begin(), input.manifest.groups().end()});
  if (project.failed()) return std::nullopt;
  contents.project = std::move(project).Take();

  const auto chunks = [](std::span<const Node> nodes) { return (nodes.size() + kNodesInChunk - 1) / kNodesInChunk; };
  contents.files.resize(input.present.size());
  contents.nodes.resize(chunks(input.manifest.nodes()));
  contents.disabled.resize(chunks(input.manifest.disabled()));
  const size_t packs = contents.nodes.size() + contents.disabled.size();
  const size_t file_parts = (input.present.size() + kNodesInChunk - 1) / kNodesInChunk;
  std::atomic<bool> whole = true;
  const auto pack_nodes = [&](size_t i) {
    const bool enabled = i < contents.nodes.size();
    const std::span<const Node> all = enabled ? input.manifest.nodes() : input.manifest.disabled();
    const size_t at = enabled ? i : i - contents.nodes.size();
    const std::span<const Node> some =
        all.subspan(at * kNodesInChunk, std::min(kNodesInChunk, all.size() - at * kNodesInChunk));
    if (std::optional<std::string> pack = PackNodes(some, sources)) {
      (enabled ? contents.nodes : contents.disabled)[at] = *std::move(pack);
    } else {
      whole = false;
    }
  };
  const auto pack_file = [&](size_t i) {
    const FileResult& result = input.results[i];
    CacheContents::File& file = contents.files[i];
    file.reusable = !result.reads.uncertain && CanPack(result.warnings) && CanPack(result.test_warnings);
    file.key = input.keys.KeyOf(result.reads, *input.present[i].package);
    Packer reads(sources);
    PackReads(reads, result.reads);
    file.reads = std::move(reads).Take();
    Packer rest(sources);
    if (file.reusable) PutResult(rest, result);
    if (rest.failed()) whole = false;
    file.result = std::move(rest).Take();
  };
  ParallelFor(
      packs + file_parts,
      [&](size_t i) {
        if (i < packs) return pack_nodes(i);
        const size_t begin = (i - packs) * kNodesInChunk;
        for (size_t at = begin; at < std::min(begin + kNodesInChunk, input.present.size()); ++at) pack_file(at);
      },
      input.threads);
  if (!whole) return std::nullopt;
  contents.identity = IdentityOf(input.files, contents);
  return MadeCache{WriteParseCache(input.files, contents, input.program), contents.identity};
}

}  // namespace stir::project
