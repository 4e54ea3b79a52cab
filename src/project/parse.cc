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
#include "project/build_nodes.h"
#include "project/generic_tests.h"
#include "project/kinds.h"
#include "project/macro_files.h"
#include "project/manifest_builder.h"
#include "project/project_context.h"
#include "project/relation_names.h"

namespace stir::project {

namespace {

using jinja::Value;

// From this many nodes on, what parsing has freed is given back to the system.
constexpr size_t kLargeProject = 2000;

// A file in its package.
struct Work {
  size_t package = 0;
  const ProjectFile* file = nullptr;
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
    scope.Set("var", VarsOnly(options_.invocation->vars));
    for (const PackageFiles& files : files_.packages) project_.packages.push_back(ContextOf(files, scope));

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
    return package;
  }

  // --- files

  static std::string_view NameOf(const ProjectFile& file) {
    const std::string_view name = std::string_view(file.path).substr(file.path.rfind('/') + 1);
    return name.substr(0, name.rfind('.'));
  }

  void ParseFiles() {
    sql_work_ = FilesOf({FileKind::kModel, FileKind::kAnalysis, FileKind::kTest});
    RefuseUnsupported();
    sql_.resize(sql_work_.size());
    const std::vector<Work> yaml_work = FilesOf({FileKind::kProperties});
    properties_.resize(yaml_work.size());
    Parallel(sql_work_.size() + yaml_work.size(), [&](size_t i) {
      if (i < sql_work_.size()) {
        const Work& work = sql_work_[i];
        sql_[i] = ParseSql(work.file->text, jinja::Origin{work.file->source, 0, true, {work.file->source, 0, 0}},
                           NameOf(*work.file), *project_.packages[work.package].parse);
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
      if (!work.file->path.ends_with(".py")) return false;
      errors_.push_back(Diagnostic(kNotSupported, "models in Python are not supported", Span{work.file->source, 0, 0})
                            .Hint("write it in SQL, or disable the file by moving it out of the model paths"));
      return true;
    });
    for (const Work& work : FilesOf({FileKind::kSnapshot})) {
      errors_.push_back(Diagnostic(kNotSupported, "snapshots are not supported yet", Span{work.file->source, 0, 0}));
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
      default:
        return "models";
    }
  }

  void MatchPatches() {
    std::unordered_map<std::string, FileKind> resources;  // package, name -> what it is
    std::unordered_map<std::string, size_t> by_name;      // section, name -> package
    for (const Work& work : FilesOf({FileKind::kModel, FileKind::kSeed, FileKind::kAnalysis, FileKind::kTest})) {
      const std::string& package = files_.packages[work.package].config.name;
      const std::string name(NameOf(*work.file));
      resources.emplace(PatchKey(SectionOf(work.file->kind), package, name), work.file->kind);
      by_name.emplace(PatchKey(SectionOf(work.file->kind), "", name), work.package);
    }
    for (const PropertiesFile& file : properties_) {
      for (const NodePatch& patch : file.properties.nodes) MatchPatch(file, patch, resources, by_name);
      PatchMacros(file);
    }
  }

  void MatchPatch(const PropertiesFile& file, const NodePatch& patch,
                  const std::unordered_map<std::string, FileKind>& resources,
                  const std::unordered_map<std::string, size_t>& by_name) {
    std::string key = PatchKey(patch.section, file.package->name(), patch.name);
    if (!resources.contains(key)) {
      auto elsewhere = by_name.find(PatchKey(patch.section, "", patch.name));
      if (elsewhere == by_name.end()) {
        WarnNoNode(file, patch, resources);
        return;
      }
      key = PatchKey(patch.section, project_.packages[elsewhere->second].name(), patch.name);
    }
    const auto [other, fresh] = patches_.emplace(std::move(key), Patch{&file, &patch});
    if (fresh) return;
    errors_.push_back(Diagnostic(kDuplicatePatch, "`" + patch.name + "` has properties in two places", patch.name_span)
                          .With({other->second.patch->name_span, "the other one"})
                          .Hint("keep one of them"));
  }

  void WarnNoNode(const PropertiesFile& file, const NodePatch& patch,
                  const std::unordered_map<std::string, FileKind>& resources) {
    for (std::string_view section : {"models", "seeds", "analyses"}) {
      if (section == patch.section || !resources.contains(PatchKey(section, file.package->name(), patch.name)))
        continue;
      warnings_.push_back(Diagnostic(kPatchWithoutNode,
                                     "`" + patch.name + "` belongs to `" + std::string(section) + "`, not to `" +
                                         std::string(patch.section) + "`",
                                     patch.name_span)
                              .As(Severity::kWarning)
                              .Hint("move it to `" + std::string(section) + ":`"));
      return;
    }
    std::vector<std::string> names;
    for (const Work& work : sql_work_) {
      if (SectionOf(work.file->kind) == patch.section) names.emplace_back(NameOf(*work.file));
    }
    warnings_.push_back(Diagnostic(kPatchWithoutNode,
                                   "properties of `" + patch.name + "`, but no such " +
                                       std::string(patch.section.substr(0, patch.section.size() - 1)),
                                   patch.name_span)
                            .As(Severity::kWarning)
                            .Hint(DidYouMean(patch.name, names)));
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
      macro->description = patch.description;
      macro->patch_path = file.patch_path;
      macro->meta = patch.meta;
      macro->docs_show = patch.docs_show;
      if (patch.arguments.empty()) continue;
      if (!SameArguments(macro->arguments, patch.arguments)) {
        warnings_.push_back(Diagnostic(kMacroArguments,
                                       "the arguments of macro `" + patch.name + "` are not those of its definition",
                                       patch.name_span)
                                .As(Severity::kWarning)
                                .With({macro->name_span, "defined here"}));
      }
      macro->arguments = patch.arguments;
    }
  }

