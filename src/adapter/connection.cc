// The registry of engines.
#include "adapter/connection.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/kinds.h"
#include "base/strings.h"

namespace stir::adapter {

void AdapterRegistry::Add(std::string type, AdapterFactory factory, Dialect dialect) {
  entries_.push_back({std::move(type), std::move(factory), std::move(dialect)});
}

Result<const AdapterRegistry::Entry*> AdapterRegistry::Find(std::string_view type) const {
  auto found = std::ranges::find(entries_, type, &Entry::type);
  if (found != entries_.end()) return &*found;
  std::vector<std::string> known;
  for (const Entry& entry : entries_) known.push_back(entry.type);
  std::string hint = DidYouMean(type, known);
  if (hint.empty()) hint = fmt::format("`type` in profiles.yml can be: {}", Join(known, ", "));
  return Diagnostic(kUnknownAdapter, fmt::format("there is no adapter of type `{}`", type)).Hint(std::move(hint));
}

Result<std::unique_ptr<Adapter>> AdapterRegistry::Open(const Profile& profile) const {
  STIR_ASSIGN(const Entry* entry, Find(profile.type));
  return entry->factory(profile);
}

Result<const Dialect*> AdapterRegistry::FindDialect(std::string_view type) const {
  STIR_ASSIGN(const Entry* entry, Find(type));
  return &entry->dialect;
}

bool AdapterRegistry::Knows(std::string_view type) const {
  return std::ranges::any_of(entries_, [&](const Entry& entry) { return entry.type == type; });
}

}  // namespace stir::adapter
