// The phases of parsing, each fixing something for those after it. Within a phase files are independent and shared out
// to the cores; between phases everything is joined in the order of packages and paths.
#include "project/parse.h"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/parallel.h"
#include "base/strings.h"
#include "project/blocks.h"
#include "project/build_nodes.h"
#include "project/edited_nodes.h"
#include "project/generic_tests.h"
#include "project/kinds.h"
#include "project/macro_files.h"
#include "project/manifest_builder.h"
#include "project/manifest_checks.h"
#include "project/patches.h"
#include "project/project_context.h"
#include "project/relation_names.h"
#include "project/selectors_file.h"
#include "project/unit_tests.h"
#include "project/unused_paths.h"
#include "project/vars.h"
#include "project/warm_start.h"

namespace stir::project {

namespace {

using jinja::Value;

using Work = FileWork;

// Work is split into parts; a part is done by one thread, with a pool and error lists of its own, and parts are joined
// in order.
struct Part {
  struct Note {  // what building nodes of a file read, and warned of
    uint32_t file = 0;
    Reads reads;
    Diagnostics warnings;
  };
  std::unique_ptr<TextPool> pool = std::make_unique<TextPool>();
  std::vector<Node> nodes;
  std::vector<Note> notes;
  Diagnostics errors, warnings;
};

// Lives on in what makes the cache.
class Parser : public std::enable_shared_from_this<Parser> {
 public:
  Parser(ProjectFiles files, const ParseOptions& options, SourceMap& sources)
      : files_(std::move(files)),
        options_(options),
        program_(options.program),
        sources_(sources),
        base_(*options.invocation, options.target->context, files_.packages.front().config.name),
        edited_(project_, sources_) {
    warnings_ = std::move(files_.warnings);
    warnings_of_files_ = warnings_.size();
  }

  Result<ParsedProject> Parse() {
    FindEdits();  // which files are not as they were, should that be all that has changed
    if (std::optional<ParsedProject> same = KeepAll()) return *std::move(same);
    UnpackAhead();
    ReadAllMacros();  // from here on templates can be rendered
    MakeContexts();   // configuration trees are rendered, docs are known
    if (std::optional<ParsedProject> same = TakeOverButEdited()) return *std::move(same);
    FindChanges();  // which files' earlier results hold
    if (std::optional<ParsedProject> same = TakeOverAll()) return *std::move(same);
    TakeOverResults();      // of the files that hold
    ReadPropertiesFiles();  // the others, each alone
    MatchPatches();         // which properties belong to which node
    TakeOverNodes();        // those of the files that are as they were
    ParseSqlFiles();        // each alone
    BuildNodes();           // configurations, names and places are final
    BuildTests();
    std::shared_ptr<const Manifest> manifest = Join();  // references are resolved, the graph is acyclic
    WarnUnusedPaths(*manifest, project_.packages.front(), warnings_);
    const size_t unchecked = warnings_.size();
    CheckManifest(*manifest, options_.invocation->clock->Now(), errors_, warnings_);
    if (!errors_.empty()) return std::move(errors_);
    ParsedProject parsed{manifest, warnings_, {}, {}, {}};
    if (!program_.empty() && project_key_) {
      parsed.make_cache = [self = shared_from_this(), manifest, unchecked](const CacheStore& store) {
        return self->MakeCacheOf(*manifest, unchecked, store);
      };
    }
    return parsed;
  }

 private:
  std::vector<Work> FilesOf(std::initializer_list<FileKind> kinds) const {
    std::vector<Work> work;
    for (size_t i = 0; i < files_.packages.size(); ++i) {
      for (FileKind kind : kinds) {
        for (const ProjectFile& file : files_.packages[i].files) {
          if (file.kind == kind) work.push_back({i, &file});
        }
      }
    }
    return work;
  }

  // --- macros

  std::vector<std::string> InternalPackages() const {
    std::vector<std::string> internal;
    for (const std::string& prefix : options_.dialect->macro_prefixes) internal.push_back("dbt_" + prefix);
    internal.emplace_back("dbt");
    return internal;
  }

