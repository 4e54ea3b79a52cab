// The promise of the parse cache, tried on random projects: after any edit a warm start gives what a cold one gives,
// byte for byte. STIR_PROPERTY_ROUNDS=5000 tries more projects than `make test` has time for.
#include "project/warm_start.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "base/diagnostic_text.h"
#include "base/strings.h"
#include "base/testing/fake_clock.h"
#include "base/testing/fake_files.h"
#include "project/artifacts.h"
#include "project/parse.h"
#include "project/profile.h"

namespace stir::project {
namespace {

constexpr std::string_view kProgram = "this test";

constexpr BuiltinFile kBuiltins[] = {
    {"default/tests.sql",
     "{% test unique(model, column_name) %}select {{ column_name }} from {{ model }}{% endtest %}"
     "{% test not_null(model, column_name) %}select {{ column_name }} from {{ model }}{% endtest %}"
     "{% test accepted_values(model, column_name, values) %}select {{ values }} from {{ model }}{% endtest %}"},
    {"default/names.sql",
     "{% macro generate_schema_name(custom_schema_name=none, node=none) %}{{ return(adapter.dispatch("
     "'generate_schema_name', 'dbt')(custom_schema_name, node)) }}{% endmacro %}"
     "{% macro default__generate_schema_name(custom_schema_name, node) %}{{ target.schema }}{% endmacro %}"
     "{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ node.name }}{% endmacro %}"
     "{% macro get_where_subquery(relation) %}{{ return(relation) }}{% endmacro %}"},
};

// A project that changes at random, always the same for one seed.
class RandomProject {
 public:
  explicit RandomProject(uint32_t seed) : random_(seed) {
    WriteProjectFile();
    Put("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n");
    WritePackages(true);
    for (int i = 0; i < 6; ++i) Step();
  }

  // One edit or a few, of any kind.
  void Edit() {
    for (int left = 1 + (Chance(20) ? Number(4) : 0); left > 0; --left) Step();
  }

  test::FakeFiles& disk() { return disk_; }
  const Environment& environment() const { return environment_; }
  const std::string& vars() const { return vars_; }
  const std::string& command() const { return command_; }
  std::string Dump() const {
    std::string text = fmt::format("vars {} command {}\n", vars_, command_);
    for (const auto& [name, value] : environment_) text += fmt::format("{}={}\n", name, value);
    for (const auto& [path, content] : texts_) text += fmt::format("--- {}\n{}\n", path, content);
    return text;
  }

 private:
  int Number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  bool Chance(int percent) { return Number(100) < percent; }
  std::string Pick(std::initializer_list<const char*> words) {
    return words.begin()[Number(static_cast<int>(words.size()))];
  }
  std::string Named(const char* prefix, int below = 5) { return fmt::format("{}{}", prefix, Number(below)); }

  void Put(const std::string& path, const std::string& text) {
    texts_[path] = text;
    disk_.Put("/p/" + path, text);
  }
  void Drop(const std::string& path) {
    texts_.erase(path);
    static_cast<void>(disk_.Remove("/p/" + path));
  }

