#include "engine/package_specs.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/python_json.h"
#include "jinja/template.h"
#include "project/base_context.h"
#include "yaml/node.h"

namespace stir::engine {
namespace {

struct KindRow {
  std::string_view key;
  PackageKind kind;
  std::string_view allowed;  // its other keys
};
constexpr std::array kKinds{
    KindRow{"local", PackageKind::kLocal, "local name"},
    KindRow{"git", PackageKind::kGit, "git revision warn-unpinned subdirectory name"},
    KindRow{"tarball", PackageKind::kTarball, "tarball name"},
    KindRow{"package", PackageKind::kHub, "package version install_prerelease install-prerelease name"},
    KindRow{"private", PackageKind::kPrivate, "private provider revision warn-unpinned subdirectory name"},
};

bool Allows(const KindRow& row, std::string_view key) {
  for (std::string_view each : Split(row.allowed, ' ')) {
    if (each == key) return true;
  }
  return false;
}

// Sorted keys, as json.dumps(..., sort_keys=True) has them.
using Sorted = std::map<std::string, Json>;
Json InOrder(const Sorted& sorted) {
  Json json = Json::object();
  for (const auto& [key, value] : sorted) json[key] = value;
  return json;
}

class ListReader {
 public:
  ListReader(const project::Invocation& invocation, bool rendered)
      : base_(invocation, jinja::Value(), ""), scope_(base_, reads_), rendered_(rendered) {
    scope_.Set("env_var", project::MakeEnvVar(*invocation.environment, /*secrets=*/true));
    scope_.Set("var", project::MakePlainVar(
                          [&vars = invocation.vars](std::string_view name) -> const jinja::Value* {
                            return vars.IsDict() ? vars.AsDict().Find(name) : nullptr;
                          },
                          invocation.vars));
  }

  Result<PackageList> Read(const yaml::Node& root) {
    PackageList list;
    if (root.IsNull()) return list;
    if (!root.IsMapping()) return Malformed("the file has to be a mapping with the key `packages`", root.span);
    for (const yaml::Entry& entry : root.entries) {
      const std::string& key = entry.key->text;
      if (key == "sha1_hash") list.locked_hash = entry.value->text;
      if (key != "packages" && key != "projects" && key != "sha1_hash") {
        errors_.push_back(Malformed(fmt::format("`{}` is not a key of this file", key), entry.key->span));
      }
    }
    const yaml::Node* packages = root.Find("packages");
    if (packages != nullptr && !packages->IsNull()) {
      if (!packages->IsSequence()) return Malformed("`packages` has to be a list", packages->span);
      for (const auto& item : packages->items) ReadOne(*item, list);
    }
    if (!errors_.empty()) return std::move(errors_);
    return list;
  }

 private:
  static Diagnostic Malformed(std::string message, Span span) {
    return Diagnostic(kBadPackage, std::move(message), span)
        .Hint(
            "a package is one of `local: PATH`, `git: URL` with `revision`, `package: NAMESPACE/NAME` with `version`, "
            "`tarball: URL` with `name`");
  }

  void ReadOne(const yaml::Node& item, PackageList& list) {
    Result<PackageSpec> spec = ReadSpec(item);
    if (spec.ok()) {
      list.packages.push_back(*std::move(spec));
    } else {
      Append(errors_, std::move(spec).error());
    }
  }

  Result<PackageSpec> ReadSpec(const yaml::Node& item) {
    if (!item.IsMapping()) return Malformed("a package has to be a mapping", item.span);
    const auto row = std::ranges::find_if(kKinds, [&](const KindRow& each) { return item.Find(each.key) != nullptr; });
    if (row == kKinds.end()) return Malformed("it does not say where the package comes from", item.span);
    for (const yaml::Entry& entry : item.entries) {
      if (!Allows(*row, entry.key->text))
        return Malformed(fmt::format("`{}` is not a key of a {} package", entry.key->text, row->key), entry.key->span);
    }
    PackageSpec spec;
    spec.kind = row->kind;
    spec.span = item.span;
    spec.written = item.Find(row->key)->text;
    STIR_ASSIGN(spec.location, Text(*item.Find(row->key)));
    if (spec.location.empty()) return Malformed(fmt::format("`{}` has no value", row->key), item.Find(row->key)->span);
    STIR_ASSIGN(spec.name, TextAt(item, "name"));
    STIR_ASSIGN(spec.subdirectory, TextAt(item, "subdirectory"));
    STIR_TRY(ReadVersions(item, spec));
    STIR_TRY(CheckHub(item, spec));
    STIR_ASSIGN(spec.canonical, Canonical(item, spec));
    return spec;
  }

