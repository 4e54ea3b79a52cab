// Every option, once. Names, short forms and meanings are dbt's where dbt has the option.
#include "cli/command_table.h"

namespace stir::cli {
namespace {

using enum OptionKind;
constexpr std::string_view kProject = "Project";
constexpr std::string_view kRunning = "Running";
constexpr std::string_view kSelecting = "Selecting nodes";
constexpr std::string_view kOutput = "Output";
constexpr std::string_view kState = "Other runs";
constexpr std::string_view kLogging = "Logging";
constexpr std::string_view kQuery = "Query";
constexpr std::string_view kPipelines = "Pipelines and runs";
constexpr std::string_view kCompatible = "Taken for dbt's sake, without effect";
constexpr std::string_view kMissing = "dbt's, not built yet";

constexpr OptionSpec Ignored(std::string_view name, OptionKind kind = kFlag, std::string_view values = "VALUE",
                             std::string_view spellings = {}) {
  return {name, spellings, kind, values, kCompatible, "", "", Effect::kIgnored};
}

constexpr OptionSpec Unbuilt(std::string_view name, OptionKind kind = kFlag, std::string_view values = "VALUE") {
  return {name, "", kind, values, kMissing, "", "", Effect::kUnbuilt};
}

constexpr OptionSpec kCommon[] = {
    {"project-dir", "", kText, "DIR", kProject,
     "the folder of dbt_project.yml; default: here, else the nearest folder above that has one", "", Effect::kActive,
     true, Completes::kDirectory},
    {"profiles-dir", "", kText, "DIR", kProject,
     "the folder of profiles.yml; default: the current folder, the project's, ~/.dbt: the first that has one", "",
     Effect::kActive, true, Completes::kDirectory},
    {"profile", "", kText, "NAME", kProject, "the profile to use instead of the project's own"},
    {"target", "--target,-t", kText, "NAME", kProject, "the profile's output to use instead of its default"},
    {"target-path", "", kText, "DIR", kProject, "where compiled SQL and artifacts go; default: target", "",
     Effect::kActive, true, Completes::kDirectory},
    {"vars", "", kText, "YAML", kProject, "variables of the project, as in '{day: 2026-01-31}'", "", Effect::kActive,
     false},
    {"threads", "", kInteger, "N", kRunning, "how many nodes run at once; default: the profile's", "", Effect::kActive,
     false},
    {"single-threaded", "", kFlag, "", kRunning, "run one node at a time"},
    {"fail-fast", "--fail-fast,-x", kFlag, "", kRunning, "stop at the first failure and cancel what runs"},
    {"warn-error", "", kFlag, "", kRunning, "a warning is an error"},
    {"partial-parse", "", kFlag, "", kRunning, "parse only what changed since the last command (default)", "true"},
    {"warn-error-options", "", kText, "YAML", kRunning,
     "which warnings are errors, by the names of dbt's events: '{error: all, warn: [NothingToDo], silence: []}'"},
    {"write-json", "", kFlag, "", kRunning, "write manifest.json and run_results.json (default)", "true"},
    {"state", "", kText, "DIR", kState, "the artifacts of another run: for --defer, state: and retry", "",
     Effect::kActive, true, Completes::kDirectory},
    {"defer", "", kFlag, "", kState, "what was not built here is read from where --state built it"},
    {"favor-state", "", kFlag, "", kState, "with --defer: what is not selected is read from there in any case"},
    {"defer-state", "", kText, "DIR", kState, "other artifacts for --defer than those of --state", "", Effect::kActive,
     true, Completes::kDirectory},
    {"log-format", "", kChoice, "text|debug|json|default", kLogging, "how the terminal's lines are written", "default"},
    {"log-format-file", "", kChoice, "text|debug|json|default", kLogging, "how the log file's lines are written",
     "debug"},
    {"log-level", "", kChoice, "debug|info|warn|error|none", kLogging, "the least level shown on the terminal", "info"},
    {"log-level-file", "", kChoice, "debug|info|warn|error|none", kLogging, "the least level written to the log file",
     "debug"},
    {"log-path", "", kText, "DIR", kLogging, "where dbt.log is written; default: logs in the project", "",
     Effect::kActive, true, Completes::kDirectory},
    {"log-file-max-bytes", "", kInteger, "N", kLogging, "the size at which the log file is set aside", "10485760"},
    {"debug", "--debug,-d", kFlag, "", kLogging, "show debug lines too"},
    {"quiet", "--quiet,-q", kFlag, "", kLogging, "show only errors and what was asked for"},
    {"print", "", kFlag, "", kLogging, "show what print() in macros says (default)", "true"},
    {"use-colors", "", kFlag, "", kLogging, "colour the lines; default: on a terminal"},
    {"use-colors-file", "", kFlag, "", kLogging, "colour the log file's lines"},
    {"show-all-deprecations", "", kFlag, "", kLogging, "show every deprecation, not only the first of its kind"},
    {"printer-width", "", kInteger, "N", kLogging, "the width that lines are padded to", "80"},
    Ignored("cache-selected-only"),
    Ignored("hints-enabled"),
    Ignored("log-cache-events"),
    Ignored("macro-debugging"),
    Ignored("maximum-seed-size-mib", kInteger, "N"),
    Ignored("partial-parse-file-diff"),
    Ignored("partial-parse-file-path", kText, "FILE"),
    Ignored("populate-cache"),
    Ignored("record-timing-info", kText, "FILE", "--record-timing-info,-r"),
    Ignored("send-anonymous-usage-stats"),
    Ignored("show-resource-report"),
    Ignored("static-parser"),
    Ignored("upload-to-artifacts-ingest-api"),
    Ignored("use-experimental-parser"),
    Ignored("use-fast-test-edges"),
    Ignored("version-check"),
    Ignored("snowflake-projects-otel"),
    Unbuilt("use-v2-parser"),
};

constexpr OptionSpec kOwn[] = {
    {"select", "--select,-s,-m,--models,--model", kList, "SELECTOR...", kSelecting,
     "the nodes to take: names, tag:x, path:models/marts, +parents, children+, @x, a,b for both", "", Effect::kActive,
     false, Completes::kSelector},
    {"exclude", "", kList, "SELECTOR...", kSelecting, "the nodes to leave out", "", Effect::kActive, false,
     Completes::kSelector},
    {"selector", "", kText, "NAME", kSelecting, "select what this entry of selectors.yml says"},
    {"indirect-selection", "", kChoice, "eager|cautious|buildable|empty", kSelecting,
     "which tests come along: of any selected parent (eager), of all parents (cautious), of all parents or their "
     "ancestors (buildable), none (empty)",
     "eager"},
    {"resource-type", "--resource-type,--resource-types", kList, "TYPE...", kSelecting,
     "only nodes of these types: model, seed, snapshot, test, source, analysis, all, default"},
    {"exclude-resource-type", "--exclude-resource-type,--exclude-resource-types", kList, "TYPE...", kSelecting,
     "no nodes of these types"},
    {"full-refresh", "--full-refresh,-f", kFlag, "", kRunning, "build incremental models and seeds from nothing"},
    {"event-time-start", "", kText, "TIME", kRunning, "microbatch models: build from this time on, as in 2026-01-31",
     "", Effect::kActive, false},
    {"event-time-end", "", kText, "TIME", kRunning, "microbatch models: build up to this time", "", Effect::kActive,
     false},
    {"store-failures", "", kFlag, "", kRunning, "keep the rows that fail a test in a table"},
    {"empty", "", kFlag, "", kRunning, "read no rows: every ref and source is limited to zero"},
    {"show", "", kFlag, "", kRunning, "print some rows of every seed that was loaded"},
    {"introspect", "", kFlag, "", kRunning, "let templates ask the database (default)", "true"},
    {"inline", "", kText, "SQL", kSelecting, "this text instead of a node; Jinja works in it", "", Effect::kActive,
     false},
    {"inline-direct", "", kText, "SQL", kSelecting, "this text as it is: nothing of the project is read", "",
     Effect::kActive, false},
    {"limit", "", kInteger, "N", kOutput, "how many rows to show; -1: all", "5", Effect::kActive, false},
    {"row-limit", "--limit", kInteger, "N", kOutput, "how many rows of each result to print; default: all", "",
     Effect::kActive, false},
    {"text-output", "--output", kChoice, "text|json", kOutput, "the form of the answer", "text", Effect::kActive,
     false},
    {"list-output", "--output", kChoice, "selector|name|path|json", kOutput, "the form of each node", "selector",
     Effect::kActive, false},
    {"table-output", "--output,-o", kChoice, "table|json|csv", kOutput, "the form of the answer", "table",
     Effect::kActive, false},
    {"output-keys", "", kList, "KEY...", kOutput, "the keys of --output json, such as name config.materialized", "",
     Effect::kActive, false},
    {"connection", "", kFlag, "", kOutput, "check the connection and nothing else", "", Effect::kActive, false},
    {"config-dir", "", kFlag, "", kOutput, "only tell the folder of profiles.yml", "", Effect::kActive, false},
    {"clean-project-files-only", "", kFlag, "", kRunning, "refuse paths outside the project (always so)", "true"},
    {"skip-profile-setup", "--skip-profile-setup,-s", kFlag, "", kProject, "write no profiles.yml", "", Effect::kActive,
     false},
    Ignored("skip-debug"),
    {"file", "--file,-f", kText, "FILE", kQuery, "read the query from this file", "", Effect::kActive, false,
     Completes::kFile},
    {"on", "--connection", kText, "NAME", kQuery, "ask this connection of stir/*.yml instead of the target", "",
     Effect::kActive, false},
    {"args", "", kText, "YAML", kRunning, "the macro's arguments, as in '{days: 3}'", "", Effect::kActive, false},
    {"operation-sql", "--sql", kText, "SQL", kQuery, "run this instead of a macro; Jinja works in it", "",
     Effect::kActive, false},
    {"compile", "", kFlag, "", kRunning, "compile the nodes first (default)", "true", Effect::kActive, false},
    {"empty-catalog", "", kFlag, "", kRunning, "do not ask the database what relations look like", "", Effect::kActive,
     false},
    {"static", "", kFlag, "", kOutput, "also write static_index.html: the page with all data in it", "",
     Effect::kActive, false},
    {"freshness-output", "--output,-o", kText, "FILE", kOutput, "where to write instead of target/sources.json", "",
     Effect::kActive, false, Completes::kFile},
    {"lock", "", kFlag, "", kRunning, "write package-lock.yml and install nothing", "", Effect::kActive, false},
    {"upgrade", "", kFlag, "", kRunning, "resolve versions anew, whatever package-lock.yml says", "", Effect::kActive,
     false},
    {"logical-date", "", kText, "TIME", kPipelines, "the run's logical date: 2026-01-31 or 2026-01-31T06:00:00Z", "",
     Effect::kActive, false},
    {"param", "--param,-p", kList, "NAME=VALUE...", kPipelines, "values for the pipeline's params", "", Effect::kActive,
     false},
    {"from", "", kText, "TIME", kPipelines, "the first logical date", "", Effect::kActive, false},
    {"to", "", kText, "TIME", kPipelines, "the last logical date, included", "", Effect::kActive, false},
    {"rerun", "", kChoice, "all|failed|missing", kPipelines,
     "which intervals to run: all, those without a run or with a failed one, those without a run", "all",
     Effect::kActive, false},
    {"only", "", kFlag, "", kPipelines, "without what follows from the tasks", "", Effect::kActive, false},
    {"at-once", "", kInteger, "N", kPipelines, "how many runs at a time; at most max_active_runs", "1", Effect::kActive,
     false},
    {"older-than", "", kText, "DURATION", kPipelines, "what ended longer ago than this: 12h, 90d", "180d",
     Effect::kActive, false},
    {"dry-run", "", kFlag, "", kPipelines, "only say what would run", "", Effect::kActive, false},
    {"pipeline", "", kText, "NAME", kPipelines, "only runs of this pipeline", "", Effect::kActive, false},
    {"state-is", "--state", kText, "STATE", kPipelines, "only runs in this state: success, failed, running, ...", "",
     Effect::kActive, false},
    {"task", "", kText, "NAME", kPipelines, "only this task", "", Effect::kActive, false},
    {"attempt", "", kInteger, "N", kPipelines, "this attempt; default: the last", "", Effect::kActive, false},
    {"count", "--count,-n", kInteger, "N", kPipelines, "how many", "20", Effect::kActive, false},
    {"run-time", "", kText, "DURATION", kPipelines, "how long every run takes: 90s, 5m, 1h30m", "1m", Effect::kActive,
     false},
    {"last", "--last,-n", kInteger, "N", kPipelines, "how many", "20", Effect::kActive, false},
    {"listen", "", kText, "[HOST:]PORT", kPipelines, "offer the HTTP API here; without a host on 127.0.0.1", "",
     Effect::kActive, false},
    {"host-name", "", kList, "NAME...", kPipelines, "other names that the API is asked by, as behind a proxy", "",
     Effect::kActive, false},
    {"role", "", kChoice, "viewer|operator|admin", kPipelines, "what the token's owner may do", "viewer",
     Effect::kActive, false},
    Ignored("sqlparse", kText, "YAML"),
    Ignored("inject-ephemeral-ctes"),
    Unbuilt("sample", kText, "WINDOW"),
    Unbuilt("export-saved-queries"),
    Unbuilt("add-package", kText, "NAME[@VERSION]"),
    Unbuilt("source", kText, "git|hub|local"),
};

}  // namespace

std::span<const OptionSpec> CommonOptions() { return kCommon; }
std::span<const OptionSpec> CommandOptions() { return kOwn; }

}  // namespace stir::cli
