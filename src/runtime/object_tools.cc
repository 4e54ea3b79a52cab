#include "runtime/object_tools.h"

#include "jinja/template.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

class Record final : public jinja::Object {
 public:
  Record(std::string type, std::vector<std::pair<std::string, Value>> fields)
      : type_(std::move(type)), fields_(std::move(fields)) {}
  std::string_view TypeName() const override { return type_; }
  bool IsMapping() const override { return true; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return fields_.size(); }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override {
    return std::unique_ptr<jinja::Iterator>(new KeyIterator(fields_));
  }

  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    return {key.IsString() ? Find(key.AsString()) : std::nullopt};
  }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (std::optional<Value> found = Find(name)) return {std::move(found)};
    if (name == "get")
      return {BoundMethod("get", this, [this](CallContext&, const Arguments& arguments) -> Result<Value> {
        ArgumentReader args("get", arguments);
        STIR_ASSIGN(const Value key, args.Required("key"));
        Value fallback = args.Optional("default");
        std::optional<Value> found = key.IsString() ? Find(key.AsString()) : std::nullopt;
        return found ? *std::move(found) : std::move(fallback);
      })};
    if (name == "items" || name == "keys" || name == "values")
      return {BoundMethod(std::string(name), this,
                          [this, which = name[0]](CallContext&, const Arguments&) -> Result<Value> {
                            std::vector<Value> items;
                            for (const auto& [key, value] : fields_) {
                              const Value text = Value::String(key);
                              items.push_back(which == 'k' ? text : which == 'v' ? value : Value::Tuple({text, value}));
                            }
                            return Value::List(std::move(items));
                          })};
    if (name == "to_dict")
      return {BoundMethod("to_dict", this, [this](CallContext&, const Arguments&) { return AsDict(); })};
    return {std::nullopt};
  }
  Result<std::string> Repr() const override {
    std::string text = type_ + "(";
    for (size_t i = 0; i < fields_.size(); ++i) {
      STIR_ASSIGN(const std::string value, fields_[i].second.Repr());
      text += (i ? ", " : "") + fields_[i].first + "=" + value;
    }
    return text + ")";
  }

 private:
  class KeyIterator final : public jinja::Iterator {
   public:
    explicit KeyIterator(const std::vector<std::pair<std::string, Value>>& fields) : fields_(fields) {}
    Result<std::optional<Value>> Next() override {
      if (next_ == fields_.size()) return {std::nullopt};
      return {Value::String(fields_[next_++].first)};
    }

   private:
    const std::vector<std::pair<std::string, Value>>& fields_;
    size_t next_ = 0;
  };

  std::optional<Value> Find(std::string_view name) const {
    for (const auto& [key, value] : fields_)
      if (key == name) return value;
    return std::nullopt;
  }
  Result<Value> AsDict() const {
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [key, value] : fields_) entries.emplace_back(Value::String(key), value);
    return Value::MakeDict(std::move(entries));
  }

  std::string type_;
  std::vector<std::pair<std::string, Value>> fields_;
};

}  // namespace

Value TextValue(std::string_view text) { return Value::String(std::string(text)); }

Value TextOrNone(std::string_view text) { return text.empty() ? Value::None() : TextValue(text); }

Value BoundMethod(std::string name, jinja::Object* owner, jinja::Function body) {
  return jinja::MakeFunction(
      std::move(name), [keep = jinja::Ref<jinja::Object>(owner), body = std::move(body)](
                           CallContext& context, const Arguments& arguments) { return body(context, arguments); });
}

Value MakeRecord(std::string type, std::vector<std::pair<std::string, Value>> fields) {
  return Value::New<Record>(std::move(type), std::move(fields));
}

}  // namespace stir::runtime
