// Walking is by the folders that dbt_project.yml names; reading runs on all cores, texts enter the SourceMap in path
// order.
#include "project/files.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "base/parallel.h"
#include "base/strings.h"
#include "project/dbt_version.h"
#include "project/ignore_rules.h"
#include "project/kinds.h"
#include "project/parse_cache.h"
#include "project/yaml_values.h"
#include "yaml/node.h"

namespace stir::project {

namespace {

// A file that was changed within this time before it was looked at may be changed again without looking different:
// clocks of disks are coarse.
constexpr int64_t kFreshNanoseconds = int64_t{2} * 1000 * 1000 * 1000;

constexpr size_t kFileKinds = static_cast<size_t>(FileKind::kDocs) + 1;

constexpr uint64_t kLargestHashedSeed = uint64_t{1} << 20;  // dbt's default of MAXIMUM_SEED_SIZE_MIB

// Where the bytes come from: the disk, or a map in memory.
class Tree {
 public:
  virtual ~Tree() = default;
  virtual Result<std::vector<WalkEntry>> Walk(const std::string& folder) = 0;  // paths below the folder
  virtual Result<std::string> Read(const std::string& path) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual std::string Absolute(const std::string& path) const = 0;
  virtual int64_t Now() const = 0;  // nanoseconds, by the clock that stamps the files
};

class DiskTree final : public Tree {
 public:
  DiskTree(Files& files, const fs::path& root) : files_(files), root_(root.lexically_normal()) {
    if (!root_.has_filename()) root_ = root_.parent_path();  // "/project/" is "/project"
  }
  Result<std::vector<WalkEntry>> Walk(const std::string& folder) override { return files_.Walk(root_ / folder); }
  Result<std::string> Read(const std::string& path) override { return files_.Read(root_ / path); }
  bool Exists(const std::string& path) override { return files_.Exists(root_ / path); }
  std::string Absolute(const std::string& path) const override {
    return path.empty() ? root_.string() : (root_ / path).lexically_normal().string();
  }
  // Not the invocation's clock: one that was set for templates must not make files look old.
  int64_t Now() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

 private:
  Files& files_;
  fs::path root_;
};

class MemoryTree final : public Tree {
 public:
  explicit MemoryTree(const std::map<std::string, std::string>& texts) : texts_(texts) {}

  Result<std::vector<WalkEntry>> Walk(const std::string& folder) override {
    std::vector<WalkEntry> entries;
    const std::string prefix = folder.empty() ? std::string() : folder + "/";
    for (auto it = texts_.lower_bound(prefix); it != texts_.end() && it->first.starts_with(prefix); ++it) {
      WalkEntry entry{it->first.substr(prefix.size()), {}};
      entry.stat.size = it->second.size();
      entries.push_back(std::move(entry));
    }
    return entries;
  }
  Result<std::string> Read(const std::string& path) override {
    auto found = texts_.find(path);
    if (found == texts_.end()) return Diagnostic(kNoProject, "no file `" + path + "`");
    return found->second;
  }
  bool Exists(const std::string& path) override { return texts_.contains(path); }
  std::string Absolute(const std::string& path) const override { return "/memory/" + path; }
  int64_t Now() const override { return 0; }  // texts in memory always look fresh

