#include "server/server.h"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/strings.h"
#include "engine/audit.h"
#include "engine/service.h"
#include "engine/state_folder.h"
#include "server/api.h"
#include "server/event_log.h"
#include "server/http_server.h"
#include "server/kinds.h"

namespace stir::server {
namespace {

std::string MachineName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? ToLower(name.data()) : std::string();
}

bool IsLoopback(const std::string& host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

// The API beside the service: listens as soon as the project is the service's.
class Desk final : public engine::ServiceGuest {
 public:
  Desk(const engine::Host& host, const engine::Options& options, Endpoint endpoint, ApiSettings settings,
       EventLog& events)
      : host_(host), endpoint_(std::move(endpoint)), api_(host, options.project_dir, std::move(settings), events) {}

  Status Arrive() override {
    STIR_ASSIGN(http_, HttpServer::Listen(endpoint_, {}, api_));
    api_.events().OnNews([this] { http_->Wake(); });
    const bool is_v6 = endpoint_.host.find(':') != std::string::npos;
    host_.events.Emit({"S128", "ApiListens", Level::kInfo,
                       fmt::format("listening on http://{}{}{}:{}", is_v6 ? "[" : "", endpoint_.host, is_v6 ? "]" : "",
                                   http_->port())});
    return {};
  }
  void Show(std::shared_ptr<engine::Generation> generation) override {
    // Without a store there is no service either; what is wrong with it, that says.
    static_cast<void>(api_.Show(std::move(generation)).ok());
  }
  void Looked(Timestamp now) override { api_.Looked(now); }

  // Nobody asks any more from here on.
  ~Desk() override {
    api_.events().OnNews({});
    api_.Leave();
  }

 private:
  const engine::Host& host_;
  const Endpoint endpoint_;
  Api api_;
  std::unique_ptr<HttpServer> http_;  // last: it answers with the above
};

Diagnostic NoTokenYet(const Endpoint& endpoint) {
  return Diagnostic(kNoToken, fmt::format("other machines can ask on {}, and this project has no token", endpoint.host))
      .Hint("`stir tokens add NAME --role operator` makes one; on 127.0.0.1 none is needed");
}

}  // namespace

Result<engine::CommandResult> RunService(const engine::Host& host, const engine::Options& options,
                                         const ListenOptions& listen) {
  STIR_ASSIGN(Endpoint endpoint, ParseEndpoint(listen.listen));
  ApiSettings settings;
  settings.tokens_required = !IsLoopback(endpoint.host);
  settings.names.hosts = {ToLower(endpoint.host), MachineName()};
  for (const std::string& name : listen.host_names) settings.names.hosts.push_back(ToLower(name));
  if (settings.tokens_required) {
    STIR_ASSIGN(const std::vector<Token> tokens, ListTokens(host, options));
    if (tokens.empty()) return NoTokenYet(endpoint);
  }
  EventLog events(host.events, host.clock);
  const engine::Host with_events{.clock = host.clock,
                                 .files = host.files,
                                 .events = events,
                                 .sources = host.sources,
                                 .redactor = host.redactor,
                                 .adapters = host.adapters,
                                 .environment = host.environment,
                                 .cancel = host.cancel,
                                 .http = host.http,
                                 .on_step = host.on_step,
                                 .remains = host.remains};
  Desk desk(with_events, options, std::move(endpoint), std::move(settings), events);
  return engine::RunService(with_events, options, &desk);
}

Result<std::vector<Token>> ListTokens(const engine::Host& host, const engine::Options& options) {
  return ReadTokens(host.files, TokensPath(options.project_dir));
}

namespace {

// Two commands at once do not lose each other's change.
Result<std::unique_ptr<FileLock>> HoldTokens(const engine::Host& host, const engine::StateFolder& folder) {
  STIR_TRY(engine::MakeStateFolder(host, folder));
  STIR_TRY(host.files.MakeDirectories(folder.root / "locks"));
  return host.files.Lock(folder.lock("tokens"));
}

Status RecordTokens(const engine::Host& host, const engine::StateFolder& folder, std::string action,
                    const std::string& name, std::string detail) {
  STIR_ASSIGN(const auto store, engine::OpenStore(host, folder));
  store::Changes changes;
  changes.audit.push_back(engine::EntryOf(host, std::move(action), "token " + name, std::move(detail)));
  return store->Commit(changes);
}

}  // namespace

Result<std::string> AddToken(const engine::Host& host, const engine::Options& options, const std::string& name,
                             Role role) {
  const engine::StateFolder folder(options.project_dir);
  STIR_ASSIGN(const auto held, HoldTokens(host, folder));
  STIR_ASSIGN(std::vector<Token> tokens, ListTokens(host, options));
  if (std::ranges::find(tokens, name, &Token::name) != tokens.end())
    return Diagnostic(kBadToken, fmt::format("there is a token `{}` already", name))
        .Hint(fmt::format("`stir tokens remove {}` ends it", name));
  std::string token = MakeToken();
  tokens.push_back({name, role, Sha256Hex(token), host.clock.Now()});
  STIR_TRY(RecordTokens(host, folder, "add", name, std::string(ToString(role))));
  STIR_TRY(WriteTokens(host.files, TokensPath(options.project_dir), tokens));
  return token;
}

Status RemoveToken(const engine::Host& host, const engine::Options& options, const std::string& name) {
  const engine::StateFolder folder(options.project_dir);
  STIR_ASSIGN(const auto held, HoldTokens(host, folder));
  STIR_ASSIGN(std::vector<Token> tokens, ListTokens(host, options));
  if (std::erase_if(tokens, [&](const Token& each) { return each.name == name; }) == 0)
    return Diagnostic(kNotFound, fmt::format("there is no token `{}`", name)).Hint("`stir tokens list` shows them");
  STIR_TRY(RecordTokens(host, folder, "remove", name, {}));
  return WriteTokens(host.files, TokensPath(options.project_dir), tokens);
}

}  // namespace stir::server
