#include "platform/load.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/strings.h"
#include "platform/check.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "project/kinds.h"
#include "project/yaml_values.h"
#include "pylib/convert.h"

namespace stir::platform {
namespace {

// The files as one: the entries of each section, in the order of the files' names.
struct Sections {
  std::vector<yaml::Entry> connections, pools, calendars;
  std::vector<YamlNode> ingestions, publications, pipelines;
  YamlNode secrets, keep_runs;
};

void AddEntries(std::vector<yaml::Entry>& to, const yaml::Node& node, std::string_view what, Reader& reader) {
  if (!node.IsMapping()) return reader.WrongType(node, what, "a mapping by name");
  for (const yaml::Entry& entry : node.entries) {
    for (const yaml::Entry& other : to)
      if (other.key->text == entry.key->text)
        reader.Error(
            Diagnostic(kNameTaken, fmt::format("`{}` stands twice in `{}`", entry.key->text, what), entry.key->span)
                .With({other.key->span, "the first is here"}));
    to.push_back(entry);
  }
}

void AddItems(std::vector<YamlNode>& to, const yaml::Node& node, std::string_view what, Reader& reader) {
  if (!node.IsSequence()) return reader.WrongType(node, what, "a list", fmt::format("{}:\n  - name: ...", what));
  to.insert(to.end(), node.items.begin(), node.items.end());
}

void CheckVersion(Fields& fields, Reader& reader) {
  const yaml::Node* version = fields.Require("version", "begin the file with `version: 1`");
  if (version && !(version->type == yaml::Type::kInt && version->integer == 1))
    reader.Error(
        Diagnostic(kBadVersion, fmt::format("`{}` is not a version that this stir reads", version->text), version->span)
            .Hint("write `version: 1`"));
}

// What holds for the whole project stands in one of its files.
void TakeOnce(YamlNode& to, Fields& fields, std::string_view key, Reader& reader) {
  YamlNode node = fields.Share(key);
  if (!node) return;
  if (to)
    reader.Error(Diagnostic(kNameTaken, fmt::format("`{}` stands twice", key), node->span)
                     .With({to->span, "the first is here"}));
  to = std::move(node);
}

void AddFile(Sections& sections, const yaml::Node& root, Reader& reader) {
  if (root.IsNull()) return;
  Fields fields(reader, root, "this file");
  CheckVersion(fields, reader);
  if (const yaml::Node* node = fields.Find("connections"))
    AddEntries(sections.connections, *node, "connections", reader);
  if (const yaml::Node* node = fields.Find("pools")) AddEntries(sections.pools, *node, "pools", reader);
  if (const yaml::Node* node = fields.Find("calendars")) AddEntries(sections.calendars, *node, "calendars", reader);
  if (const yaml::Node* node = fields.Find("ingestions")) AddItems(sections.ingestions, *node, "ingestions", reader);
  if (const yaml::Node* node = fields.Find("publications"))
    AddItems(sections.publications, *node, "publications", reader);
  if (const yaml::Node* node = fields.Find("pipelines")) AddItems(sections.pipelines, *node, "pipelines", reader);
  TakeOnce(sections.secrets, fields, "secrets", reader);
  TakeOnce(sections.keep_runs, fields, "keep_runs", reader);
  fields.Finish();
}

Result<Sections> ReadSections(const LoadInput& input, Reader& reader, Diagnostics& errors) {
  Sections sections;
  STIR_ASSIGN(const auto entries, input.files.Walk(input.project_dir / "stir"));
  for (const WalkEntry& entry : entries) {
    if (!entry.path.ends_with(".yml") && !entry.path.ends_with(".yaml")) continue;
    STIR_ASSIGN(std::string text, input.files.Read(input.project_dir / "stir" / entry.path));
    auto document = yaml::Parse(input.sources, input.sources.Add("stir/" + entry.path, std::move(text)));
    if (document.ok())
      AddFile(sections, *document->root, reader);
    else
      Append(errors, std::move(document).error());
  }
  return sections;
}

// Two of one kind with one name: both places.
template <typename T>
void CheckNames(const std::vector<T>& all, std::string_view what, Reader& reader) {
  std::map<std::string_view, Span> seen;
  for (const T& each : all) {
    const auto [first, fresh] = seen.emplace(each.name, each.span);
    if (!fresh && !each.name.empty())
      reader.Error(Diagnostic(kNameTaken, fmt::format("two {} are named `{}`", what, each.name), each.span)
                       .With({first->second, "the first is here"}));
  }
}

void ReadConnections(Definitions& definitions, const Sections& sections, const ReadContext& context, Reader& reader) {
  Connection target;
  target.name = "target";
  definitions.connections.push_back(std::move(target));
  for (const yaml::Entry& entry : sections.connections) {
    if (entry.key->text == "target") {
      reader.Error(Diagnostic(kReservedName, "a connection cannot be named `target`", entry.key->span)
                       .Hint("`target` is the database of profiles.yml, where models are built; choose another name"));
      continue;
    }
    definitions.connections.push_back(ReadConnection(entry.key->text, entry.value, context, reader));
    definitions.connections.back().span = entry.key->span;
  }
}

// What a run ran is remembered by this: the definition's own text, without its places.
std::string HashOf(const yaml::Node& node) {
  auto json = pylib::DumpJson(project::ValueOf(node), /*sort_keys=*/true);
  return ToHex(ContentHash(json.ok() ? *json : std::string()));
}

template <typename T>
Result<const T*> FindByName(const std::vector<T>& all, std::string_view name, const Kind& kind, std::string_view what) {
  std::vector<std::string> names;
  for (const T& each : all) {
    if (each.name == name) return &each;
    names.push_back(each.name);
  }
  std::string hint = DidYouMean(name, names);
  if (hint.empty())
    hint = names.empty() ? fmt::format("stir/*.yml defines no {}", what) : "there are " + Join(names, ", ");
  return Diagnostic(kind, fmt::format("there is no {} `{}`", what, name)).Hint(std::move(hint));
}

}  // namespace

Result<const Connection*> Definitions::FindConnection(std::string_view name) const {
  return FindByName(connections, name, kUnknownConnection, "connection");
}
Result<const Ingestion*> Definitions::FindIngestion(std::string_view name) const {
  return FindByName(ingestions, name, kUnknownIngestion, "ingestion");
}
Result<const Publication*> Definitions::FindPublication(std::string_view name) const {
  return FindByName(publications, name, kUnknownPublication, "publication");
}
Result<const HolidayCalendar*> Definitions::FindCalendar(std::string_view name) const {
  return FindByName(calendars, name, kUnknownCalendar, "calendar");
}
Result<const Pipeline*> Definitions::FindPipeline(std::string_view name) const {
  return FindByName(pipelines, name, kUnknownPipeline, "pipeline");
}

Result<Definitions> LoadDefinitions(const LoadInput& input) {
  Diagnostics errors;
  LoadScope scope(input.values);
  Reader reader(scope, errors);
  const ReadContext context{input.project_dir, input.target_name};
  Definitions definitions;
  definitions.project_dir = input.project_dir;
  definitions.target_name = input.target_name;

  STIR_ASSIGN(const Sections sections, ReadSections(input, reader, errors));
  if (sections.secrets) definitions.secrets = ReadSecrets(*sections.secrets, context, reader);
  if (sections.keep_runs)
    definitions.keep_runs = reader.Time(*sections.keep_runs, "keep_runs").value_or(definitions.keep_runs);
  ReadConnections(definitions, sections, context, reader);
  for (const yaml::Entry& entry : sections.pools)
    definitions.pools[entry.key->text] =
        static_cast<uint32_t>(reader.Int(*entry.value, entry.key->text, 1, 100000).value_or(1));
  for (const yaml::Entry& entry : sections.calendars) definitions.calendars.push_back(ReadHolidays(entry, reader));
  for (const YamlNode& node : sections.ingestions) definitions.ingestions.push_back(ReadIngestion(node, reader));
  for (const YamlNode& node : sections.publications) definitions.publications.push_back(ReadPublication(node, reader));
  for (const YamlNode& node : sections.pipelines) {
    definitions.pipelines.push_back(ReadPipeline(node, context, reader));
    definitions.pipelines.back().hash = HashOf(*node);
  }
  CheckNames(definitions.ingestions, "ingestions", reader);
  CheckNames(definitions.publications, "publications", reader);
  CheckNames(definitions.pipelines, "pipelines", reader);
  Append(errors, ResolveReferences(definitions, input.manifest));
  if (!errors.empty()) return errors;
  return definitions;
}

}  // namespace stir::platform
