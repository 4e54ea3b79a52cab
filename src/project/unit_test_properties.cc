// Rows are kept as they stand; what their format makes of them is unit_test_rows' business.
#include "project/unit_test_properties.h"

#include <algorithm>
#include <array>

#include "project/kinds.h"
#include "project/property_parts.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

class UnitTestReader {
 public:
  UnitTestReader(const yaml::Node& node, std::string what, jinja::Scope& scope, Diagnostics& errors)
      : node_(node), scope_(scope), errors_(errors), reader_(node, std::move(what), errors, &scope) {}

  UnitTestPatch Read(Diagnostics& warnings) {
    UnitTestPatch test;
    const yaml::Node* name = node_.Find("name");
    const yaml::Node* model = node_.Find("model");
    test.name = reader_.RequiredText("name");
    test.name_span = name ? name->span : node_.span;
    test.model = reader_.RequiredText("model");
    test.model_span = model ? model->span : node_.span;
    test.description = ReadDescription(reader_, node_, errors_);
    ReadConfig(reader_, node_, {}, scope_, test.config, nullptr, errors_);
    if (!reader_.Has("given")) Missing("given");
    for (const YamlNode& given : reader_.List("given")) test.given.push_back(ReadFixture(*given, true));
    const yaml::Node* expect = reader_.Mapping("expect");
    if (expect) {
      test.expect = ReadFixture(*expect, false);
    } else if (!reader_.Has("expect")) {
      Missing("expect");
    }
    test.overrides = ReadOverrides();
    test.versions = ReadVersions();
    Append(warnings, reader_.UnknownKeys(Severity::kWarning));
    return test;
  }

 private:
  void Missing(std::string_view key) {
    errors_.push_back(Diagnostic(kMissingKey, reader_.what() + " has no " + Quoted(key), node_.span));
  }

  FixturePatch ReadFixture(const yaml::Node& node, bool is_input) {
    MappingReader reader(node, (is_input ? "an input of " : "`expect` of ") + reader_.what(), errors_, &scope_);
    FixturePatch fixture;
    fixture.span = node.span;
    if (is_input) fixture.input = reader.RequiredText("input");
    fixture.format = reader.Text("format", "dict");
    static constexpr std::array<std::string_view, 3> kFormats{"dict", "csv", "sql"};
    if (std::ranges::find(kFormats, fixture.format) == kFormats.end()) {
      errors_.push_back(Diagnostic(kBadConfig, Quoted(fixture.format) + " is no format of rows in " + reader.what(),
                                   node.Find("format")->span)
                            .Hint("the formats are dict, csv and sql"));
    }
    fixture.fixture = reader.Text("fixture");
    if (const yaml::Node* rows = reader.Find("rows")) fixture.rows = RenderedOrNone(*rows, scope_, errors_);
    if (fixture.rows.IsUndefined()) fixture.rows = Value::None();
    Append(errors_, reader.UnknownKeys(Severity::kError));
    return fixture;
  }

  // Every part is there, as in dbt's artifacts.
  Value ReadOverrides() {
    const yaml::Node* node = reader_.Mapping("overrides");
    if (!node) return Value::None();
    MappingReader reader(*node, "`overrides` of " + reader_.what(), errors_, &scope_);
    Value overrides = Value::MakeDict();
    for (std::string_view key : {"macros", "vars", "env_vars"}) {
      const yaml::Node* part = reader.Mapping(key);
      overrides.AsDict().Set(key, part ? RenderedOrNone(*part, scope_, errors_) : Value::MakeDict());
    }
    Append(errors_, reader.UnknownKeys(Severity::kError));
    return overrides;
  }

  Value ReadVersions() {
    const yaml::Node* node = reader_.Mapping("versions");
    if (!node) return Value::None();
    MappingReader reader(*node, "`versions` of " + reader_.what(), errors_, &scope_);
    Value versions = Value::MakeDict();
    for (std::string_view key : {"include", "exclude"}) {
      const bool given = !reader.List(key).empty();
      versions.AsDict().Set(key, given ? RenderedOrNone(*node->Find(key), scope_, errors_) : Value::None());
    }
    if (node->Find("include") && node->Find("exclude")) {
      errors_.push_back(
          Diagnostic(kBadConfig, reader_.what() + " both includes and excludes versions: keep one", node->span));
    }
    return versions;
  }

  const yaml::Node& node_;
  jinja::Scope& scope_;
  Diagnostics& errors_;
  MappingReader reader_;
};

}  // namespace

UnitTestPatch ReadUnitTest(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors, Diagnostics& warnings) {
  const yaml::Node* name = node.Find("name");
  return UnitTestReader(node, "unit test" + (name ? " " + Quoted(name->text) : std::string()), scope, errors)
      .Read(warnings);
}

}  // namespace stir::project
