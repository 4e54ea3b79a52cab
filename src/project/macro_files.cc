// Each block is a template of its own, so a mistake in one leaves the others usable.
#include "project/macro_files.h"

#include <array>

#include "project/blocks.h"

namespace stir::project {

namespace {

using Keywords = std::vector<std::pair<std::string, jinja::Value>>;

constexpr std::array<std::string_view, 4> kMacroBlocks{"macro", "test", "data_test", "materialization"};

Result<std::string> TestName(std::string_view name, const Keywords&) { return "test_" + std::string(name); }

// materialization NAME, default | adapter='x', supported_languages=[...]
std::string MaterializationName(std::string_view name, const Keywords& keywords, std::vector<std::string>& languages) {
  std::string adapter = "default";
  languages = {"sql"};
  for (const auto& [key, value] : keywords) {
    if (key == "adapter" && value.IsString()) adapter = value.AsString();
    if (key != "supported_languages" || !value.IsSequence()) continue;
    languages.clear();
    for (const jinja::Value& language : value.Items()) {
      if (language.IsString()) languages.emplace_back(language.AsString());
    }
  }
  return "materialization_" + std::string(name) + "_" + adapter;
}

jinja::Syntax MacroSyntax(std::vector<std::string>& languages) {
  jinja::Syntax syntax;
  syntax.macro_tags.push_back({"test", TestName});
  syntax.macro_tags.push_back({"data_test", TestName});
  syntax.macro_tags.push_back(
      {"materialization", [&languages](std::string_view name, const Keywords& keywords) -> Result<std::string> {
         return MaterializationName(name, keywords, languages);
       }});
  return syntax;
}

std::vector<MacroArgument> ArgumentsOf(const jinja::MacroDefinition& definition, const Block& block) {
  if (block.type == "materialization") return {{"supported_languages", "", ""}};
  std::vector<MacroArgument> arguments;
  for (const jinja::Parameter& parameter : definition.parameters) arguments.push_back({parameter.name, "", ""});
  return arguments;
}

}  // namespace

std::vector<Macro> ReadMacros(std::string_view text, SourceId source, std::string_view package, std::string_view path,
                              Diagnostics& errors) {
  const std::vector<Block> blocks = FindBlocks(text, source, kMacroBlocks, errors);
  std::vector<Macro> macros;
  std::vector<std::string> languages;
  const jinja::Syntax syntax = MacroSyntax(languages);
  for (const Block& block : blocks) {
    languages.clear();
    auto parsed = jinja::Template::Parse(std::string(block.text),
                                         jinja::Origin{source, block.span.begin, true, block.span}, syntax);
    if (!parsed.ok()) {
      Append(errors, std::move(parsed).error());
      continue;
    }
    if ((*parsed)->macros().empty()) continue;
    const jinja::MacroDefinition& definition = (*parsed)->macros().front();
    Macro macro;
    macro.name = definition.name;
    macro.package = package;
    macro.path = path;
    macro.sql = block.text;
    macro.span = block.span;
    macro.name_span = block.name_span;
    macro.callable = jinja::MakeMacro(*parsed, 0, definition.name);
    macro.source = *std::move(parsed);
    macro.supported_languages = languages;
    macro.arguments = ArgumentsOf(definition, block);
    macros.push_back(std::move(macro));
  }
  return macros;
}

}  // namespace stir::project
