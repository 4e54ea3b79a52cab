// `ingestions:` and `publications:`.
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "jinja/template.h"
#include "platform/kinds.h"
#include "platform/read.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 5> kModes = {"full", "incremental", "snapshot", "cdc", "stream"};
constexpr std::array<std::string_view, 3> kFormats = {"parquet", "csv", "jsonl"};
constexpr std::array<std::string_view, 3> kAdded = {"add", "ignore", "fail"};
constexpr std::array<std::string_view, 2> kRemoved = {"null", "fail"};
constexpr std::array<std::string_view, 3> kTyped = {"widen", "quarantine", "fail"};
constexpr std::array<std::string_view, 5> kStrategies = {"swap", "merge", "append", "partition", "files"};

void ReadFrom(Ingestion& ingestion, const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, fmt::format("`from` of ingestion `{}`", ingestion.name));
  auto& from = ingestion.from;
  fields.Require("connection", "the name of one of `connections`");
  from.connection = fields.PlacedText("connection");
  from.table = fields.PlacedText("table");
  from.query = fields.PlacedText("query");
  from.path = fields.PlacedText("path");
  from.format = fields.OneOf<Format>("format", kFormats, Format::kParquet);
  from.columns = fields.PlacedTexts("columns");
  from.where = fields.PlacedText("where");
  from.options = fields.TextMap("options");
  const int ways = !from.table->empty() + !from.query->empty() + !from.path->empty();
  if (node.IsMapping() && ways != 1)
    reader.Error(
        Diagnostic(kBadValue, fmt::format("{} must have one of `path`, `table` and `query`", fields.what()), node.span)
            .Hint("files have a `path`, databases a `table` or a `query`"));
  fields.Finish();
}

SchemaChanges ReadSchemaChanges(const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, "`schema_changes`");
  SchemaChanges changes;
  changes.added = fields.OneOf<OnAdded>("added", kAdded, changes.added).value;
  // Unquoted, `null` is YAML's nothing, which here is the word.
  if (const yaml::Node* removed = node.IsMapping() ? node.Find("removed") : nullptr; removed && removed->IsNull())
    changes.removed = OnRemoved::kNull, fields.Ignore("removed");
  else
    changes.removed = fields.OneOf<OnRemoved>("removed", kRemoved, changes.removed).value;
  changes.type = fields.OneOf<OnType>("type", kTyped, changes.type).value;
  fields.Finish();
  return changes;
}

Quarantine ReadQuarantine(const yaml::Node& node, Reader& reader) {
  Quarantine quarantine{.enabled = true, .max_ratio = 1, .max_rows = std::nullopt};
  if (node.type == yaml::Type::kBool) {
    quarantine.enabled = node.boolean;
    return quarantine;
  }
  Fields fields(reader, node, "`quarantine`");
  quarantine.max_ratio = fields.Number("max_ratio", 1, 0, 1);
  if (fields.Has("max_rows")) quarantine.max_rows = fields.Int("max_rows", 0, 0, INT64_MAX);
  fields.Finish();
  return quarantine;
}

Require ReadRequire(const yaml::Node& node, Reader& reader) {
  Require require;
  require.span = node.span;
  Fields fields(reader, node, "`require`");
  if (fields.Has("min_rows")) require.min_rows = fields.Int("min_rows", 0, 0, INT64_MAX);
  if (fields.Has("max_rows")) require.max_rows = fields.Int("max_rows", 0, 0, INT64_MAX);
  if (fields.Has("max_shrink")) require.max_shrink = fields.Number("max_shrink", 1, 0, 1);
  require.tests = fields.Bool("tests", false);
  fields.Finish();
  return require;
}

Publication::To ReadTo(const Publication& publication, const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, fmt::format("`to` of publication `{}`", publication.name));
  Publication::To to;
  fields.Require("connection", "the name of one of `connections`");
  to.connection = fields.PlacedText("connection");
  to.table = fields.PlacedText("table");
  to.path = fields.PlacedText("path");
  to.format = fields.OneOf<Format>("format", kFormats, Format::kParquet);
  to.partition_by = fields.PlacedTexts("partition_by");
  to.options = fields.TextMap("options");
  if (node.IsMapping() && to.table->empty() == to.path->empty())
    reader.Error(Diagnostic(kBadValue, fmt::format("{} must have one of `table` and `path`", fields.what()), node.span)
                     .Hint("databases have a `table`, file stores a `path`"));
  fields.Finish();
  return to;
}

Publication::Stage ReadStage(const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, "`stage`");
  Publication::Stage stage;
  fields.Require("connection");
  fields.Require("path");
  stage.connection = fields.PlacedText("connection");
  stage.path = fields.PlacedText("path");
  stage.format = fields.OneOf<Format>("format", kFormats, Format::kJsonl);
  fields.Finish();
  return stage;
}

std::vector<std::vector<std::string>> ReadIndexes(const yaml::Node& node, Reader& reader) {
  std::vector<std::vector<std::string>> indexes;
  if (!node.IsSequence()) {
    reader.WrongType(node, "indexes", "a list of lists of columns");
    return indexes;
  }
  for (const auto& item : node.items) {
    std::vector<std::string>& columns = indexes.emplace_back();
    for (auto& column : reader.Texts(*item, "indexes")) columns.push_back(std::move(column.value));
  }
  return indexes;
}

}  // namespace

