// What templates see while a project is parsed: nothing is executed, every ref(), source(), config() and macro call is
// noted (dbt.md 2.3, parse phase; 3.4, the adapter's stubs).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/relation.h"
#include "jinja/template.h"
#include "project/base_context.h"
#include "project/config.h"
#include "project/macros.h"

namespace stir::project {

struct RefUse {
  std::string package, name, version;  // package and version: empty when not given
  bool version_is_number = false;
  Span span;
};

struct SourceUse {
  std::string source, table;
  Span span;
};

struct NamedUse {  // function(), metric()
  std::string package, name;
  Span span;
};

// What one rendering asked for, in order, without doubles.
struct Recording {
  std::vector<RefUse> refs;  // as often as they are called, also the next
  std::vector<SourceUse> sources;
  std::vector<NamedUse> functions, metrics;
  std::vector<MacroId> macros;      // called by the text itself, not by other macros
  std::vector<ConfigEntry> config;  // the config() calls joined
  Reads reads;

  void AddMacro(MacroId macro);
};

// What is the same for all templates of a package while parsing. Immutable; outlives every scope.
class ParseContext {
 public:
  ParseContext(const BaseContext& base, const MacroIndex& macros, const adapter::Dialect& dialect, std::string package,
               FindVarFunction find_var, std::string default_database, std::string default_schema);

  const BaseContext& base() const { return base_; }
  const MacroIndex& macros() const { return macros_; }
  const adapter::Dialect& dialect() const { return dialect_; }
  const std::string& package() const { return package_; }
  // `var`, noting what it is asked for: of templates, of naming macros, of properties files.
  jinja::Value Var(Reads& reads) const { return MakeVar(Noting(find_var_, reads), std::nullopt); }
  jinja::Value StrictVar(Reads& reads) const {
    return MakeVar(Noting(find_var_, reads), ConfigurationAsker(base_.command_line()));
  }
  jinja::Value PlainVar(Reads& reads) const { return MakePlainVar(Noting(find_var_, reads), base_.command_line()); }
  const FindVarFunction& find_var() const { return find_var_; }
  const std::string& default_database() const { return default_database_; }
  const std::string& default_schema() const { return default_schema_; }

 private:
  const BaseContext& base_;
  const MacroIndex& macros_;
  const adapter::Dialect& dialect_;
  std::string package_;
  FindVarFunction find_var_;
  std::string default_database_, default_schema_;
};

// The names of one rendering. Lives on one thread; values made here must not outlive it.
class ParseScope final : public jinja::Scope {
 public:
  // `this` is the relation that a node of this name will have before its configuration is known; no name, no `this`.
  ParseScope(const ParseContext& context, Recording& recording, std::string_view name);
  void Set(std::string name, jinja::Value value) { own_.emplace_back(std::move(name), std::move(value)); }
  bool Lookup(std::string_view name, jinja::Value& value) override;

  const ParseContext& context() const { return context_; }
  Recording& recording() { return recording_; }
  const adapter::Relation& relation() const { return relation_; }
  // A macro as templates call it here: the call is noted when no other macro runs.
  jinja::Value Recorded(const Macro& macro);

  struct MacroDepth {  // held while a macro runs
    explicit MacroDepth(ParseScope& scope) : scope_(scope) { ++scope_.depth_; }
    ~MacroDepth() { --scope_.depth_; }
    MacroDepth(const MacroDepth&) = delete;
    MacroDepth& operator=(const MacroDepth&) = delete;

   private:
    ParseScope& scope_;
  };
  bool InMacro() const { return depth_ > 0; }

 private:
  bool LookupOwn(std::string_view name, jinja::Value& value);

  const ParseContext& context_;
  Recording& recording_;
  NotedContext base_;
  adapter::Relation relation_;
  std::vector<std::pair<std::string, jinja::Value>> own_;
  int depth_ = 0;
};

// What relations answer to get('metadata'): {'type': 'DuckDBRelation'}. Packages tell relations from texts by it.
jinja::Value RelationMetadata(const adapter::Dialect& dialect);
// A relation at parse time: prints as one, has its parts, and every method gives it back.
jinja::Value MakeParseRelation(const adapter::Dialect& dialect, const adapter::Relation& relation);

}  // namespace stir::project
