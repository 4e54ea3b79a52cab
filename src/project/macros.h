// Every macro of the project, of its packages and of the built-in ones, and the three ways in which templates find
// them: by name as a node of a package sees it, by adapter.dispatch, and as a materialization (dbt.md 2.3, 3.3).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "jinja/template.h"
#include "jinja/value.h"

namespace stir::project {

using MacroId = uint32_t;

struct MacroArgument {
  std::string name, type, description;  // type and description: empty when none
};

struct Macro {
  MacroId id = 0;
  std::string name, package, unique_id;  // "cents", "shop", "macro.shop.cents"
  std::string path;                      // below the package's root
  std::string_view sql;                  // its text, from opening to closing tag; in the SourceMap
  Span span, name_span;
  jinja::Value callable;
  std::shared_ptr<const jinja::Template> source;
  std::vector<MacroId> depends_on;               // macros named in its text
  std::vector<std::string> supported_languages;  // materializations only
  // From its properties:
  std::string description, patch_path;
  std::vector<MacroArgument> arguments;
  jinja::Value meta;
  bool docs_show = true;
};

// dispatch: in dbt_project.yml.
struct DispatchRule {
  std::string macro_namespace;
  std::vector<std::string> search_order;
};

struct MacroLayout {
  std::string root;                           // the root project's name
  std::vector<std::string> internal;          // built-in packages, most specific first: {"dbt_duckdb", "dbt"}
  std::vector<std::string> adapter_prefixes;  // {"duckdb"}; "default" follows by itself
  std::vector<DispatchRule> dispatch;
};

// Immutable once built; safe to read from all threads.
class MacroIndex {
 public:
  // Ids follow `macros`. Two macros of one name in one package are an error (in `errors`). Dependencies are filled in
  // here.
  MacroIndex(std::vector<Macro> macros, MacroLayout layout, Diagnostics& errors);
  ~MacroIndex();

  std::span<const Macro> all() const { return macros_; }
  const Macro& at(MacroId id) const { return macros_[id]; }
  // What properties say about a macro; only while the project is parsed.
  Macro* Mutable(std::string_view package, std::string_view name);
  Macro* Mutable(MacroId id) { return id < macros_.size() ? &macros_[id] : nullptr; }
  const Macro* Find(std::string_view unique_id) const;
  const Macro* Find(std::string_view package, std::string_view name) const;  // "dbt" finds all built-in ones

  // A bare name in a template of a node of `package`: that package's macros, the root's, packages as namespaces,
  // built-in ones. For a namespace (`dbt_utils`) `value` is an object whose attributes are macros.
  bool Lookup(std::string_view package, std::string_view name, jinja::Value& value) const;
  // The macro that a bare name means there, or null.
  const Macro* Resolve(std::string_view package, std::string_view name) const;

  // adapter.dispatch(name, macro_namespace) in a node of `package`; an empty namespace means none given. A failure
  // lists all names that were looked for.
  Result<const Macro*> Dispatch(std::string_view name, std::string_view macro_namespace,
                                std::string_view package) const;
  // Specificity beats locality: the adapter's before default's; then the root's, then packages' (unless a built-in one
  // has the name), then built in. Null without.
  const Macro* Materialization(std::string_view name) const;
  // generate_schema_name, generate_alias_name, generate_database_name for a node of `package`: its own, the root's,
  // built in.
  const Macro* GenerateName(std::string_view name, std::string_view package) const;
  // A generic test by name: `test_<name>` in `macro_namespace`, else as a node of `package` sees it. Null without.
  const Macro* GenericTest(std::string_view name, std::string_view macro_namespace, std::string_view package) const;

  bool IsPackage(std::string_view name) const;  // names a namespace; of the built-in packages only "dbt"
  std::vector<std::string> Names(
      std::string_view package) const;                // "did you mean" candidates: all bare names seen there
  std::vector<std::string> GenericTestNames() const;  // "unique", "dbt_utils.at_least_one"

  const MacroLayout& layout() const { return layout_; }

 private:
  struct Tables;
  void FindDependencies(Macro& macro) const;
  friend class PackageNamespace;

  std::vector<Macro> macros_;
  MacroLayout layout_;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace stir::project
