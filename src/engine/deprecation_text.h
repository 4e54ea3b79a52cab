// dbt's form of a deprecation: a tag, the description, in lines no longer than the terminal is wide.
#pragma once

#include <string>
#include <string_view>

namespace stir::engine {

// "[WARNING][Event]: Deprecated functionality\n...". Paragraphs of `description` are separated by empty lines; each is
// wrapped at `width` characters and starts a line. An empty `event` is not named.
std::string DeprecationText(std::string_view event, std::string_view description, int width);

}  // namespace stir::engine