 private:
  const std::map<std::string, std::string>& texts_;
};

std::string Under(const std::string& folder, const std::string& path) {
  return folder.empty() ? path : folder + "/" + path;
}

std::string Normalised(const std::string& folder) {
  std::string path = fs::path(folder).lexically_normal().generic_string();
  while (path.ends_with('/')) path.pop_back();
  return path == "." ? std::string() : path;
}

std::string_view Extension(std::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot);
}

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool IsIgnoredName(std::string_view name) {
  return name.starts_with('.') || name.starts_with('#') || name.starts_with('~');
}

// What a folder's files are read as: files of `extension` below it are of this kind.
struct Rule {
  std::string folder;
  std::string_view extension;
  FileKind kind;
};

std::vector<Rule> RulesOf(const ProjectConfig& config) {
  std::vector<Rule> rules;
  std::set<std::string> all;
  auto add = [&](const std::vector<std::string>& folders, std::string_view extension, FileKind kind) {
    for (const std::string& folder : folders) {
      rules.push_back({Normalised(folder), extension, kind});
      all.insert(Normalised(folder));
    }
  };
  add(config.macro_paths, ".sql", FileKind::kMacro);
  add(config.model_paths, ".sql", FileKind::kModel);
  add(config.model_paths, ".py", FileKind::kModel);
  add(config.snapshot_paths, ".sql", FileKind::kSnapshot);
  add(config.analysis_paths, ".sql", FileKind::kAnalysis);
  add(config.test_paths, ".sql", FileKind::kTest);
  for (const std::string& folder : config.test_paths)
    rules.push_back({Normalised(folder + "/fixtures"), ".csv", FileKind::kFixture});
  add(config.seed_paths, ".csv", FileKind::kSeed);
  for (std::string_view extension : {".sql", ".py", ".js"}) add(config.function_paths, extension, FileKind::kFunction);
  const std::vector<std::string> sources(all.begin(), all.end());
  add(config.docs_paths.empty() ? sources : config.docs_paths, ".md", FileKind::kDocs);
  add(sources, ".yml", FileKind::kProperties);
  add(sources, ".yaml", FileKind::kProperties);
  return rules;
}

// Tests that define generic tests, and fixtures, stand in folders of their own below a test folder.
FileKind KindOf(const Rule& rule, std::string_view path) {
  if (rule.kind != FileKind::kTest) return rule.kind;
  if (path.starts_with("generic/")) return FileKind::kGenericTest;
  return path.starts_with("fixtures/") ? FileKind::kFixture : FileKind::kTest;
}

class PackageReader {
 public:
  PackageReader(Tree& tree, SourceMap& sources, std::string root, std::shared_ptr<const ParseCache> cache)
      : tree_(tree),
        sources_(sources),
        root_(std::move(root)),
        cache_(std::move(cache)),
        package_(cache_ ? cache_->Find(root_) : nullptr) {}

  // The root project; its variables may stand in vars.yml.
  Result<PackageFiles> ReadRoot(const Invocation& invocation, Diagnostics& warnings) {
    STIR_ASSIGN(const jinja::Value vars, ReadVars());
    if (vars.AsDict().size() == 0) return Read(invocation, warnings);
    Invocation with = invocation;
    with.vars = Thaw(vars);
    if (invocation.vars.IsDict()) {
      for (const auto& [name, value] : invocation.vars.AsDict().entries()) with.vars.AsDict().Set(name, value);
    }
    STIR_ASSIGN(PackageFiles root, Read(with, warnings));
    if (root.config.vars.AsDict().size() > 0) {
      return Diagnostic(kBadProjectFile, "variables stand in vars.yml and in dbt_project.yml too",
                        root.config.root->FindEntry("vars")->key->span)
          .Hint("keep one of the two places");
    }
    root.config.vars = vars;
    return root;
  }

  Result<PackageFiles> Read(const Invocation& invocation, Diagnostics& warnings) {
    STIR_ASSIGN(std::string text, tree_.Read(Under(root_, "dbt_project.yml")));
    if (!IsUtf8(text)) return NotUtf8(Under(root_, "dbt_project.yml"));
    const SourceId source = sources_.Add(Under(root_, "dbt_project.yml"), std::move(text));
    PackageFiles package;
    package.root = tree_.Absolute(root_);
    package.folder = root_;
    STIR_ASSIGN(package.config, ParseProjectConfig(sources_, source, invocation, warnings));
    STIR_ASSIGN(package.files, List(package.config));
    STIR_TRY(ReadAll(package.files));
    return package;
  }

 private:
  Result<jinja::Value> ReadVars() {
    jinja::Value vars = jinja::Value::MakeDict();
    const std::string path = Under(root_, "vars.yml");
    if (!tree_.Exists(path)) return vars;
    STIR_ASSIGN(std::string text, tree_.Read(path));
    STIR_ASSIGN(const yaml::Document document, yaml::Parse(sources_, sources_.Add(path, std::move(text))));
    const yaml::Node* node = document.root->IsMapping() ? document.root->Find("vars") : nullptr;
    if (!node || node->IsNull()) return vars;
    if (node->IsMapping()) return ValueOf(*node);
    return Diagnostic(kWrongType, "`vars` of vars.yml must be a mapping, not " + std::string(Describe(*node)),
                      node->span);
  }

