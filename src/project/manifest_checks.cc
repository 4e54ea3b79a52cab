// One function a rule; each looks at one node, so that a rule is read without the others.
#include "project/manifest_checks.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "project/dbt_warnings.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

using jinja::Value;

std::string What(const Node& node) {
  return std::string(ResourceTypeName(node.type)) + " `" + std::string(node.name) + "`";
}

Span Where(const Node& node, std::string_view key) {
  const Span span = node.config->Where(key);
  return span ? span : node.span;
}

bool IsSet(const Value& value) { return !value.IsUndefined() && !value.IsNone() && value.Truthy(); }

class ManifestCheck {
 public:
  ManifestCheck(const Manifest& manifest, Timestamp now, Diagnostics& errors, Diagnostics& warnings)
      : manifest_(manifest), now_(now), errors_(errors), warnings_(warnings) {
    for (const Group& group : manifest.groups()) groups_.emplace_back(group.name);
    std::ranges::sort(groups_);
  }

  void Run() {
    CheckGroupNames();
    for (const Node& node : manifest_.nodes()) {
      CheckName(node);
      CheckGroup(node);
      CheckReferences(node);
      if (node.model) CheckModel(node);
      if (node.type == ResourceType::kSnapshot) CheckSnapshot(node);
    }
  }

 private:
  void Fail(std::string message, Span span, std::string hint = {}) {
    errors_.push_back(Diagnostic(kBadConfig, std::move(message), span).Hint(std::move(hint)));
  }
  void Warn(Kind kind, std::string message, Span span, std::string hint = {}, DbtEvent in_dbt = {}) {
    warnings_.push_back(Diagnostic(kind, std::move(message), span)
                            .As(Severity::kWarning)
                            .Hint(std::move(hint))
                            .InDbt(std::move(in_dbt)));
  }

