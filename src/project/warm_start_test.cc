// The promise of the parse cache, tried on random projects: after any edit a warm start gives what a cold one gives,
// byte for byte. STIR_PROPERTY_ROUNDS=5000 tries more projects than `make test` has time for.
#include "project/warm_start.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
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

const std::vector<BuiltinFile> kBuiltins = {
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

// A project that changes at random, always the same for one seed. Most edits leave it whole: models refer to models of
// lower numbers, macros call macros of lower numbers, everything has its own file. A wild edit, which may break it, is
// mostly taken back by the next one. Half of the projects are calm: nothing in them depends on the time or on chance.
class RandomProject {
 public:
  explicit RandomProject(uint32_t seed) : random_(seed), calm_(seed % 2 == 1) {
    WriteProjectFile();
    Put("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n");
    WritePackages(true);
    for (int i = 0; i < kModels; ++i) WriteModel(i);
    for (int i = 0; i < 3; ++i) WriteSeed(i);
    for (int i = 0; i < 4; ++i) WriteMacros(i);
    for (int i = 0; i < 2; ++i) WriteDoc(i);
    for (int i = 0; i < 3; ++i) WriteProperties(i);
    WriteSources();
  }

  // One edit or a few, of any kind.
  void Edit() {
    for (int left = 1 + (Chance(20) ? Number(4) : 0); left > 0; --left) Step();
  }

  // An edit of a model that only the model itself can tell of.
  void Comment() {
    const std::string name = fmt::format("m{}.sql", Number(kModels));
    for (const auto& [path, text] : texts_) {
      if (path.starts_with("models/") && path.ends_with("/" + name))
        return Put(path, text + fmt::format(" {{# {} #}}", Number(1000)));
    }
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
  static constexpr int kModels = 5;

  int Number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  bool Chance(int percent) { return Number(100) < percent; }
  bool Wild(int percent) { return Chance(percent) && !calm_; }
  std::string Pick(std::initializer_list<const char*> words) {
    return words.begin()[Number(static_cast<int>(words.size()))];
  }
  std::string Named(const char* prefix, int below) { return fmt::format("{}{}", prefix, Number(below)); }
  std::string Value() { return Pick({"one", "two", "m1", "m2", "x3"}); }

  void Put(const std::string& path, const std::string& text) {
    texts_[path] = text;
    disk_.Put("/p/" + path, text);
  }
  void Drop(const std::string& path) {
    texts_.erase(path);
    static_cast<void>(disk_.Remove("/p/" + path));
  }

  void Step() {
    if (!before_.empty() && Chance(75)) return TakeBack();
    switch (Number(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return WriteModel(Number(kModels));
      case 4:
      case 5:
      case 6:
        return WriteProperties(Number(3));
      case 7:
      case 8:
        return WriteMacros(Number(4));
      case 9:
        return WriteDoc(Number(2));
      case 10:
        return WriteSeed(Number(3));
      case 11:
        return Put(Pick({"tests/t.sql", "analyses/n.sql", "tests/u.sql"}), Sql(kModels - 1));
      case 12:
        return WriteProjectFile();
      case 13:
        return ChangeInvocation();
      case 14:
        return WritePackages(Chance(60));
      case 15:
        return WriteSources();
      case 16:
        return Touch();
      default:
        return WildStep();
    }
  }

  // What a wild edit changes, with what it was; nothing where there was no file.
  void Wildly(const std::string& path, std::optional<std::string> text) {
    auto old = texts_.find(path);
    before_.emplace_back(path, old == texts_.end() ? std::nullopt : std::optional(old->second));
    if (text) {
      Put(path, *text);
    } else {
      Drop(path);
    }
  }

  void TakeBack() {
    for (; !before_.empty(); before_.pop_back()) {
      const auto& [path, text] = before_.back();
      if (text) {
        Put(path, *text);
      } else {
        Drop(path);
      }
    }
  }

  void WildStep() {
    const std::string path = AnyFile();
    if (path.empty()) return;
    const std::string text = texts_[path];
    const size_t slash = path.rfind('/');
    const std::string other = path.substr(0, slash + 1) + "x" + path.substr(slash + 1);
    switch (Number(6)) {
      case 0:
        return Wildly(path, std::nullopt);
      case 1:
        return Wildly(other, text);  // the same twice
      case 2:
        Wildly(path, std::nullopt);
        return Wildly(other, text);  // renamed
      case 3:
        return Wildly("models/w.sql", "{{ ref('" + Named("m", 7) + "') }} {% if %}");
      case 4:
        return Wildly("models/w.yml", "models:\n  - {name: " + Named("m", 7) +
                                          ", latest_version: 1, versions: [{v: 1, defined_in: " + Named("m", kModels) +
                                          "}, {v: 2}]}\n");
      default:
        return Wildly("macros/w.sql", "{% macro " +
                                          Pick({"mac1", "config", "ref", "generate_schema_name", "default__mac0"}) +
                                          "() %}{{ mac3() }}{% endmacro %}");
    }
  }

  void Touch() {
    const std::string path = AnyFile();
    if (!path.empty()) Put(path, std::string(texts_[path]));
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
        vars_ = Chance(30) ? std::string() : fmt::format("{{{}: {}}}", Named("v", 3), Value());
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

  void WriteProjectFile() {
    std::string text = "name: shop\nprofile: shop\n";
    if (Chance(60)) text += fmt::format("vars: {{v1: {}, shop: {{v2: {}}}}}\n", Value(), Value());
    text += "models:\n  shop:\n";
    text += fmt::format("    +tags: [{}]\n", Named("g", 4));
    if (Chance(40)) text += "    +schema: \"{{ var('v1', 'lake') }}\"\n";
    if (Chance(40)) text += fmt::format("    a: {{+meta: {{k: {}}}}}\n", Value());
    if (Chance(30)) text += "    b: {+alias: \"{{ env_var('E0', 'x') }}_{{ 1 }}\"}\n";
    if (Chance(15)) text += "    unused: {+tags: [q]}\n";
    if (Chance(30)) text += "  extra: {+materialized: table}\n";
    if (Chance(30)) text += "data_tests: {shop: {+severity: \"{{ 'warn' if target.name == 'dev' else 'error' }}\"}}\n";
    if (Chance(30)) text += fmt::format("on-run-start: [\"select {{{{ mac{}() }}}}\"]\n", Number(4));
    if (Chance(20)) text += "dispatch: [{macro_namespace: extra, search_order: [shop, extra]}]\n";
    if (Wild(5)) text += "seeds: {shop: {+quote_columns: \"{{ run_started_at.year > 1 }}\"}}\n";
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

  // An expression whose value depends on something; it may call macros below `macros`.
  std::string Expression(int macros) {
    switch (Number(14)) {
      case 0:
      case 1:
      case 2:
        return macros > 0 ? Named("mac", macros) + "()" : "'none'";
      case 3:
        return fmt::format("var('{}', 'none')|string", Named("v", 3));
      case 4:
        return fmt::format("env_var('{}', 'none')", Named("E", 2));
      case 5:
        return "target.name";
      case 6:
        return "flags.WHICH";
      case 7:
        return Wild(30) ? "invocation_id" : "target.schema";
      case 8:
        return Wild(30) ? "modules.datetime.datetime.now().isoformat()" : "'now'";
      case 9:
        return Wild(30) ? "run_started_at.isoformat()" : "modules.datetime.date(2026, 1, 2).isoformat()";
      case 10:
        return "modules.re.sub('a', 'b', 'xax')";
      case 11:
        return macros > 3 ? "adapter.dispatch('mac1')()" : "'d'";
      case 12:
        return fmt::format("var.has_var('{}')|string", Named("v", 3));
      default:
        return fmt::format("'{}'", Value());
    }
  }

  void WriteModel(int i) {
    static constexpr const char* kFolders[kModels] = {"", "a/", "b/", "", "a/"};
    Put(fmt::format("models/{}m{}.sql", kFolders[i], i), Sql(i));
  }

  // May refer to models below `i`.
  std::string Sql(int i) {
    std::string text;
    if (Chance(40))
      text += fmt::format("{{{{ config(alias='a{}_' ~ {}, tags=[{}]) }}}}\n", i, Expression(4), Expression(4));
    if (Chance(25)) text += fmt::format("{{{{ config(meta={{'k': {}}}) }}}}\n", Expression(4));
    if (Chance(15) && i == kModels - 1) text += fmt::format("{{{{ config(enabled=({} == 'one')) }}}}\n", Expression(4));
    if (Chance(15))
      text += fmt::format("{{{{ config(pre_hook=\"select {{{{ mac{}() }}}} from {{{{ ref('{}') }}}}\") }}}}\n",
                          Number(4), Named("s", 3));
    text += "select 1";
    if (Chance(50)) text += fmt::format(" from {{{{ ref('{}') }}}}", i > 0 ? Named("m", i) : Named("s", 3));
    if (Chance(20)) text += fmt::format(" from {{{{ source('raw', '{}') }}}}", Named("t", 2));
    if (Chance(40)) text += fmt::format(" -- {{{{ {} }}}}", Expression(4));
    if (Chance(10)) text += " {{ extra.helper() }}";
    if (Wild(5)) text += " {{ [1, 2]|random }}";
    return text + Pick({"", "\n", "  \n"});
  }

  void WriteSeed(int i) { Put(fmt::format("seeds/s{}.csv", i), fmt::format("id\n{}\n", Number(3))); }

  void WriteDoc(int i) {
    Put(fmt::format("models/d{}.md", i), fmt::format("{{% docs d{} %}}\ntext {}\n{{% enddocs %}}", i, Number(3)));
  }

  void WriteMacros(int i) {
    const auto macro = [&](const std::string& name, int calls) {
      return fmt::format("{{% macro {}() %}}{{{{ return({}) }}}}{{% endmacro %}}\n", name, Expression(calls));
    };
    std::string text = macro(fmt::format("mac{}", i), i);
    if (i == 0 && Chance(20))
      text += fmt::format(
          "{{% macro generate_alias_name(custom_alias_name=none, node=none) %}}{{{{ node.name }}}}_{{{{ {} }}}}{{% "
          "endmacro %}}\n",
          Expression(0));
    if (i == 1)
      text +=
          fmt::format("{{% test custom(model, arg='x') %}}select '{{{{ arg }}}}' from {{{{ {} }}}}{{% endtest %}}\n",
                      Chance(40) ? "ref('m0')" : "model");
    if (i == 2 && Chance(20))
      text +=
          "{% macro default__generate_schema_name(custom_schema_name, node) %}s_{{ custom_schema_name }}_{{ var('v0', "
          "'z') }}{% endmacro %}\n";
    if (i == 2 && Chance(30)) text += macro("default__helper", 0);
    if (i == 3) text += macro("default__mac1", 1);
    Put(fmt::format("macros/f{}.sql", i), text);
  }

  std::string Description() {
    return Chance(40) ? fmt::format("\"{{{{ doc('d{}') }}}}\"", Number(2)) : fmt::format("about {}", Value());
  }

  std::string Tests() {
    std::string text;
    if (Chance(40)) text += "not_null, ";
    if (Chance(30)) text += fmt::format("{{accepted_values: {{values: [{}]}}}}, ", Value());
    if (Chance(30)) text += "{unique: {config: {where: \"{{ var('v1', 'x') }}\"}}}, ";
    return "[" + text + "]";
  }

  void WriteSources() {
    std::string text = fmt::format("sources:\n  - name: raw\n    schema: {}\n    tables:\n", Value());
    for (int i = 0; i < 2; ++i)
      text += fmt::format("      - {{name: t{}, description: {}, columns: [{{name: id, data_tests: {}}}]}}\n", i,
                          Description(), Tests());
    Put("models/sources.yml", text);
  }

  // File i describes the models 2i and 2i + 1.
  void WriteProperties(int i) {
    std::string text = "version: 2\nmodels:\n";
    for (int model = 2 * i; model < std::min(2 * i + 2, kModels); ++model) text += ModelProperties(model);
    if (Chance(25)) text += fmt::format("seeds:\n  - {{name: s{}, config: {{tags: [{}]}}}}\n", i, Value());
    if (Chance(20))
      text += fmt::format(
          "exposures:\n  - {{name: x{}, type: dashboard, owner: {{name: ann}}, depends_on: [\"ref('m{}')\"]}}\n", i,
          2 * i);
    if (Chance(20)) text += fmt::format("macros:\n  - {{name: mac{}, description: {}}}\n", i, Value());
    if (Chance(20)) text += fmt::format("groups:\n  - {{name: grp{}, owner: {{name: ann}}}}\n", i);
    if (Wild(12))
      text += fmt::format(
          "unit_tests:\n  - {{name: u{}, model: m{}, given: [{{input: \"ref('s1')\", rows: [{{id: {}}}]}}], expect: "
          "{{rows: [{{id: {}}}]}}}}\n",
          i, 2 * i, Number(5), Value());
    if (Chance(12))
      text += fmt::format(
          "snapshots:\n  - {{name: n{}, relation: \"ref('m{}')\", config: {{strategy: check, unique_key: id, "
          "check_cols: all, tags: [{}]}}}}\n",
          i, 2 * i, Value());
    if (Chance(5)) text += "nonsense: []\n";
    Put(fmt::format("models/p{}.yml", i), text);
  }

  std::string ModelProperties(int model) {
    if (Chance(15)) return fmt::format("  - {{name: m{}}}\n", model);
    std::string text = fmt::format("  - name: m{}\n    description: {}\n", model, Description());
    if (Chance(50)) {
      const std::string value =
          Wild(25) ? "run_started_at" : Pick({"env_var('E1', 'q')", "var('v0', 'q')", "target.schema"});
      text += fmt::format("    config: {{tags: [{}], meta: {{e: \"{{{{ {} }}}}\"}}}}\n", Value(), value);
    }
    if (Chance(50)) {
      const std::string value = Pick({"var('v1', 'q')", "ref('m0')", "env_var('E0', 'r')"});
      text += fmt::format("    data_tests: [{{custom: {{arg: \"{{{{ {} }}}}\"}}}}]\n", value);
    }
    if (Chance(10)) text += "    wrong_key: 1\n";
    if (Wild(8)) text += "    deprecation_date: 2026-01-02\n";
    if (Chance(60))
      text +=
          fmt::format("    columns:\n      - {{name: id, description: {}, data_tests: {}}}\n", Description(), Tests());
    return text;
  }

  std::mt19937 random_;
  const bool calm_;
  std::map<std::string, std::string> texts_;
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;  // what the last wild edit replaced
  test::FakeFiles disk_;
  Environment environment_;
  std::string vars_, command_ = "parse";
};

// What a start leaves for the next.
struct Left {
  std::string lists, nodes;
};

std::shared_ptr<const ParseCache> Opened(const Left& left, std::string_view program = kProgram) {
  return ParseCache::Open(left.lists, program, [nodes = left.nodes] { return std::optional(nodes); });
}

CacheStore StoreOf(Left& left) {
  const auto keep = [](std::string& part, const CacheStore::Write& write) {
    part.clear();
    return write([&part](std::string_view bytes) -> Status {
      part += bytes;
      return {};
    });
  };
  return {.nodes = [keep, &left](const CacheStore::Write& write) { return keep(left.nodes, write); },
          .lists = [keep, &left](const CacheStore::Write& write) { return keep(left.lists, write); }};
}

// What one start gives: the manifest, or the errors; and the warnings.
struct Outcome {
  std::string manifest, errors, warnings, summary;
  std::optional<Left> cache;
  bool unchanged = false;  // everything was taken over
  bool few = false;        // all but the nodes of a few files
};

std::string Sorted(const Diagnostics& diagnostics, const SourceMap& sources) {
  std::vector<std::string> texts;
  for (const Diagnostic& each : diagnostics) texts.push_back(RenderDiagnostics({each}, sources));
  std::ranges::sort(texts);
  return Join(texts, "");
}

std::string Counts(const Manifest& manifest) { return fmt::format("{} nodes", manifest.nodes().size()); }

// `needless`: nobody needs the manifest, if it can be avoided.
Outcome Start(RandomProject& project, int step, const std::optional<Left>& cache, bool needless = false) {
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
    BuiltinMacros macros(kBuiltins, sources);
    STIR_ASSIGN(ProjectFiles files,
                ReadProject(project.disk(), "/p", invocation, sources, cache ? Opened(*cache) : nullptr));
    ProfileRequest request;
    request.directory = "/p";
    request.profile = "shop";
    STIR_ASSIGN(const Target target, ReadTarget(project.disk(), request, invocation, sources, redactor));
    ParseOptions options;
    options.invocation = &invocation;
    options.target = &target;
    options.dialect = &dialect;
    options.builtin_macros = &macros;
    options.program = kProgram;
    options.summarize = Counts;
    if (needless) options.is_needless = [](const Hash128&) { return true; };
    STIR_ASSIGN(ParsedProject parsed, ParseProject(std::move(files), options, sources));
    outcome.summary = parsed.manifest ? Counts(*parsed.manifest) : parsed.summary;
    outcome.few = parsed.identity && !parsed.unchanged;
    if (parsed.manifest && !needless) outcome.manifest = WriteManifest(*parsed.manifest, {});
    if (parsed.make_cache) {
      Left left = cache.value_or(Left{});  // a part that is not written stays
      if (parsed.make_cache(StoreOf(left)).ok()) outcome.cache = std::move(left);
    }
    return parsed;
  };
  Result<ParsedProject> parsed = run();
  if (!parsed.ok()) {
    outcome.errors = Sorted(parsed.error(), sources);
    return outcome;
  }
  outcome.warnings = Sorted(parsed->warnings, sources);
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
  const int projects = wanted ? std::atoi(wanted) : 40;
  int succeeded = 0, unchanged = 0, partial = 0, few = 0;
  for (int seed = 0; seed < projects; ++seed) {
    RandomProject project(static_cast<uint32_t>(seed));
    std::optional<Left> cache;
    for (int step = 0; step < 25; ++step) {
      const Outcome cold = Start(project, step, {});
      const Outcome warm = Start(project, step, cache);
      const Outcome brief = Start(project, step, cache, true);
      ASSERT_EQ(cold.errors, warm.errors) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_EQ(cold.warnings, warm.warnings) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_TRUE(cold.manifest == warm.manifest) << "seed " << seed << ", step " << step << "\n"
                                                  << FirstDifference(cold.manifest, warm.manifest) << "\n"
                                                  << project.Dump();
      ASSERT_EQ(cold.errors, brief.errors) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_EQ(cold.warnings, brief.warnings) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      ASSERT_EQ(cold.summary, brief.summary) << "seed " << seed << ", step " << step << "\n" << project.Dump();
      if (warm.cache && step % 4 != 3) cache = *warm.cache;  // at times the cache stays behind
      succeeded += warm.errors.empty() ? 1 : 0;
      unchanged += warm.unchanged ? 1 : 0;
      partial += warm.errors.empty() && !warm.unchanged && cache ? 1 : 0;
      few += warm.few ? 1 : 0;
      if (step % 6 != 5) step % 3 == 1 ? project.Comment() : project.Edit();
    }
  }
  EXPECT_GT(succeeded, projects * 12);  // else the random projects are too broken to tell anything
  EXPECT_GT(unchanged, projects / 3);
  EXPECT_GT(partial, projects * 5);
  EXPECT_GT(few, projects / 2);
}

TEST(WarmStart, ADamagedCacheIsNone) {
  RandomProject project(7);
  Outcome cold = Start(project, 0, {});
  for (int tries = 0; !cold.cache && tries < 50; ++tries) {
    project.Edit();
    cold = Start(project, 0, {});
  }
  ASSERT_TRUE(cold.cache) << cold.errors;
  const Left& cache = *cold.cache;
  EXPECT_NE(Opened(cache), nullptr);
  EXPECT_EQ(Opened(cache, "another build"), nullptr);
  for (size_t length = 0; length < cache.lists.size(); length += 97)
    EXPECT_EQ(Opened({cache.lists.substr(0, length), cache.nodes}), nullptr) << length;
  for (size_t at = 0; at < cache.lists.size(); at += 61) {
    Left damaged = cache;
    damaged.lists[at] = static_cast<char>(damaged.lists[at] ^ 0x10);
    EXPECT_EQ(Opened(damaged), nullptr) << at;
  }
  EXPECT_EQ(Opened({"", cache.nodes}), nullptr);
}

// The lists may be good and the nodes not: those of another command, which writes at the same time, or none at all.
TEST(WarmStart, NodesThatDoNotBelongToTheListsAreNone) {
  RandomProject project(7);
  Outcome cold = Start(project, 0, {});
  for (int tries = 0; !(cold.cache && Start(project, 0, cold.cache).unchanged) && tries < 50; ++tries) {
    project.Edit();
    cold = Start(project, 0, {});
  }
  ASSERT_TRUE(cold.cache) << cold.errors;
  const Left& cache = *cold.cache;
  for (size_t at = 0; at <= cache.nodes.size(); at += 1 + cache.nodes.size() / 40) {
    Left damaged = cache;
    at < cache.nodes.size() ? void(damaged.nodes[at] ^= 0x10) : damaged.nodes.clear();
    const Outcome warm = Start(project, 0, damaged);
    EXPECT_FALSE(warm.unchanged) << at;
    EXPECT_EQ(warm.manifest, cold.manifest) << at;
  }
}

}  // namespace
}  // namespace stir::project
