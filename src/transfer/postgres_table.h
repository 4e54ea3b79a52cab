// What a table in PostgreSQL is beside its rows, and everything that hangs on it: read from the catalogue as the
// statements that give another table the same.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "transfer/postgres_server.h"

namespace stir::transfer {

struct PgName {
  std::string schema;
  std::string table;
  std::string Sql() const;  // "s"."t"
};

// A statement of this header names the table that it is for by this character.
inline constexpr char kItsName = '\x01';
std::string For(const std::string& statement, const PgName& name);

struct PgTableColumn {
  std::string name;
  std::string typname;  // pg_type.typname, of a domain its base's
  std::string shown;    // "character varying(10)"
  bool generated = false;
  bool filled = false;  // has a default, an identity or may not be given
};

struct PgIndex {
  std::string name;
  bool unique = false;
  std::string tail;        // of its definition, from " USING" on
  std::string columns;     // its key columns in order, each ended by \x02; empty: there are expressions or a condition
  char constraint = ' ';   // p, u, x
  std::string definition;  // of the constraint
  std::string comment;
};

struct PgDressing {
  std::string statement;
  std::string column;  // that it is about; empty: the table
};

struct PgTable {
  int64_t oid = 0;  // 0: there is none
  std::string owner;
  bool unlogged = false;
  std::string storage;  // of CREATE TABLE: " USING heap TABLESPACE fast"
  std::vector<PgTableColumn> columns;
  std::vector<PgIndex> indexes;
  std::vector<std::pair<std::string, std::string>> statistics;  // name, definition around it: head \x02 tail
  std::vector<std::pair<std::string, std::string>> identities;  // column, its sequence's bare name
  // To make another table the same: before it is live, in the transaction that makes it live (names are resolved then),
  // and for the table that goes.
  std::vector<PgDressing> dress;
  std::vector<std::string> follow, leave;
  std::vector<std::string> views;    // statements that change nothing, but lock the views that are made anew
  std::vector<std::string> foreign;  // keys: their names, quoted
  std::string marks;     // "i" or "c" and the index that is the replica identity or clusters, each ended by \x02
  Diagnostics refusals;  // what a swap would break

  // Equal when nothing that a swap carries over has changed.
  std::string Signature() const;
};

// `span` is where refusals stand.
Result<PgTable> ReadPgTable(Server& server, const PgName& name, Span span);
// Only what rows are written by: columns; refuses what takes no rows, and rights that are missing for it.
Result<PgTable> ReadPgTarget(Server& server, const PgName& name, Span span);
// Takes off what `dress` puts on, so that it can be put on anew.
Result<std::vector<std::string>> Undress(Server& server, int64_t oid);
// Makes the rights on `name` those of `live`: what default privileges gave goes.
Result<std::vector<std::string>> RevokeAll(Server& server, int64_t oid, bool also_owner);

}  // namespace stir::transfer
