// Methods stand in tables by name; those that change relations tell the cache before they call the macro that does it,
// as dbt does, so that a macro which asks sees the new state.
#include "runtime/adapter_object.h"

#include <fmt/format.h>

#include "base/json.h"
#include "pylib/agate.h"
#include "runtime/adapter_methods.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

class Response final : public jinja::Object {
 public:
  explicit Response(QueryResult result) : result_(std::move(result)) {}
  const QueryResult& result() const { return result_; }
  std::string_view TypeName() const override { return "AdapterResponse"; }
  Result<std::string> Str() const override { return result_.outcome.message; }
  Result<std::string> Repr() const override {
    const auto repr = [](const Value& value) {
      Result<std::string> text = value.Repr();
      return text.ok() ? *std::move(text) : std::string("?");
    };
    const adapter::Outcome& outcome = result_.outcome;
    return fmt::format("AdapterResponse(_message={}, code={}, rows_affected={}, query_id=None)",
                       repr(Value::String(outcome.message)), repr(TextOrNone(outcome.code)),
                       outcome.rows_affected < 0 ? "None" : std::to_string(outcome.rows_affected));
  }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const adapter::Outcome& outcome = result_.outcome;
    if (name == "_message" || name == "message") return {Value::String(outcome.message)};
    if (name == "code") return {TextOrNone(outcome.code)};
    if (name == "rows_affected") return {outcome.rows_affected < 0 ? Value::None() : Value::Int(outcome.rows_affected)};
    if (name == "query_id") return {Value::None()};
    return {std::nullopt};
  }

 private:
  QueryResult result_;
};

class AdapterObject final : public jinja::Object {
 public:
  explicit AdapterObject(NodeRun& run) : run_(run) {}
  std::string_view TypeName() const override { return "DatabaseAdapter"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (const AdapterMethod method = FindAdapterMethod(name))
      return {jinja::MakeFunction(std::string(name), [this, keep = jinja::Ref<jinja::Object>(this), method](
                                                         CallContext& context, const Arguments& arguments) {
        return method(run_, context, arguments);
      })};
    if (name == "behavior") return {run_.state().base().behavior()};
    if (name == "config") {
      Value config;
      run_.LookupBuiltin("config", config);
      return {std::move(config)};
    }
    return {std::nullopt};
  }

 private:
  NodeRun& run_;
};

}  // namespace

Value MakeAdapter(NodeRun& run) { return Value::New<AdapterObject>(run); }

Value MakeResponse(QueryResult result) { return Value::New<Response>(std::move(result)); }

const QueryResult* AsAnswer(const Value& response) {
  const auto* object = response.As<Response>();
  return object ? &object->result() : nullptr;
}

std::string ResponseJson(const adapter::Outcome& outcome) {
  JsonWriter json;
  json.BeginObject().Key("_message").String(outcome.message);
  if (!outcome.code.empty()) {
    json.Key("code").String(outcome.code);
    json.Key("rows_affected").Int(outcome.rows_affected);
  }
  json.EndObject();
  return std::move(json).Take();
}

std::string WholeResponseJson(const adapter::Outcome& outcome) {
  JsonWriter json;
  json.BeginObject().Key("_message").String(outcome.message.empty() ? "OK" : outcome.message);
  outcome.code.empty() ? json.Key("code").Null() : json.Key("code").String(outcome.code);
  outcome.code.empty() ? json.Key("rows_affected").Null() : json.Key("rows_affected").Int(outcome.rows_affected);
  json.Key("query_id").Null().EndObject();
  return std::move(json).Take();
}

Value MakeResultTable(QueryResult result) {
  return pylib::MakeTable(std::move(result.columns), std::move(result.rows));
}

}  // namespace stir::runtime