  void ReadAllMacros() {
    const std::vector<std::string> internal = InternalPackages();
    const std::vector<Work> work = FilesOf({FileKind::kMacro, FileKind::kGenericTest});
    std::vector<std::vector<Macro>> read(work.size());
    std::vector<Diagnostics> problems(work.size());
    Parallel(work.size(), [&](size_t i) {
      const ProjectFile& file = *work[i].file;
      read[i] =
          ReadMacros(file.text, file.source, files_.packages[work[i].package].config.name, file.path, problems[i]);
    });
    std::vector<Macro> all = options_.builtin_macros->Take(internal, errors_, options_.threads);
    for (size_t i = 0; i < work.size(); ++i) {
      if (work[i].file->kind == FileKind::kGenericTest) {  // dbt lists arguments of macros in macro folders only
        for (Macro& macro : read[i]) macro.arguments.clear();
      }
      std::ranges::move(read[i], std::back_inserter(all));
      Append(errors_, std::move(problems[i]));
    }
    MacroLayout layout{files_.packages.front().config.name, internal, options_.dialect->macro_prefixes,
                       files_.packages.front().config.dispatch};
    macros_ = std::make_unique<MacroIndex>(std::move(all), std::move(layout), errors_);
    project_.macros = macros_.get();
  }

  // --- contexts

  void MakeContexts() {
    project_.dialect = options_.dialect;
    project_.target = options_.target;
    const ProjectConfig& root = files_.packages.front().config;
    project_.quote = options_.dialect->default_quote;
    project_.quote.database = root.quote_database.value_or(project_.quote.database);
    project_.quote.schema = root.quote_schema.value_or(project_.quote.schema);
    project_.quote.identifier = root.quote_identifier.value_or(project_.quote.identifier);
    const size_t errors = errors_.size();
    SimpleScope scope(base_, reads_);
    scope.Set("var", VarsOnly(files_.packages.front().config.render_vars, reads_));
    for (const PackageFiles& files : files_.packages) project_.packages.push_back(ContextOf(files, scope));

    if (files_.selectors) {
      Result<SelectorsFile> selectors = ReadSelectors(sources_, files_.selectors, scope);
      if (selectors.ok()) {
        selectors_ = *std::move(selectors);
      } else {
        Append(errors_, std::move(selectors).error());
      }
    }
    if (errors_.size() == errors && options_.on_configured) options_.on_configured();
    for (const PackageContext& package : project_.packages) {
      first_numbers_.push_back(static_cast<uint32_t>(numbered_.size()));
      for (const ProjectFile& file : package.files->files) numbered_.push_back({&file, &package});
    }

    std::vector<DocBlock> docs;
    for (const Work& work : FilesOf({FileKind::kDocs})) {
      std::ranges::move(ReadDocs(work.file->text, work.file->source, files_.packages[work.package].config.name,
                                 work.file->path, work.file->folder, errors_),
                        std::back_inserter(docs));
    }
    project_.docs = DocIndex(std::move(docs), root.name, errors_);
  }

  PackageContext ContextOf(const PackageFiles& files, jinja::Scope& scope) {
    PackageContext package;
    package.files = &files;
    const ProjectConfig& root = files_.packages.front().config;
    const Value* own = &files == &files_.packages.front() ? nullptr : &files.config.vars;
    package.parse = std::make_unique<ParseContext>(
        base_, *macros_, *options_.dialect, files.config.name,
        [command_line = options_.invocation->vars, &root, own, &files](std::string_view name) {
          return FindVarIn(command_line, root.vars, own, files.config.name, name);
        },
        options_.target->profile.database, options_.target->profile.schema);
    package.naming = FindNamingMacros(files.config.name, *macros_);
    package.models = ConfigTree(files.config.models.get(), scope, errors_);
    package.seeds = ConfigTree(files.config.seeds.get(), scope, errors_);
    package.snapshots = ConfigTree(files.config.snapshots.get(), scope, errors_);
    package.tests = ConfigTree(files.config.tests.get(), scope, errors_);
    package.sources = ConfigTree(files.config.sources.get(), scope, errors_);
    package.exposures = ConfigTree(files.config.exposures.get(), scope, errors_);
    package.unit_tests = ConfigTree(files.config.unit_tests.get(), scope, errors_);
    package.functions = ConfigTree(files.config.functions.get(), scope, errors_);
    package.metrics = ConfigTree(files.config.metrics.get(), scope, errors_);
    package.semantic_models = ConfigTree(files.config.semantic_models.get(), scope, errors_);
    package.saved_queries = ConfigTree(files.config.saved_queries.get(), scope, errors_);
    return package;
  }

  // --- files