  void Step() {
    switch (Number(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return Put(fmt::format("models/{}{}.sql", Pick({"", "a/", "b/"}), Named("m")), Sql());
      case 5:
      case 6:
      case 7:
      case 8:
        return Put(fmt::format("models/{}{}.yml", Pick({"", "a/"}), Named("p", 3)), Properties());
      case 9:
      case 10:
        return Put("macros/" + Named("f", 3) + ".sql", Macros());
      case 11:
        return Put("models/" + Named("d", 2) + ".md",
                   fmt::format("{{% docs d{} %}}\ntext {}\n{{% enddocs %}}", Number(2), Number(3)));
      case 12:
        return Put("seeds/" + Named("s", 3) + ".csv", fmt::format("id\n{}\n", Number(3)));
      case 13:
        return Put(Pick({"tests/t.sql", "analyses/n.sql", "tests/u.sql"}), Sql());
      case 14:
        return WriteProjectFile();
      case 15:
        return ChangeInvocation();
      case 16:
        return WritePackages(Chance(60));
      case 17:
        return MoveFile();
      default:
        return DropFile();
    }
  }

  void DropFile() {
    const std::string path = AnyFile();
    if (!path.empty()) Drop(path);
  }

  void MoveFile() {
    const std::string path = AnyFile();
    if (path.empty()) return;
    const std::string text = texts_[path];
    if (Chance(50)) Drop(path);  // else a copy, or the same again under its own name
    const size_t slash = path.rfind('/');
    Put(Chance(30) ? path : path.substr(0, slash + 1) + "x" + path.substr(slash + 1), text);
  }

  std::string AnyFile() {
    std::vector<std::string> paths;
    for (const auto& [path, text] : texts_) {
      if (path.find('/') != std::string::npos && !path.starts_with("dbt_packages/")) paths.push_back(path);
    }
    return paths.empty() ? std::string() : paths[static_cast<size_t>(Number(static_cast<int>(paths.size())))];
  }

  void ChangeInvocation() {
    switch (Number(4)) {
      case 0:
        vars_ = Chance(30) ? "" : fmt::format("{{{}: {}}}", Named("v", 3), Value());
        return;
      case 1:
        environment_[Named("E", 2)] = Value();
        return;
      case 2:
        environment_.erase(Named("E", 2));
        return;
      default:
        command_ = Pick({"parse", "build"});
    }
  }

  std::string Value() { return Pick({"one", "two", "m1", "m2", "3", "true"}); }

  void WriteProjectFile() {
    std::string text = "name: shop\nprofile: shop\n";
    if (Chance(60)) text += fmt::format("vars: {{v1: {}, shop: {{v2: {}}}}}\n", Value(), Value());
    text += "models:\n  shop:\n";
    text += fmt::format("    +tags: [{}]\n", Named("g"));
    if (Chance(40)) text += "    +schema: \"{{ var('v1', 'lake') }}\"\n";
    if (Chance(30)) text += "    +alias: \"{{ env_var('E0', 'x') }}_{{ 1 }}\"\n";
    if (Chance(40))
      text += fmt::format("    a: {{+enabled: {}, +meta: {{k: {}}}}}\n", Pick({"true", "false"}), Value());
    if (Chance(20)) text += "    unused: {+tags: [q]}\n";
    if (Chance(30)) text += "  extra: {+materialized: table}\n";
    if (Chance(30)) text += "data_tests: {shop: {+severity: \"{{ 'warn' if target.name == 'dev' else 'error' }}\"}}\n";
    if (Chance(30)) text += fmt::format("on-run-start: [\"select {{{{ mac{}() }}}}\"]\n", Number(4));
    if (Chance(20)) text += "dispatch: [{macro_namespace: extra, search_order: [shop, extra]}]\n";
    if (Chance(10)) text += "seeds: {shop: {+quote_columns: \"{{ run_started_at.year > 1 }}\"}}\n";
    Put("dbt_project.yml", text);
  }

  void WritePackages(bool installed) {
    for (const char* path : {"packages.yml", "dbt_packages/extra/dbt_project.yml", "dbt_packages/extra/models/e.sql",
                             "dbt_packages/extra/models/e.yml", "dbt_packages/extra/macros/e.sql"})
      Drop(path);
    if (!installed) return;
    Put("packages.yml", "packages: [{local: extra}]\n");
    Put("dbt_packages/extra/dbt_project.yml", fmt::format("name: extra\nvars: {{v2: {}}}\n", Value()));
    Put("dbt_packages/extra/models/e.sql", fmt::format("select '{{{{ var('v2', '{}') }}}}'", Value()));
    if (Chance(50)) Put("dbt_packages/extra/models/e.yml", "models: [{name: e, data_tests: [extra.odd]}]\n");
    Put("dbt_packages/extra/macros/e.sql",
        fmt::format("{{% macro helper() %}}{{{{ return(adapter.dispatch('helper', 'extra')()) }}}}{{% endmacro %}}"
                    "{{% macro default__helper() %}}{{{{ return('{}') }}}}{{% endmacro %}}"
                    "{{% test odd(model) %}}select {} from {{{{ model }}}}{{% endtest %}}",
                    Value(), Number(3)));
  }

  // An expression whose value depends on something.
  std::string Expression() {
    switch (Number(14)) {
      case 0:
      case 1:
        return fmt::format("mac{}()", Number(4));
      case 2:
        return fmt::format("var('{}', 'none')", Named("v", 3));
      case 3:
        return fmt::format("env_var('{}', 'none')", Named("E", 2));
      case 4:
        return "target.name";
      case 5:
        return "flags.WHICH";
      case 6:
        return "invocation_id";
      case 7:
        return "modules.datetime.datetime.now().isoformat()";
      case 8:
        return "run_started_at.isoformat()";
      case 9:
        return "modules.re.sub('a', 'b', 'xax')";
      case 10:
        return "extra.helper()";
      case 11:
        return fmt::format("adapter.dispatch('mac{}')()", Number(4));
      case 12:
        return fmt::format("var.has_var('{}')|string", Named("v", 3));
      default:
        return fmt::format("'{}'", Value());
    }
  }

  std::string Sql() {
    std::string text;
    if (Chance(40)) text += fmt::format("{{{{ config(alias='a_' ~ {}, tags=[{}]) }}}}\n", Expression(), Expression());
    if (Chance(25)) text += fmt::format("{{{{ config(meta={{'k': {}}}) }}}}\n", Expression());
    if (Chance(15)) text += fmt::format("{{{{ config(enabled=({} == 'one')) }}}}\n", Expression());
    if (Chance(15))
      text += fmt::format("{{{{ config(pre_hook=\"select {{{{ mac{}() }}}} from {{{{ ref('{}') }}}}\") }}}}\n",
                          Number(4), Named("s", 3));
    text += "select 1";
    if (Chance(30)) text += fmt::format(" from {{{{ ref('{}') }}}}", Chance(50) ? Named("m") : Named("s", 3));
    if (Chance(10)) text += fmt::format(" from {{{{ ref({}) }}}}", Expression());
    if (Chance(20)) text += fmt::format(" from {{{{ source('raw', '{}') }}}}", Named("t", 2));
    if (Chance(10)) text += " from {{ ref('extra', 'e') }}";
    if (Chance(40)) text += fmt::format(" -- {{{{ {} }}}}", Expression());
    if (Chance(2)) text += " {% if %}";
    return text + Pick({"", "\n", "  \n"});
  }

  std::string Macros() {
    std::string text;
    for (int left = 1 + Number(2); left > 0; --left) {
      const std::string name = Pick({"mac0", "mac1", "mac2", "mac3", "default__mac1", "shop__x", "default__helper"});
      text += fmt::format("{{% macro {}() %}}{{{{ return({}) }}}}{{% endmacro %}}\n", name, Expression());
    }
    if (Chance(20))
      text += fmt::format(
          "{{% macro generate_alias_name(custom_alias_name=none, node=none) %}}{{{{ node.name }}}}_{{{{ {} }}}}{{% "
          "endmacro %}}\n",
          Expression());
    if (Chance(20))
      text +=
          "{% macro default__generate_schema_name(custom_schema_name, node) %}s_{{ custom_schema_name }}_{{ var('v0', "
          "'z') }}{% endmacro %}\n";
    if (Chance(25))
      text +=
          fmt::format("{{% test custom(model, arg='x') %}}select '{{{{ arg }}}}' from {{{{ {} }}}}{{% endtest %}}\n",
                      Chance(40) ? fmt::format("ref('{}')", Named("m")) : "model");
    if (Chance(5)) text += "{% macro config() %}{% endmacro %}\n";
    return text;
  }

  std::string Description() {
    return Chance(40) ? fmt::format("\"{{{{ doc('d{}') }}}}\"", Number(2)) : fmt::format("about {}", Value());
  }

  std::string Tests() {
    std::string text;
    if (Chance(40)) text += "not_null, ";
    if (Chance(20)) text += "unique, ";
    if (Chance(30)) text += fmt::format("{{accepted_values: {{values: [{}]}}}}, ", Value());
    if (Chance(20)) text += fmt::format("{{unique: {{config: {{where: \"{{{{ {} }}}}\"}}}}}}, ", "var('v1', 'x')");
    return "[" + text + "]";
  }

  std::string Properties() {
    std::string text = "version: 2\n";
    if (Chance(80)) text += "models:\n";
    for (int left = text.ends_with("models:\n") ? 1 + Number(2) : 0; left > 0; --left) {
      text += fmt::format("  - name: {}\n    description: {}\n", Named("m"), Description());
      if (Chance(50))
        text += fmt::format("    config: {{tags: [{}], meta: {{e: \"{{{{ {} }}}}\"}}}}\n", Value(),
                            Pick({"env_var('E1', 'q')", "var('v0', 'q')", "target.schema", "run_started_at"}));
      if (Chance(50))
        text += fmt::format("    data_tests: [{{custom: {{arg: \"{{{{ {} }}}}\"}}}}]\n",
                            Pick({"var('v1', 'q')", "ref('m1')", "env_var('E0', 'r')"}));
      if (Chance(10)) text += "    wrong_key: 1\n";
      if (Chance(8)) text += "    deprecation_date: 2026-01-02\n";
      if (Chance(8))
        text += fmt::format("    latest_version: 1\n    versions: [{{v: 1, defined_in: {}}}, {{v: 2}}]\n", Named("m"));
      if (Chance(60))
        text += fmt::format("    columns:\n      - {{name: id, description: {}, data_tests: {}}}\n", Description(),
                            Tests());
    }
    if (Chance(25)) text += fmt::format("seeds:\n  - {{name: {}, config: {{tags: [{}]}}}}\n", Named("s", 3), Value());
    if (Chance(35))
      text += fmt::format(
          "sources:\n  - name: raw\n    schema: {}\n    tables:\n      - {{name: t{}, description: {}, columns: "
          "[{{name: id, data_tests: {}}}]}}\n",
          Value(), Number(2), Description(), Tests());
    if (Chance(15))
      text += fmt::format(
          "exposures:\n  - {{name: {}, type: dashboard, owner: {{name: ann}}, depends_on: [\"ref('{}')\"]}}\n",
          Named("x", 3), Named("m"));
    if (Chance(15)) text += fmt::format("macros:\n  - {{name: mac{}, description: {}}}\n", Number(4), Value());
    if (Chance(15)) text += fmt::format("groups:\n  - {{name: {}, owner: {{name: ann}}}}\n", Named("grp", 3));
    if (Chance(12))
      text += fmt::format(
          "unit_tests:\n  - {{name: u{}, model: {}, given: [{{input: \"ref('s1')\", rows: [{{id: {}}}]}}], expect: "
          "{{rows: "
          "[{{id: {}}}]}}}}\n",
          Number(3), Named("m"), Number(5), Value());
    if (Chance(12))
      text += fmt::format(
          "snapshots:\n  - {{name: n{}, relation: \"ref('{}')\", config: {{strategy: check, unique_key: id, "
          "check_cols: all, "
          "tags: [{}]}}}}\n",
          Number(3), Named("m"), Value());
    if (Chance(5)) text += "nonsense: []\n";
    return text;
  }

  std::mt19937 random_;
  std::map<std::string, std::string> texts_;
  test::FakeFiles disk_;
  Environment environment_;
  std::string vars_, command_ = "parse";
};

// What one start gives: the manifest, or the errors; and the warnings.
struct Outcome {
  std::string manifest, errors, warnings;
  std::optional<std::string> cache;
  bool unchanged = false;
};

std::string Sorted(const Diagnostics& diagnostics, const SourceMap& sources) {
  std::vector<std::string> texts;
  for (const Diagnostic& each : diagnostics) texts.push_back(RenderDiagnostics({each}, sources));
  std::ranges::sort(texts);
  return Join(texts, "");
}

Outcome Start(RandomProject& project, int step, const std::string& cache) {
  SourceMap sources;
  Redactor redactor;
  test::FakeClock clock;
  clock.Set(Timestamp(std::chrono::hours(step)));
  Invocation invocation;
  invocation.id = fmt::format("00000000-0000-4000-8000-{:012}", step);
  invocation.started_at = Timestamp(std::chrono::hours(step));
  invocation.clock = &clock;
  invocation.environment = &project.environment();
  invocation.events = &NullSink();
  invocation.vars = *ParseVars(project.vars(), sources);
  invocation.flags = {{"WHICH", jinja::Value::String(project.command())}};
  adapter::Dialect dialect;
  dialect.name = "duckdb";
  dialect.macro_prefixes = {"duckdb"};

  Outcome outcome;
  const auto run = [&]() -> Result<ParsedProject> {
    STIR_ASSIGN(ProjectFiles files, ReadProject(project.disk(), "/p", invocation, sources,
                                                cache.empty() ? nullptr : ParseCache::Open(cache, kProgram)));
    ProfileRequest request;
    request.directory = "/p";
    request.profile = "shop";
    STIR_ASSIGN(const Target target, ReadTarget(project.disk(), request, invocation, sources, redactor));
    ParseOptions options;
    options.invocation = &invocation;
    options.target = &target;
    options.dialect = &dialect;
    options.builtin_macros = kBuiltins;
    options.program = kProgram;
    STIR_ASSIGN(ParsedProject parsed, ParseProject(std::move(files), options, sources));
    outcome.manifest = WriteManifest(*parsed.manifest, {});
    return parsed;
  };
  Result<ParsedProject> parsed = run();
  if (!parsed.ok()) {
    outcome.errors = Sorted(parsed.error(), sources);
    return outcome;
  }
  outcome.warnings = Sorted(parsed->warnings, sources);
  outcome.cache = std::move(parsed->cache);
  outcome.unchanged = parsed->unchanged;
  return outcome;
}

std::string FirstDifference(const std::string& a, const std::string& b) {
  const auto at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const size_t from = at < 200 ? 0 : at - 200;
  return fmt::format("cold: {}\nwarm: {}", a.substr(from, 400), b.substr(from, 400));
}

TEST(WarmStart, GivesWhatAColdStartGives) {
  const char* wanted = std::getenv("STIR_PROPERTY_ROUNDS");
  const int projects = wanted ? std::atoi(wanted) : 60;
  int succeeded = 0, unchanged = 0;
  for (int seed = 0; seed < projects; ++seed) {
    RandomProject project(static_cast<uint32_t>(seed));
    std::string cache;
    for (int step = 0; step < 25; ++step) {
      const Outcome cold = Start(project, step, "");
      const Outcome warm = Start(project, step, cache);
      ASSERT_EQ(cold.errors, warm.errors) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_EQ(cold.warnings, warm.warnings) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_TRUE(cold.manifest == warm.manifest) << "seed " << seed << ", step " << step << "\n"
                                                  << FirstDifference(cold.manifest, warm.manifest) << "\n"
                                                  << project.Dump();
      if (warm.cache && step % 4 != 3) cache = *warm.cache;  // at times the cache stays behind
      succeeded += warm.errors.empty() ? 1 : 0;
      unchanged += warm.unchanged ? 1 : 0;
      if (step % 6 != 5) project.Edit();
    }
  }
  EXPECT_GT(succeeded, projects * 5);  // else the random projects are too broken to tell anything
  EXPECT_GT(unchanged, projects);
}

TEST(WarmStart, ADamagedCacheIsNone) {
  RandomProject project(7);
  Outcome cold = Start(project, 0, "");
  for (int tries = 0; !cold.cache && tries < 50; ++tries) {
    project.Edit();
    cold = Start(project, 0, "");
  }
  ASSERT_TRUE(cold.cache);
  const std::string& cache = *cold.cache;
  EXPECT_NE(ParseCache::Open(cache, kProgram), nullptr);
  EXPECT_EQ(ParseCache::Open(cache, "another build"), nullptr);
  for (size_t length = 0; length < cache.size(); length += 97)
    EXPECT_EQ(ParseCache::Open(cache.substr(0, length), kProgram), nullptr) << length;
  for (size_t at = 0; at < cache.size(); at += 61) {
    std::string damaged = cache;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(ParseCache::Open(std::move(damaged), kProgram), nullptr) << at;
  }
  EXPECT_EQ(ParseCache::Open("", kProgram), nullptr);
}

}  // namespace
}  // namespace stir::project
