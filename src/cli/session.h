// One invocation: what it was called, what it reads from outside, where it writes. Made after the command line is
// understood and before the command runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/source_map.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/sinks.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::cli {

class Interrupts;
class LiveView;

// Immutable for the command but through its references. Not movable: sinks point into it.
struct Session {
  Session(Program who, std::vector<std::string> command_words, std::map<std::string, std::string> variables);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  engine::Host host();

  const Program program;
  const std::vector<std::string> words;  // the command line, without the program
  const std::map<std::string, std::string> environment;
  const std::string invocation_id;
  const Timestamp started_at;
  SourceMap sources;
  Redactor redactor;
  adapter::AdapterRegistry adapters;
  FanoutSink events;
  std::unique_ptr<DeprecationSink> deprecations;  // before `events`, for commands that tell a story
  bool json_lines = false;                        // the terminal gets JSON
  bool colors = false;
  std::filesystem::path project_dir;  // absolute, whether there is a project or not

  // What the end of the process frees: see Host.
  std::unique_ptr<std::vector<std::shared_ptr<const void>>> remains =
      std::make_unique<std::vector<std::shared_ptr<const void>>>();
  std::unique_ptr<Interrupts> interrupts;  // first: threads made after it leave the signals to it
  std::unique_ptr<EventSink> terminal;
  std::unique_ptr<EventSink> answers;
  std::unique_ptr<LiveView> live;  // on a terminal only
  std::unique_ptr<EventSink> log_file;
};

// The project's folder: --project-dir, else the nearest of the current folder and those above with a dbt_project.yml.
std::filesystem::path FindProjectDirectory(const Arguments& arguments);
// What dbt refuses before it begins: folders that are not there, variables that are no YAML, types that are none.
Status CheckArguments(const Arguments& arguments, Session& session);
// Opens terminal and log file as the arguments say, and ^C's waiting thread. A terminal gets the live view.
void OpenSinks(const Arguments& arguments, Session& session);
// Only ^C and the events that answer: for commands that tell no story of their own.
void OpenQuietly(const Arguments& arguments, Session& session);
// The engine's options, from arguments whose layers are complete.
engine::Options MakeOptions(const Arguments& arguments, const Session& session);
// Every engine this program was built with; the only function that names one.
void RegisterAdapters(adapter::AdapterRegistry& registry);

// --select was called by its old name, --models; `list` then lists models only.
bool SaysModels(const Session& session);

// Reports why a command could not be carried out, in stir's shape or dbt's. Returns exit code 2.
int ReportFailure(const Diagnostics& diagnostics, Session& session);

}  // namespace stir::cli