std::optional<std::vector<std::string>> ReadCall(const yaml::Node& node, std::string_view callee, Reader& reader) {
  const auto wrong = [&]() -> std::optional<std::vector<std::string>> {
    const std::string example = callee == "ref" ? "ref('model')" : "source('source', 'table')";
    reader.Error(Diagnostic(kBadValue, fmt::format("this must be a call such as `{}`", example), node.span));
    return std::nullopt;
  };
  if (!node.IsString()) return wrong();
  const bool braced = Strip(node.text).starts_with("{{");
  auto parsed = jinja::Template::Parse(braced ? node.text : "{{ " + node.text + " }}",
                                       jinja::Origin{node.span.source, 0, false, node.span});
  if (!parsed.ok()) return wrong();
  const auto calls = (*parsed)->Calls();
  if (calls.size() != 1 || calls[0].callee != callee) return wrong();
  std::vector<std::string> arguments;
  for (const auto& argument : calls[0].arguments) {
    if (!argument.literal.IsString()) return wrong();
    arguments.emplace_back(argument.literal.AsString());
  }
  if (callee == "source" ? arguments.size() != 2 : arguments.empty() || arguments.size() > 2) return wrong();
  return arguments;
}

Ingestion ReadIngestion(const YamlNode& node, Reader& reader) {
  Ingestion ingestion;
  ingestion.node = node;
  ingestion.span = node->span;
  Fields fields(reader, *node, "this ingestion");
  ingestion.name = fields.RequireText("name");
  Fields named(reader, *node, fmt::format("ingestion `{}`", ingestion.name));
  if (!node->IsMapping()) return ingestion;
  named.Ignore("name");
  named.Ignore("description");
  if (const yaml::Node* from = named.Require("from", "from: {connection: ..., path: ...}"))
    ReadFrom(ingestion, *from, reader);
  if (const yaml::Node* to = named.Require("to", "to: source('source', 'table')")) {
    ingestion.to.span = to->span;
    if (auto call = ReadCall(*to, "source", reader)) ingestion.to.source = (*call)[0], ingestion.to.table = (*call)[1];
  }
  ingestion.mode = named.OneOf<Mode>("mode", kModes, Mode::kFull);
  ingestion.cursor = named.PlacedText("cursor");
  ingestion.overlap = named.Time("overlap", Duration{0});
  ingestion.key = named.PlacedTexts("key");
  if (const yaml::Node* changes = named.Find("schema_changes"))
    ingestion.schema_changes = ReadSchemaChanges(*changes, reader);
  if (const yaml::Node* quarantine = named.Find("quarantine"))
    ingestion.quarantine = ReadQuarantine(*quarantine, reader);
  if (ingestion.mode.value == Mode::kIncremental && ingestion.cursor->empty() && ingestion.from.path->empty())
    reader.Error(Diagnostic(kBadValue, fmt::format("{} is incremental but has no `cursor`", named.what()), node->span)
                     .Hint("name the column that says when a row changed: cursor: updated_at"));
  named.Finish();
  return ingestion;
}

Publication ReadPublication(const YamlNode& node, Reader& reader) {
  Publication publication;
  publication.node = node;
  publication.span = node->span;
  Fields fields(reader, *node, "this publication");
  publication.name = fields.RequireText("name");
  Fields named(reader, *node, fmt::format("publication `{}`", publication.name));
  if (!node->IsMapping()) return publication;
  named.Ignore("name");
  named.Ignore("description");
  if (const yaml::Node* from = named.Require("from", "from: ref('model')")) {
    publication.from.span = from->span;
    if (auto call = ReadCall(*from, "ref", reader)) publication.from.model = call->back();
  }
  if (const yaml::Node* to = named.Require("to", "to: {connection: ..., table: ...}"))
    publication.to = ReadTo(publication, *to, reader);
  publication.strategy =
      named.OneOf<Strategy>("strategy", kStrategies, publication.to.path->empty() ? Strategy::kSwap : Strategy::kFiles);
  if (const yaml::Node* stage = named.Find("stage")) publication.stage = ReadStage(*stage, reader);
  publication.enrich = named.PlacedText("enrich");
  publication.key = named.PlacedTexts("key");
  if (const yaml::Node* indexes = named.Find("indexes")) publication.indexes = ReadIndexes(*indexes, reader);
  if (const yaml::Node* require = named.Find("require")) publication.require = ReadRequire(*require, reader);
  publication.freshness = named.Time("freshness", Duration{0});
  publication.keep = static_cast<int>(named.Int("keep", 1, 0, 1000));
  if (publication.strategy.value == Strategy::kMerge && publication.key.empty())
    reader.Error(Diagnostic(kBadValue, fmt::format("{} merges but has no `key`", named.what()), node->span)
                     .Hint("name the columns that identify a row: key: [sale_id]"));
  named.Finish();
  return publication;
}

}  // namespace stir::platform
