#include "platform/check.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "platform/kinds.h"
#include "project/yaml_values.h"

namespace stir::platform {
namespace {

// A text that only a run can fill in is checked then.
bool Known(const std::string& text) { return !text.empty() && !project::HasJinja(text); }

class Checker {
 public:
  Checker(Definitions& definitions, const project::Manifest& manifest)
      : definitions_(definitions), manifest_(manifest) {}

  void CheckIngestion(Ingestion& ingestion) {
    ResolveSource(ingestion);
    const Connection* from = FindConnection(ingestion.from.connection);
    if (!from) return;
    const bool files = !ingestion.from.path->empty();
    if (files != IsFileStore(from->type))
      Add(Diagnostic(kBadValue,
                     fmt::format("connection `{}` is of type `{}`, which has no {}", from->name, ToString(from->type),
                                 files ? "paths" : "tables"),
                     files ? ingestion.from.path.span : ingestion.from.connection.span)
              .Hint(files ? "read files through a connection of type `files`" : "give a `path`, or name a database"));
  }

  void CheckPublication(Publication& publication) {
    ResolveModel(publication);
    if (publication.stage) FindConnection(publication.stage->connection);
    const Connection* to = FindConnection(publication.to.connection);
    if (!to) return;
    const bool files = !publication.to.path->empty();
    if (files != IsFileStore(to->type))
      Add(Diagnostic(kBadValue,
                     fmt::format("connection `{}` is of type `{}`, which has no {}", to->name, ToString(to->type),
                                 files ? "paths" : "tables"),
                     files ? publication.to.path.span : publication.to.connection.span)
              .Hint(files ? "publish files through a connection of type `files`"
                          : "give a `path`, or name a database"));
    if (files != (publication.strategy.value == Strategy::kFiles))
      Add(Diagnostic(kBadValue,
                     files ? "files are published with `strategy: files`"
                           : "`strategy: files` publishes to a `path`, not to a table",
                     publication.strategy.span ? publication.strategy.span : publication.span));
  }

  void CheckPipeline(Pipeline& pipeline) {
    for (Schedule::On& on : pipeline.schedule.on) ResolveAsset(on);
    CheckAlerts(pipeline.on_failure, pipeline.span);
    if (pipeline.deadline) CheckAlerts(pipeline.deadline->notify, pipeline.span);
    if (!pipeline.calendar->empty()) At(definitions_.FindCalendar(*pipeline.calendar), pipeline.calendar.span);
    for (const Task& task : pipeline.tasks) {
      CheckTask(task);
      CheckOutside(pipeline, task);
    }
  }

  Diagnostics Take() && { return std::move(errors_); }

 private:
  void Add(Diagnostic diagnostic) { errors_.push_back(std::move(diagnostic)); }

  template <typename T>
  const T* At(Result<const T*> found, Span span) {
    if (found.ok()) return *found;
    for (Diagnostic& error : Diagnostics(std::move(found).error())) {
      error.span = span;
      Add(std::move(error));
    }
    return nullptr;
  }

  const Connection* FindConnection(const Placed<std::string>& name) {
    return Known(*name) ? At(definitions_.FindConnection(*name), name.span) : nullptr;
  }

  // Null, and an error, when there is no such source.
  const project::Node* FindSource(const std::string& source, const std::string& table, Span span) {
    const auto resolved = manifest_.ResolveSource(source, table, manifest_.project_name());
    if (resolved.lookup == project::Lookup::kFound) return resolved.node;
    const bool disabled = resolved.lookup == project::Lookup::kDisabled;
    std::string hint =
        disabled ? "enable it in its properties file" : DidYouMean(source + "." + table, manifest_.SourceNames());
    if (hint.empty()) hint = "declare it under `sources:` in a properties file of the models";
    Add(Diagnostic(kUnknownSource,
                   fmt::format("source `{}.{}` {}", source, table, disabled ? "is disabled" : "not found"), span)
            .Hint(std::move(hint)));
    return nullptr;
  }

  const project::Node* FindModel(const std::string& model, Span span) {
    const auto resolved = manifest_.ResolveRef("", model, "", manifest_.project_name());
    if (resolved.lookup == project::Lookup::kFound) return resolved.node;
    const bool disabled = resolved.lookup == project::Lookup::kDisabled;
    Add(Diagnostic(kUnknownModel, fmt::format("model `{}` {}", model, disabled ? "is disabled" : "not found"), span)
            .Hint(disabled ? "enable it" : DidYouMean(model, manifest_.RefableNames())));
    return nullptr;
  }

  void ResolveSource(Ingestion& ingestion) {
    auto& to = ingestion.to;
    if (to.source.empty()) return;
    if (const project::Node* node = FindSource(to.source, to.table, to.span)) to.node = node->id;
  }

  void ResolveModel(Publication& publication) {
    auto& from = publication.from;
    if (from.model.empty()) return;
    const project::Node* node = FindModel(from.model, from.span);
    if (!node) return;
    from.node = node->id;
    if (node->IsEphemeral())
      Add(Diagnostic(kUnknownModel, fmt::format("model `{}` is ephemeral: there is no table to publish", from.model),
                     from.span)
              .Hint("materialize it as a view or a table"));
  }

