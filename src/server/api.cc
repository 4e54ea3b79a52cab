#include "server/api.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include "base/strings.h"
#include "server/kinds.h"
#include "server/problem.h"
#include "server/router.h"

namespace stir::server {
namespace {

// What a request is counted under that has no route.
constexpr std::string_view kNoRoute = "other";

std::string JoinWords(const std::vector<std::string_view>& words) {
  std::string joined;
  for (const std::string_view word : words) joined += (joined.empty() ? "" : ", ") + std::string(word);
  return joined;
}

Response Unauthorized(std::string_view detail) {
  Response response = Problem(401, kNoToken, detail, "send `Authorization: Bearer TOKEN`; `stir tokens add` makes one");
  response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"stir\""});
  return response;
}

}  // namespace

Api::Api(const engine::Host& host, const std::filesystem::path& project_dir, ApiSettings settings, EventLog& events)
    : host_(host),
      folder_(project_dir),
      settings_(std::move(settings)),
      events_(events),
      tokens_(host.files, TokensPath(project_dir)) {}

Status Api::Show(std::shared_ptr<engine::Generation> generation) {
  const std::scoped_lock lock(mutex_);
  if (!views_) {
    STIR_ASSIGN(views_, store::Views::Open(folder_.store().string()));
  }
  generation_ = std::move(generation);
  return {};
}

void Api::Leave() {
  const std::scoped_lock lock(mutex_);
  generation_.reset();
}

Result<std::shared_ptr<engine::Generation>> Api::Project() const {
  const std::scoped_lock lock(mutex_);
  if (generation_) return generation_;
  return Diagnostic(kNotReady, "the service has not read the project yet, or is about to end");
}

Result<store::Views*> Api::Store() const {
  const std::scoped_lock lock(mutex_);
  if (views_) return views_.get();
  return Diagnostic(kNotReady, "the service has not opened its store yet");
}

// Nobody needs a token where none was made, unless other machines can ask.
Result<Caller> Api::CallerOf(const Request& request) {
  STIR_ASSIGN(const bool is_empty, tokens_.IsEmpty());
  if (is_empty && !settings_.tokens_required) return Caller{"http, without a token", Role::kAdmin};
  const auto token = BearerToken(request);
  if (!token || token->empty()) return Caller{};
  STIR_ASSIGN(const auto found, tokens_.Find(*token));
  return found.value_or(Caller{});
}

Response Api::Judge(const Request& request, std::string& route) {
  if (auto refused = Screen(request, settings_.names)) return *std::move(refused);
  const auto target = ParseTarget(request.target);
  if (!target.ok()) return ProblemOf(target.error());
  const Match match = FindRoute(request.method, target->path);
  if (match.allowed.empty())
    return Problem(404, kNotFound, "there is nothing here", "/api/v1/openapi.json lists all there is");
  if (match.route == nullptr) {
    Response response = Problem(405, kBadRequest, fmt::format("this is not asked by {}", request.method.substr(0, 20)));
    response.headers.push_back({"Allow", JoinWords(match.allowed)});
    return response;
  }
  route = match.route->path;
  const auto caller = match.route->role == Role::kAnybody ? Caller{} : CallerOf(request);
  if (!caller.ok()) return ProblemOf(caller.error());
  if (caller->role < match.route->role) {
    if (caller->role == Role::kAnybody) return Unauthorized("this needs a token");
    return Problem(403, kNoToken,
                   fmt::format("this needs a token of role {}, and yours is of role {}", ToString(match.route->role),
                               ToString(caller->role)));
  }
  if (const Status known = CheckQuery(*match.route, *target); !known.ok()) return ProblemOf(known.error());
  auto answer = match.route->answer(*this, {request, *match.route, match.path, target->query, *caller});
  return answer.ok() ? *std::move(answer) : ProblemOf(answer.error());
}

Response Api::Answer(const Request& request) {
  const auto begun = std::chrono::steady_clock::now();
  std::string route(kNoRoute);
  Response response;
  try {
    response = Judge(request, route);
  } catch (const std::exception& error) {  // a bug, or no memory: this request ends, and nothing else
    response = Refuse(500, error.what());
  }
  host_.redactor.RedactInPlace(response.body);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  const bool is_known = request.method == "GET" || request.method == "HEAD" || request.method == "POST";
  requests_.Count(is_known ? request.method : "OTHER", route, response.status, seconds.count());
  return response;
}

// That the service is alive is said without asking anything.
std::optional<Response> Api::AnswerAtOnce(const Request& request) {
  if (request.target != "/health") return std::nullopt;
  return Answer(request);
}

Response Api::Refuse(int status, std::string_view detail) { return Problem(status, kBadRequest, detail); }

}  // namespace stir::server
