// Every command, once: what it is for, what it takes, what its exit code means, and the function that runs it.
#include "cli/command_table.h"

#include <algorithm>

#include "base/strings.h"
#include "cli/commands.h"

namespace stir::cli {
namespace {

constexpr std::string_view kNodeFailed = "a node failed, was skipped or a test did not pass";
constexpr std::string_view kNeverOne = "";

constexpr Example kParseExamples[] = {{"parse", "check every file of the project without touching a database"}};
constexpr Example kCompileExamples[] = {
    {"compile", "write the SQL of every node to target/compiled"},
    {"compile -s orders", "and show that of one model"},
    {"compile --inline \"select * from {{ ref('orders') }}\"", "compile a text that is no node"},
};
constexpr Example kRunExamples[] = {
    {"run", "build all models"},
    {"run -s staging+ --full-refresh", "models of a folder and what follows from them, from nothing"},
};
constexpr Example kTestExamples[] = {
    {"test", "run all tests"},
    {"test -s orders --store-failures", "the tests of one model; keep the rows that fail"},
};
constexpr Example kBuildExamples[] = {
    {"build", "seeds, models and tests in the order they depend on each other"},
    {"build -s tag:daily --exclude stg_events", "only what is tagged, but for one model"},
    {"build -x --threads 8", "eight nodes at once; stop at the first failure"},
};
constexpr Example kSeedExamples[] = {{"seed", "load all CSV files of seeds/"},
                                     {"seed -s countries -f", "drop one and load it again"}};
constexpr Example kSnapshotExamples[] = {{"snapshot", "record what changed since the last time"}};
constexpr Example kOperationExamples[] = {
    {"run-operation grant_all --args '{role: reader}'", "call a macro of the project"},
    {"run-operation --sql \"drop table {{ ref('old') }}\"", "run a statement in which Jinja works"},
};
constexpr Example kRetryExamples[] = {{"retry", "what failed or was skipped in the last run, with its arguments"},
                                      {"retry --state ci/artifacts", "the same for a run of another place"}};
constexpr Example kCloneExamples[] = {{"clone --state prod/target", "views on (or copies of) what production has"}};
constexpr Example kFreshnessExamples[] = {{"source freshness", "all sources that say how fresh they have to be"},
                                          {"source freshness -s source:shop", "those of one source"}};
constexpr Example kDocsExamples[] = {
    {"docs generate", "write manifest.json and catalog.json"},
    {"docs generate --static", "and target/static_index.html, a page that holds it all"}};
constexpr Example kDepsExamples[] = {{"deps", "install what packages.yml names"},
                                     {"deps --upgrade", "the newest versions that it allows"}};
constexpr Example kListExamples[] = {
    {"ls -s +orders", "what orders is made from"},
    {"ls --output json --output-keys name config.materialized", "one JSON object a node"},
};
constexpr Example kShowExamples[] = {
    {"show -s orders", "the first five rows that the model's query gives"},
    {"show --inline \"select count(*) from {{ ref('orders') }}\" --output json", "any query, as JSON"},
};
constexpr Example kCleanExamples[] = {{"clean", "remove the folders of clean-targets (default: target)"}};
constexpr Example kDebugExamples[] = {{"debug", "check project, profile and connection"},
                                      {"debug --connection", "only the connection"}};
constexpr Example kInitExamples[] = {{"init shop", "a new project in ./shop; then: cd shop && stir build"}};
constexpr Example kSqlExamples[] = {
    {"sql \"select * from orders limit 10\"", "ask the target's database"},
    {"sql -f report.sql -o csv > report.csv", "a file's statements; the last result as CSV"},
    {"sql --connection app -o json < query.sql", "ask a connection of stir/*.yml"},
};
constexpr Example kJinjaExamples[] = {
    {"jinja < lines.jsonl", "each line is {\"template\": ..., \"context\": {...}, \"options\": {...}}"},
};
constexpr Example kIngestExamples[] = {
    {"ingest sales_europe", "load what is new"},
    {"ingest sales_europe --logical-date 2026-01-31", "load one day again"},
    {"ingest replay sales_europe", "try the quarantined rows again"},
};
constexpr Example kPublishExamples[] = {
    {"publish leaderboard", "build, verify and switch to a new generation"},
    {"publish rollback leaderboard", "make the generation before live again"},
};
constexpr Example kPipelineListExamples[] = {{"pipeline list", "what is defined in stir/*.yml and how it last went"},
                                             {"pipeline list -o json", "the same for programs"}};
constexpr Example kPipelineShowExamples[] = {{"pipeline show daily", "its tasks and what they need"}};
constexpr Example kPipelineRunExamples[] = {
    {"pipeline run daily", "run the newest interval that has ended; go on with a run that was interrupted"},
    {"pipeline run daily --logical-date 2026-01-31 -p region=us_east", "one day, with a parameter"},
};
constexpr Example kBackfillExamples[] = {
    {"pipeline backfill daily --from 2026-01-01 --to 2026-01-31", "every day of January, oldest first"},
    {"pipeline backfill daily --from 2026-01-01 --to 2026-01-31 --rerun missing --dry-run", "say which days never ran"},
};
constexpr Example kUpExamples[] = {
    {"up", "follow the schedules of this project until ^C"},
    {"up --listen 8642", "with its API on http://127.0.0.1:8642"},
    {"up --listen 0.0.0.0:8642 --host-name stir.example.com", "for other machines too, by a token and this name"}};
constexpr Example kTokensAddExamples[] = {{"tokens add ana --role operator", "print a token for ana, once"}};
constexpr Example kTokensListExamples[] = {{"tokens list", "names and roles; the tokens themselves are nowhere"}};
constexpr Example kTokensRemoveExamples[] = {{"tokens remove ana", "what she asks from now on is refused"}};
constexpr Example kPipelineNextExamples[] = {
    {"pipeline next daily -n 5", "when it runs next, for which interval, and why a time is left out"}};
constexpr Example kSimulateExamples[] = {
    {"pipeline simulate --from 2026-01-01 --to 2026-01-31", "a month of all pipelines, in a moment"},
    {"pipeline simulate core --from 2026-01-01 --to 2026-01-31 --run-time 20m", "of one, whose runs take 20 minutes"},
};
constexpr Example kPauseExamples[] = {{"pipeline pause daily", "until `pipeline resume daily`"}};
constexpr Example kResumeExamples[] = {{"pipeline resume daily", "what came due meanwhile is done as `missed:` says"}};
constexpr Example kRunsListExamples[] = {
    {"runs list", "the newest runs"}, {"runs list --pipeline daily --state failed -n 5", "the last failures of one"}};
constexpr Example kRunsShowExamples[] = {{"runs show 42", "its tasks, attempts and messages"}};
constexpr Example kRunsRetryExamples[] = {{"runs retry 42", "run again what failed and what follows from it"}};
constexpr Example kRunsLogsExamples[] = {{"runs logs 42", "of all tasks"},
                                         {"runs logs 42 --task transform --attempt 1", "of one attempt"}};
constexpr Example kRunsCancelExamples[] = {{"runs cancel 42", "stop its tasks; teardowns still run"}};
constexpr Example kRunsHoldExamples[] = {{"runs hold 42", "until `runs release 42`"}};
constexpr Example kRunsReleaseExamples[] = {{"runs release 42", "its tasks start again"}};
constexpr Example kRunsClearExamples[] = {
    {"runs clear 42 load --dry-run", "say what would run again: load, and all that follows from it"},
    {"runs clear 42 load --only", "run again load alone"}};
constexpr Example kRunsMarkExamples[] = {
    {"runs mark 42 success load", "load was done by hand: go on with what it held back"}};
constexpr Example kRunsForgetExamples[] = {{"runs forget --older-than 90d", "runs and logs of more than 90 days ago"}};
constexpr Example kBackfillsListExamples[] = {{"backfills list", "how far each has come"}};
constexpr Example kBackfillsCancelExamples[] = {{"backfills cancel 3", "until `backfills resume 3`"}};
constexpr Example kBackfillsResumeExamples[] = {{"backfills resume 3", "go on with what it has not done"}};
constexpr Example kAuditExamples[] = {{"audit -n 50", "who did what by hand, newest first"}};
constexpr Example kDoctorExamples[] = {{"doctor", "what is wrong here, and why each task that waits does"}};
constexpr Example kCompletionExamples[] = {
    {"completion bash > ~/.local/share/bash-completion/completions/stir", "for bash"},
    {"completion zsh > ~/.zfunc/_stir", "for zsh, with ~/.zfunc in fpath"},
    {"completion fish > ~/.config/fish/completions/stir.fish", "for fish"},
};

constexpr CommandSpec kCommands[] = {
    {"build", "", "build", "Build seeds and models and run their tests, in order",
     "Builds what is selected in the order of dependencies. A node whose parent failed, or has a test that failed, is "
     "skipped. Compiled SQL, manifest.json and run_results.json go to target/.",
     "", 0, 0,
     "select exclude selector indirect-selection resource-type exclude-resource-type full-refresh store-failures "
     "empty show sqlparse sample event-time-start event-time-end export-saved-queries",
     kBuildExamples, kNodeFailed, RunBuild},
    {"run", "", "run", "Build models",
     "Builds the selected models in the order of dependencies, without seeds and tests.", "", 0, 0,
     "select exclude selector indirect-selection full-refresh empty sqlparse sample event-time-start event-time-end",
     kRunExamples, kNodeFailed, RunRun},
    {"test", "", "test", "Run tests", "Runs the selected tests on the tables and views as they stand.", "", 0, 0,
     "select exclude selector indirect-selection resource-type exclude-resource-type store-failures sqlparse",
     kTestExamples, kNodeFailed, RunTest},
    {"seed", "", "seed", "Load CSV files", "Loads the CSV files of the seed folders into tables.", "", 0, 0,
     "select exclude selector indirect-selection full-refresh empty show sqlparse", kSeedExamples, kNodeFailed,
     RunSeed},
    {"snapshot", "", "snapshot", "Record changes", "Runs the selected snapshots.", "", 0, 0,
     "select exclude selector indirect-selection empty sqlparse", kSnapshotExamples, kNodeFailed, RunSnapshot},
    {"compile", "", "compile", "Write the SQL of nodes without running it",
     "Compiles the selected nodes into target/compiled. Templates may ask the database while they compile.", "", 0, 0,
     "select exclude selector indirect-selection full-refresh empty inline introspect text-output sqlparse "
     "inject-ephemeral-ctes",
     kCompileExamples, kNeverOne, RunCompile},
    {"show", "", "show", "Show the first rows of a model or query",
     "Compiles the selected nodes or an inline query, runs them with a limit, and shows the rows. Nothing is created.",
     "", 0, 0,
     "select exclude selector indirect-selection full-refresh inline inline-direct introspect limit text-output "
     "sqlparse",
     kShowExamples, kNeverOne, RunShow},
    {"list", "ls", "list", "List nodes", "Lists what a selection takes, one node a line.", "", 0, 0,
     "select exclude selector indirect-selection resource-type exclude-resource-type list-output output-keys",
     kListExamples, kNeverOne, RunList},
    {"run-operation", "", "run-operation", "Call a macro, or run SQL",
     "Calls a macro of the project by its name (`package.macro` for one of a package), in one transaction.", "[MACRO]",
     0, 1, "args operation-sql", kOperationExamples, "the macro or the SQL failed", RunRunOperation},
    {"retry", "", "retry", "Run again what failed",
     "Reads the last run_results.json and runs again what failed or was skipped, with the arguments of that run.", "",
     0, 0, "full-refresh", kRetryExamples, kNodeFailed, RunRetry},
    {"clone", "", "clone", "Clone nodes from another run",
     "Makes each selected relation a copy of the one that --state built: a view on it where the engine copies no "
     "tables.",
     "", 0, 0, "select exclude selector indirect-selection resource-type exclude-resource-type full-refresh sqlparse",
     kCloneExamples, kNodeFailed, RunClone},
    {"source freshness", "snapshot-freshness", "freshness", "Check how fresh sources are",
     "Asks each source that has a `freshness` when it was last loaded, and writes target/sources.json.", "", 0, 0,
     "select exclude selector freshness-output sqlparse", kFreshnessExamples, "a source is stale or could not be asked",
     RunFreshness},
    {"docs generate", "", "generate", "Write the catalog",
     "Compiles the project, asks the database for the columns of what is built, and writes catalog.json beside "
     "manifest.json, with a page (index.html) that shows both.",
     "", 0, 0, "select exclude selector compile empty-catalog static empty full-refresh sqlparse", kDocsExamples,
     "a node does not compile", RunDocsGenerate},
    {"deps", "", "deps", "Install packages",
     "Installs what packages.yml or dependencies.yml names into dbt_packages, and writes package-lock.yml.", "", 0, 0,
     "lock upgrade add-package source", kDepsExamples, kNeverOne, RunDeps},
    {"parse", "", "parse", "Check the project and write manifest.json",
     "Reads every file of the project, resolves names and configuration, and reports all mistakes at once.", "", 0, 0,
     "", kParseExamples, kNeverOne, RunParse},
    {"debug", "", "debug", "Check project, profile and connection",
     "Says which files are used and whether they are valid, then opens a connection.", "", 0, 0,
     "connection config-dir", kDebugExamples, "a check failed", RunDebug},
    {"clean", "", "clean", "Remove what builds leave behind",
     "Removes the folders of `clean-targets` in dbt_project.yml. Paths outside the project are refused.", "", 0, 0,
     "clean-project-files-only", kCleanExamples, kNeverOne, RunClean},
    {"init", "", "init", "Start a new project",
     "Writes a project that runs at once: a seed, models, tests, a pipeline in stir/, and a profile for an embedded "
     "DuckDB file.",
     "[NAME]", 0, 1, "skip-profile-setup skip-debug", kInitExamples, kNeverOne, RunInit},
    {"sql", "", "", "Run SQL on the target or a connection",
     "Runs one or more statements, from the argument, a file or standard input, and prints the rows of those that give "
     "rows. Jinja is not rendered; `show --inline` does that.",
     "[QUERY]", 0, 1, "file on table-output row-limit", kSqlExamples, "a statement failed", RunSql},
    {"jinja", "", "", "Render templates that come as JSON lines",
     "Reads JSON lines {\"template\", \"context\", \"options\"} and answers each with {\"output\"} or {\"error\": "
     "{\"kind\", \"message\", \"line\"}}; a kind is the exception class that Jinja2 would raise. Options, as "
     "Jinja2's Environment names them: trim_blocks, lstrip_blocks, keep_trailing_newline, newline_sequence, "
     "block_start_string and the other delimiters, line_statement_prefix, line_comment_prefix, autoescape, undefined "
     "(default, strict, chainable, debug), extensions (do, loopcontrols, debug), sandboxed, native (the output is a "
     "JSON value) and templates (an object of texts, for include, import and extends). Needs no project.",
     "", 0, 0, "", kJinjaExamples, kNeverOne, RunJinja},
    {"ingest", "", "", "Load one ingestion",
     "Loads an ingestion of stir/*.yml into its source table, in one transaction with its checkpoint; `replay` tries "
     "its quarantined rows again.",
     "[replay] NAME", 1, 2, "logical-date full-refresh", kIngestExamples, kNeverOne, RunIngest},
    {"publish", "", "", "Publish one model",
     "Publishes a model as stir/*.yml says: built beside what is live, verified, then switched. `rollback` makes the "
     "generation before live again.",
     "[rollback] NAME", 1, 2, "", kPublishExamples, kNeverOne, RunPublish},
    {"up", "", "", "Follow the schedules of the project",
     "Runs what is due, several runs at once, and reads files again when they change. ^C or TERM stops it: what runs "
     "is set aside, and the next `up` goes on with it, as it does after a crash. --listen adds the HTTP API.",
     "", 0, 0, "listen host-name", kUpExamples, kNeverOne, RunUp},
    {"pipeline list", "", "", "List pipelines", "Lists the pipelines of stir/*.yml, their schedules and last runs.", "",
     0, 0, "table-output", kPipelineListExamples, kNeverOne, RunPipelineList},
    {"pipeline show", "", "", "Show a pipeline", "Shows a pipeline's tasks, what they need, and how it last went.",
     "NAME", 1, 1, "table-output", kPipelineShowExamples, kNeverOne, RunPipelineShow},
    {"pipeline run", "", "", "Run a pipeline",
     "Runs a pipeline for one interval. Every step is on disk before and after it: if the process dies, the same "
     "command goes on where it was.",
     "NAME", 1, 1, "logical-date param", kPipelineRunExamples, "the run failed", RunPipelineRun},
    {"pipeline backfill", "", "", "Run a pipeline for a range of dates",
     "Runs a pipeline for every interval that begins in a range, oldest first. Watermarks stay where they are.", "NAME",
     1, 1, "from to rerun at-once dry-run param", kBackfillExamples, "a run failed", RunPipelineBackfill},
    {"pipeline next", "", "", "Show when a pipeline runs next, and why",
     "Shows the coming times of a pipeline's schedule, the interval of each, what is left out and why, and what "
     "daylight saving does.",
     "NAME", 1, 1, "count table-output", kPipelineNextExamples, kNeverOne, RunPipelineNext},
    {"pipeline simulate", "", "", "Show what schedules would do",
     "Shows every run, skip and reason that a service would decide in a range of dates, without running anything. "
     "Every run takes --run-time and succeeds.",
     "[NAME]...", 0, 255, "from to run-time table-output", kSimulateExamples, kNeverOne, RunPipelineSimulate},
    {"pipeline pause", "", "", "Begin no more scheduled runs",
     "Pauses a pipeline's schedule. A run in progress goes on, and runs can be started by hand.", "NAME", 1, 1, "",
     kPauseExamples, kNeverOne, RunPipelinePause},
    {"pipeline resume", "", "", "End a pause", "Lets a paused pipeline follow its schedule again.", "NAME", 1, 1, "",
     kResumeExamples, kNeverOne, RunPipelineResume},
    {"runs list", "", "", "List runs", "Lists what has run, newest first.", "", 0, 0,
     "pipeline state-is last table-output", kRunsListExamples, kNeverOne, RunRunsList},
    {"runs show", "", "", "Show a run", "Shows a run's tasks, how they ended and why.", "RUN", 1, 1, "table-output",
     kRunsShowExamples, kNeverOne, RunRunsShow},
    {"runs retry", "", "", "Run again what failed",
     "Runs again, in the same run, what failed, was canceled or never started for a failure, and all that follows from "
     "it.",
     "RUN", 1, 1, "", kRunsRetryExamples, "the run failed again", RunRunsRetry},
    {"runs cancel", "", "", "Stop a run",
     "Stops what runs and skips the rest, but for teardowns. Whoever works on the run does so at once.", "RUN", 1, 1,
     "", kRunsCancelExamples, kNeverOne, RunRunsCancel},
    {"runs hold", "", "", "Hold a run back", "Nothing new starts in the run; what runs goes on.", "RUN", 1, 1, "",
     kRunsHoldExamples, kNeverOne, RunRunsHold},
    {"runs release", "", "", "End a hold", "Lets a run go on that was held back.", "RUN", 1, 1, "",
     kRunsReleaseExamples, kNeverOne, RunRunsRelease},
    {"runs clear", "", "", "Run tasks of a run again",
     "Runs again, in the same run, the tasks that are named and all that follows from them, with the setups and "
     "teardowns around. Attempts and logs are kept.",
     "RUN [TASK]...", 1, 255, "only dry-run", kRunsClearExamples, "the run failed", RunRunsClear},
    {"runs mark", "", "", "Say how tasks of a run ended",
     "Marks tasks success, failed or skipped without running them, and goes on with what they held back.",
     "RUN STATE TASK...", 3, 255, "dry-run", kRunsMarkExamples, "the run failed", RunRunsMark},
    {"runs forget", "", "", "Forget old runs",
     "Takes runs that ended long ago out of the store, with their tasks, attempts and logs. The newest run of each "
     "pipeline stays.",
     "", 0, 0, "older-than", kRunsForgetExamples, kNeverOne, RunRunsForget},
    {"backfills list", "", "", "List backfills",
     "Lists backfills, newest first, with how many intervals they have done.", "", 0, 0, "table-output",
     kBackfillsListExamples, kNeverOne, RunBackfillsList},
    {"backfills cancel", "", "", "Stop a backfill", "It begins no more runs; those under way end.", "BACKFILL", 1, 1,
     "", kBackfillsCancelExamples, kNeverOne, RunBackfillsCancel},
    {"backfills resume", "", "", "Go on with a backfill",
     "Runs the intervals that a backfill which was interrupted or canceled has not done.", "BACKFILL", 1, 1, "",
     kBackfillsResumeExamples, "a run failed", RunBackfillsResume},
    {"audit", "", "", "Show what was done by hand",
     "Lists who ran, paused, canceled, cleared or marked what, and when.", "", 0, 0, "last table-output",
     kAuditExamples, kNeverOne, RunAudit},
    {"doctor", "", "", "Say what is wrong, and why tasks wait",
     "Looks at the installation, the store, the schedules and the runs that have not ended, and says for every task "
     "that waits what it waits for.",
     "", 0, 0, "table-output", kDoctorExamples, "something is wrong", RunDoctor},
    {"tokens add", "", "", "Let somebody use the API",
     "Makes a token for the API of `up --listen` and prints it; only its digest is kept. Where a project has tokens, "
     "every "
     "request needs one. A viewer reads, an operator also triggers, pauses, cancels and clears.",
     "NAME", 1, 1, "role", kTokensAddExamples, kNeverOne, RunTokensAdd},
    {"tokens list", "", "", "List who may use the API", "Lists the tokens of the project.", "", 0, 0, "table-output",
     kTokensListExamples, kNeverOne, RunTokensList},
    {"tokens remove", "", "", "Take a token back", "A running service refuses it from the next request on.", "NAME", 1,
     1, "", kTokensRemoveExamples, kNeverOne, RunTokensRemove},
    {"runs logs", "", "", "Show the logs of a run", "Prints what the tasks of a run wrote.", "RUN", 1, 1,
     "task attempt", kRunsLogsExamples, kNeverOne, RunRunsLogs},
    {"completion", "", "", "Print shell completion", "Prints the completion script of a shell.", "bash|zsh|fish", 1, 1,
     "", kCompletionExamples, kNeverOne, RunCompletion},
};

constexpr UnbuiltCommand kUnbuilt[] = {
    {"docs serve", "`docs generate --static` writes a page that needs no server"},
};

}  // namespace

std::span<const CommandSpec> Commands() { return kCommands; }
std::span<const UnbuiltCommand> UnbuiltCommands() { return kUnbuilt; }

std::vector<std::string_view> Words(std::string_view list) {
  std::vector<std::string_view> words;
  for (std::string_view word : Split(list, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

const CommandSpec* FindCommand(std::string_view name) {
  auto found = std::ranges::find_if(Commands(), [&](const CommandSpec& command) {
    return command.name == name || (!command.alias.empty() && command.alias == name);
  });
  return found == Commands().end() ? nullptr : &*found;
}

std::vector<const OptionSpec*> OwnOptions(const CommandSpec& command) {
  std::vector<const OptionSpec*> options;
  for (std::string_view name : Words(command.options)) {
    auto found = std::ranges::find(CommandOptions(), name, &OptionSpec::name);
    if (found != CommandOptions().end()) options.push_back(&*found);
  }
  return options;
}

const OptionSpec* FindOption(const CommandSpec& command, std::string_view name) {
  for (const OptionSpec* option : OwnOptions(command)) {
    if (option->name == name) return option;
  }
  auto found = std::ranges::find(CommonOptions(), name, &OptionSpec::name);
  return found == CommonOptions().end() ? nullptr : &*found;
}

}  // namespace stir::cli
