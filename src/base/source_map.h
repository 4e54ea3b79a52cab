// Owns every text that an error may be shown in and turns byte offsets into lines when, and only when, something is
// shown.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace stir {

struct LineColumn {
  uint32_t line = 0;    // 1-based
  uint32_t column = 0;  // 1-based, in Unicode code points
};

// Thread safe. Texts are immutable once added and live as long as the map; views into them stay valid.
class SourceMap {
 public:
  // `name` is what the user sees: a path relative to the project, `<inline>`, `macros/default/view.sql (built in)`.
  SourceId Add(std::string name, std::string text);
  // The same for a text that `owner` keeps alive and unchanged.
  SourceId Add(std::string name, std::string_view text, std::shared_ptr<const void> owner);
  std::string_view Name(SourceId id) const;
  std::string_view Text(SourceId id) const;
  LineColumn Locate(SourceId id, uint32_t offset) const;
  // The text of a 1-based line without its line end.
  std::string_view Line(SourceId id, uint32_t line) const;

 private:
  struct Entry {
    std::string name, own_text;
    std::string_view text;  // of own_text, or of what the owner holds
    std::shared_ptr<const void> owner;
  };
  const Entry& Get(SourceId id) const;

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;  // guarded by mutex_; entries never move or change
};

}  // namespace stir
