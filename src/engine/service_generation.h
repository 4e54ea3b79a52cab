// The project as a service knows it at one moment: parsed, with its pipelines and their schedules. A change on disk
// makes another one; runs keep the one that they began with.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/source_map.h"
#include "engine/definition_files.h"
#include "engine/host.h"
#include "engine/options.h"
#include "engine/pipeline_session.h"
#include "engine/workspace.h"
#include "scheduler/schedule.h"

namespace stir::engine {

// What all generations share.
struct ServiceShares {
  std::shared_ptr<store::Store> store;
  std::shared_ptr<SharedSlots> slots;
  std::shared_ptr<Supervisors> supervisors;
};

// Not movable: its parts point at each other.
class Generation {
 public:
  // On failure `error_text` says why, and `blamed` which files of stir/ did it.
  static Result<std::shared_ptr<Generation>> Open(const Host& world, const Options& options, DefinitionTexts texts,
                                                  const ServiceShares& shares, std::string& error_text,
                                                  std::vector<std::string>& blamed);

  Workspace& workspace() { return *workspace_; }
  PipelineSession& session() { return *session_; }
  const std::map<std::string, scheduler::Schedule>& schedules() const { return schedules_; }
  // Why pipelines have none.
  const std::string& not_followed() const { return not_followed_; }

 private:
  Generation(const Host& world, const Options& options, DefinitionTexts texts);
  void MakeSchedules();

  SourceMap sources_;
  DefinitionFiles files_;
  const Host host_;
  const Options options_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<PipelineSession> session_;
  std::map<std::string, scheduler::Schedule> schedules_;
  std::string not_followed_;
};

struct LoadedGeneration {
  std::shared_ptr<Generation> generation;
  std::string errors;                    // as text; empty: every file is as it stands on disk
  std::vector<std::string> quarantined;  // files that are not
};
// Reads the project; files of stir/ that are wrong stand in their last good version, or are left out. Fails when the
// project itself cannot be read.
Result<LoadedGeneration> LoadGeneration(const Host& world, const Options& options, GoodDefinitions& good,
                                        const ServiceShares& shares);

}  // namespace stir::engine
