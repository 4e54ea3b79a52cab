// What stir/*.yml says, read, checked against the dbt project and joined to its graph. Immutable after LoadDefinitions.
// A text that needs what only a run knows (`{{ ds }}`, `{{ params.region }}`, a secret) stands here as it was written;
// the Bind functions (bind.h) read a definition again with the run's values and give the same struct with every text
// final.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/mail.h"
#include "base/result.h"
#include "graph/graph.h"
#include "jinja/value.h"
#include "platform/outside.h"
#include "platform/placed.h"
#include "scheduler/plan.h"
#include "scheduler/schedule.h"
#include "scheduler/wiring.h"
#include "yaml/node.h"

namespace stir::platform {

using YamlNode = std::shared_ptr<const yaml::Node>;

enum class ConnectionType : uint8_t {
  kTarget,  // the reserved `target`: the database of profiles.yml, where models are built
  kFiles,
  kDuckDb,
  kWebhook,
  kPostgres,
  kHttp,
  kSsh,
  kSlack,
  kEmail,
  kPagerDuty,
  // From here on read; using one is an error that says so.
  kClickHouse,
  kTrino,
  kS3,
  kKafka,
};
std::string_view ToString(ConnectionType type);
bool IsBuilt(ConnectionType type);      // can be used by this version
bool IsDatabase(ConnectionType type);   // has tables and takes SQL
bool IsFileStore(ConnectionType type);  // has paths
bool TakesAlerts(ConnectionType type);

// Where mails go.
struct MailRoute {
  MailServer server;
  std::string from;
  std::vector<std::string> to;
};

struct Connection {
  std::string name;
  ConnectionType type = ConnectionType::kTarget;
  Span span;
  std::filesystem::path root;                                // files: absolute
  std::filesystem::path path;                                // duckdb: absolute
  std::string url;                                           // webhook, slack, pagerduty; http: what paths are below
  std::vector<std::pair<std::string, std::string>> headers;  // webhook, http
  std::string credentials;                                   // http: "user:password"; pagerduty: its routing key
  std::string severity;                                      // pagerduty: of what it is told
  MailRoute mail;                                            // email
  std::vector<std::string> ssh;                              // ssh: options and destination, as the client takes them
  std::shared_ptr<const Json> settings;  // all keys but type and targets, as an adapter's profile has them
  YamlNode node;
};

enum class Mode : uint8_t { kFull, kIncremental, kSnapshot, kCdc, kStream };
enum class OnAdded : uint8_t { kAdd, kIgnore, kFail };
enum class OnRemoved : uint8_t { kNull, kFail };
enum class OnType : uint8_t { kWiden, kQuarantine, kFail };
enum class Format : uint8_t { kParquet, kCsv, kJsonl };

struct SchemaChanges {
  OnAdded added = OnAdded::kAdd;
  OnRemoved removed = OnRemoved::kFail;
  OnType type = OnType::kWiden;
};

struct Quarantine {
  bool enabled = false;  // `quarantine:` was written; else a row that does not fit fails the load
  double max_ratio = 1;  // of rejected rows among those read; more fails the load
  std::optional<int64_t> max_rows;
};

struct Ingestion {
  std::string name;
  Span span;
  struct From {
    Placed<std::string> connection;
    Placed<std::string> table, query;  // a database: one of them
    Placed<std::string> path;          // a file store: a glob below the connection's root, `**` crosses folders
    Placed<Format> format;
    std::vector<Placed<std::string>> columns;    // empty: all
    Placed<std::string> where;                   // SQL; empty: all rows
    std::map<std::string, std::string> options;  // of the format: delim, header, encoding, ... as texts
  } from;
  struct To {
    std::string source, table;  // source('sales', 'us_east')
    Span span;
    graph::NodeId node = 0;  // in the manifest
  } to;
  Placed<Mode> mode;
  Placed<std::string> cursor;  // empty: none
  Duration overlap{0};
  std::vector<Placed<std::string>> key;  // empty: append
  SchemaChanges schema_changes;
  Quarantine quarantine;
  YamlNode node;
};

enum class Strategy : uint8_t { kSwap, kMerge, kAppend, kPartition, kFiles };

struct Require {
  std::optional<int64_t> min_rows, max_rows;
  std::optional<double> max_shrink;  // share of the rows last published that may be missing
  bool tests = false;                // the model's own tests must have passed in this run
  Span span;
};

struct Publication {
  std::string name;
  Span span;
  struct From {
    std::string model;  // ref('mart_leaderboard')
    Span span;
    graph::NodeId node = 0;  // in the manifest
  } from;
  struct To {
    Placed<std::string> connection;
    Placed<std::string> table;  // a database
    Placed<std::string> path;   // a file store: a folder below its root
    Placed<Format> format;
    std::vector<Placed<std::string>> partition_by;
    std::map<std::string, std::string> options;
  } to;
  Placed<Strategy> strategy;
  struct Stage {
    Placed<std::string> connection, path;
    Placed<Format> format;
  };
  std::optional<Stage> stage;
  Placed<std::string> enrich;
  std::vector<Placed<std::string>> key;
  std::vector<std::vector<std::string>> indexes;
  Require require;
  Duration freshness{0};  // how old at most its readers want it, 0: they do not say
  int keep = 1;           // old generations kept for rollback
  YamlNode node;
};

enum class TaskKind : uint8_t {
  kGroup,
  kBuild,
  kRun,
  kTest,
  kSeed,
  kSnapshot,
  kIngest,
  kPublish,
  kSql,
  kShell,
  kPython,
  kHttp,
  kSsh,
  kBranch,
  kGate,
  kWait,
  kTrigger,
  kNotify,
};
std::string_view ToString(TaskKind kind);  // the key that makes it: "build"
bool IsSelection(TaskKind kind);           // runs dbt nodes, and is expanded to them

using TaskIndex = uint32_t;  // into Pipeline::tasks

struct BranchArm {
  jinja::Value when;  // undefined for `else`; bound: the value itself
  bool otherwise = false;
  std::vector<TaskIndex> to;
  Span span;
};

// One entry of `tasks:`, groups included. Which of the last fields mean something follows from `kind`.
struct Task {
  std::string name;   // with its groups: "extract.us_east"; unique in the pipeline
  std::string label;  // its own word: "us_east"
  Span span;
  TaskKind kind = TaskKind::kBuild;
  int group = -1;                 // the group it stands in
  std::vector<TaskIndex> needs;   // as written: tasks or groups
  std::vector<TaskIndex> setups;  // of a teardown: the tasks whose work it undoes
  scheduler::TriggerRule rule = scheduler::TriggerRule::kDefault;
  bool allow_failure = false;
  scheduler::RetryPolicy retry;  // defaults of the pipeline and of its groups applied, as all below
  Duration timeout{0};
  std::string pool;
  uint32_t slots = 1;
  int priority = 0;                     // added to the pipeline's
  std::vector<std::string> on_failure;  // connections that get an alert when it fails; the pipeline's come too

