#include "engine/workspace.h"

#include <nlohmann/json.hpp>

#include "engine/narrator.h"
#include "platform/load.h"

namespace stir::engine {
namespace {

adapter::Profile ProfileOf(const platform::Connection& connection) {
  adapter::Profile profile;
  profile.type = std::string(platform::ToString(connection.type));
  auto settings = std::make_shared<Json>(connection.settings ? *connection.settings : Json::object());
  if (!connection.path.empty()) (*settings)["path"] = connection.path.string();
  profile.settings = std::move(settings);
  return profile;
}

}  // namespace

Result<std::unique_ptr<Workspace>> Workspace::Open(const Host& host, const Options& options,
                                                   std::shared_ptr<store::Store> store) {
  std::unique_ptr<Workspace> workspace(new Workspace(host, options));
  STIR_ASSIGN(workspace->setting_, ReadSetting(host, options));
  const Narrator narrator(host.events, host.sources, workspace->setting_->narrator_style(options));
  STIR_ASSIGN(workspace->manifest_, ParseSetting(*workspace->setting_, host, options, narrator));
  const Setting& setting = *workspace->setting_;
  workspace->values_ =
      std::make_unique<platform::ProjectValues>(setting.invocation, *workspace->manifest_, setting.target);
  STIR_ASSIGN(workspace->definitions_, platform::LoadDefinitions({.files = host.files,
                                                                  .sources = host.sources,
                                                                  .project_dir = options.project_dir,
                                                                  .target_name = setting.target.name,
                                                                  .manifest = *workspace->manifest_,
                                                                  .values = *workspace->values_}));
  workspace->secrets_ =
      std::make_unique<platform::Secrets>(workspace->definitions_.secrets, host.environment, host.redactor);
  workspace->store_ = std::move(store);
  if (!workspace->store_) {
    STIR_ASSIGN(workspace->store_, OpenStore(host, workspace->folder_));
  }
  return workspace;
}

Result<adapter::Adapter*> Workspace::OpenOnce(const std::string& name, const adapter::Profile& profile) {
  const std::scoped_lock lock(mutex_);
  auto& adapter = adapters_[name];
  if (!adapter) {
    STIR_ASSIGN(adapter, host_.adapters.Open(profile));
  }
  return adapter.get();
}

void Workspace::CloseDatabases() {
  const std::scoped_lock lock(mutex_);
  idle_.clear();
  adapters_.clear();
}

Result<adapter::Adapter*> Workspace::Target() { return OpenOnce("target", setting_->target.profile); }

Result<adapter::Adapter*> Workspace::Database(const platform::Connection& connection) {
  if (connection.type == platform::ConnectionType::kTarget) return Target();
  return OpenOnce(connection.name, ProfileOf(connection));
}

Result<Workspace::Lease> Workspace::LeaseTarget() {
  STIR_ASSIGN(adapter::Adapter * target, Target());
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
  }
  STIR_ASSIGN(auto connection, target->Connect());
  return Lease(*this, std::move(connection));
}

// What a task left open in its session must not reach the next one.
Workspace::Lease::~Lease() {
  if (!connection_) return;
  if (!connection_->Rollback().ok()) return;
  const std::scoped_lock lock(workspace_->mutex_);
  workspace_->idle_.push_back(std::move(connection_));
}

}  // namespace stir::engine
