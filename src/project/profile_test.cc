#include "project/profile.h"

#include <gtest/gtest.h>

#include "base/diagnostic_text.h"

namespace stir::project {
namespace {

constexpr std::string_view kProfiles = R"(
shop:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb, path: data/shop.duckdb, threads: "{{ 2 + 2 }}", settings: {a: 1}}
    memory: {type: duckdb}
    prod:
      type: postgres
      host: "{{ env_var('NO_HOST') }}"
      dbname: sales
      schema: analytics
      password: "{{ env_var('DBT_ENV_SECRET_PW') }}"
)";

struct Fixture {
  SourceMap sources;
  Redactor redactor;
  Environment environment;
  ProfileRequest request;

  Result<Target> Read(std::string_view text = kProfiles) {
    Invocation invocation;
    invocation.clock = &SystemClock();
    invocation.environment = &environment;
    if (request.profile.empty()) request.profile = "shop";
    return ParseTarget(sources.Add("profiles.yml", std::string(text)), request, invocation, sources, redactor);
  }
  std::string Error(std::string_view text = kProfiles) {
    const Result<Target> target = Read(text);
    return target.ok() ? "" : RenderDiagnostics(target.error(), sources);
  }
};

std::string ContextText(const Target& target, std::string_view key) {
  const jinja::Value* value = target.context.AsDict().Find(key);
  return value ? *value->Str() : "(none)";
}

TEST(Profile, OnlyTheChosenOutputIsRendered) {
  Fixture fixture;
  const Result<Target> target = fixture.Read();
  ASSERT_TRUE(target.ok()) << RenderDiagnostics(target.error(), fixture.sources);
  EXPECT_EQ(target->name, "dev");
  EXPECT_EQ(target->profile.type, "duckdb");
  EXPECT_EQ(target->profile.database, "shop");
  EXPECT_EQ(target->profile.schema, "main");
  EXPECT_EQ(target->profile.threads, 4);
  EXPECT_EQ(ContextText(*target, "path"), "data/shop.duckdb");
  EXPECT_EQ(ContextText(*target, "profile_name"), "shop");
}

TEST(Profile, DefaultsOfTheEngine) {
  Fixture fixture;
  fixture.request.target = "memory";
  const Result<Target> target = fixture.Read();
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->profile.database, "memory");
  EXPECT_EQ(target->profile.threads, 1);
}

TEST(Profile, SecretsAreReadAndHidden) {
  Fixture fixture;
  fixture.environment = {{"TARGET", "prod"}, {"NO_HOST", "db"}, {"DBT_ENV_SECRET_PW", "hunter2"}};
  const Result<Target> target = fixture.Read();
  ASSERT_TRUE(target.ok()) << RenderDiagnostics(target.error(), fixture.sources);
  EXPECT_EQ(target->profile.database, "sales");
  EXPECT_EQ(ContextText(*target, "password"), "(none)");
  EXPECT_EQ(fixture.redactor.Redact("pw=hunter2"), "pw=*****");
}

TEST(Profile, WrongNamesSuggestTheRightOnes) {
  Fixture fixture;
  fixture.request.profile = "shopp";
  EXPECT_EQ(fixture.Error(),
            "profiles.yml:1:1: error[no-profile]: profile `shopp` not found in profiles.yml\n"
            "  1 | \n    | ^\n  hint: did you mean `shop`?\n");
  fixture.request.profile = "shop";
  fixture.request.target = "staging";
  EXPECT_EQ(fixture.Error(), R"(profiles.yml:5:5: error[no-target]: profile `shop` has no target `staging`
  5 |     dev: {type: duckdb, path: data/shop.duckdb, threads: "{{ 2 + 2 }}", settings: {a: 1}}
    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  hint: there are: dev, memory, prod
)");
}

TEST(Profile, MissingVariablesAndTypesHaveTheirPlace) {
  Fixture fixture;
  fixture.request.target = "prod";
  const std::string error = fixture.Error();
  EXPECT_NE(error.find("profiles.yml:9:17: error[env-var-missing]: environment variable `NO_HOST` is not set"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("`DBT_ENV_SECRET_PW` is not set"), std::string::npos) << error;
  EXPECT_NE(fixture.Error("shop: {outputs: {prod: {path: x}}}").find("has no `type`"), std::string::npos);
  EXPECT_NE(
      fixture.Error("shop: {outputs: {prod: {type: duckdb, threads: many}}}").find("`threads` must be a whole number"),
      std::string::npos);
  EXPECT_NE(fixture.Error("shop: {target: dev}").find("has no `outputs`"), std::string::npos);
}

}  // namespace
}  // namespace stir::project