  void ReadPropertiesFiles() {
    sql_work_ = FilesOf({FileKind::kModel, FileKind::kAnalysis, FileKind::kTest, FileKind::kFunction});
    RefuseUnsupported();
    FindSnapshots();
    const std::vector<Work> work = FilesOf({FileKind::kProperties});
    properties_.resize(work.size());
    Parallel(work.size(), [&](size_t i) {
      PropertiesFile& file = properties_[i];
      file.file = work[i].file;
      file.package = &project_.packages[work[i].package];
      file.patch_path = file.package->name() + "://" + work[i].file->path;
      file.number = NumberOf(work[i]);
      FileResult& result = results_[file.number];
      if (result.reads.others) {
        held_[file.number] = false;
        result = FileResult();
      }
      if (held_[file.number]) file.properties.nodes = result.patches;
      if (!held_[file.number] || result.describes_macros) ReadWhole(file);
    });
    for (PropertiesFile& file : properties_) {
      file.broken = !file.properties.errors.empty();
      Append(errors_, std::move(file.properties.errors));
      warnings_.insert(warnings_.end(), results_[file.number].warnings.begin(), results_[file.number].warnings.end());
    }
  }

  // Whole, also when all that is asked of it is one model's properties.
  void ReadWhole(PropertiesFile& file) {
    std::optional<Properties> read = edited_.TakeProperties(file.number);
    file.properties = read ? *std::move(read) : ReadProperties(sources_, file.file->source, *file.package->parse);
    file.whole = true;
    if (held_[file.number]) return;
    FileResult& result = results_[file.number];
    result.reads = file.properties.reads;
    result.warnings = std::move(file.properties.warnings);
    result.describes_macros = !file.properties.macros.empty();
    result.patches.clear();
    for (const NodePatch& patch : file.properties.nodes) result.patches.push_back(NameOnly(patch));
  }

  static NodePatch NameOnly(const NodePatch& patch) {
    NodePatch name;
    name.section = patch.section;
    name.name = patch.name;
    name.name_span = patch.name_span;
    name.files = patch.files;
    name.relation = patch.relation;
    return name;
  }

  void ParseSqlFiles() {
    sql_.resize(sql_work_.size());
    Parallel(sql_work_.size(), [&](size_t i) {
      const Work& work = sql_work_[i];
      const uint32_t number = NumberOf(work);
      if (held_[number]) return;
      std::optional<ParsedSql> read;
      if (work.file->kind != FileKind::kSnapshot) read = edited_.TakeSql(number);
      sql_[i] = read ? *std::move(read) : work.Parse(project_);
    });
    for (size_t i = 0; i < sql_.size(); ++i) {
      const ProjectFile& file = *sql_work_[i].file;
      for (Diagnostic& error : sql_[i].errors) {
        if (error.subject.empty()) {
          error.subject = std::string(ResourceTypeName(sql_work_[i].Type())) + " " + std::string(sql_work_[i].name) +
                          " (" + file.path + ")";
        }
        errors_.push_back(std::move(error));
      }
    }
  }

  // --- what an earlier start left

  uint32_t NumberOf(const Work& work) const {
    return first_numbers_[work.package] + static_cast<uint32_t>(work.file - files_.packages[work.package].files.data());
  }

  std::string_view SelectorsText() const { return files_.selectors ? sources_.Text(files_.selectors) : ""; }

  // Compared by place, which takes no macros and asks no file for what it read. A file that is never the same twice
  // counts as edited.
  void FindEdits() {
    if (!files_.cache || program_.empty()) return;
    const std::optional<Hash128> answers =
        AnswersOf(files_, *files_.cache, *options_.invocation, *options_.target, SelectorsText());
    if (!answers || answers != files_.cache->answers()) return;
    warm_.emplace(*files_.cache, files_);
    as_before_ = warm_->TakeByPlace();
    for (size_t i = 0; as_before_ && i < files_.packages.size(); ++i) {
      for (const ProjectFile& file : files_.packages[i].files) {
        const auto place = static_cast<size_t>(&file - files_.packages[i].files.data());
        if (!file.known || !file.known->reusable)
          edits_.push_back({Work(i, &file), &files_.cache->packages()[i].files[place]});
      }
    }
  }

  bool IsNeedless(const Hash128& identity) const { return options_.is_needless && options_.is_needless(identity); }

