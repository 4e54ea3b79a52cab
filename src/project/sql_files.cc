// One rendering a text: enough to know its references and its configuration.
#include "project/sql_files.h"

#include <algorithm>

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
  return parsed;
}

}  // namespace stir::project