  static Diagnostic NotUtf8(const std::string& path) {
    return Diagnostic(kNotUtf8, "not UTF-8 text").About(path).Hint("save the file with the encoding UTF-8");
  }

  Result<std::vector<ProjectFile>> List(const ProjectConfig& config) {
    std::array<std::vector<ProjectFile>, kFileKinds> by_kind;
    IgnoreRules ignored;
    if (const std::string path = Under(root_, ".dbtignore"); tree_.Exists(path)) {
      STIR_ASSIGN(const std::string text, tree_.Read(path));
      ignored = IgnoreRules(text);
    }
    const int64_t now = tree_.Now();
    std::map<std::string, std::vector<WalkEntry>> walked;
    for (const Rule& rule : RulesOf(config)) {
      if (!walked.contains(rule.folder)) {
        STIR_ASSIGN(walked[rule.folder], tree_.Walk(Under(root_, rule.folder)));
      }
      for (const WalkEntry& entry : walked[rule.folder]) {
        if (Extension(entry.path) != rule.extension || IsIgnoredName(FileName(entry.path))) continue;
        std::string path = Under(rule.folder, entry.path);
        if (ignored.Ignores(path)) continue;
        const FileKind kind = KindOf(rule, entry.path);
        ProjectFile& file = by_kind[static_cast<size_t>(kind)].emplace_back();
        file.kind = kind;
        file.path = std::move(path);
        file.folder = rule.folder;
        file.stat = entry.stat;
        file.settled = std::max(entry.stat.mtime_ns, entry.stat.ctime_ns) < now - kFreshNanoseconds;
      }
    }
    std::vector<ProjectFile> files = InOrder(std::move(by_kind));
    FindKnown(files);
    return files;
  }

  // By kind, then by path, each once: a folder may be named twice, or stand in another.
  static std::vector<ProjectFile> InOrder(std::array<std::vector<ProjectFile>, kFileKinds> by_kind) {
    std::vector<ProjectFile> files;
    for (std::vector<ProjectFile>& kind : by_kind) {
      if (!std::ranges::is_sorted(kind, {}, &ProjectFile::path)) std::ranges::stable_sort(kind, {}, &ProjectFile::path);
      const auto doubles = std::ranges::unique(kind, {}, &ProjectFile::path);
      kind.erase(doubles.begin(), doubles.end());
      files.insert(files.end(), std::move_iterator(kind.begin()), std::move_iterator(kind.end()));
    }
    return files;
  }

  // What the cache knows of the same files; both lists are in the same order.
  void FindKnown(std::vector<ProjectFile>& files) const {
    if (!package_) return;
    auto known = package_->files.begin();
    for (ProjectFile& file : files) {
      const auto wanted = std::pair(file.kind, std::string_view(file.path));
      while (known != package_->files.end() && std::pair(known->kind, known->path) < wanted) ++known;
      if (known != package_->files.end() && std::pair(known->kind, known->path) == wanted) file.known = &*known;
    }
  }

  Status ReadAll(std::vector<ProjectFile>& files) {
    std::vector<std::string> texts(files.size());  // of those that were read
    std::vector<Diagnostics> problems(files.size());
    ParallelFor(files.size(), [&](size_t i) { problems[i] = ReadOne(files[i], texts[i]); });
    Diagnostics errors;
    for (size_t i = 0; i < files.size(); ++i) {
      Append(errors, std::move(problems[i]));
      if (files[i].kind == FileKind::kSeed) continue;
      files[i].source = files[i].known ? sources_.Add(Under(root_, files[i].path), files[i].known->text, cache_)
                                       : sources_.Add(Under(root_, files[i].path), std::move(texts[i]));
      files[i].text = sources_.Text(files[i].source);
    }
    STIR_TRY(StatusOf(std::move(errors)));
    return ReadSeedRows(files);
  }