  // Nothing has changed, and nobody needs the manifest.
  std::optional<ParsedProject> KeepAll() {
    if (!as_before_ || !edits_.empty() || !IsNeedless(files_.cache->identity())) return std::nullopt;
    std::optional<WarmStart::Others> others = warm_->UnpackOthers(nullptr);
    if (!others || others->timely) return std::nullopt;
    if (options_.on_configured) options_.on_configured();
    return Kept(nullptr, *std::move(others), files_.cache->identity());
  }

  // The manifest is needed as it was: its nodes are unpacked while macros are read.
  void UnpackAhead() {
    if (!as_before_ || !edits_.empty()) return;
    ahead_ = std::async(std::launch::async, [this] { return warm_->UnpackAll(options_.threads); });
  }

  // All is as it was but for a few files of SQL, and what others see of their nodes is, too: only these nodes are made
  // anew. The cache stays behind: reading these files once more costs less than writing it.
  std::optional<ParsedProject> TakeOverButEdited() {
    constexpr size_t kFew = 16, kFewLooks = 64;
    if (!as_before_ || !errors_.empty() || edits_.size() > kFew) return std::nullopt;
    if (!edits_.empty() && (warm_->ReadOthers() || CountNewLooks(files_) > kFewLooks)) return std::nullopt;
    std::optional<WarmStart::Others> others = warm_->UnpackOthers(nullptr);
    if (!others) return std::nullopt;
    if (edits_.empty()) return TakeOver(*std::move(others), files_.cache->identity(), {});
    const auto is_edited = [&](SourceId source) {
      return std::ranges::any_of(edits_, [&](const Edit& edit) { return edit.work.file->source == source; });
    };
    if (others->timely || others->AreAbout(is_edited)) return std::nullopt;
    std::vector<Node> nodes;
    std::string identity = ToHex(files_.cache->identity());
    for (const Edit& edit : edits_) {
      std::optional<Node> node = edited_.Build(edit);
      if (!node) return std::nullopt;
      nodes.push_back(*std::move(node));
      identity += " " + std::to_string(edit.before->number) + " " + ToHex(edit.work.file->content);
    }
    if (edited_.uncertain()) identity += " " + options_.invocation->id;
    return TakeOver(*std::move(others), ContentHash(identity), std::move(nodes));
  }

  void FindChanges() {
    results_.resize(numbered_.size());
    held_.assign(numbered_.size(), false);
    keys_.emplace(project_, *options_.invocation);
    project_key_ = keys_->ProjectKey(reads_, SelectorsText());
    if (ahead_.valid()) ahead_.wait();
    warm_.reset();
    if (!files_.cache || project_key_ != files_.cache->project_key()) return;
    warm_.emplace(*files_.cache, files_);
    Parallel(numbered_.size(), [&](size_t i) { held_[i] = warm_->Holds(numbered_[i], *keys_); });
  }

  void TakeOverResults() {
    if (!warm_) return;
    Parallel(numbered_.size(), [&](size_t i) {
      std::optional<FileResult> result;
      if (held_[i]) result = warm_->ResultOf(*numbered_[i].file->known);
      held_[i] = result.has_value();
      if (result) results_[i] = *std::move(result);
    });
  }

  // The whole manifest, when what has changed makes no difference to any file.
  std::optional<ParsedProject> TakeOverAll() {
    const bool same = warm_ && errors_.empty() && warm_->AllThere() &&
                      std::ranges::all_of(held_, [](char held) { return held != 0; });
    if (!same) return std::nullopt;
    std::optional<WarmStart::Others> others = warm_->UnpackOthers(nullptr);
    if (!others) return std::nullopt;
    return TakeOver(*std::move(others), files_.cache->identity(), {});
  }

  // The earlier start's manifest with new nodes in the place of some.
  std::optional<ParsedProject> TakeOver(WarmStart::Others others, const Hash128& identity, std::vector<Node> edited) {
    std::shared_ptr<const Manifest> manifest;
    if (others.timely || !IsNeedless(identity)) {
      manifest = TakeOverManifest(others.groups, std::move(edited));
      if (!manifest) return std::nullopt;
    }
    return Kept(std::move(manifest), std::move(others), identity);
  }

