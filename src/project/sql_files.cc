// One rendering a text: enough to know its references and its configuration.
#include "project/sql_files.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace stir::project {

namespace {

using jinja::Value;

// What dbt compares for state:modified: literal texts as they are, everything else as it stands in the call.
std::vector<std::pair<std::string, Value>> UnrenderedConfig(const jinja::Template& code, const Recording& recording) {
  std::vector<std::pair<std::string, Value>> unrendered;
  if (recording.config.empty()) return unrendered;
  const std::vector<jinja::CallSite> calls = code.Calls();
  auto call = std::ranges::find(calls, "config", &jinja::CallSite::callee);
  if (call != calls.end()) {
    for (const jinja::CallSite::Argument& argument : call->arguments) {
      if (argument.keyword.empty()) continue;
      std::string text = argument.source;
      if (argument.literal.IsString()) {
        text = argument.literal.AsString();
      } else if (!argument.literal.IsUndefined()) {
        if (Result<std::string> repr = argument.literal.Repr(); repr.ok()) text = *std::move(repr);
      }
      unrendered.emplace_back(argument.keyword, Value::String(std::move(text)));
    }
  }
  if (unrendered.empty()) {
    for (const ConfigEntry& entry : recording.config) unrendered.emplace_back(entry.key, entry.value);
  }
  return unrendered;
}

// Texts, lists and dicts, and booleans as Python writes them; all else is rendered.
bool IsStaticValue(const Value& value, std::string_view source) {
  if (value.IsString()) return true;
  if (value.type() == jinja::Type::kBool) return source.find(value.AsBool() ? "True" : "False") != source.npos;
  if (value.type() == jinja::Type::kList)
    return std::ranges::all_of(value.Items(), [&](const Value& item) { return IsStaticValue(item, source); });
  return value.IsDict() && std::ranges::all_of(value.AsDict().entries(), [&](const auto& entry) {
           return entry.first.IsString() && IsStaticValue(entry.second, source);
         });
}

bool IsStaticCall(const jinja::CallSite& call) {
  if (call.callee == "ref" || call.callee == "source") return !call.arguments.empty();
  return call.callee == "config" && !call.arguments.empty() &&
         std::ranges::all_of(call.arguments, [](const jinja::CallSite::Argument& argument) {
           return !argument.keyword.empty() && argument.keyword != "pre_hook" && argument.keyword != "post_hook" &&
                  IsStaticValue(argument.literal, argument.source);
         });
}

size_t SkipSpace(std::string_view text, size_t at) {
  const size_t next = text.find_first_not_of(" \t\r\n", at);
  return next == text.npos ? text.size() : next;
}

// Whether it matters how the configuration was read.
bool HasValues(const Recording& recording) {
  return std::ranges::any_of(recording.config, [](const ConfigEntry& entry) { return !entry.value.IsString(); });
}

bool IsStatic(const ParsedSql& sql, const ParseContext& context) {
  const bool replaced = std::ranges::any_of(std::array{"ref", "source", "config"}, [&](std::string_view macro) {
    return context.macros().Resolve(context.package(), macro) != nullptr;
  });
  if (replaced || !sql.origin.verbatim) return false;
  const std::vector<jinja::CallSite> calls = sql.code->Calls();
  const std::string_view text = sql.raw_code;
  const uint32_t base = sql.origin.base;
  for (size_t at = text.find('{'); at != text.npos; at = text.find('{', at)) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("{%")) return false;
    if (rest.starts_with("{#")) {
      at = text.find("#}", at);
    } else if (rest.starts_with("{{")) {
      const size_t begin = SkipSpace(text, at + 2);
      const auto call = std::ranges::find(calls, base + begin, [](const auto& each) { return each.span.begin; });
      if (call == calls.end() || !IsStaticCall(*call)) return false;
      at = SkipSpace(text, call->span.end - base);
      if (!text.substr(at).starts_with("}}")) return false;
    } else {
      ++at;
    }
  }
  return true;
}

}  // namespace

Status Record(const jinja::Template& code, std::string_view name, const ParseContext& context, Recording& recording) {
  if (code.is_plain()) return {};
  ParseScope scope(context, recording, name);
  jinja::RenderOptions options;
  options.undefined = jinja::UndefinedPolicy::kLenient;
  Result<std::string> rendered = jinja::Render(code, scope, options);
  return rendered.ok() ? Status() : Status(std::move(rendered).error());
}

ParsedSql ParseSql(std::string_view text, jinja::Origin origin, std::string_view name, const ParseContext& context,
                   Whitespace edges) {
  ParsedSql parsed;
  parsed.raw_code = edges == Whitespace::kStripped ? Strip(text) : text;
  const auto skipped = static_cast<uint32_t>(parsed.raw_code.empty() ? 0 : parsed.raw_code.data() - text.data());
  origin.base += skipped;
  parsed.origin = origin;
  parsed.span = {origin.source, origin.base, origin.base + static_cast<uint32_t>(parsed.raw_code.size())};
  auto code = jinja::Template::Parse(std::string(parsed.raw_code), origin);
  if (!code.ok()) {
    parsed.errors = std::move(code).error();
    return parsed;
  }
  parsed.code = *std::move(code);
  parsed.recording.reads.uncertain = UsesChance(text);
  if (Status status = Record(*parsed.code, name, context, parsed.recording); !status.ok())
    parsed.errors = std::move(status).error();
  parsed.unrendered = UnrenderedConfig(*parsed.code, parsed.recording);
  parsed.is_static = HasValues(parsed.recording) && IsStatic(parsed, context);
  return parsed;
}

}  // namespace stir::project
