// Artifacts to facts: one section a node, one entry a leaf.
#include "tests/support/artifact_facts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "base/clock.h"

namespace stir::testing_support {
namespace {

using Sorted = nlohmann::json;

std::string Dump(const Sorted& value) { return value.dump(-1, ' ', false, Sorted::error_handler_t::replace); }

// What is different in every run, wherever it stands.
const std::set<std::string, std::less<>> kTimes = {"created_at",
                                                   "execution_time",
                                                   "elapsed_time",
                                                   "generated_at",
                                                   "invocation_id",
                                                   "invocation_started_at",
                                                   "run_started_at",
                                                   "user_id",
                                                   "snapshotted_at",
                                                   "completed_at",
                                                   "started_at",
                                                   "log_path",
                                                   "max_loaded_at_time_ago_in_s",
                                                   "project_id"};

void Flatten(const std::string& key, const Sorted& value, Entries& entries) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [name, inner] : value.items()) {
      const std::string path = key.empty() ? name : key + "." + name;
      if (kTimes.contains(name) && !inner.is_null()) {
        entries[path] = "\"<run>\"";
      } else {
        Flatten(path, inner, entries);
      }
    }
  } else {
    entries[key.empty() ? "value" : key] = WithoutNow(Dump(value));
  }
}

void AddSection(const std::string& name, const Sorted& value, Facts& facts) {
  std::string section = name;
  for (int i = 2; facts.contains(section); ++i) section = fmt::format("{} {}", name, i);
  Flatten("", value, facts[section]);
}

bool IsBuiltIn(const Sorted& resource) {
  const std::string package = resource.value("package_name", "");
  return package == "dbt" || package == "dbt_duckdb" || package == "dbt_postgres";
}

// dbt finds a node's sources in the order of a set, by chance.
Sorted WithSourcesInOrder(Sorted resource) {
  const auto sort = [](Sorted& list) { std::sort(list.begin(), list.end()); };
  if (resource.contains("sources") && resource["sources"].is_array()) sort(resource["sources"]);
  if (!resource.contains("depends_on") || !resource["depends_on"].contains("nodes")) return resource;
  Sorted& nodes = resource["depends_on"]["nodes"];
  const auto is_source = [](const Sorted& id) { return id.get<std::string>().starts_with("source."); };
  Sorted sources = Sorted::array();
  std::ranges::copy_if(nodes, std::back_inserter(sources), is_source);
  sort(sources);
  for (size_t i = 0, next = 0; i < nodes.size(); ++i) {
    if (is_source(nodes[i])) nodes[i] = sources[next++];
  }
  return resource;
}

void AddManifest(const Sorted& manifest, Facts& facts) {
  for (const auto& [part, content] : manifest.items()) {
    if (part == "metadata" || part.ends_with("_map") || part == "selectors") {
      AddSection("manifest " + part, content, facts);
    } else if (part == "disabled") {
      for (const auto& [id, resources] : content.items()) {
        for (const Sorted& resource : resources) AddSection("manifest disabled " + id, resource, facts);
      }
    } else {
      for (const auto& [id, resource] : content.items()) {
        if ((part == "macros" || part == "docs") && IsBuiltIn(resource)) continue;
        AddSection(fmt::format("manifest {}", id), WithSourcesInOrder(resource), facts);
      }
    }
  }
}

// An engine's message may hold its picture of the statement (DuckDB's is all that follows, PostgreSQL's has two lines);
// it becomes an entry of its own.
void SetPictureApart(Sorted& result) {
  if (!result.contains("message") || !result["message"].is_string()) return;
  std::string message = result["message"];
  static const std::regex kPicture(R"((\n  \n  LINE [\s\S]*)|(\n *LINE \d+: .*\n *\^))");
  std::smatch found;
  if (!std::regex_search(message, found, kPicture)) return;
  result["message, picture"] = found.str();
  result["message"] = found.prefix().str() + found.suffix().str();
}

