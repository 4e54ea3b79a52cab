#include "runtime/node_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "project/node_info.h"
#include "runtime/adapter_object.h"
#include "runtime/kinds.h"
#include "runtime/node_names.h"
#include "runtime/node_values.h"

namespace stir::runtime {

using jinja::Value;

namespace {

// What dbt's log calls the connection.
std::string ConnectionName(const project::Node& node) {
  if (node.type != project::ResourceType::kOperation) return std::string(node.unique_id);
  return node.operation == nullptr ? std::string(node.name) : "master";
}

// What events about the session's statements say of the node; nothing for what is no node.
std::string InfoOf(const project::Node& node, Purpose purpose, Timestamp began) {
  if (purpose != Purpose::kNode) return {};
  JsonWriter json;
  json.BeginObject();
  project::WriteNodeInfo(json, node, "executing", began, Timestamp{});
  json.EndObject();
  const std::string text = std::move(json).Take();
  return text.substr(1, text.size() - 2);
}

// What no node sends stands alone where dbt's driver opens transactions by itself: dbt ends the one it finds first.
Transactions TransactionsFor(const RunState& state, Purpose purpose) {
  if (!state.transactions()) return Transactions::kNone;
  if (!state.dialect().implicit_transactions) return Transactions::kOnDemand;
  const bool by_hand = purpose == Purpose::kOperation || purpose == Purpose::kStatement;
  return by_hand ? Transactions::kNone : Transactions::kImplicit;
}

bool IsOf(const project::Manifest& manifest, const project::Node& node) {
  return node.id < manifest.nodes().size() && &manifest.nodes()[node.id] == &node;
}

}  // namespace

std::string StoredResult::ResponseJson() const { return raw.empty() ? runtime::ResponseJson(answer.outcome) : raw; }

NodeRun::NodeRun(RunState& state, const project::Node& node, Worker& worker, Purpose purpose, const BatchPart* batch)
    : state_(state),
      node_(node),
      worker_(worker),
      purpose_(purpose),
      batch_(batch),
      is_of_manifest_(batch == nullptr && IsOf(state.manifest(), node)),
      began_(state.options().invocation->clock->Now()),
      session_(
          *worker.connection, state.events(), *state.options().invocation->clock, state.dialect().name,
          ConnectionName(node), InfoOf(node, purpose, began_), [this] { return Comment(); },
          state.options().query_comment.append, TransactionsFor(state, purpose)) {}

Result<std::string> NodeRun::Comment() {
  const bool operation = node_.type == project::ResourceType::kOperation;
  const std::string connection(operation ? std::string_view("master") : node_.unique_id);
  const std::optional<std::string>& text = state_.options().query_comment.text;
  if (!text) return state_.DefaultComment(operation ? "connection_name" : "node_id", connection);
  if (text->find('{') == std::string::npos) return *text;
  Set("connection_name", Value::String(connection));
  Set("node", operation ? Value::None() : NodeDict(manifest(), node_, Nulls::kLeftOut));
  STIR_ASSIGN(const auto parsed, jinja::Template::Parse(*text, {}));
  return jinja::Render(*parsed, *this);
}

const CompiledNode& NodeRun::Keep(CompiledNode compiled) {
  made_.clear();  // `model` has the compiled SQL from now on
  return compiled_.emplace(std::move(compiled));
}

NodeRun::~NodeRun() = default;

void NodeRun::MacroCalled(const void* identity, size_t depth) {
  if (!is_of_manifest_ || macro_depth_ != depth) return;
  const project::Macro* macro = state_.FindMacro(identity);
  if (!macro || std::ranges::find(node_.macros, macro->id) != node_.macros.end()) return;
  Note([&](project::RenderedNode& rendered) {
    if (std::ranges::find(rendered.macros, macro->id) == rendered.macros.end()) rendered.macros.push_back(macro->id);
  });
}

bool NodeRun::Lookup(std::string_view name, Value& value) {
  for (const auto& [overridden, held] : overrides_) {
    if (overridden == name) {
      value = held;
      return true;
    }
  }
  for (const auto& [made, held] : made_) {
    if (made == name) {
      value = held;
      return true;
    }
  }
  if (manifest().macros().Lookup(node_.package, name, value)) return true;
  return LookupBuiltin(name, value);
}

bool NodeRun::LookupBuiltin(std::string_view name, Value& value) {
  for (const auto& [extra, held] : extra_) {
    if (extra == name) {
      value = held;
      return true;
    }
  }
  std::string_view key;
  if (MakeNodeName(*this, name, key, value)) {
    Value other;
    if (!key.empty() && !manifest().macros().Lookup(node_.package, name, other)) made_.emplace_back(key, value);
    return true;
  }
  return state_.base().Lookup(name, value);
}

Result<Value> NodeRun::CallMacro(jinja::CallContext& context, std::string_view name, std::vector<Value> arguments) {
  const project::Macro* macro = manifest().macros().Resolve(manifest().project_name(), name);
  if (!macro) return Diagnostic(kNoMacro, fmt::format("macro `{}` not found", name));
  const std::optional<size_t> depth = std::exchange(macro_depth_, std::nullopt);  // the adapter's, not the node's
  Result<Value> answer = context.Call(macro->callable, jinja::Arguments{arguments, {}});
  macro_depth_ = depth;
  return answer;
}

void NodeRun::UseCte(graph::NodeId ephemeral) {
  if (std::ranges::find(ctes_, ephemeral) == ctes_.end()) ctes_.push_back(ephemeral);
}

Span NodeRun::FindHook(std::string_view text) const {
  for (const auto* hooks : {&node_.config->pre_hooks, &node_.config->post_hooks})
    for (const project::Hook& hook : *hooks)
      if (hook.sql == text) return hook.span;
  return {};
}

Span NodeRun::HookOf(std::string_view sql) const {
  const auto found = std::ranges::find(hooks_, Strip(sql), &std::pair<Span, std::string>::second);
  return found == hooks_.end() ? Span{} : found->first;
}

const StoredResult* NodeRun::FindResult(std::string_view name) const {
  const auto found = results_.find(name);
  return found == results_.end() ? nullptr : &found->second;
}

Result<Value> NodeRun::TakeResult(const std::string& name) {
  const auto found = results_.find(name);
  if (found == results_.end()) {
    if (std::ranges::find(consumed_, name) == consumed_.end()) return Value::None();
    return Diagnostic(kResultConsumed,
                      fmt::format("The 'statement' result named '{}' has already been loaded into a variable", name))
        .Hint("keep the first answer in a variable");
  }
  const StoredResult& stored = found->second;
  std::vector<Value> data;
  for (const std::vector<Value>& row : stored.answer.rows) data.push_back(Value::Tuple(row));
  Value answer = Value::MakeDict({{Value::String("response"), stored.response},
                                  {Value::String("data"), Value::List(std::move(data))},
                                  {Value::String("table"), stored.table}});
  if (name != "main") {
    consumed_.push_back(name);
    results_.erase(found);
  }
  return answer;
}

std::string TargetFile(const project::Node& node, std::string_view kind, const BatchPart* batch) {
  const auto file_name = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
  std::string path(node.original_file_path);
  if (node.type == project::ResourceType::kSnapshot) {
    path += fmt::format("/{}.sql", node.name);  // several may share a file
  } else if (node.unit_test) {
    const std::string_view version = node.unit_test->version;
    path += fmt::format("/{}{}{}{}.sql", path.substr(0, path.rfind('/') + 1), node.name, version.empty() ? "" : "_v",
                        version);
  } else if (file_name(node.path) != file_name(node.original_file_path)) {
    path += fmt::format("/{}", node.path);
  }
  if (batch) {
    const size_t dot = path.rfind('.');
    const std::string stem = path.substr(0, dot), extension = dot == path.npos ? "" : path.substr(dot);
    path = fmt::format("{}/{}_{}{}", stem, file_name(stem), BatchLabel(batch->batch.start, batch->size), extension);
  }
  return fmt::format("{}/{}/{}", kind, node.package, path);
}

Result<std::string> NodeRun::WriteSql(std::string_view kind, std::string_view sql) {
  const RunnerOptions& options = state_.options();
  const std::string path = TargetFile(node_, kind, batch_);
  if (options.write_files && options.files) STIR_TRY(options.files->Overwrite(options.target_path / path, sql));
  return options.target_folder + "/" + path;
}

Status NodeRun::WriteRunSql(std::string_view sql) {
  STIR_ASSIGN(std::string path, WriteSql("run", sql));
  run_file_ = path;
  Note([&](project::RenderedNode& rendered) { rendered.build_path = std::move(path); });
  return {};
}

Status NodeRun::WriteCompiledSql(std::string_view sql) {
  if (sql.empty()) return {};
  STIR_ASSIGN(std::string path, WriteSql("compiled", sql));
  Note([&](project::RenderedNode& rendered) { rendered.compiled_path = std::move(path); });
  return {};
}

}  // namespace stir::runtime