  ParsedProject Kept(std::shared_ptr<const Manifest> manifest, WarmStart::Others others, const Hash128& identity) {
    Append(warnings_, std::move(others.warnings));
    if (others.timely) {
      CheckManifest(*manifest, options_.invocation->clock->Now(), errors_, warnings_);
    } else {
      Append(warnings_, std::move(others.checked));
    }
    ParsedProject parsed{std::move(manifest), std::move(warnings_), std::string(files_.cache->summary()), {}, identity,
                         edits_.empty()};
    if (edits_.empty() && CountNewLooks(files_) > 0) {
      parsed.make_cache = [self = shared_from_this()](const CacheStore& store) -> Result<Hash128> {
        const ParseCache& cache = *self->files_.cache;
        STIR_TRY(RefreshCache(cache, self->files_, self->program_, store));
        return cache.identity();
      };
    }
    return parsed;
  }

  std::shared_ptr<const Manifest> TakeOverManifest(const std::vector<Group>& groups, std::vector<Node> edited) {
    std::optional<WarmStart::Nodes> nodes = ahead_.valid() ? ahead_.get() : warm_->UnpackAll(options_.threads);
    if (!nodes) return nullptr;
    for (Node& node : edited) {
      if (!nodes->Replace(node)) return nullptr;
    }
    if (!warm_->UnpackOthers(macros_.get())) return nullptr;
    ManifestBuilder builder(sources_);
    SetUp(builder);
    InParts(1, [&](Part& part, size_t, size_t) { BuildDocs(part); });
    builder.AddPool(std::move(parts_.front().pool));
    builder.AddPool(edited_.TakePool());
    for (const Doc& doc : docs_) builder.AddDoc(doc);
    for (const Group& group : groups) builder.AddGroup(group);
    return builder.Restore(std::move(nodes->enabled), std::move(nodes->disabled), std::move(macros_));
  }

  // A node holds with its file, and as long as its properties come from the same place and hold, too.
  void TakeOverNodes() {
    if (warm_) earlier_ = warm_->UnpackAll(options_.threads);
    if (!earlier_) ForgetResults();
    std::vector<Work> work = FilesOf({FileKind::kSeed});
    work.insert(work.end(), sql_work_.begin(), sql_work_.end());
    std::vector<uint64_t> places(held_.size());  // of properties now, less those of the earlier nodes
    for (const Work& each : work) {
      const Patch patch = PatchOf(each);
      const uint32_t number = NumberOf(each);
      if (patch && !held_[patch.file->number]) held_[number] = false;
      places[number] += PlaceHash(patch ? std::string_view(patch.file->patch_path) : "");
    }
    ForEachEarlier([&](const Node& node) {
      if (node.order.phase <= kSeedNodes && node.order.file != WarmStart::kNoFile)
        places[node.order.file] -= PlaceHash(node.patch_path);
    });
    for (const Work& each : work) {
      const uint32_t number = NumberOf(each);
      held_[number] = held_[number] && places[number] == 0;
      if (!held_[number]) results_[number] = FileResult();
    }
    ReadNeeded(work);
  }

  // The cache cannot be unpacked: everything is done as if there were none.
  void ForgetResults() {
    for (size_t i = 0; i < held_.size(); ++i) {
      if (held_[i]) results_[i] = FileResult();
    }
    for (PropertiesFile& file : properties_) file.whole = file.whole && !held_[file.number];
    held_.assign(held_.size(), false);
  }

  static uint64_t PlaceHash(std::string_view path) { return ContentHash(path).low | 1; }

  void ForEachEarlier(const std::function<void(Node&)>& body) {
    if (!earlier_) return;
    for (auto* chunks : {&earlier_->enabled, &earlier_->disabled}) {
      for (std::vector<Node>& chunk : *chunks) {
        for (Node& node : chunk) body(node);
      }
    }
  }

  // Nodes that are built anew need their properties whole, also from files that hold.
  void ReadNeeded(const std::vector<Work>& work) {
    std::vector<char> needed(held_.size());
    for (const PropertiesFile& file : properties_) needed[file.number] = !held_[file.number] && !file.whole;
    for (const Work& each : work) {
      const Patch patch = held_[NumberOf(each)] ? Patch{} : PatchOf(each);
      if (patch && !patch.file->whole) needed[patch.file->number] = true;
    }
    Parallel(properties_.size(), [&](size_t i) {
      if (needed[properties_[i].number]) ReadWhole(properties_[i]);
    });
    patches_.Renew([&](const PropertiesFile& file) { return needed[file.number] != 0; });
  }