  void ResolveAsset(Schedule::On& on) {
    const project::Node* node = nullptr;
    if (on.is_source && on.call.size() == 2) node = FindSource(on.call[0], on.call[1], on.name.span);
    if (on.is_ref && !on.call.empty()) node = FindModel(on.call.back(), on.name.span);
    if (node) on.asset = std::string(node->unique_id);
    if (on.is_source || on.is_ref || on.name->empty()) return;
    if (At(definitions_.FindPublication(*on.name), on.name.span)) on.asset = "publication." + *on.name;
  }

  void CheckAlerts(const std::vector<std::string>& names, Span span) {
    for (const std::string& name : names) CheckAlert({name, span});
  }

  void CheckAlert(const Placed<std::string>& name) {
    const Connection* connection = FindConnection(name);
    if (connection && !TakesAlerts(connection->type))
      Add(Diagnostic(kBadValue,
                     fmt::format("connection `{}` is of type `{}`, which takes no alerts", connection->name,
                                 ToString(connection->type)),
                     name.span)
              .Hint("alerts go to connections of type `files`, `webhook`, `slack`, `email` or `pagerduty`"));
  }

  void CheckTask(const Task& task) {
    if (task.kind == TaskKind::kIngest && Known(*task.subject))
      At(definitions_.FindIngestion(*task.subject), task.subject.span);
    if (task.kind == TaskKind::kPublish && Known(*task.subject))
      At(definitions_.FindPublication(*task.subject), task.subject.span);
    if (task.kind == TaskKind::kSql) CheckSql({*task.subject, task.subject.span ? task.subject.span : task.span});
    for (const auto& channel : task.channels) CheckAlert(channel);
    CheckAlerts(task.on_failure, task.span);
    if (Known(task.pool) && !definitions_.pools.contains(task.pool)) {
      std::vector<std::string> names;
      for (const auto& [name, slots] : definitions_.pools) names.push_back(name);
      std::string hint = DidYouMean(task.pool, names);
      if (hint.empty()) hint = fmt::format("add `pools: {{{}: 4}}`", task.pool);
      Add(Diagnostic(kUnknownPool, fmt::format("task `{}` uses a pool `{}` that is not defined", task.name, task.pool),
                     task.span)
              .Hint(std::move(hint)));
    }
  }

  void CheckSql(const Placed<std::string>& name) {
    const Connection* connection = FindConnection(name);
    if (connection && !IsDatabase(connection->type))
      Add(Diagnostic(kBadValue,
                     fmt::format("connection `{}` is of type `{}`, which takes no SQL", connection->name,
                                 ToString(connection->type)),
                     name.span));
  }

  void CheckType(const Placed<std::string>& name, ConnectionType wanted) {
    const Connection* connection = FindConnection(name);
    if (connection && connection->type != wanted)
      Add(Diagnostic(kBadValue,
                     fmt::format("connection `{}` is of type `{}`, not `{}`", connection->name,
                                 ToString(connection->type), ToString(wanted)),
                     name.span));
  }

  void CheckOutside(const Pipeline& pipeline, const Task& task) {
    const Wait& wait = task.wait;
    switch (task.kind) {
      case TaskKind::kHttp:
        return CheckType(task.http.connection, ConnectionType::kHttp);
      case TaskKind::kSsh:
        return CheckType(task.subject, ConnectionType::kSsh);
      case TaskKind::kWait:
        if (wait.what == Wait::For::kFile) CheckType(wait.connection, ConnectionType::kFiles);
        if (wait.what == Wait::For::kSql)
          CheckSql({*wait.connection, wait.connection.span ? wait.connection.span : task.span});
        if (wait.what == Wait::For::kPipeline) CheckOther(pipeline, wait.subject, /*waits=*/true);
        return;
      case TaskKind::kTrigger:
        return CheckOther(pipeline, task.trigger.pipeline, task.trigger.wait_for_completion);
      default:
        return;
    }
  }

  void CheckOther(const Pipeline& pipeline, const Placed<std::string>& name, bool waits) {
    if (!Known(*name)) return;
    if (At(definitions_.FindPipeline(*name), name.span) && waits && *name == pipeline.name)
      Add(Diagnostic(kBadValue, fmt::format("pipeline `{}` would wait for itself", pipeline.name), name.span));
  }

  Definitions& definitions_;
  const project::Manifest& manifest_;
  Diagnostics errors_;
};

}  // namespace

Diagnostics ResolveReferences(Definitions& definitions, const project::Manifest& manifest) {
  Checker checker(definitions, manifest);
  for (Ingestion& ingestion : definitions.ingestions) checker.CheckIngestion(ingestion);
  for (Publication& publication : definitions.publications) checker.CheckPublication(publication);
  for (Pipeline& pipeline : definitions.pipelines) checker.CheckPipeline(pipeline);
  return std::move(checker).Take();
}

}  // namespace stir::platform
