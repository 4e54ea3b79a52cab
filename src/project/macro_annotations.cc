#include "project/macro_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "project/dbt_warnings.h"
#include "project/kinds.h"

namespace stir::project {
namespace {

constexpr auto kArgumentTypes = std::to_array<std::pair<std::string_view, int>>({{"str", 0},
                                                                                 {"string", 0},
                                                                                 {"bool", 0},
                                                                                 {"int", 0},
                                                                                 {"integer", 0},
                                                                                 {"float", 0},
                                                                                 {"any", 0},
                                                                                 {"list", 1},
                                                                                 {"dict", 2},
                                                                                 {"optional", 1},
                                                                                 {"relation", 0},
                                                                                 {"column", 0}});

bool Take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

// Takes a type from the front of `text`. Depth is bounded by what stands before it: each level takes characters.
bool TakeType(std::string_view& text, int depth) {
  constexpr int kDeepest = 100;
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto end = std::ranges::find_if_not(text, is_letter);
  const std::string_view name = text.substr(0, static_cast<size_t>(end - text.begin()));
  const auto* type = std::ranges::find(kArgumentTypes, name, &decltype(kArgumentTypes)::value_type::first);
  if (type == kArgumentTypes.end() || depth == kDeepest) return false;
  text.remove_prefix(name.size());
  if (type->second == 0) return true;
  for (int i = 0; i < type->second; ++i) {
    if (!Take(text, i == 0 ? '[' : ',') || !TakeType(text, depth + 1)) return false;
  }
  return Take(text, ']');
}

}  // namespace

bool IsArgumentType(std::string_view text) {
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == ' ' || c == '\t'; });
  std::string_view rest = plain;
  return TakeType(rest, 0) && rest.empty();
}

void CheckAnnotations(const Macro& macro, const MacroPatch& patch, Diagnostics& warnings) {
  const auto warn = [&](std::string message, std::string in_dbt) {
    warnings.push_back(Diagnostic(kMacroArguments, std::move(message), patch.name_span)
                           .As(Severity::kWarning)
                           .With({macro.name_span, "defined here"})
                           .InDbt(BadMacroAnnotation(macro, std::move(in_dbt))));
  };
  for (size_t i = 0; i < std::min(macro.arguments.size(), patch.arguments.size()); ++i) {
    const std::string &described = patch.arguments[i].name, &defined = macro.arguments[i].name;
    if (described == defined) continue;
    warn(fmt::format("argument `{}` of macro `{}` is called `{}` where it is defined", described, macro.name, defined),
         fmt::format("Argument {} in yaml for macro {} does not match the jinja definition.", described, macro.name));
  }
  if (macro.arguments.size() != patch.arguments.size()) {
    warn(fmt::format("macro `{}` takes {} arguments, and {} are described", macro.name, macro.arguments.size(),
                     patch.arguments.size()),
         fmt::format("The number of arguments in the yaml for macro {} does not match the jinja definition.",
                     macro.name));
  }
  for (const MacroArgument& argument : patch.arguments) {
    if (argument.type.find_first_not_of(" \t\n") == std::string::npos || IsArgumentType(argument.type)) continue;
    warn(fmt::format("`{}` is no type for argument `{}` of macro `{}`", argument.type, argument.name, macro.name),
         fmt::format("Argument {} in the yaml for macro {} has an invalid type.", argument.name, macro.name));
  }
}

}  // namespace stir::project