  Result<Hash128> MakeCacheOf(const Manifest& manifest, size_t unchecked, const CacheStore& store) const {
    const std::span<const Diagnostic> warnings = warnings_;
    const std::string summary = options_.summarize ? options_.summarize(manifest) : "";
    const auto answers = [this](const Reads& all) {
      return AnswersOf(files_, all, *options_.invocation, *options_.target, SelectorsText());
    };
    return MakeCache(
        {files_, numbered_, results_, manifest, warnings.subspan(warnings_of_files_, unchecked - warnings_of_files_),
         warnings.subspan(unchecked), *project_key_, *keys_, reads_, answers, program_, summary},
        store);
  }

  void RefuseUnsupported() {
    std::erase_if(sql_work_, [&](const Work& work) {
      if (work.file->path.ends_with(".sql")) return false;
      const std::string what = work.file->kind == FileKind::kFunction ? "functions" : "models";
      const std::string language = work.file->path.ends_with(".py") ? "Python" : "JavaScript";
      errors_.push_back(
          Diagnostic(kNotSupported, what + " in " + language + " are not supported", Span{work.file->source, 0, 0})
              .Hint("write it in SQL, or disable the file by moving it out of the model paths"));
      return true;
    });
  }

  // A file of snapshots has a block for each.
  void FindSnapshots() {
    static constexpr std::string_view kSnapshotBlocks[] = {"snapshot"};
    for (const Work& file : FilesOf({FileKind::kSnapshot})) {
      for (const Block& block : FindBlocks(file.text, file.file->source, kSnapshotBlocks, errors_)) {
        Work work = file;
        work.name = block.name;
        work.text = block.contents;
        work.begin = block.contents_begin;
        sql_work_.push_back(work);
      }
    }
  }

  // --- properties

  void MatchPatches() {
    std::vector<Patchable> resources;
    for (const Work& work : sql_work_) resources.push_back(work.AsPatchable(project_));
    for (const Work& work : FilesOf({FileKind::kSeed})) resources.push_back(work.AsPatchable(project_));
    patches_ = PatchIndex(std::move(resources));
    for (const PropertiesFile& file : properties_) {
      patches_.Add(file, errors_, warnings_);
      DescribeMacros(file, project_.docs, *macros_, errors_, warnings_);
    }
  }

  Patch PatchOf(const Work& work) const { return patches_.Find(work.AsPatchable(project_)); }

  // --- nodes

  void BuildNodes() {
    InParts(sql_work_.size(), [&](Part& part, size_t begin, size_t end) {
      NodeBuilder builder(project_, *part.pool, part.errors);
      for (size_t i = begin; i < end; ++i) {
        const Work& work = sql_work_[i];
        if (!sql_[i].code) continue;
        const uint32_t number = NumberOf(work);
        const Phase phase = work.file->kind == FileKind::kSnapshot ? kSnapshotNodes : kSqlNodes;
        Add(part, {phase, number, static_cast<uint32_t>(i)},
            builder.FromSql(project_.packages[work.package], *work.file, work.name, sql_[i], work.Type(),
                            PatchOf(work)));
        part.notes.push_back({number, std::exchange(builder.reads(), {}), {}});
      }
    });
    InParts(1, [&](Part& part, size_t, size_t) {
      NodeBuilder builder(project_, *part.pool, part.errors);
      for (const Work& work : FilesOf({FileKind::kSeed})) BuildSeed(builder, part, work);
      BuildHooks(builder, part);
      for (const PropertiesFile& file : properties_) {
        if (!held_[file.number]) BuildDeclared(builder, part, file);
      }
      BuildDocs(part);
    });
  }

  static void Add(Part& part, ParseOrder order, Node node) {
    node.order = order;
    part.nodes.push_back(std::move(node));
  }

  void BuildSeed(NodeBuilder& builder, Part& part, const Work& work) const {
    const uint32_t number = NumberOf(work);
    if (held_[number]) return;
    Add(part, {kSeedNodes, number, 0}, builder.FromSeed(project_.packages[work.package], *work.file, PatchOf(work)));
    part.notes.push_back({number, std::exchange(builder.reads(), {}), {}});
  }

