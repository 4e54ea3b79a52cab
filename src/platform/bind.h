// Definitions with a run's values filled in: the same structs as in definitions.h, every text rendered. A wholly `{{ }}` text
// keeps its type where the field has one (a number, a list). Errors stand at the user's place in the YAML.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/secret.h"
#include "jinja/template.h"
#include "platform/definitions.h"

namespace stir::platform {

// Gives the values that a definition may name; unknown names are errors. RunValues (run_values.h) makes one for a task.
Result<Connection> BindConnection(const Definitions& definitions, const Connection& connection, jinja::Scope& scope);
Result<Ingestion> BindIngestion(const Definitions& definitions, const Ingestion& ingestion, jinja::Scope& scope);
Result<Publication> BindPublication(const Definitions& definitions, const Publication& publication, jinja::Scope& scope);
Result<Task> BindTask(const Definitions& definitions, const Pipeline& pipeline, const Task& task, jinja::Scope& scope);

}  // namespace stir::platform
