// The text of a model, test, analysis or hook: parsed once, and rendered once without executing anything, to learn what
// it refers to and how it configures itself.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja/template.h"
#include "project/parse_context.h"

namespace stir::project {

struct ParsedSql {
  std::shared_ptr<const jinja::Template> code;  // null when its syntax is wrong
  std::string_view raw_code;                    // in the SourceMap
  Span span;                                    // of raw_code
  jinja::Origin origin;                         // likewise
  Recording recording;
  std::vector<std::pair<std::string, jinja::Value>> unrendered;  // config() as written in the text
  bool is_static = false;  // nothing but calls of ref, source and config with literals in it: dbt does not render it
  Diagnostics errors;
};

// Files are read without their outer white space, blocks with it.
enum class Whitespace : uint8_t { kStripped, kKept };

// Pure: a function of text, name and context. `text` stands in `origin.source` from `origin.base` on.
ParsedSql ParseSql(std::string_view text, jinja::Origin origin, std::string_view name, const ParseContext& context,
                   Whitespace edges = Whitespace::kStripped);

// Renders a parsed text for what it refers to, adding to `recording`.
Status Record(const jinja::Template& code, std::string_view name, const ParseContext& context, Recording& recording);

}  // namespace stir::project
