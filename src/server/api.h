// The service as an HTTP API: a request in, its answer out. Everything that is asked reads the store by a connection of
// its own (store/views.h) and the project as the service last read it; everything that is done goes through the same
// functions as the commands (engine/actions.h) and is carried out by the service, which hears of it at once.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/service_generation.h"
#include "engine/state_folder.h"
#include "server/event_log.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/http_server.h"
#include "server/metrics.h"
#include "server/tokens.h"
#include "store/views.h"

namespace stir::server {

struct ApiSettings {
  Names names;
  bool tokens_required = false;  // it can be reached from elsewhere
};

// Thread safe.
class Api final : public HttpHandler {
 public:
  // References outlive it.
  Api(const engine::Host& host, const std::filesystem::path& project_dir, ApiSettings settings, EventLog& events);

  Response Answer(const Request& request) override;
  std::optional<Response> AnswerAtOnce(const Request& request) override;
  Response Refuse(int status, std::string_view detail) override;

  // What the service tells.
  Status Show(std::shared_ptr<engine::Generation> generation);
  void Looked(Timestamp now) { looked_at_ = now; }
  void Leave();  // the service ends

  // For the resources. Not ready (503) before the service has read the project.
  const engine::Host& host() const { return host_; }
  const engine::StateFolder& folder() const { return folder_; }
  EventLog& events() { return events_; }
  const RequestMetrics& requests() const { return requests_; }
  Result<std::shared_ptr<engine::Generation>> Project() const;
  Result<store::Views*> Store() const;
  // When the service last looked at all schedules; it does so once a minute at least.
  Timestamp looked_at() const { return looked_at_; }

 private:
  Response Judge(const Request& request, std::string& route);
  Result<Caller> CallerOf(const Request& request);

  const engine::Host& host_;
  const engine::StateFolder folder_;
  const ApiSettings settings_;
  EventLog& events_;
  TokenBook tokens_;
  RequestMetrics requests_;
  std::atomic<Timestamp> looked_at_{Timestamp()};
  mutable std::mutex mutex_;
  std::shared_ptr<engine::Generation> generation_;  // guarded by mutex_, as below
  std::unique_ptr<store::Views> views_;             // made once, and then stays
};

}  // namespace stir::server
