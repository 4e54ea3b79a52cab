// A small project in memory for tests: files by path, parsed with the DuckDB dialect and no built-in macros but those
// given.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "adapter/relation.h"
#include "base/event.h"
#include "base/secret.h"
#include "base/source_map.h"
#include "project/parse.h"

namespace stir::project {

class MemoryProject {
 public:
  MemoryProject();  // has a dbt_project.yml (project `shop`) and a profiles.yml (target `dev` on DuckDB)

  MemoryProject& File(std::string path, std::string text);
  MemoryProject& Builtin(std::string path, std::string text);    // "default/tests.sql"
  MemoryProject& Variable(std::string name, std::string value);  // of the environment
  MemoryProject& Vars(std::string_view yaml);

  Result<ParsedProject> Parse();
  // The manifest, kept by this object; throws the errors when there is none, which fails the test.
  const Manifest& Manifested();
  std::string Errors();    // all of them rendered; empty when the project is fine
  std::string Warnings();  // of a fine project
  SourceMap& sources() { return sources_; }
  Invocation& invocation() { return invocation_; }
  const Target& target() const { return target_; }
  const adapter::Dialect& dialect() const { return dialect_; }

 private:
  std::map<std::string, std::string> files_, builtin_;
  Environment environment_;
  SourceMap sources_;
  Redactor redactor_;
  Invocation invocation_;
  Target target_;
  adapter::Dialect dialect_;
  std::shared_ptr<const Manifest> manifest_;
};

}  // namespace stir::project
