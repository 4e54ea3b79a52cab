#include "platform/bind.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "platform/kinds.h"
#include "platform/read.h"

namespace stir::platform {
namespace {

ReadContext ContextOf(const Definitions& definitions) { return {definitions.project_dir, definitions.target_name}; }

}  // namespace

Result<Connection> BindConnection(const Definitions& definitions, const Connection& connection, jinja::Scope& scope) {
  if (connection.type == ConnectionType::kTarget) return connection;
  if (!IsBuilt(connection.type))
    return Diagnostic(kNotBuilt,
                      fmt::format("connection `{}` is of type `{}`, which this version cannot use yet", connection.name,
                                  ToString(connection.type)),
                      connection.span)
        .Hint(
            "types that work are `files`, `duckdb`, `postgres`, `http`, `ssh`, `webhook`, `slack`, `email` and "
            "`pagerduty`");
  Diagnostics errors;
  Reader reader(scope, errors);
  Connection bound = ReadConnection(connection.name, connection.node, ContextOf(definitions), reader);
  if (!errors.empty()) return errors;
  bound.span = connection.span;
  return bound;
}

Result<Ingestion> BindIngestion(const Definitions&, const Ingestion& ingestion, jinja::Scope& scope) {
  Diagnostics errors;
  Reader reader(scope, errors);
  Ingestion bound = ReadIngestion(ingestion.node, reader);
  if (!errors.empty()) return errors;
  bound.to.node = ingestion.to.node;
  return bound;
}

Result<Publication> BindPublication(const Definitions&, const Publication& publication, jinja::Scope& scope) {
  Diagnostics errors;
  Reader reader(scope, errors);
  Publication bound = ReadPublication(publication.node, reader);
  if (!errors.empty()) return errors;
  bound.from.node = publication.from.node;
  return bound;
}

Result<jinja::Value> BindLoop(const Definitions&, const Task& task, jinja::Scope& scope) {
  Diagnostics errors;
  Reader reader(scope, errors);
  const auto items = reader.Value(*task.node->Find("for_each"));
  if (!errors.empty()) return errors;
  return *items;
}

Result<Task> BindTask(const Definitions& definitions, const Task& task, jinja::Scope& scope) {
  Diagnostics errors;
  Reader reader(scope, errors);
  Task bound = task;
  ReadTaskBody(bound, ContextOf(definitions), reader);
  if (!errors.empty()) return errors;
  return bound;
}

}  // namespace stir::platform