  // What properties declare by themselves.
  void BuildDeclared(NodeBuilder& builder, Part& part, const PropertiesFile& file) {
    uint32_t count = 0;
    for (const SourceTable& table : file.properties.sources)
      Add(part, {kPropertyNodes, file.number, count++}, builder.FromSource(file, table));
    for (const ExposurePatch& exposure : file.properties.exposures)
      Add(part, {kPropertyNodes, file.number, count++}, builder.FromExposure(file, exposure));
    for (const GroupPatch& group : file.properties.groups)
      results_[file.number].groups.push_back(builder.FromGroup(file, group));
    for (const NodePatch& patch : file.properties.nodes) {
      if (patch.relation) Add(part, {kPropertyNodes, file.number, count++}, builder.FromRelation({&file, &patch}));
    }
    for (const SemanticPatch& patch : file.properties.semantics)
      Add(part, {kPropertyNodes, file.number, count++}, builder.FromSemantic(file, patch));
    for (const UnitTestPatch& test : file.properties.unit_tests)
      Add(part, {kPropertyNodes, file.number, count++}, BuildUnitTest(file, test, builder));
    part.notes.push_back({file.number, std::exchange(builder.reads(), {}), {}});
  }

  void BuildDocs(Part& part) {
    NodeBuilder builder(project_, *part.pool, part.errors);
    for (const DocBlock& block : project_.docs.all()) docs_.push_back(builder.FromDoc(block));
  }

  void BuildHooks(NodeBuilder& builder, Part& part) const {
    uint32_t count = 0;
    for (const PackageContext& package : project_.packages) {
      for (const bool on_run_start : {true, false}) {
        const ProjectConfig& config = package.files->config;
        int index = 0;
        for (const auto& hook : on_run_start ? config.on_run_start : config.on_run_end)
          Add(part, {kHookNodes, 0, count++}, builder.FromHook(package, *hook, on_run_start, index++));
      }
    }
    builder.reads() = {};  // hooks are built in every start that changes something
  }

  void BuildTests() {
    std::vector<std::pair<TestTarget, const DeclaredTest*>> tests;
    for (const PropertiesFile& file : properties_) {
      if (held_[file.number]) continue;
      for (const NodePatch& patch : file.properties.nodes) {
        for (const DeclaredTest& test : patch.tests)
          tests.push_back({{&file, patch.section, patch.name, nullptr, &patch.version}, &test});
      }
      for (const SourceTable& table : file.properties.sources) {
        for (const DeclaredTest& test : table.tests)
          tests.push_back({{&file, "sources", table.source_name, &table, nullptr}, &test});
      }
    }
    const QuietMacros quiet(*macros_);
    InParts(tests.size(), [&](Part& part, size_t begin, size_t end) {
      part.nodes.reserve(end - begin);
      NodeBuilder nodes(project_, *part.pool, part.errors);
      GenericTestBuilder builder(nodes, quiet, part.warnings);
      for (size_t i = begin; i < end; ++i) {
        const uint32_t number = tests[i].first.file->number;
        if (std::optional<Node> node = builder.Build(tests[i].first, *tests[i].second))
          Add(part, {kTestNodes, number, static_cast<uint32_t>(i)}, *std::move(node));
        if (i + 1 == end || tests[i + 1].first.file->number != number)
          part.notes.push_back({number, std::exchange(nodes.reads(), {}), std::exchange(part.warnings, {})});
      }
    });
  }

  // --- together

  void SetUp(ManifestBuilder& builder) {
    for (const PackageContext& package : project_.packages) {
      builder.AddPackage(package.name(), package.files->root, package.files->config.version, false,
                         package.files->config.vars, package.files->config.restrict_access);
    }
    for (const std::string& internal : InternalPackages()) builder.AddPackage(internal, "", "", true, {});
    builder.SetVars(options_.invocation->vars);
    builder.SetSelectors(std::move(selectors_.selectors), std::move(selectors_.artifact));
    builder.SetAdapter(options_.target->profile.type, project_.quote, options_.dialect->default_include);
    if (files_.cache) builder.Keep(files_.cache);
  }

  // What stands beside the nodes.
  void AddOthers(ManifestBuilder& builder) const {
    for (const Doc& doc : docs_) builder.AddDoc(doc);
    for (const FileResult& result : results_) {
      for (const Group& group : result.groups) builder.AddGroup(group);
    }
  }

