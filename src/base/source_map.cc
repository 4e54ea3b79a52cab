#include "base/source_map.h"

#include <algorithm>
#include <cassert>

#include "base/utf8.h"

namespace stir {

SourceId SourceMap::Add(std::string name, std::string text) {
  std::lock_guard lock(mutex_);
  Entry& entry = entries_.emplace_back(Entry{std::move(name), std::move(text), {}, nullptr});
  entry.text = entry.own_text;
  return {static_cast<uint32_t>(entries_.size())};
}

SourceId SourceMap::Add(std::string name, std::string_view text, std::shared_ptr<const void> owner) {
  std::lock_guard lock(mutex_);
  entries_.emplace_back(Entry{std::move(name), {}, text, std::move(owner)});
  return {static_cast<uint32_t>(entries_.size())};
}

const SourceMap::Entry& SourceMap::Get(SourceId id) const {
  std::lock_guard lock(mutex_);
  assert(id && id.value <= entries_.size());
  return entries_[id.value - 1];
}

std::string_view SourceMap::Name(SourceId id) const { return Get(id).name; }
std::string_view SourceMap::Text(SourceId id) const { return Get(id).text; }

LineColumn SourceMap::Locate(SourceId id, uint32_t offset) const {
  const std::string_view before = Text(id).substr(0, offset);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  const auto lines = std::count(before.begin(), before.end(), '\n');
  std::string_view in_line = before.substr(line_start);
  if (line_start == 0 && in_line.starts_with("\xEF\xBB\xBF"))
    in_line.remove_prefix(3);  // nobody sees a byte order mark
  return {static_cast<uint32_t>(lines) + 1, static_cast<uint32_t>(CountCodePoints(in_line)) + 1};
}

std::string_view SourceMap::Line(SourceId id, uint32_t line) const {
  std::string_view rest = Text(id);
  for (uint32_t i = 1; i < line; ++i) {
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

}  // namespace stir
