// Reads the keys of a YAML mapping, each with the type it should have; what is wrong is collected with its place.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jinja/template.h"
#include "yaml/node.h"

namespace stir::project {

class MappingReader {
 public:
  // `what` names the mapping in errors: "dbt_project.yml", "model `orders`". With a `scope`, Jinja in texts is
  // rendered. A `node` that is no mapping is an error, and reads as an empty one.
  MappingReader(const yaml::Node& node, std::string what, Diagnostics& errors, jinja::Scope* scope = nullptr);

  const yaml::Node* Find(std::string_view key);  // null when missing or null
  bool Has(std::string_view key) const { return node_ && node_->FindEntry(key); }
  std::string Text(std::string_view key, std::string_view fallback = {});  // numbers are taken by their text
  std::string RequiredText(std::string_view key);
  std::optional<bool> Bool(std::string_view key);
  std::vector<std::string> Texts(std::string_view key, std::vector<std::string> fallback = {});  // a list, or one text
  const yaml::Node* Mapping(std::string_view key);
  std::span<const std::shared_ptr<const yaml::Node>> List(std::string_view key);

  // Keys that nobody asked for, each with the place of its name.
  std::vector<const yaml::Entry*> Unknown() const;
  // The same as diagnostics of kUnknownKey with "did you mean".
  Diagnostics UnknownKeys(Severity severity) const;
  const std::string& what() const { return what_; }

 private:
  void WrongType(const yaml::Node& seen, std::string_view key, std::string_view wanted);
  std::optional<std::string> ScalarText(const yaml::Node& node, std::string_view key);

  const yaml::Node* node_;  // null when it is no mapping
  std::string what_;
  Diagnostics& errors_;
  jinja::Scope* scope_;
  std::vector<std::string> known_;
};

}  // namespace stir::project
