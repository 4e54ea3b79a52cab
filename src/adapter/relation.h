// What a database object is called and what it is: Relation, Column, and how each engine quotes and renders them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stir::adapter {

enum class RelationType : uint8_t { kUnknown, kTable, kView, kCte, kMaterializedView, kExternal, kFunction };

std::string_view RelationTypeName(RelationType type);  // dbt's: "table", "view", "cte", ...

// Which of the three parts are quoted, or printed.
struct Policy {
  bool database = true;
  bool schema = true;
  bool identifier = true;
  bool operator==(const Policy&) const = default;
};

struct Relation {
  std::string database;
  std::string schema;
  std::string identifier;
  RelationType type = RelationType::kUnknown;
  Policy quote;
  Policy include;
  std::string external = {};  // SQL that stands in its place: a source that is files, not a table
  bool operator==(const Relation&) const = default;
};

struct Column {
  std::string name;
  std::string dtype;  // without size: "character varying", "DECIMAL"
  std::optional<int> char_size;
  std::optional<int> numeric_precision;
  std::optional<int> numeric_scale;
  bool operator==(const Column&) const = default;
};

// What differs between engines in writing SQL. Immutable; shared by all threads.
struct Dialect {
  std::string name;  // adapter type: "duckdb"
  std::vector<std::string>
      macro_prefixes;  // dispatch order without default: {"duckdb"}; redshift would be {"redshift", "postgres"}
  char quote_char = '"';
  Policy default_quote;
  Policy default_include;
  size_t max_identifier = 0;      // bytes; 0: no limit
  bool fold_to_lower = true;      // unquoted names compare without case
  bool external_sources = false;  // a source's `external_location` names the files that it is
  std::string dbt_release;        // of the dbt adapter that it answers as: "1.11.1"
  // A node's first statement opens a transaction, also one that asks for none; what no node sends stands alone.
  bool implicit_transactions = false;
  std::string transactions_off;           // the profile's word for it, when true: nodes open none
  std::string title;                      // the head of dbt's classes for it: "DuckDB" of DuckDBRelation
  bool has_database_errors = true;        // for dbt, what the engine refuses is a Database Error, else a Runtime Error
  bool names_subqueries = true;           // a query in place of a table has an alias
  bool renames_relations = false;         // tables and views change places by their names
  bool sized_text = true;                 // text columns have sizes, and grow to hold what another has
  bool plain_text_unsized = false;        // `text` has none
  bool nested_columns = false;            // a column may have fields
  bool key_targets_with_database = true;  // what a foreign key points at

  std::string Quote(std::string_view identifier) const;   // doubles the quote character inside
  std::string QuoteLiteral(std::string_view text) const;  // 'it''s'
  std::string Render(const Relation& relation) const;     // by its include and quote policies, or as `external` says
  bool SameName(std::string_view a, std::string_view b) const;
};

}  // namespace stir::adapter
