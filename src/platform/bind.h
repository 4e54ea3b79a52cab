// Definitions with a run's values filled in: the same structs as in definitions.h, every text rendered. A wholly `{{
// }}` text keeps its type where the field has one (a number, a list). Errors stand at the user's place in the YAML.
#pragma once

#include "base/result.h"
#include "jinja/template.h"
#include "platform/definitions.h"

namespace stir::platform {

// `scope` is a RunScope (values.h). A type that this version cannot use is an error that says so.
Result<Connection> BindConnection(const Definitions& definitions, const Connection& connection, jinja::Scope& scope);
Result<Ingestion> BindIngestion(const Definitions& definitions, const Ingestion& ingestion, jinja::Scope& scope);
Result<Publication> BindPublication(const Definitions& definitions, const Publication& publication,
                                    jinja::Scope& scope);
// The list that a task's `for_each` goes over; the rest of the task waits for its items.
Result<jinja::Value> BindLoop(const Definitions& definitions, const Task& task, jinja::Scope& scope);
Result<Task> BindTask(const Definitions& definitions, const Task& task, jinja::Scope& scope);

}  // namespace stir::platform
