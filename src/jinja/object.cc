// What objects do when they do not say otherwise, functions as objects, and how a callee reads its arguments.
#include <algorithm>

#include <fmt/format.h>

#include "jinja/kinds.h"
#include "jinja/value.h"

namespace stir::jinja {
namespace {

class FunctionObject final : public Object {
 public:
  FunctionObject(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {}
  std::string_view TypeName() const override { return "function"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    return function_(context, arguments);
  }
  Result<std::string> Repr() const override { return fmt::format("<function {}>", name_); }

 private:
  std::string name_;
  Function function_;
};

}  // namespace

Result<std::optional<Value>> Object::GetAttribute(CallContext&, std::string_view) { return std::optional<Value>(); }
Result<std::optional<Value>> Object::GetItem(CallContext&, const Value&) { return std::optional<Value>(); }

Result<void> Object::SetItem(CallContext&, const Value&, Value) {
  return Diagnostic(kTemplateType, fmt::format("'{}' object does not support item assignment", TypeName()));
}

Result<Value> Object::Call(CallContext&, const Arguments&) {
  return Diagnostic(kTemplateType, fmt::format("'{}' object is not callable", TypeName()));
}

Result<std::unique_ptr<Iterator>> Object::Iterate() {
  return Diagnostic(kTemplateType, fmt::format("'{}' object is not iterable", TypeName()));
}

std::optional<bool> Object::Contains(const Value&) { return std::nullopt; }

bool Object::Truthy() const {
  std::optional<size_t> length = Length();
  return !length || *length != 0;
}

Result<std::string> Object::Str() const { return Repr(); }
Result<std::string> Object::Repr() const { return fmt::format("<{} object>", TypeName()); }
bool Object::Equals(const Value& other) const { return other.AsObject() == this; }
size_t Object::Hash() const { return std::hash<const void*>()(this); }
Result<std::optional<Value>> Object::Binary(BinaryOp, const Value&, bool) const { return std::optional<Value>(); }

Value MakeFunction(std::string name, Function function) {
  return Value::New<FunctionObject>(std::move(name), std::move(function));
}

const KeywordArgument* ArgumentReader::Keyword(std::string_view name) const {
  auto at = std::ranges::find(arguments_.keywords, name, &KeywordArgument::name);
  return at == arguments_.keywords.end() ? nullptr : &*at;
}

size_t ArgumentReader::PlaceOf(std::string_view name) const {
  for (size_t i = 0; i < seen_count_; ++i) {
    if ((i < seen_.size() ? seen_[i] : more_seen_[i - seen_.size()]) == name) return i;
  }
  return seen_count_;
}

void ArgumentReader::See(std::string_view name) {
  if (seen_count_ < seen_.size()) {
    seen_[seen_count_] = name;
  } else {
    more_seen_.push_back(name);
  }
  ++seen_count_;
}

Result<Value> ArgumentReader::Required(std::string_view name) {
  See(name);
  const KeywordArgument* keyword = Keyword(name);
  if (!rest_positional_ && next_ < arguments_.positional.size()) {
    if (keyword)
      return Diagnostic(kTemplateType, fmt::format("{}() got multiple values for argument '{}'", callee_, name));
    return arguments_.positional[next_++];
  }
  if (keyword) return keyword->value;
  return Diagnostic(kTemplateType, fmt::format("{}() missing 1 required positional argument: '{}'", callee_, name));
}

Value ArgumentReader::Optional(std::string_view name, Value fallback) {
  See(name);
  if (!rest_positional_ && next_ < arguments_.positional.size()) return arguments_.positional[next_++];
  const KeywordArgument* keyword = Keyword(name);
  if (keyword) return keyword->value;
  return fallback;
}

bool ArgumentReader::Has(std::string_view name) const { return Keyword(name) != nullptr; }

std::span<const Value> ArgumentReader::RestPositional() {
  rest_positional_ = true;
  return arguments_.positional.subspan(std::min(next_, arguments_.positional.size()));
}

std::vector<KeywordArgument> ArgumentReader::RestKeywords() {
  rest_keywords_ = true;
  std::vector<KeywordArgument> rest;
  for (const KeywordArgument& each : arguments_.keywords) {
    if (PlaceOf(each.name) == seen_count_) rest.push_back(each);
  }
  return rest;
}

Status ArgumentReader::Finish() {
  if (!rest_positional_ && next_ < arguments_.positional.size()) {
    return Diagnostic(kTemplateType, fmt::format("{}() takes {} positional argument{} but {} {} given", callee_,
                                                 seen_count_, seen_count_ == 1 ? "" : "s", arguments_.positional.size(),
                                                 arguments_.positional.size() == 1 ? "was" : "were"));
  }
  for (const KeywordArgument& each : arguments_.keywords) {
    const size_t at = PlaceOf(each.name);
    if (at == seen_count_) {
      if (!rest_keywords_)
        return Diagnostic(kTemplateType,
                          fmt::format("{}() got an unexpected keyword argument '{}'", callee_, each.name));
    } else if (at < std::min(next_, arguments_.positional.size())) {
      return Diagnostic(kTemplateType, fmt::format("{}() got multiple values for argument '{}'", callee_, each.name));
    }
  }
  return {};
}

}  // namespace stir::jinja
