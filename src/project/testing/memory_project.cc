#include "project/testing/memory_project.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "base/diagnostic_text.h"

namespace stir::project {

MemoryProject::MemoryProject() {
  File("dbt_project.yml", "name: shop\nprofile: shop\n");
  File("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n");
  dialect_.name = "duckdb";
  dialect_.macro_prefixes = {"duckdb"};
  invocation_.id = "00000000-0000-4000-8000-000000000000";
  invocation_.clock = &SystemClock();
  invocation_.environment = &environment_;
  invocation_.events = &NullSink();
  invocation_.vars = jinja::Value::MakeDict();
}

MemoryProject& MemoryProject::File(std::string path, std::string text) {
  files_[std::move(path)] = std::move(text);
  return *this;
}

MemoryProject& MemoryProject::Builtin(std::string path, std::string text) {
  builtin_[std::move(path)] = std::move(text);
  return *this;
}

MemoryProject& MemoryProject::Variable(std::string name, std::string value) {
  environment_[std::move(name)] = std::move(value);
  return *this;
}

MemoryProject& MemoryProject::Vars(std::string_view yaml) {
  Result<jinja::Value> vars = ParseVars(yaml, sources_);
  EXPECT_TRUE(vars.ok());
  if (vars.ok()) invocation_.vars = *std::move(vars);
  return *this;
}

Result<ParsedProject> MemoryProject::Parse() {
  STIR_ASSIGN(ProjectFiles files, ProjectFilesOf(files_, invocation_, sources_));
  ProfileRequest request;
  request.profile = files.packages.front().config.profile.text;
  const SourceId profiles = sources_.Add("profiles.yml", files_.at("profiles.yml"));
  STIR_ASSIGN(target_, ParseTarget(profiles, request, invocation_, sources_, redactor_));
  std::vector<BuiltinFile> builtin;
  for (const auto& [path, text] : builtin_) builtin.push_back({path, text});
  ParseOptions options;
  options.invocation = &invocation_;
  options.target = &target_;
  options.dialect = &dialect_;
  BuiltinMacros macros(builtin, sources_);
  options.builtin_macros = &macros;
  return ParseProject(std::move(files), options, sources_);
}

const Manifest& MemoryProject::Manifested() {
  Result<ParsedProject> parsed = Parse();
  if (!parsed.ok()) throw std::runtime_error(RenderDiagnostics(parsed.error(), sources_));
  manifest_ = parsed->manifest;
  return *manifest_;
}

std::string MemoryProject::Errors() {
  const Result<ParsedProject> parsed = Parse();
  return parsed.ok() ? std::string() : RenderDiagnostics(parsed.error(), sources_);
}

std::string MemoryProject::Warnings() {
  const Result<ParsedProject> parsed = Parse();
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? std::string() : RenderDiagnostics(parsed.error(), sources_));
  return parsed.ok() ? RenderDiagnostics(parsed->warnings, sources_) : std::string();
}

}  // namespace stir::project
