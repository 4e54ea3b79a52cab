#include "engine/definition_files.h"

namespace stir::engine {

Result<std::string> DefinitionFiles::Read(const fs::path& path) {
  const auto found = texts_.find(path.lexically_relative(folder_).generic_string());
  if (found == texts_.end() || !found->second) return disk_.Read(path);
  return *found->second;
}

Result<std::vector<WalkEntry>> DefinitionFiles::Walk(const fs::path& root,
                                                     const std::function<bool(std::string_view)>& enter) {
  STIR_ASSIGN(std::vector<WalkEntry> entries, disk_.Walk(root, enter));
  if (root != folder_) return entries;
  // A file that came after the texts were read is for the next time.
  std::erase_if(entries, [&](const WalkEntry& entry) {
    const auto found = texts_.find(entry.path);
    return found == texts_.end() || !found->second;
  });
  return entries;
}

Result<DefinitionTexts> ReadDefinitions(Files& files, const fs::path& folder) {
  DefinitionTexts texts;
  STIR_ASSIGN(const std::vector<WalkEntry> entries, files.Walk(folder));
  for (const WalkEntry& entry : entries) {
    if (!entry.path.ends_with(".yml") && !entry.path.ends_with(".yaml")) continue;
    STIR_ASSIGN(texts[entry.path], files.Read(folder / entry.path));
  }
  return texts;
}

Status GoodDefinitions::Load() {
  STIR_ASSIGN(texts_, ReadDefinitions(files_, folder_));
  return {};
}

Status GoodDefinitions::Keep(const DefinitionTexts& good) {
  for (const auto& [path, text] : texts_)
    if (!good.contains(path)) STIR_TRY(files_.Remove(folder_ / path));
  for (const auto& [path, text] : good) {
    const auto known = texts_.find(path);
    if (text && (known == texts_.end() || known->second != text)) STIR_TRY(files_.WriteAtomic(folder_ / path, *text));
  }
  // What was left out keeps its last good version, if it has one.
  DefinitionTexts kept = good;
  for (auto& [path, text] : kept)
    if (const auto known = texts_.find(path); !text && known != texts_.end()) text = known->second;
  std::erase_if(kept, [](const auto& each) { return !each.second; });
  texts_ = std::move(kept);
  return {};
}

bool StepBack(DefinitionTexts& tried, const std::vector<std::string>& blamed, const DefinitionTexts& good) {
  const auto last_of = [&](const std::string& path) {
    const auto found = good.find(path);
    return found == good.end() ? std::nullopt : found->second;
  };
  bool changed = false;
  for (const std::string& path : blamed)
    if (auto& text = tried[path]; text && text != last_of(path)) text = last_of(path), changed = true;
  if (changed) return true;
  // Among good versions, who is blamed may only miss what a wrong file no longer gives.
  for (const std::string& path : blamed)
    if (auto& text = tried[path]; text) text.reset(), changed = true;
  return changed;
}

}  // namespace stir::engine
