// Asking for a key makes it known; what is left over is what the user misspelt.
#include "project/mapping_reader.h"

#include <algorithm>

#include "base/strings.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {
std::string InBackticks(std::string_view text) { return "`" + std::string(text) + "`"; }
}  // namespace

MappingReader::MappingReader(const yaml::Node& node, std::string what, Diagnostics& errors, jinja::Scope* scope)
    : node_(node.IsMapping() ? &node : nullptr), what_(std::move(what)), errors_(errors), scope_(scope) {
  if (node_) return;
  errors_.push_back(
      Diagnostic(kWrongType, what_ + " must be a mapping, not " + std::string(Describe(node)), node.span));
}

const yaml::Node* MappingReader::Find(std::string_view key) {
  known_.emplace_back(key);
  const yaml::Node* found = node_ ? node_->Find(key) : nullptr;
  return found && !found->IsNull() ? found : nullptr;
}

void MappingReader::WrongType(const yaml::Node& seen, std::string_view key, std::string_view wanted) {
  errors_.push_back(Diagnostic(
      kWrongType,
      InBackticks(key) + " of " + what_ + " must be " + std::string(wanted) + ", not " + std::string(Describe(seen)),
      seen.span));
}

std::optional<std::string> MappingReader::ScalarText(const yaml::Node& node, std::string_view key) {
  if (!node.IsScalar()) {
    WrongType(node, key, "a text");
    return std::nullopt;
  }
  if (!scope_ || !node.IsString() || !HasJinja(node.text)) return node.text;
  Result<jinja::Value> value = RenderScalar(node, *scope_);
  Result<std::string> text = value.ok() ? value->Str() : Result<std::string>(std::move(value).error());
  if (text.ok()) return *std::move(text);
  Append(errors_, std::move(text).error());
  return std::nullopt;
}

std::string MappingReader::Text(std::string_view key, std::string_view fallback) {
  const yaml::Node* found = Find(key);
  if (!found) return std::string(fallback);
  return ScalarText(*found, key).value_or(std::string(fallback));
}

std::string MappingReader::RequiredText(std::string_view key) {
  if (const yaml::Node* found = Find(key)) {
    if (!found->IsScalar() || found->IsString()) return ScalarText(*found, key).value_or("");
    WrongType(*found, key, "a text");
    if (!found->IsNull()) errors_.back().hint = "YAML takes it for something else: write \"" + found->text + "\"";
    return found->text;  // for what else is said
  }
  if (!node_) return {};
  errors_.push_back(Diagnostic(kMissingKey, what_ + " has no " + InBackticks(key), node_->span));
  return {};
}

std::optional<bool> MappingReader::Bool(std::string_view key) {
  const yaml::Node* found = Find(key);
  if (!found) return std::nullopt;
  if (found->type == yaml::Type::kBool) return found->boolean;
  if (scope_ && found->IsString() && HasJinja(found->text)) {
    Result<jinja::Value> value = RenderScalar(*found, *scope_);
    if (value.ok()) return value->Truthy();
    Append(errors_, std::move(value).error());
    return std::nullopt;
  }
  WrongType(*found, key, "true or false");
  return std::nullopt;
}

std::vector<std::string> MappingReader::Texts(std::string_view key, std::vector<std::string> fallback) {
  const yaml::Node* found = Find(key);
  if (!found) return fallback;
  std::vector<std::string> texts;
  if (found->IsMapping()) {
    WrongType(*found, key, "a list of texts");
    return texts;
  }
  if (!found->IsSequence()) {
    if (auto text = ScalarText(*found, key)) texts.push_back(*std::move(text));
    return texts;
  }
  for (const auto& item : found->items) {
    if (auto text = ScalarText(*item, key)) texts.push_back(*std::move(text));
  }
  return texts;
}

const yaml::Node* MappingReader::Mapping(std::string_view key) {
  const yaml::Node* found = Find(key);
  if (!found || found->IsMapping()) return found;
  WrongType(*found, key, "a mapping");
  return nullptr;
}

std::span<const std::shared_ptr<const yaml::Node>> MappingReader::List(std::string_view key) {
  const yaml::Node* found = Find(key);
  if (!found) return {};
  if (found->IsSequence()) return found->items;
  WrongType(*found, key, "a list");
  return {};
}

std::vector<const yaml::Entry*> MappingReader::Unknown() const {
  std::vector<const yaml::Entry*> unknown;
  if (!node_) return unknown;
  for (const yaml::Entry& entry : node_->entries) {
    if (std::ranges::find(known_, entry.key->text) == known_.end()) unknown.push_back(&entry);
  }
  return unknown;
}

Diagnostics MappingReader::UnknownKeys(Severity severity) const {
  Diagnostics diagnostics;
  for (const yaml::Entry* entry : Unknown()) {
    diagnostics.push_back(
        Diagnostic(kUnknownKey, "unknown key " + InBackticks(entry->key->text) + " in " + what_, entry->key->span)
            .As(severity)
            .Hint(DidYouMean(entry->key->text, known_)));
  }
  return diagnostics;
}

}  // namespace stir::project