  void CheckGroupNames() {
    for (size_t i = 0; i < manifest_.groups().size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const Group &group = manifest_.groups()[i], &other = manifest_.groups()[j];
        if (group.unique_id != other.unique_id) continue;
        errors_.push_back(
            Diagnostic(kDuplicateName, "two groups have the name `" + std::string(group.name) + "`", group.span)
                .With({other.span, "the other one"}));
      }
    }
  }

  void CheckName(const Node& node) {
    if (node.type >= ResourceType::kSource || node.name.find(' ') == Text::npos) return;
    Fail("the name of " + What(node) + " has a space in it", node.span, "rename it, with `_` for instance");
  }

  Text GroupOf(const Node& node) const {
    if (node.test && node.test->generic) return node.test->group;
    if (node.semantic) return node.semantic->group;
    return node.config->group;
  }

  void CheckGroup(const Node& node) {
    const std::string group(node.config->group);
    if (group.empty() || std::ranges::binary_search(groups_, group)) return;
    std::string hint = DidYouMean(group, groups_);
    if (hint.empty()) hint = groups_.empty() ? "the project has no `groups:`" : "the groups are " + Join(groups_, ", ");
    Fail(What(node) + " belongs to the group `" + group + "`, which is not there", Where(node, "group"),
         std::move(hint));
  }

  Span SpanOfRef(const Node& node, const Node& target) const {
    for (const RefCall& call : node.refs) {
      if (call.name == target.name && (call.version.empty() || call.version == target.model->version)) return call.span;
    }
    return node.span;
  }

  // Private models are for their group, protected ones for their package, where it says so.
  void CheckReferences(const Node& node) {
    for (graph::NodeId id : node.depends_on) {
      const Node& target = manifest_.node(id);
      WarnAboutRoot(node, target);
      if (!target.model || node.unit_test) continue;
      const Package* package = PackageOf(target);
      const bool restricted = package && package->restrict_access && target.package != manifest_.project_name();
      if (target.model->access == "private") {
        const Text group = GroupOf(node);
        if (group.empty() || group != target.model->group || restricted) FailPrivate(node, target);
      } else if (target.model->access == "protected" && restricted && node.package != target.package) {
        errors_.push_back(Diagnostic(kNoAccess,
                                     What(node) + " refers to " + What(target) +
                                         ", which is protected: only package `" + std::string(target.package) + "` may",
                                     SpanOfRef(node, target))
                              .About(std::string(node.unique_id))
                              .Hint("refer to a public model of that package"));
      }
    }
  }

  // A package that stands on the project which uses it can stand on no other.
  void WarnAboutRoot(const Node& node, const Node& target) {
    const Text root = manifest_.project_name();
    if (node.package == root || target.package != root || target.source || !target.IsRefable()) return;
    auto call = std::ranges::find(node.refs, target.name, &RefCall::name);
    if (call == node.refs.end() || call->package == root) return;
    Warn(kRefAmbiguous,
         What(node) + " of package `" + std::string(node.package) + "` refers to " + What(target) + " of the project",
         call->span, "say `ref('" + std::string(root) + "', '" + std::string(target.name) + "')` if that is meant");
  }

  void FailPrivate(const Node& node, const Node& target) {
    const std::string group(target.model->group);
    errors_.push_back(Diagnostic(kNoAccess,
                                 What(node) + " refers to " + What(target) + ", which is private to " +
                                     (group.empty() ? "no group" : "the group `" + group + "`"),
                                 SpanOfRef(node, target))
                          .About(std::string(node.unique_id))
                          .Hint("give both the same `group`, or the model another `access`"));
  }

  const Package* PackageOf(const Node& node) const {
    auto found = std::ranges::find(manifest_.packages(), node.package, &Package::name);
    return found == manifest_.packages().end() ? nullptr : &*found;
  }

  void CheckModel(const Node& node) {
    static constexpr std::array<std::string_view, 3> kAccess{"private", "protected", "public"};
    const Text access = node.model->access;
    if (std::ranges::find(kAccess, access) == kAccess.end()) {
      Fail("`" + std::string(access) + "` is no access of " + What(node), Where(node, "access"),
           "it is private, protected or public");
    } else if (access == "public" && node.IsEphemeral()) {
      Fail(What(node) + " is ephemeral, so it cannot be public", Where(node, "access"),
           "give it another materialization, or leave `access` out");
    }
    if (node.config->materialized == "incremental" && node.config->incremental_strategy == "microbatch")
      CheckMicrobatch(node);
    if (!node.model->deprecation_date.empty()) CheckDeprecation(node);
  }

  void CheckMicrobatch(const Node& node) {
    const std::string microbatch = "microbatch " + What(node);
    if (!node.config->Get("event_time").IsString()) {
      Fail(microbatch + " needs `event_time`: the name of the column that says when", Where(node, "event_time"));
    }
    const Value& begin = node.config->Get("begin");
    if (!IsSet(begin)) {
      Fail(microbatch + " needs `begin`: the earliest time that it is built from", node.span);
    } else if (begin.IsString() && !ParseTimestamp(begin.AsString())) {
      Fail("`begin` of " + microbatch + " is no ISO date or time: `" + std::string(begin.AsString()) + "`",
           Where(node, "begin"));
    }
    static constexpr std::array<std::string_view, 4> kSizes{"hour", "day", "month", "year"};
    const Value& size = node.config->Get("batch_size");
    if (!size.IsString() || std::ranges::find(kSizes, size.AsString()) == kSizes.end()) {
      Fail(microbatch + " needs a `batch_size` of hour, day, month or year", Where(node, "batch_size"));
    }
    const Value& lookback = node.config->Get("lookback");
    if (!lookback.IsNone() && lookback.type() != jinja::Type::kInt)
      Fail("`lookback` of " + microbatch + " must be a whole number", Where(node, "lookback"));
    const Value& concurrent = node.config->Get("concurrent_batches");
    if (!concurrent.IsNone() && concurrent.type() != jinja::Type::kBool)
      Fail("`concurrent_batches` of " + microbatch + " must be true or false", Where(node, "concurrent_batches"));
  }

  void CheckDeprecation(const Node& node) {
    const std::optional<Timestamp> date = ParseTimestamp(node.model->deprecation_date);
    if (!date) {
      return Fail(
          "`deprecation_date` of " + What(node) + " is no date: `" + std::string(node.model->deprecation_date) + "`",
          node.span);
    }
    const bool past = *date < now_;
    const std::string version = node.model->version.empty() ? "" : " v" + std::string(node.model->version);
    const std::string day(node.model->deprecation_date.substr(0, 10));
    if (past) {
      Warn(kDeprecated, What(node) + version + " has passed its deprecation date of " + day, node.span, {},
           ModelDeprecated(node));
    }
    std::string hint = "remove the reference";
    if (!version.empty() && node.model->version != node.model->latest_version)
      hint = "the latest version is " + std::string(node.model->latest_version);
    for (graph::NodeId id : manifest_.graph().Children(node.id)) {
      const Node& child = manifest_.node(id);
      if (!child.model) continue;
      Warn(kDeprecated,
           What(child) + " refers to " + What(node) + version + ", which " + (past ? "was" : "will be") +
               " deprecated on " + day,
           SpanOfRef(child, node), hint, ReferenceToDeprecated(child, node, past));
    }
  }

  void CheckSnapshot(const Node& node) {
    const Value& strategy = node.config->Get("strategy");
    if (!IsSet(strategy) || !IsSet(node.config->Get("unique_key"))) {
      return errors_.push_back(
          Diagnostic(kBadConfig, What(node) + " needs a `strategy` and a `unique_key`", node.span)
              .Hint("the strategies are timestamp and check")
              .InDbt({.message = "Snapshots must be configured with a 'strategy' and 'unique_key'."}));
    }
    const std::string name(strategy.IsString() ? strategy.AsString() : std::string_view());
    const Value& columns = node.config->Get("check_cols");
    if (name == "check" && !IsSet(columns)) {
      Fail(What(node) + " has the strategy check, so it needs `check_cols`", Where(node, "strategy"),
           "list columns, or write `check_cols: all`");
    } else if (name == "check" && columns.IsString() && columns.AsString() != "all") {
      Fail("`check_cols` of " + What(node) + " must be `all` or a list of columns, not `" +
               std::string(columns.AsString()) + "`",
           Where(node, "check_cols"));
    } else if (name == "timestamp" && !IsSet(node.config->Get("updated_at"))) {
      Fail(What(node) + " has the strategy timestamp, so it needs `updated_at`", Where(node, "strategy"));
    } else if (name == "timestamp" && IsSet(columns)) {
      Fail(What(node) + " has the strategy timestamp, which takes no `check_cols`", Where(node, "check_cols"));
    }
    if (!node.config->materialized.empty() && node.config->materialized != "snapshot")
      Fail(What(node) + " cannot be materialized as `" + node.config->materialized + "`", Where(node, "materialized"));
  }

  const Manifest& manifest_;
  const Timestamp now_;
  Diagnostics& errors_;
  Diagnostics& warnings_;
  std::vector<std::string> groups_;
};

}  // namespace

void CheckManifest(const Manifest& manifest, Timestamp now, Diagnostics& errors, Diagnostics& warnings) {
  ManifestCheck(manifest, now, errors, warnings).Run();
}

}  // namespace stir::project
