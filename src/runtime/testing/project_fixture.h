// A project in a temporary folder, on a DuckDB file of its own, driven through NodeRunner the way a command does.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/source_map.h"
#include "runtime/runner.h"

namespace stir::runtime::testing {

// What a command line would say.
struct Command {
  std::string vars = {};  // YAML
  bool full_refresh = false;
  bool store_failures = false;
  bool empty = false;
  QueryComment query_comment = {};
  std::vector<std::string> only = {};  // unique ids; empty: every node
};

struct BuildResult {
  std::vector<NodeOutcome> start_hooks, end_hooks;
  std::map<std::string, NodeOutcome> nodes;  // by unique id
  std::vector<std::string> statements;       // what was sent, in order, without comments
  std::vector<std::string> messages;         // the same as it was logged
  Diagnostics errors;                        // of what comes before the first node
  const NodeOutcome& at(const std::string& unique_id) const { return nodes.at(unique_id); }
};

class EventLog;
using Files = std::map<std::string, std::string>;

class ProjectFixture {
 public:
  // Paths below the project -> texts. dbt_project.yml (project `shop`) and profiles.yml are added unless given.
  explicit ProjectFixture(Files files);
  ~ProjectFixture();

  void Write(const std::string& path, const std::string& text);
  std::string Read(const std::string& path) const;
  // Parses the project and runs its nodes one after the other: seeds, models and tests by dependency.
  BuildResult Build(const Command& command = {});
  // Rows as texts; NULL is "∅".
  std::vector<std::vector<std::string>> Rows(const std::string& sql);
  // Runs `body` with a runner over the parsed project.
  void WithRunner(const Command& command,
                  const std::function<void(NodeRunner&, const project::Manifest&, Worker&)>& body);
  const std::filesystem::path& root() const { return root_; }
  const SourceMap& sources() const { return *sources_; }

 private:
  struct Opened;
  Result<std::unique_ptr<Opened>> Open(const Command& command);

  std::filesystem::path root_;
  std::unique_ptr<SourceMap> sources_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<adapter::Adapter> engine_;
  std::vector<std::unique_ptr<Opened>> opened_;  // manifests outlive what was made from them
};

}  // namespace stir::runtime::testing
