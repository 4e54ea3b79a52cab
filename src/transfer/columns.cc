// Reconciling columns.
#include "transfer/columns.h"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using platform::OnAdded;
using platform::OnRemoved;
using platform::OnType;

const TypedColumn* Find(const std::vector<TypedColumn>& columns, std::string_view name) {
  const auto found = std::ranges::find_if(columns, [&](const TypedColumn& c) { return SameColumn(c.name, name); });
  return found == columns.end() ? nullptr : &*found;
}

int IndexIn(const Shape& shape, std::string_view name) {
  const auto found =
      std::ranges::find_if(shape.columns, [&](const SourceColumn& c) { return SameColumn(c.name, name); });
  return found == shape.columns.end() ? -1 : static_cast<int>(found - shape.columns.begin());
}

class Planner {
 public:
  explicit Planner(const ColumnFacts& facts) : facts_(facts), rules_(facts.ingestion.schema_changes) {}

  Result<std::vector<PlannedColumn>> Plan() {
    for (const std::string& name : WantedNames()) Add(name, true);
    for (const std::string& name : NamesIn(*facts_.ingestion.from.where)) {
      if (InAnyShape(name) && !Planned(name)) Add(name, false);
    }
    if (!errors_.empty()) return std::move(errors_);
    return std::move(planned_);
  }

 private:
  const platform::Ingestion& ingestion() const { return facts_.ingestion; }

  bool InAnyShape(std::string_view name) const {
    return std::ranges::any_of(facts_.shapes, [&](const Shape& shape) { return IndexIn(shape, name) >= 0; });
  }

  bool Planned(std::string_view name) const {
    return std::ranges::any_of(planned_, [&](const PlannedColumn& c) { return SameColumn(c.name, name); });
  }

  bool IsKeyOrCursor(std::string_view name) const {
    if (SameColumn(*ingestion().cursor, name)) return true;
    return std::ranges::any_of(ingestion().key, [&](const auto& key) { return SameColumn(*key, name); });
  }

