#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "jinja/json_text.h"
#include "jinja/kinds.h"

namespace stir::jinja {
namespace {

constexpr size_t kMaxJsonDepth = 1000;

// Builds values as the parser reads, without a document in between.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Put(Value::None()); }
  bool boolean(bool value) override { return Put(Value::Bool(value)); }
  bool number_integer(int64_t value) override { return Put(Value::Int(value)); }
  bool number_unsigned(uint64_t value) override {
    return value <= INT64_MAX ? Put(Value::Int(static_cast<int64_t>(value))) : PutBig(std::to_string(value));
  }
  // Also what is too large for 64 bits.
  bool number_float(double value, const std::string& text) override {
    return text.find_first_of(".eE") == std::string::npos ? PutBig(text) : Put(Value::Float(value));
  }
  bool string(std::string& value) override { return Put(Value::String(std::move(value))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(Value::MakeDict()); }
  bool start_array(size_t) override { return Open(Value::List()); }
  bool key(std::string& value) override { return keys_.back() = std::move(value), true; }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& problem) override {
    if (error.empty()) error = fmt::format("{} (byte {})", problem.what(), position);
    return false;
  }

  Value result;
  std::string error;

 private:
  bool Put(Value value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().IsDict()) {
      open_.back().AsDict().Set(keys_.back(), std::move(value));
    } else {
      open_.back().MutableItems().push_back(std::move(value));
    }
    return true;
  }

  bool PutBig(std::string_view text) {
    const bool negative = text.starts_with('-');
    const Result<Value> value = WholeNumber(text.substr(negative ? 1 : 0), negative);
    if (value.ok()) return Put(*value);
    error = value.error().front().message;
    return false;
  }

  bool Open(Value value) {
    if (open_.size() == kMaxJsonDepth) return error = fmt::format("nested more than {} deep", kMaxJsonDepth), false;
    Put(value);
    open_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }

  bool Close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  std::vector<Value> open_;
  std::vector<std::string> keys_;
};

}  // namespace

Result<Value> ParseJson(std::string_view text) {
  Builder builder;
  if (Json::sax_parse(text, &builder)) return std::move(builder.result);
  return Diagnostic(kTemplateValue, "no valid JSON: " + builder.error);
}

}  // namespace stir::jinja
