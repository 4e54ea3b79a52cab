#include "jinja/inheritance.h"

#include <fmt/format.h>

#include "jinja/evaluator.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

Value NoParentBlock(Evaluator& evaluator, std::string_view name) {
  return evaluator.UndefinedHint(fmt::format("there is no parent block called {}.", ReprText(name)));
}

class BlockReference final : public Object {
 public:
  BlockReference(Ref<Context> context, std::string name, size_t depth)
      : context_(std::move(context)), name_(std::move(name)), depth_(depth) {}
  std::string_view TypeName() const override { return "BlockReference"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    return Catching([&] {
      if (!arguments.positional.empty() || !arguments.keywords.empty()) {
        FailType(fmt::format("BlockReference.__call__() takes 1 positional argument but {} were given",
                             1 + arguments.positional.size() + arguments.keywords.size()));
      }
      return static_cast<Evaluator&>(context).CallBlock(context_, name_, depth_);
    });
  }
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view attribute) override {
    if (attribute == "name") return std::optional(Value::String(name_));
    if (attribute != "super") return std::optional<Value>();
    auto at = context_->blocks.find(name_);
    if (at == context_->blocks.end() || depth_ + 1 >= at->second.size())
      return std::optional(NoParentBlock(static_cast<Evaluator&>(context), name_));
    return std::optional(MakeBlockReference(context_, name_, depth_ + 1));
  }
  Result<std::string> Repr() const override { return std::string("<jinja2.runtime.BlockReference object>"); }

 private:
  const Ref<Context> context_;
  const std::string name_;
  const size_t depth_;
};

class TemplateReference final : public Object {
 public:
  explicit TemplateReference(Ref<Context> context) : context_(std::move(context)) {}
  std::string_view TypeName() const override { return "TemplateReference"; }
  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override {
    if (!context_ || !key.IsString() || !context_->blocks.contains(key.AsString())) return std::optional<Value>();
    return std::optional(MakeBlockReference(context_, key.AsString(), 0));
  }
  Result<std::string> Repr() const override { return std::string("<TemplateReference None>"); }

 private:
  const Ref<Context> context_;
};

class TemplateModule final : public Object {
 public:
  TemplateModule(std::string of, Ref<Dict> with, std::string written)
      : name(std::move(of)), names(std::move(with)), text(std::move(written)) {}
  std::string_view TypeName() const override { return "TemplateModule"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view attribute) override {
    const Value* value = names->Find(attribute);
    return value ? std::optional(*value) : std::nullopt;
  }
  Result<std::string> Str() const override { return text; }
  Result<std::string> Repr() const override { return fmt::format("<TemplateModule {}>", ReprText(name)); }

  const std::string name;
  const Ref<Dict> names;
  const std::string text;
};

}  // namespace

Value MakeTemplateReference(Ref<Context> context) { return Value::New<TemplateReference>(std::move(context)); }

Value MakeBlockReference(Ref<Context> context, std::string_view name, size_t depth) {
  return Value::New<BlockReference>(std::move(context), std::string(name), depth);
}

Value MakeTemplateModule(std::string name, const Context& context, std::string text) {
  auto names = MakeRef<Dict>();
  for (const auto& [key, value] : context.exports->entries()) {
    if (!key.AsString().starts_with('_') && !context.imported.contains(key.AsString())) names->Set(key, value);
  }
  return Value::New<TemplateModule>(std::move(name), std::move(names), std::move(text));
}

const std::string* ModuleText(const Value& value) {
  const auto* module = value.As<TemplateModule>();
  return module ? &module->text : nullptr;
}

const Value* ModuleName(const Value& module, std::string_view name) {
  return module.As<TemplateModule>()->names->Find(name);
}

}  // namespace stir::jinja
