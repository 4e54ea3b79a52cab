// What every pipeline command works with: the project read and parsed, stir/*.yml joined to it, the store, and
// databases that are opened when something first needs them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/load_project.h"
#include "engine/options.h"
#include "engine/select.h"
#include "engine/state_folder.h"
#include "platform/definitions.h"
#include "platform/secrets.h"
#include "platform/values.h"

namespace stir::engine {

// Thread safe once opened. Not movable: its parts point at each other.
class Workspace {
 public:
  // `host` and `options` must outlive it. `store`: one that is open already.
  static Result<std::unique_ptr<Workspace>> Open(const Host& host, const Options& options,
                                                 std::shared_ptr<store::Store> store = nullptr);

  const Host& host() const { return host_; }
  const Options& options() const { return options_; }
  const StateFolder& folder() const { return folder_; }
  const Setting& setting() const { return *setting_; }
  const std::shared_ptr<const project::Manifest>& manifest() const { return manifest_; }
  const platform::ProjectValues& values() const { return *values_; }
  const platform::Definitions& definitions() const { return definitions_; }
  platform::Secrets& secrets() { return *secrets_; }
  store::Store& store() { return *store_; }

  // The active target's database; opened by the first caller and kept open.
  Result<adapter::Adapter*> Target();
  // The database of a bound connection (`target` is Target()); one adapter a name, kept open.
  Result<adapter::Adapter*> Database(const platform::Connection& connection);

  // Lets go of every database, for others to open. Nobody uses one, nor holds a session.
  void CloseDatabases();

  // A session with the target, reused when a task gives it back.
  class Lease {
   public:
    Lease(Workspace& workspace, std::unique_ptr<adapter::Connection> connection)
        : workspace_(&workspace), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    adapter::Connection& operator*() const { return *connection_; }
    adapter::Connection* get() const { return connection_.get(); }

   private:
    Workspace* workspace_;
    std::unique_ptr<adapter::Connection> connection_;
  };
  Result<Lease> LeaseTarget();

 private:
  Workspace(const Host& host, const Options& options) : host_(host), options_(options), folder_(options.project_dir) {}
  Result<adapter::Adapter*> OpenOnce(const std::string& name, const adapter::Profile& profile);

  const Host& host_;
  const Options& options_;
  const StateFolder folder_;
  std::unique_ptr<Setting> setting_;
  std::shared_ptr<const project::Manifest> manifest_;
  std::unique_ptr<platform::ProjectValues> values_;
  platform::Definitions definitions_;
  std::unique_ptr<platform::Secrets> secrets_;
  std::shared_ptr<store::Store> store_;

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<adapter::Adapter>, std::less<>> adapters_;  // guarded by mutex_
  std::vector<std::unique_ptr<adapter::Connection>> idle_;                          // guarded by mutex_; of the target
};

}  // namespace stir::engine
