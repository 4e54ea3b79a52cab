// What a load does about columns: the files' columns, the table's, those that sources.yml declares and the rules of
// `schema_changes` become one plan, or errors that name file and column. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/casts.h"
#include "transfer/drop.h"
#include "transfer/source.h"

namespace stir::transfer {

// A column's name and its type, in the engine's spelling.
struct TypedColumn {
  std::string name;
  std::string type;
};

struct PlannedColumn {
  std::string name;
  Type type;                 // in the table
  bool in_table = true;      // false: read only because `where` asks for it
  std::vector<int> at;       // by shape: its index there, or -1 for NULL
  bool added = false;        // the table exists and does not have it yet
  std::string widened_from;  // the table's type until now, where it has to be wider
};

struct ColumnFacts {
  const platform::Ingestion& ingestion;
  const std::vector<DropFile>& drop;
  const std::vector<Shape>& shapes;
  const std::vector<TypedColumn>& table;              // without stir's own; empty: there is no table
  const std::vector<TypedColumn>& declared;           // sources.yml; only those with a type
  const std::map<std::string, std::string>& sniffed;  // of text, by lower-case name
  bool replaces = false;                              // the table is made anew: its old types do not bind
  bool refreshes = false;                             // and somebody asked for that: nor do rules of change
};

// Where the YAML says what is read: its `path`, `table` or `query`.
Span PlaceOf(const platform::Ingestion::From& from);

// Table columns first, in the table's order.
Result<std::vector<PlannedColumn>> PlanColumns(const ColumnFacts& facts);

// The names in an SQL expression that could be columns, outside of its texts.
std::vector<std::string> NamesIn(std::string_view sql);

}  // namespace stir::transfer