  // The table's columns, then the declared, then the files', each once; or those that `columns` lists, in the table's
  // order.
  std::vector<std::string> WantedNames() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
      const auto& listed = ingestion().from.columns;
      const bool chosen = listed.empty() || IsKeyOrCursor(name) ||
                          std::ranges::any_of(listed, [&](const auto& each) { return SameColumn(*each, name); });
      if (chosen && FindColumn(names, name) == nullptr && !name.starts_with("_stir_")) names.push_back(name);
    };
    for (const TypedColumn& column : facts_.table) add(column.name);
    for (const auto& column : ingestion().from.columns) add(*column);
    if (facts_.table.empty() && ingestion().from.columns.empty()) {
      for (const TypedColumn& column : facts_.declared) add(column.name);
    }
    for (const auto& key : ingestion().key) add(*key);
    if (!ingestion().cursor->empty()) add(*ingestion().cursor);
    for (const Shape& shape : facts_.shapes) {
      for (const SourceColumn& column : shape.columns) add(column.name);
    }
    return names;
  }

  void Add(const std::string& name, bool in_table) {
    PlannedColumn column{.name = name, .type = {}, .in_table = in_table, .at = {}, .added = {}, .widened_from = {}};
    for (const Shape& shape : facts_.shapes) column.at.push_back(IndexIn(shape, name));
    column.added = in_table && !facts_.table.empty() && Find(facts_.table, name) == nullptr;
    if (column.added && !Accept(column)) return;
    CheckPresent(column);
    ChooseType(column);
    planned_.push_back(std::move(column));
  }

  // False: the column is left out.
  bool Accept(const PlannedColumn& column) {
    const bool asked = !ingestion().from.columns.empty() || IsKeyOrCursor(column.name);
    if (asked || rules_.added == OnAdded::kAdd) return true;
    if (rules_.added == OnAdded::kFail) {
      const size_t shape =
          static_cast<size_t>(std::ranges::find_if(column.at, [](int at) { return at >= 0; }) - column.at.begin());
      errors_.push_back(Diagnostic(kColumnAdded, fmt::format("`{}` has a new column `{}`", FileOf(shape), column.name),
                                   PlaceOf(ingestion().from))
                            .Hint("`schema_changes: {added: add}` takes it in, `added: ignore` leaves it out"));
    }
    return false;
  }

  std::string FileOf(size_t shape) const { return facts_.drop[facts_.shapes[shape].files.front()].name; }

  void CheckPresent(const PlannedColumn& column) {
    const bool must = rules_.removed == OnRemoved::kFail || IsKeyOrCursor(column.name) || !column.in_table;
    for (size_t shape = 0; shape < column.at.size(); ++shape) {
      if (column.at[shape] >= 0 || !must) continue;
      std::vector<std::string> names;
      for (const SourceColumn& each : facts_.shapes[shape].columns) names.push_back(each.name);
      std::string hint = DidYouMean(column.name, names);
      if (hint.empty()) hint = fmt::format("it has: {}", Join(names, ", "));
      if (!IsKeyOrCursor(column.name)) hint += "; `schema_changes: {removed: null}` loads NULL for a missing column";
      errors_.push_back(Diagnostic(kColumnMissing, fmt::format("`{}` has no column `{}`", FileOf(shape), column.name),
                                   PlaceOf(ingestion().from))
                            .Hint(std::move(hint)));
    }
  }

  void ChooseType(PlannedColumn& column) {
    const TypedColumn* before = Find(facts_.table, column.name);
    const TypedColumn* in_table = facts_.replaces ? nullptr : before;
    if (const TypedColumn* declared = Find(facts_.declared, column.name)) {
      column.type = ParseType(declared->type);
      if (in_table != nullptr && in_table->type != declared->type) WidenTo(column, *in_table, column.type);
    } else if (in_table != nullptr) {
      column.type = ParseType(in_table->type);
      FollowFiles(column, *in_table);
    } else {
      column.type = TypeInFiles(column);
      if (before != nullptr && !facts_.refreshes && rules_.type == OnType::kFail) CheckKept(column, *before);
    }
  }

  // A table that is made anew takes the files' types, unless a change of type shall fail.
  void CheckKept(const PlannedColumn& column, const TypedColumn& before) {
    if (Fits(column.type, ParseType(before.type))) return;
    errors_.push_back(Diagnostic(kColumnRetyped,
                                 fmt::format("column `{}` of the drop is {}, in the table it is {}", column.name,
                                             column.type.name, before.type),
                                 PlaceOf(ingestion().from))
                          .Hint("--full-refresh makes the table anew with the new type"));
  }

  void WidenTo(PlannedColumn& column, const TypedColumn& in_table, const Type& wanted) {
    if (Fits(ParseType(in_table.type), wanted)) {
      column.widened_from = in_table.type;
      return;
    }
    errors_.push_back(Diagnostic(kColumnRetyped,
                                 fmt::format("column `{}` is {} in the table, but sources.yml declares {}", column.name,
                                             in_table.type, wanted.name),
                                 ingestion().to.span)
                          .Hint("correct `data_type`, or load the table anew with --full-refresh"));
  }

  // The table's type, unless the files' values need a wider one.
  void FollowFiles(PlannedColumn& column, const TypedColumn& in_table) {
    for (size_t shape = 0; shape < column.at.size(); ++shape) {
      if (column.at[shape] < 0) continue;
      const Type& type = facts_.shapes[shape].columns[static_cast<size_t>(column.at[shape])].type;
      const Type seen = type.family == Family::kText ? SniffedOr(column.name, column.type) : type;
      if (Fits(seen, column.type)) continue;
      if (rules_.type == OnType::kFail) {
        errors_.push_back(
            Diagnostic(kColumnRetyped,
                       fmt::format("column `{}` of `{}` is {}, in the table it is {}", column.name, FileOf(shape),
                                   seen.name, in_table.type),
                       PlaceOf(ingestion().from))
                .Hint("`schema_changes: {type: widen}` takes a wider type in; `type: quarantine` keeps the rows "
                      "that do not fit apart"));
        continue;
      }
      const auto wider = rules_.type == OnType::kWiden ? Widen(column.type, seen) : std::nullopt;
      if (!wider) continue;
      column.widened_from = in_table.type;
      column.type = *wider;
    }
  }

  // What a text column looks like. Text that looks like text says nothing about a typed column: one bad value does
  // that.
  Type SniffedOr(const std::string& name, const Type& fallback) const {
    const auto found = facts_.sniffed.find(ToLower(name));
    if (found == facts_.sniffed.end()) return fallback;
    const Type type = ParseType(found->second);
    return Widen(fallback, type) ? type : fallback;
  }

  Type TypeInFiles(const PlannedColumn& column) const {
    std::optional<Type> type;
    for (size_t shape = 0; shape < column.at.size(); ++shape) {
      if (column.at[shape] < 0) continue;
      Type seen = facts_.shapes[shape].columns[static_cast<size_t>(column.at[shape])].type;
      if (const auto found = facts_.sniffed.find(ToLower(column.name)); found != facts_.sniffed.end()) {
        seen = ParseType(found->second);
      }
      const auto wider = type ? Widen(*type, seen) : seen;
      type = wider ? *wider : ParseType("VARCHAR");
    }
    return type ? *type : ParseType("VARCHAR");
  }

  const ColumnFacts& facts_;
  const platform::SchemaChanges& rules_;
  std::vector<PlannedColumn> planned_;
  Diagnostics errors_;
};

}  // namespace

Span PlaceOf(const platform::Ingestion::From& from) {
  if (!from.path->empty()) return from.path.span;
  return from.table->empty() ? from.query.span : from.table.span;
}

Result<std::vector<PlannedColumn>> PlanColumns(const ColumnFacts& facts) { return Planner(facts).Plan(); }

std::vector<std::string> NamesIn(std::string_view sql) {
  std::vector<std::string> names;
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {
      size_t end = sql.find(c, i + 1);
      if (end == std::string_view::npos) end = sql.size();
      if (c == '"') names.emplace_back(sql.substr(i + 1, end - i - 1));
      i = end + 1;
    } else if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0) {
      size_t end = i;
      while (end < sql.size() &&
             (std::isalnum(static_cast<unsigned char>(sql[end])) != 0 || sql[end] == '_' || (sql[end] & 0x80) != 0)) {
        ++end;
      }
      names.emplace_back(sql.substr(i, end - i));
      i = end;
    } else {
      ++i;
    }
  }
  return names;
}

}  // namespace stir::transfer
