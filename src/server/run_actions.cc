// What is done to runs. Each is written down and told to the service, which carries it out: an answer says what is to
// be, not that it has been.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/actions.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/resources.h"

namespace stir::server {
namespace {

Result<Response> Ask(Api& api, const Call& call, engine::Asked what) {
  STIR_ASSIGN(const int64_t id, call.Number("run"));
  STIR_TRY(call.Body({}));
  STIR_ASSIGN(const auto project, api.Project());
  store::Store& store = project->workspace().store();
  STIR_TRY(engine::WriteWish(api.host(), api.folder(), store, id, what, call.caller.who));
  STIR_ASSIGN(const store::Run run, engine::RequireRun(store, id));
  JsonWriter json;
  WriteRun(json, run, api.host().clock.Now());
  return JsonResponse(std::move(json), 202);
}

Result<std::vector<std::string>> TasksIn(const Json& body) {
  std::vector<std::string> tasks;
  const auto given = body.find("tasks");
  const bool is_list = given != body.end() && given->is_array() && !given->empty() &&
                       std::ranges::all_of(*given, [](const Json& each) { return each.is_string(); });
  if (!is_list)
    return Diagnostic(kBadRequest, "`tasks` has to be a list of names").Hint(R"({"tasks": ["load", "check"]})");
  for (const Json& each : *given) tasks.push_back(each.get<std::string>());
  return tasks;
}

Result<bool> FlagIn(const Json& body, const char* key, bool fallback) {
  const auto given = body.find(key);
  if (given == body.end()) return fallback;
  if (given->is_boolean()) return given->get<bool>();
  return Diagnostic(kBadRequest, fmt::format("`{}` has to be true or false", key));
}

Result<Response> Edit(Api& api, const Call& call, const engine::EditRequest& request) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(const std::vector<std::string> changed, engine::EditTasks(project->session(), request, call.caller.who));
  STIR_ASSIGN(const store::Run run, engine::RequireRun(project->workspace().store(), request.run));
  JsonWriter json;
  json.BeginObject().Key("run");
  WriteRun(json, run, api.host().clock.Now());
  json.Key("changed").BeginArray();
  for (const std::string& line : changed) json.String(line);
  json.EndArray().Key("dry_run").Bool(request.dry_run).EndObject();
  return JsonResponse(std::move(json), request.dry_run ? 200 : 202);
}

}  // namespace

Result<Response> CancelRun(Api& api, const Call& call) { return Ask(api, call, engine::Asked::kCancel); }
Result<Response> HoldRun(Api& api, const Call& call) { return Ask(api, call, engine::Asked::kHold); }
Result<Response> ReleaseRun(Api& api, const Call& call) { return Ask(api, call, engine::Asked::kRelease); }

Result<Response> RetryRun(Api& api, const Call& call) {
  engine::EditRequest request;
  STIR_ASSIGN(request.run, call.Number("run"));
  STIR_ASSIGN(const Json body, call.Body({"dry_run"}));
  STIR_ASSIGN(request.dry_run, FlagIn(body, "dry_run", false));
  return Edit(api, call, request);
}

Result<Response> ClearTasks(Api& api, const Call& call) {
  engine::EditRequest request;
  STIR_ASSIGN(request.run, call.Number("run"));
  STIR_ASSIGN(const Json body, call.Body({"tasks", "downstream", "dry_run"}));
  STIR_ASSIGN(request.tasks, TasksIn(body));
  STIR_ASSIGN(request.downstream, FlagIn(body, "downstream", true));
  STIR_ASSIGN(request.dry_run, FlagIn(body, "dry_run", false));
  return Edit(api, call, request);
}

Result<Response> MarkTasks(Api& api, const Call& call) {
  using scheduler::TaskState;
  engine::EditRequest request;
  STIR_ASSIGN(request.run, call.Number("run"));
  STIR_ASSIGN(const Json body, call.Body({"tasks", "state", "dry_run"}));
  STIR_ASSIGN(request.tasks, TasksIn(body));
  STIR_ASSIGN(request.dry_run, FlagIn(body, "dry_run", false));
  const auto given = body.find("state");
  if (given != body.end() && given->is_string()) request.mark = scheduler::ParseTaskState(given->get<std::string>());
  if (request.mark != TaskState::kSuccess && request.mark != TaskState::kFailed && request.mark != TaskState::kSkipped)
    return Diagnostic(kBadRequest, "`state` has to be success, failed or skipped");
  return Edit(api, call, request);
}

}  // namespace stir::server
