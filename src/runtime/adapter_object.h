// `adapter`: what dbt's macros ask of a database adapter, the same code for every engine, on top of
// adapter::Connection, the relation cache and the macros.
#pragma once

#include "jinja/value.h"
#include "runtime/node_run.h"

namespace stir::runtime {

// Valid as long as `run`.
jinja::Value MakeAdapter(NodeRun& run);

// What a statement answered, as templates see it: prints as its message; has rows_affected, code. It carries the rows,
// so that a stored result can give them back.
jinja::Value MakeResponse(QueryResult result);
// The answer in a template's value, or null when it is something else.
const QueryResult* AsAnswer(const jinja::Value& response);
// The same for artifacts: {"_message": "OK", ...}.
std::string ResponseJson(const adapter::Outcome& outcome);
// With all of dbt's keys, also those that the engine says nothing for.
std::string WholeResponseJson(const adapter::Outcome& outcome);
// Rows as a table of pylib.
jinja::Value MakeResultTable(QueryResult result);

}  // namespace stir::runtime