  // A unit test may take its rows from a seed.
  Status ReadSeedRows(std::vector<ProjectFile>& files) {
    const bool wanted = std::ranges::any_of(files, [](const ProjectFile& file) {
      return file.kind == FileKind::kProperties && file.text.find("unit_tests") != std::string_view::npos;
    });
    for (ProjectFile& file : files) {
      if (!wanted || file.kind != FileKind::kSeed || file.checksum_is_path) continue;
      const std::string path = Under(root_, file.path);
      STIR_ASSIGN(std::string text, tree_.Read(path));
      file.source = sources_.Add(path, std::move(text));
      file.text = sources_.Text(file.source);
    }
    return {};
  }

  Diagnostics ReadOne(ProjectFile& file, std::string& text) const {
    const CachedFile* known = std::exchange(file.known, nullptr);
    if (known && known->settled && SameStat(file.stat, known->stat)) {
      file.known = known;
      file.content = known->content;
      file.checksum = known->checksum;
      file.checksum_is_path = known->checksum_is_path;
      return {};
    }
    Diagnostics errors = ReadBytes(file, text);
    if (known && file.content == known->content && file.checksum_is_path == known->checksum_is_path) file.known = known;
    return errors;
  }

  static bool SameStat(const FileStat& a, const FileStat& b) {
    return a.size == b.size && a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns && a.inode == b.inode;
  }

  Diagnostics ReadBytes(ProjectFile& file, std::string& text) const {
    const std::string path = Under(root_, file.path);
    if (file.kind == FileKind::kSeed && file.stat.size > kLargestHashedSeed) {
      file.checksum = file.path;
      file.checksum_is_path = true;
      return {};
    }
    Result<std::string> read = tree_.Read(path);
    if (!read.ok()) return std::move(read).error();
    text = *std::move(read);
    if (!IsUtf8(text)) return {NotUtf8(path)};
    file.content = ContentHash(text);
    if (file.kind == FileKind::kSeed) {
      file.checksum = Sha256Hex(Strip(ReplaceAll(text, "\r\n", "\n")));
      text = {};
    }
    return {};
  }

