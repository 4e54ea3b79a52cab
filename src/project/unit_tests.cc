// Rows come as dicts, as CSV or as SQL, in place or from a file of tests/fixtures; without any, from the seed that the
// input names. The checksum is that of dbt's own text of the test, so it is written as Python writes it.
#include "project/unit_tests.h"

#include <algorithm>

#include "base/digest.h"
#include "project/csv_rows.h"
#include "project/kinds.h"
#include "project/python_repr.h"

namespace stir::project {

namespace {

using jinja::Value;

std::string_view FileStem(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

// An empty field is null.
Value EmptyIsNone(const Value& rows) {
  std::vector<Value> all;
  for (const Value& row : rows.Items()) {
    Value clean = Value::MakeDict();
    for (const auto& [key, value] : row.AsDict().entries()) {
      const bool empty = value.IsString() && value.AsString().empty();
      clean.AsDict().Set(key, empty ? Value::None() : value);
    }
    all.push_back(std::move(clean));
  }
  return Value::List(std::move(all));
}

// The first row without a null comes first: some engines take a column's type from it.
Value WholeRowFirst(const Value& rows) {
  std::vector<Value> all(rows.Items().begin(), rows.Items().end());
  auto whole = std::ranges::find_if(all, [](const Value& row) {
    return !row.IsDict() ||
           std::ranges::none_of(row.AsDict().entries(), [](const auto& e) { return e.second.IsNone(); });
  });
  if (whole != all.end()) std::swap(*whole, all.front());
  return Value::List(std::move(all));
}

std::string FormatRepr(std::string_view format) {
  return EnumRepr("UnitTestFormat", format, format == "dict" ? "Dict" : format == "csv" ? "CSV" : "SQL");
}

std::string OrNone(std::string_view text) {
  return text.empty() ? "None" : PythonRepr(Value::String(std::string(text)));
}

std::string FixtureRepr(const UnitTestFixture& fixture) {
  const std::string input =
      fixture.input.empty()
          ? "UnitTestOutputFixture("
          : "UnitTestInputFixture(input=" + PythonRepr(Value::String(std::string(fixture.input))) + ", ";
  return input + "rows=" + PythonRepr(fixture.rows) + ", format=" + FormatRepr(fixture.format) +
         ", fixture=" + OrNone(fixture.fixture) + ")";
}

std::string PartsRepr(std::string_view type, const Value& parts) {
  if (!parts.IsDict()) return "None";
  std::string text = std::string(type) + "(";
  for (const auto& [key, value] : parts.AsDict().entries()) {
    if (!text.ends_with('(')) text += ", ";
    text += std::string(key.AsString()) + "=" + PythonRepr(value);
  }
  return text + ")";
}

std::string Checksum(const UnitTestPart& test) {
  std::string text = std::string(test.model) + "-" + PartsRepr("UnitTestNodeVersions", test.versions) + "-[";
  for (const UnitTestFixture& given : test.given) {
    if (!text.ends_with('[')) text += ", ";
    text += FixtureRepr(given);
  }
  text += "]-" + FixtureRepr(test.expect) + "-" + PartsRepr("UnitTestOverrides", test.overrides);
  for (const UnitTestFixture& given : test.given) {
    if (given.fixture.empty()) continue;
    text += "-" + (given.rows.IsString() ? std::string(given.rows.AsString()) : PythonRepr(given.rows));
  }
  return Sha256Hex(text);
}

class Builder {
 public:
  Builder(const PropertiesFile& file, const UnitTestPatch& test, NodeBuilder& nodes)
      : file_(file), test_(test), nodes_(nodes), pool_(nodes.pool()) {}

  Node Build() {
    Node node;
    const std::string& package = file_.package->name();
    node.type = ResourceType::kUnitTest;
    node.package = pool_.Intern(package);
    node.name = pool_.Intern(test_.name);
    node.unique_id = pool_.Add("unit_test." + package + "." + test_.model + "." + test_.name);
    node.path = pool_.Intern(file_.file->RelativePath());
    node.original_file_path = pool_.Intern(file_.file->path);
    node.fqn = Fqn();
    node.span = test_.name_span;
    static const auto no_columns = std::make_shared<const Columns>();
    node.columns = no_columns;
    node.config = nodes_.LayerConfig(*file_.package, node.type, node.fqn, test_.config, {});
    nodes_.AddTags(node, node.config->tags);
    nodes_.Describe(node, test_.description);
    node.unit_test = std::make_unique<UnitTestPart>(Part());
    node.checksum = pool_.Add(Checksum(*node.unit_test));
    return node;
  }

 private:
  // The folders below the first one, then the model.
  std::vector<Text> Fqn() {
    const std::string_view path = file_.file->path;
    const size_t slash = path.find('/');
    std::vector<Text> fqn = nodes_.FqnOf(*file_.package, path.substr(slash == path.npos ? 0 : slash + 1), test_.model);
    fqn.push_back(pool_.Intern(test_.name));
    return fqn;
  }

  UnitTestPart Part() {
    UnitTestPart part;
    part.model = pool_.Intern(test_.model);
    for (const FixturePatch& given : test_.given) part.given.push_back(Fixture(given, "input"));
    part.expect = Fixture(test_.expect, "expected");
    part.overrides = test_.overrides;
    part.versions = test_.versions;
    return part;
  }

  void Fail(std::string message, Span span, std::string hint = {}) {
    nodes_.errors().push_back(
        Diagnostic(kBadTest, "unit test `" + test_.name + "` " + std::move(message), span).Hint(std::move(hint)));
  }

  UnitTestFixture Fixture(const FixturePatch& given, std::string_view what) {
    UnitTestFixture fixture;
    fixture.input = pool_.Intern(given.input);
    fixture.format = pool_.Intern(given.format);
    fixture.fixture = pool_.Intern(given.fixture);
    fixture.span = given.span;
    if (!given.input.empty() && given.input != "this") NoteInput(fixture);
    fixture.rows = Rows(given, fixture, what);
    if (given.format != "sql" && fixture.rows.IsSequence() && !fixture.rows.Items().empty())
      fixture.rows = WholeRowFirst(fixture.rows);
    return fixture;
  }

  void NoteInput(UnitTestFixture& fixture) {
    const ParsedSql sql = ParseSql(pool_.Add("{{ " + std::string(fixture.input) + " }}"),
                                   jinja::Origin{fixture.span.source, fixture.span.begin, false, fixture.span},
                                   test_.name, *file_.package->parse);
    Node uses;
    nodes_.TakeUses(uses, sql.recording);
    if (!uses.refs.empty()) fixture.ref = uses.refs.front();
    if (!uses.sources.empty()) fixture.source = uses.sources.front();
  }

  Value Rows(const FixturePatch& given, const UnitTestFixture& fixture, std::string_view what) {
    if (given.format == "dict") {
      if (given.rows.IsNone() && given.fixture.empty()) return SeedRows(fixture);
      if (given.rows.IsSequence()) return given.rows;
      Fail("has " + std::string(what) + " rows which are no list of mappings", given.span,
           "for CSV or SQL say `format: csv` or `format: sql`");
      return Value::List();
    }
    if (!given.fixture.empty()) {
      const ProjectFile* found = Find(given.fixture, FileKind::kFixture);
      if (!found) {
        Fail("needs the fixture `" + given.fixture + "`, but there is no such file", given.span,
             "fixtures are .csv and .sql files in tests/fixtures");
        return Value::None();
      }
      if (given.format == "sql") return Value::String(std::string(found->text));
      return EmptyIsNone(CsvRows(found->text));
    }
    if (!given.rows.IsString()) {
      Fail("has " + std::string(what) + " rows which do not match the format " + given.format, given.span,
           "give them as a text, or name a `fixture`");
      return Value::None();
    }
    return given.format == "sql" ? given.rows : EmptyIsNone(CsvRows(given.rows.AsString()));
  }

  Value SeedRows(const UnitTestFixture& fixture) {
    const ProjectFile* seed = fixture.ref ? Find(fixture.ref->name, FileKind::kSeed) : nullptr;
    if (seed) return CsvRows(seed->text);
    Fail(fixture.input.empty() ? std::string("expects no rows")
                               : "gives no rows for `" + std::string(fixture.input) + "`, which is no seed",
         fixture.span, "list its `rows:`, or `rows: []` for none");
    return Value::List();
  }

  const ProjectFile* Find(std::string_view name, FileKind kind) const {
    for (const ProjectFile& file : file_.package->files->files) {
      if (file.kind == kind && FileStem(file.path) == name) return &file;
    }
    return nullptr;
  }

  const PropertiesFile& file_;
  const UnitTestPatch& test_;
  NodeBuilder& nodes_;
  TextPool& pool_;
};

}  // namespace

Node BuildUnitTest(const PropertiesFile& file, const UnitTestPatch& test, NodeBuilder& builder) {
  return Builder(file, test, builder).Build();
}

}  // namespace stir::project
