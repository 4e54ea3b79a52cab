#include "runtime/config_object.h"

#include <array>

#include <fmt/format.h>

#include "jinja/template.h"
#include "project/manifest.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

class ConfigObject final : public jinja::Object {
 public:
  explicit ConfigObject(const project::Node& node) : node_(node) {}
  std::string_view TypeName() const override { return "RuntimeConfigObject"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments&) override { return Value::String(""); }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const auto bind = [&](jinja::Function body) -> std::optional<Value> {
      return BoundMethod(std::string(name), this, std::move(body));
    };
    if (name == "get") return {bind([this](CallContext&, const Arguments& a) { return Get(a); })};
    if (name == "require") return {bind([this](CallContext&, const Arguments& a) { return Require(a); })};
    if (name == "meta_get") return {bind([this](CallContext&, const Arguments& a) { return MetaGet(a); })};
    if (name == "meta_require") return {bind([this](CallContext&, const Arguments& a) { return MetaRequire(a); })};
    if (name == "set") return {bind([](CallContext&, const Arguments&) -> Result<Value> { return Value::String(""); })};
    if (name == "persist_relation_docs") return {bind(Answer(node_.config->persist_docs_relation))};
    if (name == "persist_column_docs") return {bind(Answer(node_.config->persist_docs_columns))};
    return {std::nullopt};
  }

 private:
  static jinja::Function Answer(bool answer) {
    return [answer](CallContext&, const Arguments&) -> Result<Value> { return Value::Bool(answer); };
  }

  // Undefined when nobody wrote the key and it has no default.
  Result<Value> Find(const Value& name) const {
    if (!name.IsString()) return Value();
    if (node_.type == project::ResourceType::kSnapshot && name.AsString() == "snapshot_table_column_names")
      return SnapshotColumns();
    return project::Thaw(node_.config->Get(name.AsString()));
  }

  // The columns that a snapshot adds, under the names that it wants for them.
  Value SnapshotColumns() const {
    static constexpr std::array<std::string_view, 5> kNames{"dbt_valid_from", "dbt_valid_to", "dbt_scd_id",
                                                            "dbt_updated_at", "dbt_is_deleted"};
    const Value& renamed = node_.config->Get("snapshot_meta_column_names");
    std::vector<std::pair<Value, Value>> entries;
    for (const std::string_view name : kNames) {
      const Value* other = renamed.IsDict() ? renamed.AsDict().Find(name) : nullptr;
      entries.emplace_back(TextValue(name), other && other->Truthy() ? *other : TextValue(name));
    }
    return Value::MakeDict(std::move(entries));
  }

  Result<Value> Missing(const Value& name, std::string_view where) const {
    STIR_ASSIGN(const std::string text, name.Str());
    return Diagnostic(kConfigMissing, fmt::format("Model '{}' does not define a required config parameter '{}'{}.",
                                                  node_.name, text, where));
  }

  Result<Value> Get(const Arguments& arguments) const {
    ArgumentReader args("get", arguments);
    STIR_ASSIGN(const Value name, args.Required("name"));
    Value fallback = args.Optional("default");
    args.Optional("validator");
    STIR_TRY(args.Finish());
    STIR_ASSIGN(Value found, Find(name));
    return found.IsUndefined() ? std::move(fallback) : std::move(found);
  }

  Result<Value> Require(const Arguments& arguments) const {
    ArgumentReader args("require", arguments);
    STIR_ASSIGN(const Value name, args.Required("name"));
    args.Optional("validator");
    STIR_TRY(args.Finish());
    STIR_ASSIGN(Value found, Find(name));
    if (found.IsUndefined()) return Missing(name, "");
    return found;
  }

  Value FindMeta(const Value& name) const {
    const Value& meta = node_.config->Get("meta");
    const Value* found = meta.IsDict() ? meta.AsDict().Find(name) : nullptr;
    return found ? project::Thaw(*found) : Value();
  }

  Result<Value> MetaGet(const Arguments& arguments) const {
    ArgumentReader args("meta_get", arguments);
    STIR_ASSIGN(const Value name, args.Required("name"));
    Value fallback = args.Optional("default");
    args.Optional("validator");
    STIR_TRY(args.Finish());
    Value found = FindMeta(name);
    return found.IsUndefined() ? std::move(fallback) : std::move(found);
  }

  Result<Value> MetaRequire(const Arguments& arguments) const {
    ArgumentReader args("meta_require", arguments);
    STIR_ASSIGN(const Value name, args.Required("name"));
    args.Optional("validator");
    STIR_TRY(args.Finish());
    Value found = FindMeta(name);
    if (found.IsUndefined()) return Missing(name, " in meta");
    return found;
  }

  const project::Node& node_;
};

}  // namespace

Value MakeConfig(const project::Node& node) { return Value::New<ConfigObject>(node); }

}  // namespace stir::runtime