  Tree& tree_;
  SourceMap& sources_;
  std::string root_;  // below the tree's root; empty for the root project
  std::shared_ptr<const ParseCache> cache_;
  const CachedPackage* package_;  // in the cache; null when that does not know it
};

Result<SourceId> ReadOptional(Tree& tree, SourceMap& sources, const std::string& path) {
  if (!tree.Exists(path)) return SourceId{};
  STIR_ASSIGN(std::string text, tree.Read(path));
  return sources.Add(path, std::move(text));
}

// How many packages the project asks for: by the lock, else by the list.
Result<size_t> SpecifiedPackages(SourceMap& sources, std::initializer_list<SourceId> lists) {
  for (SourceId list : lists) {
    if (!list) continue;
    STIR_ASSIGN(yaml::Document document, yaml::Parse(sources, list));
    const yaml::Node* packages = document.root->IsMapping() ? document.root->Find("packages") : nullptr;
    if (packages && packages->IsSequence() && !packages->items.empty()) return packages->items.size();
  }
  return size_t{0};
}

Result<std::vector<std::string>> InstalledPackages(Tree& tree, const std::string& folder) {
  std::set<std::string> names;
  STIR_ASSIGN(std::vector<WalkEntry> entries, tree.Walk(folder));
  for (const WalkEntry& entry : entries) {
    const size_t slash = entry.path.find('/');
    if (slash != std::string::npos && entry.path[0] != '.' && entry.path[0] != '_')
      names.insert(entry.path.substr(0, slash));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Diagnostic NotInstalled(size_t specified, size_t installed, SourceId where) {
  return Diagnostic(kPackagesNotInstalled,
                    "the project asks for " + std::to_string(specified) + " packages, but " +
                        std::to_string(installed) + " are installed",
                    Span{where, 0, 0})
      .Hint(specified < installed ? "name each folder of the packages' folder in packages.yml, or remove it"
                                  : "Run \"dbt deps\" to install package dependencies");
}

Status CheckPackageNames(const std::vector<PackageFiles>& packages) {
  Diagnostics errors;
  for (size_t i = 0; i < packages.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (packages[i].config.name != packages[j].config.name) continue;
      errors.push_back(Diagnostic(kDuplicatePackage, "two packages have the name `" + packages[i].config.name + "`",
                                  packages[i].config.name_span)
                           .With({packages[j].config.name_span, "the other one"}));
    }
  }
  return StatusOf(std::move(errors));
}

bool ChecksVersion(const Invocation& invocation) {
  auto flag = std::ranges::find(invocation.flags, "VERSION_CHECK", [](const auto& each) { return each.first; });
  return flag == invocation.flags.end() || flag->second.Truthy();
}

Status CheckDbtVersion(const ProjectConfig& config) {
  if (config.require_dbt_version.empty()) return {};
  const yaml::Node* node = config.root->Find("require-dbt-version");
  Result<bool> fits = IsDbtVersion(kDbtVersion, config.require_dbt_version);
  if (fits.ok() && *fits) return {};
  if (fits.ok()) {
    return Diagnostic(kDbtVersionNeeded,
                      "`" + config.name + "` asks for dbt " + Join(config.require_dbt_version, ", ") +
                          ", but this is " + std::string(kDbtVersion),
                      node->span)
        .Hint("use another version of `" + config.name + "`, or pass --no-version-check");
  }
  Diagnostics errors = std::move(fits).error();
  errors.front().span = node->span;
  return errors;
}

Result<ProjectFiles> ReadTree(Tree& tree, const Invocation& invocation, SourceMap& sources,
                              std::shared_ptr<const ParseCache> cache) {
  if (!tree.Exists("dbt_project.yml")) {
    return Diagnostic(kNoProject, "no dbt_project.yml found")
        .About(tree.Absolute("dbt_project.yml"))
        .Hint("run the command in a project's folder, or name one with --project-dir");
  }
  ProjectFiles files;
  STIR_ASSIGN(PackageFiles root, PackageReader(tree, sources, "", cache).ReadRoot(invocation, files.warnings));
  const std::string install_path = Normalised(root.config.packages_install_path);
  files.packages.push_back(std::move(root));

  STIR_ASSIGN(files.selectors, ReadOptional(tree, sources, "selectors.yml"));
  STIR_ASSIGN(const SourceId lock, ReadOptional(tree, sources, "package-lock.yml"));
  STIR_ASSIGN(files.dependencies, ReadOptional(tree, sources, "packages.yml"));
  if (!files.dependencies) {
    STIR_ASSIGN(files.dependencies, ReadOptional(tree, sources, "dependencies.yml"));
  }
  STIR_ASSIGN(const size_t specified, SpecifiedPackages(sources, {lock, files.dependencies}));
  STIR_ASSIGN(const std::vector<std::string> installed, InstalledPackages(tree, install_path));
  if (specified != installed.size()) return NotInstalled(specified, installed.size(), lock ? lock : files.dependencies);

  Diagnostics errors;
  for (const std::string& folder : installed) {
    Result<PackageFiles> package =
        PackageReader(tree, sources, Under(install_path, folder), cache).Read(invocation, files.warnings);
    if (package.ok()) {
      files.packages.push_back(*std::move(package));
    } else {
      Append(errors, std::move(package).error());
    }
  }
  STIR_TRY(StatusOf(std::move(errors)));
  std::ranges::sort(files.packages.begin() + 1, files.packages.end(), {},
                    [](const PackageFiles& p) { return p.config.name; });
  STIR_TRY(CheckPackageNames(files.packages));
  for (const PackageFiles& package : files.packages) {
    if (ChecksVersion(invocation)) STIR_TRY(CheckDbtVersion(package.config));
  }
  files.cache = std::move(cache);
  return files;
}

}  // namespace

Result<ProjectFiles> ReadProject(Files& files, const fs::path& root, const Invocation& invocation, SourceMap& sources,
                                 std::shared_ptr<const ParseCache> cache) {
  DiskTree tree(files, root);
  return ReadTree(tree, invocation, sources, std::move(cache));
}

Result<ProjectFiles> ProjectFilesOf(const std::map<std::string, std::string>& texts, const Invocation& invocation,
                                    SourceMap& sources, std::shared_ptr<const ParseCache> cache) {
  MemoryTree tree(texts);
  return ReadTree(tree, invocation, sources, std::move(cache));
}

}  // namespace stir::project
