// Python's own ways to fill in a text are those of the template engine: a template of one expression calls them.
#include "project/external_location.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "jinja/template.h"
#include "project/kinds.h"

namespace stir::project {
namespace {

using jinja::Value;

// `location` and `values` for the template that fills the one with the other.
class FillScope final : public jinja::Scope {
 public:
  FillScope(const Value& location, const Value& values) : location_(location), values_(values) {}
  bool Lookup(std::string_view name, Value& value) override {
    if (name != "location" && name != "values") return false;
    value = name == "location" ? location_ : values_;
    return true;
  }

 private:
  const Value& location_;
  const Value& values_;
};

Result<std::string> FillByExpression(const char* expression, const Value& location, const Value& values) {
  STIR_ASSIGN(const auto parsed, jinja::Template::Parse(expression, {}));
  FillScope scope(location, values);
  return jinja::Render(*parsed, scope);
}

bool IsNameLetter(char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// string.Template of Python: $name, ${name}, $$.
Result<std::string> FillDollars(std::string_view text, const Value& values) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '$') {
      out += text[at];
      continue;
    }
    if (text.substr(at + 1).starts_with('$')) {
      out += text[++at];
      continue;
    }
    const bool braced = text.substr(at + 1).starts_with('{');
    const size_t begin = at + (braced ? 2 : 1);
    size_t end = begin;
    while (end < text.size() && IsNameLetter(text[end])) ++end;
    const std::string_view name = text.substr(begin, end - begin);
    const Value* value = name.empty() ? nullptr : values.AsDict().Find(name);
    if (value == nullptr || (braced && !text.substr(end).starts_with('}')))
      return Diagnostic(kBadConfig, fmt::format("no value for `{}`", text.substr(at, end - at)));
    STIR_ASSIGN(const std::string filled, value->Str());
    out += filled;
    at = braced ? end : end - 1;
  }
  return out;
}

Result<std::string> Fill(std::string_view formatter, const Value& location, const Value& values) {
  if (formatter == "newstyle") return FillByExpression("{{ location.format(**values) }}", location, values);
  if (formatter == "oldstyle") return FillByExpression("{{ location % values }}", location, values);
  if (formatter == "template") return FillDollars(location.AsString(), values);
  return Diagnostic(kBadConfig, fmt::format("formatter `{}` not recognized", formatter))
      .Hint("`formatter` is one of newstyle, oldstyle and template");
}

// What dbt knows as configuration of a source; the rest of it is dbt-duckdb's to read.
bool IsOwnConfig(std::string_view key) {
  static constexpr std::array<std::string_view, 8> kOwn{"enabled",         "event_time", "freshness", "loaded_at_field",
                                                        "loaded_at_query", "meta",       "tags",      "docs"};
  return std::ranges::find(kOwn, key) != kOwn.end();
}

Value NoneIfEmpty(std::string_view text) { return text.empty() ? Value::None() : Value::String(std::string(text)); }

// The words that may be filled in: the source's names, then its meta, then its configuration.
Value WordsOf(const Node& source) {
  Value words = Value::MakeDict();
  words.AsDict().Set("name", NoneIfEmpty(source.name));
  words.AsDict().Set("identifier", NoneIfEmpty(source.alias));
  words.AsDict().Set("schema", NoneIfEmpty(source.schema));
  words.AsDict().Set("database", NoneIfEmpty(source.database));
  std::vector<Value> tags;
  for (const Text tag : source.tags) tags.push_back(Value::String(std::string(tag)));
  words.AsDict().Set("tags", Value::List(std::move(tags)));
  if (const Value& meta = source.config->Get("meta"); meta.IsDict())
    for (const auto& [key, value] : meta.AsDict().entries())
      if (key.IsString()) words.AsDict().Set(key.AsString(), value);
  for (const ConfigEntry& entry : source.config->written())
    if (!IsOwnConfig(entry.key)) words.AsDict().Set(entry.key, entry.value);
  return words;
}

}  // namespace

Result<std::optional<std::string>> ExternalLocation(const Node& source) {
  const Value& meta = source.config->Get("meta");
  const bool in_meta = meta.IsDict() && meta.AsDict().Find("external_location") != nullptr;
  if (!in_meta && source.config->Get("external_location").IsUndefined()) return std::optional<std::string>();
  const Value words = WordsOf(source);
  const Value* location = words.AsDict().Find("external_location");
  if (location == nullptr || !location->IsString() || words.AsDict().Find("plugin") != nullptr)
    return std::optional<std::string>();
  const Value* formatter = words.AsDict().Find("formatter");
  Result<std::string> filled =
      Fill(formatter != nullptr && formatter->IsString() ? formatter->AsString() : "newstyle", *location, words);
  if (!filled.ok()) {
    Diagnostics errors = std::move(filled).error();
    for (Diagnostic& error : errors) {
      error.message =
          fmt::format("`external_location: {}` cannot be filled in: {}", location->AsString(), error.message);
      error.kind = kBadConfig;
      error.span = source.span;
    }
    return errors;
  }
  // A call of a table function stands as it is; anything else is the name of a file.
  if (filled->find('(') != std::string::npos || filled->starts_with('\'')) return std::optional(*std::move(filled));
  return std::optional(fmt::format("'{}'", *filled));
}

}  // namespace stir::project
