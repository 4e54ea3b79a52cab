// dbt's checksum of a file's text.
#pragma once

#include <string>
#include <string_view>

namespace stir::project {

// sha256 of the text with every run of white space as one blank and none outside, as Python's " ".join(text.split()).
std::string TextChecksum(std::string_view text);

}  // namespace stir::project
