#include "engine/deprecation_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace stir::engine {
namespace {

// Splits `paragraph` into lines of at most `width` characters. A word that is longer than that is cut.
void AppendWrapped(std::string& text, std::string_view paragraph, size_t width) {
  size_t column = 0;
  const auto new_line = [&] {
    text += '\n';
    column = 0;
  };
  for (size_t at = 0; (at = paragraph.find_first_not_of(" \n\t", at)) != std::string_view::npos;) {
    const std::string_view word = paragraph.substr(at, paragraph.find_first_of(" \n\t", at) - at);
    at += word.size();
    const size_t length = CountCodePoints(word);
    if (column > 0 && column + 1 + std::min(length, width) > width && (length <= width || column + 1 >= width)) {
      new_line();
    } else if (column > 0) {
      text += ' ';
      ++column;
    }
    for (size_t i = 0; i < word.size();) {
      if (column == width) new_line();
      const size_t bytes = DecodeUtf8(word, i).length;
      text.append(word.substr(i, bytes));
      i += bytes;
      ++column;
    }
  }
}

}  // namespace

std::string DeprecationText(std::string_view event, std::string_view description, int width) {
  const auto columns = static_cast<size_t>(std::max(width, 1));
  const std::string name = event.empty() ? "" : fmt::format("[{}]", event);
  std::string text;
  AppendWrapped(text, fmt::format("[WARNING]{}: Deprecated functionality", name), columns);
  for (size_t begin = 0; begin <= description.size();) {
    const size_t end = std::min(description.find("\n\n", begin), description.size());
    text += '\n';
    AppendWrapped(text, description.substr(begin, end - begin), columns);
    begin = end + 2;
  }
  return text;
}

}  // namespace stir::engine