  std::unique_ptr<Manifest> Join() {
    ManifestBuilder builder(sources_);
    SetUp(builder);
    for (size_t i = 0; i < sql_.size(); ++i) {
      if (sql_[i].code || held_[NumberOf(sql_work_[i])]) continue;
      builder.AddBroken(sql_work_[i].name);
      if (const Patch patch = PatchOf(sql_work_[i])) builder.AddBroken(patch.patch->name);
    }
    for (const PropertiesFile& file : properties_) {
      if (file.broken) builder.BreakSources();
    }
    TakeNotes();
    Parallel(2, [&](size_t i) {
      if (i == 0) {
        AddNodes(builder);
        return;
      }
      patches_ = PatchIndex();  // what is not needed any more makes room for the nodes' new place
      sql_ = std::vector<ParsedSql>();
      properties_ = std::vector<PropertiesFile>();
    });
    for (Part& part : parts_) {
      builder.AddPool(std::move(part.pool));
      Append(errors_, std::move(part.errors));
    }
    for (const FileResult& result : results_)
      warnings_.insert(warnings_.end(), result.test_warnings.begin(), result.test_warnings.end());
    AddOthers(builder);
    return builder.Finish(std::move(macros_), errors_, warnings_);
  }

  void TakeNotes() {
    for (Part& part : parts_) {
      for (Part::Note& note : part.notes) {
        FileResult& result = results_[note.file];
        result.reads.Add(note.reads);
        Append(result.test_warnings, std::move(note.warnings));
      }
    }
  }

  // Nodes of this start and of the earlier one, in the order in which a start from nothing makes them.
  void AddNodes(ManifestBuilder& builder) {
    std::vector<Node*> nodes;
    for (Part& part : parts_) {
      for (Node& node : part.nodes) nodes.push_back(&node);
    }
    const size_t fresh = nodes.size();
    ForEachEarlier([&](Node& node) {
      if (node.order.phase != kHookNodes && node.order.file != WarmStart::kNoFile && held_[node.order.file])
        nodes.push_back(&node);
    });
    if (fresh < nodes.size()) std::ranges::sort(nodes, {}, [](const Node* node) { return node->order; });
    builder.Reserve(nodes.size());
    for (Node* node : nodes) builder.AddNode(std::move(*node));
    for (Part& part : parts_) part.nodes = std::vector<Node>();
    earlier_.reset();
  }

  // --- threads

  void Parallel(size_t count, const std::function<void(size_t)>& body) const {
    ParallelFor(count, body, options_.threads);
  }

  // Splits [0, count) into a few parts a thread.
  void InParts(size_t count, const std::function<void(Part&, size_t, size_t)>& body) {
    const size_t threads = options_.threads ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
    const size_t wanted = std::clamp<size_t>(count / 64, 1, threads * 4);
    const size_t first = parts_.size();
    parts_.resize(first + wanted);
    Parallel(wanted, [&](size_t i) { body(parts_[first + i], count * i / wanted, count * (i + 1) / wanted); });
  }

  ProjectFiles files_;
  const ParseOptions options_;
  const std::string program_;
  SourceMap& sources_;
  BaseContext base_;
  Diagnostics errors_, warnings_;
  Reads reads_;  // of what is rendered for the whole project
  std::unique_ptr<MacroIndex> macros_;
  ProjectContext project_;
  SelectorsFile selectors_;
  std::vector<Work> sql_work_;
  std::vector<ParsedSql> sql_;
  std::vector<PropertiesFile> properties_;
  PatchIndex patches_;
  std::vector<Part> parts_;
  std::vector<Doc> docs_;

  // By the files' numbers: the place among the files of all packages.
  std::vector<uint32_t> first_numbers_;  // of each package
  std::vector<NumberedFile> numbered_;
  std::vector<FileResult> results_;
  std::vector<char> held_;  // what an earlier start made of the file holds

  std::optional<ReadKeys> keys_;
  std::optional<Hash128> project_key_;
  std::optional<WarmStart> warm_;
  bool as_before_ = false;  // all but the texts of `edits_` is as the cache has it
  std::vector<Edit> edits_;
  EditedNodes edited_;
  std::optional<WarmStart::Nodes> earlier_;
  std::future<std::optional<WarmStart::Nodes>> ahead_;  // after warm_, which it uses
  size_t warnings_of_files_ = 0;
};

}  // namespace

Result<ParsedProject> ParseProject(ProjectFiles files, const ParseOptions& options, SourceMap& sources) {
  return std::make_shared<Parser>(std::move(files), options, sources)->Parse();
}

}  // namespace stir::project
