#include "project/behavior.h"

#include "base/strings.h"
#include "jinja/template.h"

namespace stir::project {

namespace {

using jinja::CallContext;
using jinja::Value;

class Flag final : public jinja::Object {
 public:
  explicit Flag(bool on) : on_(on) {}
  std::string_view TypeName() const override { return "BehaviorFlagRendered"; }
  bool Truthy() const override { return on_; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "setting" || name == "no_warn") return {Value::Bool(on_)};
    return {std::nullopt};
  }

 private:
  bool on_;
};

class Behavior final : public jinja::Object {
 public:
  explicit Behavior(const Invocation& invocation) : invocation_(invocation) {}
  std::string_view TypeName() const override { return "Behavior"; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    bool on = false;
    for (const auto& [flag, value] : invocation_.flags)
      if (ToLower(flag) == name) on = value.Truthy();
    return {Value::New<Flag>(on)};
  }

 private:
  const Invocation& invocation_;
};

}  // namespace

Value MakeBehavior(const Invocation& invocation) { return Value::New<Behavior>(invocation); }

}  // namespace stir::project
