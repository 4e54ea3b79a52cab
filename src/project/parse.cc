// The phases of parsing, each fixing something for those after it. Within a phase files are independent and shared out
// to the cores; between phases everything is joined in the order of packages and paths.
#include "project/parse.h"

#include <malloc.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <unordered_map>

#include "base/parallel.h"
#include "base/strings.h"
#include "project/blocks.h"
#include "project/build_nodes.h"
#include "project/generic_tests.h"
#include "project/kinds.h"
#include "project/macro_files.h"
#include "project/manifest_builder.h"
#include "project/manifest_checks.h"
#include "project/project_context.h"
#include "project/relation_names.h"
#include "project/selectors_file.h"
#include "project/unit_tests.h"

namespace stir::project {

namespace {

using jinja::Value;

// From this many nodes on, what parsing has freed is given back to the system.
constexpr size_t kLargeProject = 2000;

// A file in its package, or a block of one.
struct Work {
  size_t package = 0;
  const ProjectFile* file = nullptr;
  std::string_view name;  // of the node that it makes
  std::string_view text;
  uint32_t begin = 0;  // of the text in the file

  Work(size_t p, const ProjectFile* f) : package(p), file(f), name(f->path), text(f->text) {
    name = name.substr(name.rfind('/') + 1);
    name = name.substr(0, name.rfind('.'));
  }
};

// Work is split into parts; a part is done by one thread, with a pool and error lists of its own, and parts are joined
// in order.
struct Part {
  std::unique_ptr<TextPool> pool = std::make_unique<TextPool>();
  std::vector<Node> nodes;
  Diagnostics errors, warnings;
};

class Parser {
 public:
  Parser(ProjectFiles files, const ParseOptions& options, SourceMap& sources)
      : files_(std::move(files)),
        options_(options),
        sources_(sources),
        base_(*options.invocation, options.target->context, files_.packages.front().config.name) {
    warnings_ = std::move(files_.warnings);
  }

