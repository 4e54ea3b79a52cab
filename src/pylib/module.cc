// Modules and errors in Python's words, shared by everything templates reach as `modules`.
#include <fmt/format.h>

#include "jinja/kinds.h"
#include "pylib/modules.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::Value;

class ModuleObject : public jinja::Object {
 public:
  ModuleObject(std::string name, std::vector<std::pair<std::string, Value>> members)
      : name_(std::move(name)), members_(std::move(members)) {}
  std::string_view TypeName() const override { return "module"; }
  Result<std::optional<Value>> GetAttribute(jinja::CallContext&, std::string_view name) override {
    for (const auto& [member, value] : members_) {
      if (member == name) return std::optional<Value>(value);
    }
    return std::optional<Value>();
  }
  Result<std::string> Repr() const override { return fmt::format("<module '{}'>", name_); }

 private:
  std::string name_;
  std::vector<std::pair<std::string, Value>> members_;
};

}  // namespace

Value MakeModule(std::string name, std::vector<std::pair<std::string, Value>> members) {
  return Value::New<ModuleObject>(std::move(name), std::move(members));
}

Diagnostic ValueError(std::string message) { return Diagnostic(jinja::kTemplateValue, std::move(message)); }
Diagnostic TypeError(std::string message) { return Diagnostic(jinja::kTemplateType, std::move(message)); }

Value Modules(const Clock& clock, std::function<Status()> on_itertools) {
  auto modules = jinja::MakeRef<jinja::Dict>();
  modules->Set("pytz", PytzModule());
  modules->Set("datetime", DatetimeModule(clock));
  modules->Set("re", RegexModule());
  modules->Set("itertools", ItertoolsModule(on_itertools));
  return Value::FromDict(std::move(modules));
}

}  // namespace stir::pylib