void AddResults(const Sorted& document, const std::string& what, Facts& facts) {
  std::vector<std::string> order;
  for (Sorted result : document.at("results")) {
    Sorted steps = Sorted::array();
    for (const Sorted& timing : result.value("timing", Sorted::array())) steps.push_back(timing.at("name"));
    result["timing"] = steps;
    SetPictureApart(result);
    Sorted& thread = result["thread_id"];
    if (thread.is_string() && thread.get<std::string>().starts_with("Thread-"))
      thread = "Thread-<n> (worker)";  // by chance
    const std::string id = result.at("unique_id").get<std::string>();
    order.push_back(id);
    AddSection(what + " " + id, result, facts);
  }
  Sorted rest = document;
  std::ranges::sort(order);  // the terminal's lines show the order, where there is one
  rest["results"] = order;
  AddSection(what + " all", rest, facts);
}

void AddCatalog(const Sorted& catalog, Facts& facts) {
  for (const auto& [part, content] : catalog.items()) {
    if (part == "nodes" || part == "sources") {
      for (const auto& [id, table] : content.items()) AddSection("catalog " + id, table, facts);
    } else {
      AddSection("catalog " + part, content, facts);
    }
  }
}

void AddNamed(const std::string& what, const Sorted& list, Facts& facts) {
  for (const Sorted& each : list) AddSection(what + " " + each.value("name", ""), each, facts);
}

// A project without a semantic layer has none of these.
void AddSemantics(std::string_view name, const Sorted& document, Facts& facts) {
  if (name == "osi_document.json") {
    for (const Sorted& model : document.at("semantic_model")) {
      for (const char* part : {"datasets", "relationships", "metrics"})
        if (model.contains(part)) AddNamed(std::string("osi ") + part, model.at(part), facts);
    }
    return;
  }
  for (const char* part : {"semantic_models", "metrics", "saved_queries"})
    AddNamed(std::string("semantic ") + part, document.at(part), facts);
}

}  // namespace

std::string JsonText(std::string_view text) { return Dump(Sorted(std::string(text))); }

std::string WithoutNow(std::string text) {
  static const std::regex kTime(R"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?)");
  const Timestamp now = SystemClock().Now();
  std::string out;
  std::smatch found;
  while (std::regex_search(text, found, kTime)) {
    std::string plain = found.str().substr(0, 19);
    plain[10] = ' ';
    const auto time = ParseTimestamp(plain);
    const bool is_now = time && std::chrono::abs(*time - now) < std::chrono::hours(36);
    out += found.prefix().str() + (is_now ? "<now>" : found.str());
    text = found.suffix().str();
  }
  return out + text;
}

void AddArtifact(std::string_view name, const std::string& text, Facts& facts) {
  const Sorted document = Sorted::parse(text, nullptr, false);
  if (document.is_discarded()) {
    ADD_FAILURE() << name << " is not JSON";
  } else if (name == "manifest.json") {
    AddManifest(document, facts);
  } else if (name == "run_results.json") {
    AddResults(document, "result", facts);
  } else if (name == "sources.json") {
    AddResults(document, "freshness", facts);
  } else if (name == "catalog.json") {
    AddCatalog(document, facts);
  } else if (name == "semantic_manifest.json" || name == "osi_document.json") {
    AddSemantics(name, document, facts);
  }
}

namespace {

// Events below info that tools wait for.
const std::set<std::string, std::less<>> kWatched = {"NodeStart", "NodeFinished", "CommandCompleted", "MainReportArgs"};

std::vector<std::string> Keys(const Sorted& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

void AddEvent(const Sorted& event, std::map<std::string, int>& counts, Entries& events) {
  const Sorted &info = event.at("info"), &data = event.at("data");
  const std::string name = info.value("name", ""), level = info.value("level", "");
  if (name == "Formatting" || (level == "debug" && !kWatched.contains(name))) return;
  ++counts[fmt::format("{} {} {}", level, info.value("code", ""), name)];
  events[fmt::format("data of {}", name)] = Dump(Keys(data));
  if (data.contains("node_info")) events["data of node_info"] = Dump(Keys(data.at("node_info")));
  if (name == "MainEncounteredError") {
    const std::string exc = data.value("exc", "");
    events["kind of error"] = Dump(exc.substr(0, exc.find('\n')));
  }
}

}  // namespace

void AddEvents(const std::string& log, Facts& facts) {
  Entries& events = facts["events"];
  std::map<std::string, int> counts;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const Sorted event = Sorted::parse(line, nullptr, false);
    if (event.is_object() && event.contains("info") && event.contains("data")) AddEvent(event, counts, events);
  }
  for (const auto& [event, count] : counts) events[event] = std::to_string(count);
}

}  // namespace stir::testing_support