  Result<ParsedProject> Parse() {
    ReadAllMacros();  // from here on templates can be rendered
    MakeContexts();   // configuration trees are rendered, docs are known
    ParseFiles();     // every SQL and properties file is read, each alone
    MatchPatches();   // which properties belong to which node
    BuildNodes();     // configurations, names and places are final
    BuildTests();
    std::unique_ptr<Manifest> manifest = Join();  // references are resolved, the graph is acyclic
    WarnUnusedPaths(*manifest);
    CheckManifest(*manifest, options_.invocation->clock->Now(), errors_, warnings_);
    if (!errors_.empty()) return std::move(errors_);
    if (manifest->nodes().size() > kLargeProject) malloc_trim(0);
    return ParsedProject{std::move(manifest), std::move(warnings_)};
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

  static std::string InternalPackage(std::string_view path) {
    const std::string_view folder = path.substr(0, path.find('/'));
    return folder == "default" ? "dbt" : "dbt_" + std::string(folder);
  }

  void ReadAllMacros() {
    struct MacroFile {
      std::string_view text, path;
      bool only_tests = false;
      SourceId source;
      std::string package;
    };
    std::vector<MacroFile> todo;
    const std::vector<std::string> internal = InternalPackages();
    for (const BuiltinFile& file : options_.builtin_macros) {
      const std::string package = InternalPackage(file.path);
      if (!file.path.ends_with(".sql") || std::ranges::find(internal, package) == internal.end()) continue;
      const SourceId source = sources_.Add("macros/" + std::string(file.path) + " (built in)", std::string(file.text));
      todo.push_back({sources_.Text(source), file.path, false, source, package});
    }
    for (const Work& work : FilesOf({FileKind::kMacro, FileKind::kGenericTest})) {
      todo.push_back({work.file->text, work.file->path, work.file->kind == FileKind::kGenericTest, work.file->source,
                      files_.packages[work.package].config.name});
    }
    std::vector<std::vector<Macro>> read(todo.size());
    std::vector<Diagnostics> problems(todo.size());
    Parallel(todo.size(), [&](size_t i) {
      read[i] = ReadMacros(todo[i].text, todo[i].source, todo[i].package, todo[i].path, problems[i]);
    });
    std::vector<Macro> all;
    for (size_t i = 0; i < todo.size(); ++i) {
      for (Macro& macro : read[i]) {
        if (todo[i].only_tests) macro.arguments.clear();  // dbt lists arguments of macros in macro folders only
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
    SimpleScope scope(base_);
    scope.Set("var", VarsOnly(files_.packages.front().config.render_vars));
    for (const PackageFiles& files : files_.packages) project_.packages.push_back(ContextOf(files, scope));

    if (files_.selectors) {
      Result<SelectorsFile> selectors = ReadSelectors(sources_, files_.selectors, scope);
      if (selectors.ok()) {
        selectors_ = *std::move(selectors);
      } else {
        Append(errors_, std::move(selectors).error());
      }
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

  void ParseFiles() {
    sql_work_ = FilesOf({FileKind::kModel, FileKind::kAnalysis, FileKind::kTest, FileKind::kFunction});
    RefuseUnsupported();
    FindSnapshots();
    sql_.resize(sql_work_.size());
    const std::vector<Work> yaml_work = FilesOf({FileKind::kProperties});
    properties_.resize(yaml_work.size());
    Parallel(sql_work_.size() + yaml_work.size(), [&](size_t i) {
      if (i < sql_work_.size()) {
        const Work& work = sql_work_[i];
        const Whitespace edges = work.file->kind == FileKind::kSnapshot ? Whitespace::kKept : Whitespace::kStripped;
        sql_[i] = ParseSql(work.text, jinja::Origin{work.file->source, work.begin, true, {work.file->source, 0, 0}},
                           work.name, *project_.packages[work.package].parse, edges);
        return;
      }
      const Work& work = yaml_work[i - sql_work_.size()];
      PropertiesFile& file = properties_[i - sql_work_.size()];
      file.file = work.file;
      file.package = &project_.packages[work.package];
      file.patch_path = file.package->name() + "://" + work.file->path;
      file.properties = ReadProperties(sources_, work.file->source, *file.package->parse);
    });
    for (ParsedSql& sql : sql_) Append(errors_, std::move(sql.errors));
    for (PropertiesFile& file : properties_) {
      file.broken = !file.properties.errors.empty();
      Append(errors_, std::move(file.properties.errors));
      Append(warnings_, std::move(file.properties.warnings));
    }
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
    static constexpr std::string_view kTypes[] = {"snapshot"};
    for (const Work& file : FilesOf({FileKind::kSnapshot})) {
      for (const Block& block : FindBlocks(file.text, file.file->source, kTypes, errors_)) {
        Work work = file;
        work.name = block.name;
        work.text = block.contents;
        work.begin = block.contents_begin;
        sql_work_.push_back(work);
      }
    }
  }

  // --- properties

  static std::string PatchKey(std::string_view section, std::string_view package, std::string_view name) {
    return std::string(section) + "\n" + std::string(package) + "\n" + std::string(name);
  }

  static std::string_view SectionOf(FileKind kind) {
    switch (kind) {
      case FileKind::kSeed:
        return "seeds";
      case FileKind::kAnalysis:
        return "analyses";
      case FileKind::kTest:
        return "data_tests";
      case FileKind::kSnapshot:
        return "snapshots";
      case FileKind::kFunction:
        return "functions";
      default:
        return "models";
    }
  }

  void MatchPatches() {
    std::unordered_map<std::string, FileKind> resources;  // package, name -> what it is
    std::unordered_map<std::string, size_t> by_name;      // section, name -> package
    std::vector<Work> all = sql_work_;
    std::ranges::move(FilesOf({FileKind::kSeed}), std::back_inserter(all));
    for (const Work& work : all) {
      const std::string& package = files_.packages[work.package].config.name;
      resources.emplace(PatchKey(SectionOf(work.file->kind), package, work.name), work.file->kind);
      by_name.emplace(PatchKey(SectionOf(work.file->kind), "", work.name), work.package);
    }
    for (const PropertiesFile& file : properties_) {
      for (const NodePatch& patch : file.properties.nodes) MatchPatch(file, patch, resources, by_name);
      PatchMacros(file);
    }
  }

  void MatchPatch(const PropertiesFile& file, const NodePatch& patch,
                  const std::unordered_map<std::string, FileKind>& resources,
                  const std::unordered_map<std::string, size_t>& by_name) {
    if (patch.relation) return;  // makes its node itself
    std::string_view name = patch.name;
    std::string key = PatchKey(patch.section, file.package->name(), name);
    for (size_t i = 0; i < patch.files.size() && (i == 0 || !resources.contains(key)); ++i) {
      name = patch.files[i];
      key = PatchKey(patch.section, file.package->name(), name);
    }
    if (!resources.contains(key)) {
      auto elsewhere = by_name.find(PatchKey(patch.section, "", name));
      if (elsewhere == by_name.end()) {
        WarnNoNode(file, patch, patch.files.empty() ? patch.name : patch.files.front(), resources);
        return;
      }
      key = PatchKey(patch.section, project_.packages[elsewhere->second].name(), name);
    }
    const auto [other, fresh] = patches_.emplace(std::move(key), Patch{&file, &patch});
    if (fresh) return;
    errors_.push_back(Diagnostic(kDuplicatePatch, "`" + patch.name + "` has properties in two places", patch.name_span)
                          .With({other->second.patch->name_span, "the other one"})
                          .Hint("keep one of them"));
  }

  void WarnNoNode(const PropertiesFile& file, const NodePatch& patch, const std::string& name,
                  const std::unordered_map<std::string, FileKind>& resources) {
    for (std::string_view section : {"models", "seeds", "analyses", "snapshots", "functions"}) {
      if (section == patch.section || !resources.contains(PatchKey(section, file.package->name(), name))) continue;
      warnings_.push_back(Diagnostic(kPatchWithoutNode,
                                     "`" + name + "` belongs to `" + std::string(section) + "`, not to `" +
                                         std::string(patch.section) + "`",
                                     patch.name_span)
                              .As(Severity::kWarning)
                              .Hint("move it to `" + std::string(section) + ":`"));
      return;
    }
    std::vector<std::string> names;
    for (const Work& work : sql_work_) {
      if (SectionOf(work.file->kind) == patch.section) names.emplace_back(work.name);
    }
    warnings_.push_back(Diagnostic(kPatchWithoutNode,
                                   "properties of `" + name + "`, but no such " +
                                       std::string(patch.section.substr(0, patch.section.size() - 1)),
                                   patch.name_span)
                            .As(Severity::kWarning)
                            .Hint(DidYouMean(name, names)));
  }

  void PatchMacros(const PropertiesFile& file) {
    for (const MacroPatch& patch : file.properties.macros) {
      Macro* macro = macros_->Mutable(file.package->name(), patch.name);
      if (!macro) {
        warnings_.push_back(Diagnostic(kPatchWithoutNode, "properties of macro `" + patch.name + "`, but no such macro",
                                       patch.name_span)
                                .As(Severity::kWarning)
                                .Hint(DidYouMean(patch.name, macros_->Names(file.package->name()))));
        continue;
      }
      macro->description = DescriptionOf(patch.description, file);
      macro->patch_path = file.patch_path;
      macro->meta = patch.meta;
      macro->docs_show = patch.docs_show;
      if (patch.arguments.empty()) continue;
      std::vector<MacroArgument> arguments = patch.arguments;
      for (size_t i = 0; i < arguments.size(); ++i)
        arguments[i].description = DescriptionOf(patch.argument_descriptions[i], file);
      if (!SameArguments(macro->arguments, arguments)) {
        warnings_.push_back(Diagnostic(kMacroArguments,
                                       "the arguments of macro `" + patch.name + "` are not those of its definition",
                                       patch.name_span)
                                .As(Severity::kWarning)
                                .With({macro->name_span, "defined here"}));
      }
      macro->arguments = std::move(arguments);
    }
  }

  std::string DescriptionOf(const YamlNode& description, const PropertiesFile& file) {
    if (!description) return {};
    Result<DocIndex::Rendered> rendered = project_.docs.Render(*description, file.package->name());
    if (rendered.ok()) return std::move(rendered->text);
    Append(errors_, std::move(rendered).error());
    return {};
  }

  static bool SameArguments(const std::vector<MacroArgument>& defined, const std::vector<MacroArgument>& described) {
    return std::ranges::equal(defined, described, {}, &MacroArgument::name, &MacroArgument::name);
  }

  Patch PatchOf(const Work& work) const {
    auto found =
        patches_.find(PatchKey(SectionOf(work.file->kind), files_.packages[work.package].config.name, work.name));
    return found == patches_.end() ? Patch{} : found->second;
  }

  // --- nodes

  static ResourceType TypeOf(FileKind kind) {
    switch (kind) {
      case FileKind::kModel:
        return ResourceType::kModel;
      case FileKind::kTest:
        return ResourceType::kTest;
      case FileKind::kSnapshot:
        return ResourceType::kSnapshot;
      case FileKind::kFunction:
        return ResourceType::kFunction;
      default:
        return ResourceType::kAnalysis;
    }
  }

  void BuildNodes() {
    const std::vector<Work> seeds = FilesOf({FileKind::kSeed});
    InParts(sql_work_.size(), [&](Part& part, size_t begin, size_t end) {
      part.nodes.reserve(end - begin);
      NodeBuilder builder(project_, *part.pool, part.errors);
      for (size_t i = begin; i < end; ++i) {
        const Work& work = sql_work_[i];
        if (!sql_[i].code) continue;
        part.nodes.push_back(builder.FromSql(project_.packages[work.package], *work.file, work.name, sql_[i],
                                             TypeOf(work.file->kind), PatchOf(work)));
      }
    });
    InParts(1, [&](Part& part, size_t, size_t) {
      NodeBuilder builder(project_, *part.pool, part.errors);
      for (const Work& work : seeds) {
        part.nodes.push_back(builder.FromSeed(project_.packages[work.package], *work.file, PatchOf(work)));
      }
      BuildHooks(builder, part);
      for (const PropertiesFile& file : properties_) {
        for (const SourceTable& table : file.properties.sources) part.nodes.push_back(builder.FromSource(file, table));
        for (const ExposurePatch& exposure : file.properties.exposures)
          part.nodes.push_back(builder.FromExposure(file, exposure));
        for (const GroupPatch& group : file.properties.groups) groups_.push_back(builder.FromGroup(file, group));
        for (const NodePatch& patch : file.properties.nodes) {
          if (patch.relation) part.nodes.push_back(builder.FromRelation({&file, &patch}));
        }
        for (const SemanticPatch& patch : file.properties.semantics)
          part.nodes.push_back(builder.FromSemantic(file, patch));
        for (const UnitTestPatch& test : file.properties.unit_tests)
          part.nodes.push_back(BuildUnitTest(file, test, builder));
      }
      for (const DocBlock& block : project_.docs.all()) docs_.push_back(builder.FromDoc(block));
    });
  }

  void BuildHooks(NodeBuilder& builder, Part& part) const {
    for (const PackageContext& package : project_.packages) {
      int index = 0;
      for (const auto& hook : package.files->config.on_run_start) {
        part.nodes.push_back(builder.FromHook(package, *hook, true, index++));
      }
      index = 0;
      for (const auto& hook : package.files->config.on_run_end) {
        part.nodes.push_back(builder.FromHook(package, *hook, false, index++));
      }
    }
  }

  void BuildTests() {
    std::vector<std::pair<TestTarget, const DeclaredTest*>> tests;
    for (const PropertiesFile& file : properties_) {
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
        if (std::optional<Node> node = builder.Build(tests[i].first, *tests[i].second))
          part.nodes.push_back(*std::move(node));
      }
    });
  }

  // --- together

  std::unique_ptr<Manifest> Join() {
    ManifestBuilder builder(sources_);
    for (const PackageContext& package : project_.packages) {
      builder.AddPackage(package.name(), package.files->root, package.files->config.version, false,
                         package.files->config.vars, package.files->config.restrict_access);
    }
    for (const std::string& internal : InternalPackages()) builder.AddPackage(internal, "", "", true, {});
    builder.SetVars(options_.invocation->vars);
    builder.SetSelectors(std::move(selectors_.selectors), std::move(selectors_.artifact));
    builder.SetAdapter(options_.target->profile.type, project_.quote, options_.dialect->default_include);
    for (size_t i = 0; i < sql_.size(); ++i) {
      if (sql_[i].code) continue;
      builder.AddBroken(sql_work_[i].name);
      if (const Patch patch = PatchOf(sql_work_[i])) builder.AddBroken(patch.patch->name);
    }
    for (const PropertiesFile& file : properties_) {
      if (file.broken) builder.BreakSources();
    }
    sql_ = std::vector<ParsedSql>();  // what is not needed any more makes room for the nodes' new place
    properties_ = std::vector<PropertiesFile>();
    patches_.clear();
    size_t count = 0;
    for (const Part& part : parts_) count += part.nodes.size();
    builder.Reserve(count);
    for (Part& part : parts_) {
      for (Node& node : part.nodes) builder.AddNode(std::move(node));
      part.nodes = std::vector<Node>();
      builder.AddPool(std::move(part.pool));
      Append(errors_, std::move(part.errors));
      Append(warnings_, std::move(part.warnings));
    }
    for (Doc& doc : docs_) builder.AddDoc(doc);
    for (Group& group : groups_) builder.AddGroup(group);
    return builder.Finish(std::move(macros_), errors_, warnings_);
  }

  void WarnUnusedPaths(const Manifest& manifest) {
    const PackageContext& root = project_.packages.front();
    for (const auto& [section, type] : {std::pair<std::string_view, ResourceType>{"models", ResourceType::kModel},
                                        {"seeds", ResourceType::kSeed},
                                        {"snapshots", ResourceType::kSnapshot},
                                        {"sources", ResourceType::kSource},
                                        {"data_tests", ResourceType::kTest},
                                        {"unit_tests", ResourceType::kUnitTest},
                                        {"exposures", ResourceType::kExposure},
                                        {"functions", ResourceType::kFunction},
                                        {"metrics", ResourceType::kMetric},
                                        {"semantic-models", ResourceType::kSemanticModel},
                                        {"saved-queries", ResourceType::kSavedQuery}}) {
      std::vector<const ConfigTree::Level*> used;
      for (std::span<const Node> nodes : {manifest.nodes(), manifest.disabled()}) {
        for (const Node& node : nodes) {
          if (node.type != type) continue;
          for (const ConfigTree::Level* level : root.TreeOf(type).Find(node.fqn)) used.push_back(level);
        }
      }
      std::ranges::sort(used);
      WarnUnusedBelow(root.TreeOf(type).root(), std::string(section), used);
    }
  }

  void WarnUnusedBelow(const ConfigTree::Level& level, const std::string& path,
                       const std::vector<const ConfigTree::Level*>& used) {
    for (const auto& [name, child] : level.children) {
      const std::string child_path = path + "." + name;
      if (!child->entries.empty() && !std::ranges::binary_search(used, child.get())) {
        warnings_.push_back(
            Diagnostic(kUnusedConfigPath, "configuration path `" + child_path + "` applies to nothing", child->span)
                .As(Severity::kWarning));
      }
      WarnUnusedBelow(*child, child_path, used);
    }
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
  const ParseOptions& options_;
  SourceMap& sources_;
  BaseContext base_;
  Diagnostics errors_, warnings_;
  std::unique_ptr<MacroIndex> macros_;
  ProjectContext project_;
  SelectorsFile selectors_;
  std::vector<Work> sql_work_;
  std::vector<ParsedSql> sql_;
  std::vector<PropertiesFile> properties_;
  std::unordered_map<std::string, Patch> patches_;
  std::vector<Part> parts_;
  std::vector<Doc> docs_;
  std::vector<Group> groups_;
};

}  // namespace

Result<ParsedProject> ParseProject(ProjectFiles files, const ParseOptions& options, SourceMap& sources) {
  return Parser(std::move(files), options, sources).Parse();
}

}  // namespace stir::project
