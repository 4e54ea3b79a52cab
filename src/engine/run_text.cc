// Tables of what moved, and a line for everything else that somebody has to know.
#include "engine/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/json.h"
#include "base/strings.h"
#include "engine/table_text.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

int64_t Count(const Json& outputs, const char* key) {
  const auto found = outputs.find(key);
  return found != outputs.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json Parsed(const std::string& text) {
  Json json = ReadJson(text);
  return json.is_object() ? json : Json::object();
}

bool IsZero(const adapter::Cell& cell) {
  const auto* number = std::get_if<int64_t>(&cell);
  return number != nullptr && *number == 0;
}

std::string FirstLine(std::string_view text) { return std::string(Split(text, '\n').front()); }

class Page {
 public:
  explicit Page(std::span<const store::Task> tasks) : tasks_(tasks) {}

  void Ingested() {
    std::vector<TableRow> rows;
    std::vector<std::string> reasons;
    for (const store::Task& task : tasks_) {
      if (task.kind != "ingest" || task.state != TaskState::kSuccess) continue;
      const Json outputs = Parsed(task.outputs);
      TableRow row{adapter::Text{task.subject}};
      for (const char* key : {"read", "rows", "duplicates", "filtered", "outside", "stale", "rejected"})
        row.emplace_back(Count(outputs, key));
      rows.push_back(std::move(row));
      if (Count(outputs, "rejected") > 0) reasons.push_back(Reasons(task.subject, outputs));
    }
    Table({"ingestion", "read", "loaded", "duplicate", "filtered", "outside", "stale", "rejected"}, rows);
    for (std::string& line : reasons) Line(std::move(line));
  }

  void Decided() {
    for (const store::Task& task : tasks_) {
      const bool decides = task.kind == "branch" || task.kind == "gate";
      if (decides && task.state == TaskState::kSuccess)
        Line(fmt::format("decision of {}: {}", task.name, task.message));
    }
  }

  void Published() {
    std::vector<TableRow> rows;
    for (const store::Task& task : tasks_) {
      if (task.kind != "publish" || task.state != TaskState::kSuccess) continue;
      const Json outputs = Parsed(task.outputs);
      const int64_t before = Count(outputs, "rows_before");
      rows.push_back({adapter::Text{task.subject}, Count(outputs, "rows"),
                      before < 0 ? adapter::Cell() : adapter::Cell(before), Count(outputs, "generation"),
                      adapter::Text{TextOf(outputs, "location")}});
    }
    Table({"publication", "rows", "before", "generation", "where"}, rows);
  }

  // An expanded task fails with its children, which say more.
  void Failed() {
    for (const store::Task& task : tasks_) {
      if (task.state != TaskState::kFailed || HasFailedChild(task)) continue;
      Line(fmt::format("failed{}: {}: {}", task.allow_failure ? ", allowed" : "", task.name, FirstLine(task.message)));
    }
  }

  void Alerted(std::span<const store::Message> alerts) {
    for (const store::Message& alert : alerts) {
      const Json payload = Parsed(alert.payload);
      const std::string task = TextOf(payload, "task");
      Line(fmt::format("alert to {}: {}{}", alert.channel, TextOf(payload, "event"), task.empty() ? "" : " " + task));
    }
  }

  std::string Take() { return Join(parts_, "\n"); }

 private:
  static std::string Reasons(const std::string& subject, const Json& outputs) {
    std::vector<std::string> reasons;
    if (const auto found = outputs.find("reasons"); found != outputs.end() && found->is_object()) {
      for (const auto& [reason, rows] : found->items())
        reasons.push_back(fmt::format("{}: {}", reason, WriteJson(rows)));
    }
    return fmt::format("rejected by {}: {}", subject, Join(reasons, "; "));
  }

  bool HasFailedChild(const store::Task& parent) const {
    return std::ranges::any_of(tasks_, [&](const store::Task& task) {
      return task.parent == parent.name && task.state == TaskState::kFailed;
    });
  }

  // Columns of nothing but zeros are left out.
  void Table(std::vector<std::string> names, const std::vector<TableRow>& rows) {
    if (rows.empty()) return;
    std::vector<adapter::ColumnInfo> columns;
    std::vector<TableRow> shown(rows.size());
    for (size_t i = 0; i < names.size(); ++i) {
      if (std::ranges::all_of(rows, [&](const TableRow& row) { return IsZero(row[i]); })) continue;
      columns.push_back({.name = std::move(names[i]), .type = {}});
      for (size_t row = 0; row < rows.size(); ++row) shown[row].push_back(rows[row][i]);
    }
    Line(std::string(Strip(TableText(columns, shown))));
  }

  void Line(std::string line) { parts_.push_back(std::move(line)); }

  std::span<const store::Task> tasks_;
  std::vector<std::string> parts_;
};

}  // namespace

std::string RunText(std::span<const store::Task> tasks, std::span<const store::Message> alerts) {
  Page page(tasks);
  page.Ingested();
  page.Decided();
  page.Published();
  page.Failed();
  page.Alerted(alerts);
  return page.Take();
}

}  // namespace stir::engine