  jinja::Value for_each;  // a list: one task an item, with `item` and `index`; undefined: no loop

  std::vector<std::string> select, exclude;  // build, run, test, seed, snapshot
  bool full_refresh = false;
  Placed<std::string> subject;      // ingest, publish: its name; sql, ssh: the connection; trigger: the pipeline
  Placed<std::string> text;         // sql: the statement; shell, ssh: the command line; notify: the message
  std::vector<std::string> argv;    // python: the script and its arguments
  std::filesystem::path directory;  // shell, python: absolute
  std::map<std::string, std::string> environment;
  HttpCall http;
  Wait wait;
  Trigger trigger;
  std::vector<BranchArm> arms;                // branch
  jinja::Value condition;                     // gate
  std::vector<Placed<std::string>> channels;  // notify: connections
  YamlNode node;
};

struct Schedule {
  enum class Kind : uint8_t { kNone, kCron, kEvery, kOn, kFreshness };
  Kind kind = Kind::kNone;
  std::string cron;  // five or six fields, or a preset: "@daily"
  Duration every{0};
  struct On {
    Placed<std::string> name;       // as written: source('a', 'b'), ref('m'), the name of a publication
    std::vector<std::string> call;  // of source and ref: the arguments
    bool is_source = false, is_ref = false;
    std::string asset;  // "source.shop.sales.us_east", "model.shop.orders", "publication.leaderboard"
  };
  std::vector<On> on;
  bool all = false;          // of `on`: when all were renewed, not any
  Duration min_interval{0};  // of `on`
  Span span;
};

struct HolidayCalendar {
  std::string name;
  Span span;
  std::map<Timestamp, std::string> days;  // as scheduler::Holidays has them
};

struct Deadline {
  Duration after{0};
  std::vector<std::string> notify;
};

struct Pipeline {
  std::string name;
  Span span;
  std::string description;
  std::vector<std::string> tags;
  Schedule schedule;
  std::string timezone = "UTC";
  std::optional<Timestamp> start, end;  // intervals begin in [start, end)
  scheduler::Missed missed = scheduler::Missed::kLast;
  int max_active_runs = 1;
  int priority = 0;  // among pipelines, where they want the same slots
  bool depends_on_past = false;
  Duration timeout{0};
  std::optional<scheduler::SkipWindow> skip_when;
  Placed<std::string> calendar;  // whose holidays are left out; empty: none
  std::optional<Deadline> deadline;
  std::vector<std::string> on_failure;
  jinja::Value params;  // a dict, defaults that --params overrides
  std::vector<Task> tasks;
  scheduler::Wired wired;  // needs and branch targets between tasks, groups flattened; by TaskIndex
  std::string hash;        // of the definition's content: runs remember what they ran

  const Task* Find(std::string_view task) const;  // by its name, or by its label where only one task has it
};

struct SecretSource {
  enum class Kind : uint8_t { kEnv, kFile, kCommand };
  Kind kind = Kind::kEnv;
  std::filesystem::path path;        // kFile: a folder with a file a secret, mode 0600; absolute
  std::vector<std::string> command;  // kCommand: gets the name as its last argument
};

struct Definitions {
  std::vector<Connection> connections;  // `target` among them
  std::vector<Ingestion> ingestions;
  std::vector<Publication> publications;
  std::map<std::string, uint32_t> pools;
  std::vector<HolidayCalendar> calendars;
  std::vector<Pipeline> pipelines;
  std::vector<SecretSource> secrets = {{}};
  Duration keep_runs = std::chrono::hours(24 * 180);  // after they have ended
  std::string target_name;                            // whose connections.X.targets.<name> apply
  std::filesystem::path project_dir;                  // absolute; relative paths are below it

  // By name. A miss is an error that names what there is.
  Result<const Connection*> FindConnection(std::string_view name) const;
  Result<const Ingestion*> FindIngestion(std::string_view name) const;
  Result<const Publication*> FindPublication(std::string_view name) const;
  Result<const HolidayCalendar*> FindCalendar(std::string_view name) const;
  Result<const Pipeline*> FindPipeline(std::string_view name) const;
};

}  // namespace stir::platform