  static bool SameArguments(const std::vector<MacroArgument>& defined, const std::vector<MacroArgument>& described) {
    return std::ranges::equal(defined, described, {}, &MacroArgument::name, &MacroArgument::name);
  }

  Patch PatchOf(const Work& work) const {
    auto found = patches_.find(
        PatchKey(SectionOf(work.file->kind), files_.packages[work.package].config.name, NameOf(*work.file)));
    return found == patches_.end() ? Patch{} : found->second;
  }

  // --- nodes

  void BuildNodes() {
    const std::vector<Work> seeds = FilesOf({FileKind::kSeed});
    InParts(sql_work_.size(), [&](Part& part, size_t begin, size_t end) {
      part.nodes.reserve(end - begin);
      NodeBuilder builder(project_, *part.pool, part.errors);
      for (size_t i = begin; i < end; ++i) {
        const Work& work = sql_work_[i];
        if (!sql_[i].code) continue;
        const ResourceType type = work.file->kind == FileKind::kModel  ? ResourceType::kModel
                                  : work.file->kind == FileKind::kTest ? ResourceType::kTest
                                                                       : ResourceType::kAnalysis;
        part.nodes.push_back(
            builder.FromSql(project_.packages[work.package], *work.file, sql_[i], type, PatchOf(work)));
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
          tests.push_back({{&file, patch.section, patch.name, nullptr}, &test});
      }
      for (const SourceTable& table : file.properties.sources) {
        for (const DeclaredTest& test : table.tests)
          tests.push_back({{&file, "sources", table.source_name, &table}, &test});
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
                         package.files->config.vars);
    }
    for (const std::string& internal : InternalPackages()) builder.AddPackage(internal, "", "", true, {});
    builder.SetVars(options_.invocation->vars);
    builder.SetAdapter(options_.target->profile.type, project_.quote, options_.dialect->default_include);
    for (size_t i = 0; i < sql_.size(); ++i) {
      if (!sql_[i].code) builder.AddBroken(NameOf(*sql_work_[i].file));
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
                                        {"data_tests", ResourceType::kTest}}) {
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