  Status ReadVersions(const yaml::Node& item, PackageSpec& spec) {
    const yaml::Node* versions = item.Find(spec.kind == PackageKind::kHub ? "version" : "revision");
    if (versions == nullptr || versions->IsNull()) return {};
    if (versions->IsSequence()) {
      for (const auto& each : versions->items) {
        STIR_ASSIGN(std::string text, Text(*each));
        spec.versions.push_back(std::move(text));
      }
      return {};
    }
    STIR_ASSIGN(std::string text, Text(*versions));
    spec.versions.push_back(std::move(text));
    return {};
  }

  static Status CheckHub(const yaml::Node& item, PackageSpec& spec) {
    if (spec.kind == PackageKind::kTarball && spec.name.empty())
      return Malformed("a tarball needs the `name` of its package", item.span);
    if (spec.kind != PackageKind::kHub) return {};
    for (std::string_view key : {"install_prerelease", "install-prerelease"}) {
      const yaml::Node* found = item.Find(key);
      spec.prerelease = spec.prerelease || (found != nullptr && found->boolean);
    }
    if (spec.location.find('/') == std::string::npos)
      return Malformed(fmt::format("{} was not found in the package index. Packages on the index require a namespace, "
                                   "e.g dbt-labs/dbt_utils",
                                   spec.location),
                       item.span);
    if (!spec.versions.empty()) return {};
    return Malformed(fmt::format("{} is missing the version. When installing from the Hub package index, version is a "
                                 "required property",
                                 spec.location),
                     item.span);
  }

  // dbt's to_dict() of the package: fields that are not given are null, but for the name.
  Result<std::string> Canonical(const yaml::Node& item, const PackageSpec& spec) {
    Sorted fields;
    fields.emplace("unrendered", JsonOf(item));
    if (spec.kind == PackageKind::kGit || spec.kind == PackageKind::kPrivate) {
      for (const char* key : {"revision", "subdirectory", "warn-unpinned"}) fields.emplace(key, nullptr);
    }
    if (spec.kind == PackageKind::kPrivate) fields.emplace("provider", nullptr);
    if (spec.kind == PackageKind::kHub) fields.emplace("install_prerelease", false);
    for (const yaml::Entry& entry : item.entries) {
      Json value = JsonOf(*entry.value);
      if (value.is_string()) {
        STIR_ASSIGN(value, Text(*entry.value));
      }
      fields[entry.key->text == "install-prerelease" ? "install_prerelease" : entry.key->text] = std::move(value);
    }
    return PythonJson(InOrder(fields));
  }

  Result<std::string> TextAt(const yaml::Node& item, std::string_view key) {
    const yaml::Node* found = item.Find(key);
    return found == nullptr || found->IsNull() ? Result<std::string>(std::string()) : Text(*found);
  }

  Result<std::string> Text(const yaml::Node& node) {
    if (!rendered_ || node.text.find('{') == std::string::npos) return node.text;
    STIR_ASSIGN(const auto parsed, jinja::Template::Parse(node.text, jinja::Origin{node.span.source, node.span.begin,
                                                                                   node.verbatim, node.span}));
    return jinja::Render(*parsed, scope_);
  }

  project::BaseContext base_;
  project::Reads reads_;  // what texts ask for is of no interest here
  project::SimpleScope scope_;
  const bool rendered_;
  Diagnostics errors_;
};

}  // namespace

Result<PackageList> ReadPackageList(SourceId source, const SourceMap& sources, const project::Invocation& invocation,
                                    bool rendered) {
  if (!source) return PackageList{};
  STIR_ASSIGN(const yaml::Document document, yaml::Parse(sources, source));
  return ListReader(invocation, rendered).Read(*document.root);
}

std::string HashOf(const std::vector<PackageSpec>& packages) {
  std::vector<std::string> texts;
  for (const PackageSpec& package : packages) texts.push_back(package.canonical);
  std::ranges::sort(texts);
  return Sha1Hex(Join(texts, "\n"));
}

}  // namespace stir::engine
