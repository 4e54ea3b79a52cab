// Setting, checking and asking for the values of options; the layers below the command line.
#include "cli/arguments.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/source_map.h"
#include "base/strings.h"
#include "cli/kinds.h"
#include "engine/python_json.h"
#include "yaml/node.h"

namespace stir::cli {
namespace {

std::optional<bool> ReadBool(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kTrue{"true", "1", "yes", "y", "on"};
  static constexpr std::array<std::string_view, 5> kFalse{"false", "0", "no", "n", "off"};
  const std::string lower = ToLower(text);
  if (std::ranges::find(kTrue, lower) != kTrue.end() || lower == "t") return true;
  if (std::ranges::find(kFalse, lower) != kFalse.end() || lower == "f") return false;
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Diagnostic BadValue(std::string_view spelled, std::string_view value, std::string_view expected) {
  return Diagnostic(kBadUsage, fmt::format("`{}` is not a value of `{}`", value, spelled))
      .Hint(fmt::format("it takes {}", expected));
}

Status CheckValue(const OptionSpec& option, std::string& value, std::string_view spelled) {
  switch (option.kind) {
    case OptionKind::kFlag: {
      const std::optional<bool> read = ReadBool(value);
      if (!read) return BadValue(spelled, value, "true or false");
      value = *read ? "true" : "false";
      return {};
    }
    case OptionKind::kInteger:
      if (!ReadInteger(value)) return BadValue(spelled, value, "a whole number");
      return {};
    case OptionKind::kChoice: {
      const auto choices = Split(option.values, '|');
      if (std::ranges::find(choices, value) == choices.end()) {
        return BadValue(spelled, value, "one of " + ReplaceAll(option.values, "|", ", "));
      }
      return {};
    }
    case OptionKind::kText:
    case OptionKind::kList:
      return {};
  }
  return {};
}

std::string VariableName(std::string_view prefix, std::string_view option) {
  return std::string(prefix) + ReplaceAll(ToUpper(option), "-", "_");
}

template <typename Use>
Status ForEachLayeredOption(const CommandSpec& command, Use use) {
  for (const OptionSpec& option : CommonOptions()) {
    if (option.environment) STIR_TRY(use(option));
  }
  for (const OptionSpec* option : OwnOptions(command)) {
    if (option->environment) STIR_TRY(use(*option));
  }
  return {};
}

std::vector<std::string> ListOf(const OptionSpec& option, std::string_view text) {
  if (option.kind != OptionKind::kList) return {std::string(text)};
  std::vector<std::string> words;
  for (std::string_view word : Words(text)) words.emplace_back(word);
  return words;
}

}  // namespace

Status Arguments::Set(const OptionSpec& option, std::vector<std::string> values, Layer layer,
                      std::string_view spelled) {
  if (option.effect == Effect::kIgnored || values_.contains(option.name)) return {};
  for (std::string& value : values) STIR_TRY(CheckValue(option, value, spelled));
  const bool asks = option.kind != OptionKind::kFlag || values.back() == "true";
  if (option.effect == Effect::kUnbuilt && asks) {
    return Diagnostic(kNotBuilt, fmt::format("`{}` is not built yet", spelled));
  }
  values_.emplace(option.name, Value{std::move(values), layer});
  return {};
}

std::string Arguments::Positional(size_t index) const {
  return index < positionals_.size() ? positionals_[index] : std::string();
}

std::optional<Layer> Arguments::LayerOf(std::string_view option) const {
  auto found = values_.find(option);
  if (found == values_.end()) return std::nullopt;
  return found->second.layer;
}

std::string Arguments::Text(std::string_view option) const {
  if (auto found = values_.find(option); found != values_.end()) return found->second.values.back();
  const OptionSpec* spec = FindOption(*command_, option);
  return spec == nullptr ? std::string() : std::string(spec->fallback);
}

bool Arguments::Flag(std::string_view option) const { return Text(option) == "true"; }

std::optional<int64_t> Arguments::Integer(std::string_view option) const {
  const std::string text = Text(option);
  return text.empty() ? std::nullopt : ReadInteger(text);
}

std::vector<std::string> Arguments::List(std::string_view option) const {
  auto found = values_.find(option);
  return found == values_.end() ? std::vector<std::string>() : found->second.values;
}

namespace {

// Names that variables had before; DBT_NO_PRINT says the opposite of its option.
struct OldName {
  std::string_view variable, option;
  bool opposite;
};
constexpr std::array kOldNames{
    OldName{"DBT_DEFER_TO_STATE", "defer", false},
    OldName{"DBT_FAVOR_STATE_MODE", "favor-state", false},
    OldName{"DBT_ARTIFACT_STATE_PATH", "state", false},
    OldName{"DBT_NO_PRINT", "print", true},
};

Status AddOldNames(Arguments& arguments, const std::map<std::string, std::string>& environment) {
  for (const OldName& old : kOldNames) {
    const auto found = environment.find(std::string(old.variable));
    const OptionSpec* option = FindOption(arguments.command(), old.option);
    if (found == environment.end() || found->second.empty() || option == nullptr) continue;
    std::string value = found->second;
    if (old.opposite) value = ReadBool(value).value_or(false) ? "false" : "true";
    STIR_TRY(arguments.Set(*option, {std::move(value)}, Layer::kEnvironment, old.variable));
  }
  return {};
}

}  // namespace

Status AddEnvironment(Arguments& arguments, const std::map<std::string, std::string>& environment) {
  STIR_TRY(AddOldNames(arguments, environment));
  return ForEachLayeredOption(arguments.command(), [&](const OptionSpec& option) -> Status {
    for (std::string_view prefix : {"DBT_ENGINE_", "DBT_"}) {
      const std::string name = VariableName(prefix, option.name);
      auto found = environment.find(name);
      if (found == environment.end() || found->second.empty()) continue;
      STIR_TRY(arguments.Set(option, ListOf(option, found->second), Layer::kEnvironment, name));
    }
    return {};
  });
}

Status AddProjectFlags(Arguments& arguments, std::string_view yaml_text) {
  SourceMap sources;
  const SourceId source = sources.Add("dbt_project.yml", std::string(yaml_text));
  auto document = yaml::Parse(sources, source);
  if (!document.ok()) return {};
  const yaml::Node* flags = document->root->Find("flags");
  if (flags == nullptr || !flags->IsMapping()) return {};
  return ForEachLayeredOption(arguments.command(), [&](const OptionSpec& option) -> Status {
    const yaml::Node* value = flags->Find(ReplaceAll(option.name, "-", "_"));
    if (value == nullptr || value->IsNull()) return {};
    if (value->IsMapping() && option.kind == OptionKind::kText) {
      return arguments.Set(option, {engine::PythonJson(engine::JsonOf(*value))}, Layer::kProject,
                           fmt::format("flags.{}", option.name));
    }
    if (!value->IsScalar()) return {};
    return arguments.Set(option, ListOf(option, value->text), Layer::kProject, fmt::format("flags.{}", option.name));
  });
}

}  // namespace stir::cli
