// A Python class as a template sees it: called, it makes an instance; its attributes are class methods and constants.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "jinja/value.h"

namespace stir::pylib {

class ClassObject : public jinja::Object {
 public:
  ClassObject(std::string name, jinja::Function construct, std::vector<std::pair<std::string, jinja::Value>> members)
      : name_(std::move(name)), construct_(std::move(construct)), members_(std::move(members)) {}
  std::string_view TypeName() const override { return "type"; }
  bool IsCallable() const override { return true; }
  Result<jinja::Value> Call(jinja::CallContext& context, const jinja::Arguments& arguments) override {
    return construct_(context, arguments);
  }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext&, std::string_view name) override {
    for (const auto& [member, value] : members_) {
      if (member == name) return std::optional<jinja::Value>(value);
    }
    return std::optional<jinja::Value>();
  }
  Result<std::string> Repr() const override { return "<class '" + name_ + "'>"; }

 private:
  std::string name_;
  jinja::Function construct_;
  std::vector<std::pair<std::string, jinja::Value>> members_;
};

}  // namespace stir::pylib
