#include "runtime/catalog.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "pylib/agate.h"
#include "runtime/kinds.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

namespace {

using jinja::Value;

// Cells of one row by the name of their column.
class CatalogRow {
 public:
  CatalogRow(const std::vector<std::string>& names, const std::vector<Value>& cells) : names_(names), cells_(cells) {}

  Result<std::string> Text(std::string_view name) const {
    const Value* cell = Find(name);
    return cell == nullptr || cell->IsNone() ? Result<std::string>(std::string()) : cell->Str();
  }
  int64_t Number(std::string_view name) const {
    const Value* cell = Find(name);
    return cell != nullptr && cell->type() == jinja::Type::kInt ? cell->AsInt() : 0;
  }

 private:
  const Value* Find(std::string_view name) const {
    const auto found = std::ranges::find_if(names_, [&](const std::string& each) { return ToLower(each) == name; });
    return found == names_.end() ? nullptr : &cells_[static_cast<size_t>(found - names_.begin())];
  }
  const std::vector<std::string>& names_;
  const std::vector<Value>& cells_;
};

Result<CatalogColumn> ReadColumn(const CatalogRow& row) {
  CatalogColumn column;
  STIR_ASSIGN(column.database, row.Text("table_database"));
  STIR_ASSIGN(column.schema, row.Text("table_schema"));
  STIR_ASSIGN(column.name, row.Text("table_name"));
  STIR_ASSIGN(column.type, row.Text("table_type"));
  STIR_ASSIGN(column.comment, row.Text("table_comment"));
  STIR_ASSIGN(column.owner, row.Text("table_owner"));
  STIR_ASSIGN(column.column, row.Text("column_name"));
  STIR_ASSIGN(column.column_type, row.Text("column_type"));
  STIR_ASSIGN(column.column_comment, row.Text("column_comment"));
  column.index = row.Number("column_index");
  return column;
}

}  // namespace

Result<std::vector<CatalogColumn>> AskCatalog(NodeRun& run, std::span<const graph::NodeId> nodes) {
  const project::Macro* macro = run.manifest().macros().Resolve(run.manifest().project_name(), "get_catalog_relations");
  if (!macro) return Diagnostic(kNoMacro, "macro `get_catalog_relations` not found");
  const adapter::Dialect& dialect = run.state().dialect();
  std::map<std::string, std::vector<Value>> relations;  // by database
  for (const graph::NodeId id : nodes) {
    adapter::Relation relation = run.manifest().RelationOf(run.manifest().node(id));
    relations[relation.database].push_back(MakeRelation(dialect, relation));
  }
  std::vector<CatalogColumn> columns;
  for (auto& [database, of] : relations) {
    const std::array<Value, 2> arguments{MakeInformationSchema(dialect, database, ""), Value::List(std::move(of))};
    STIR_ASSIGN(const Value answer, jinja::CallValue(macro->callable, jinja::Arguments{arguments, {}}, run));
    const std::optional<pylib::TableContent> table = pylib::ReadTable(answer);
    if (!table)
      return Diagnostic(kBadCatalog,
                        fmt::format("macro `get_catalog_relations` returned {} instead of a table", answer.TypeName()));
    for (const std::vector<Value>& cells : table->rows) {
      STIR_ASSIGN(CatalogColumn column, ReadColumn(CatalogRow(table->column_names, cells)));
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

}  // namespace stir::runtime
