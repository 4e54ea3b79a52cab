#include "server/target.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"
#include "server/kinds.h"

namespace stir::server {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// `plus`: + is a space, as in a query.
std::optional<std::string> Decode(std::string_view text, bool plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += plus && text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? HexDigit(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? HexDigit(text[at + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  if (!IsUtf8(decoded) || decoded.find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

Diagnostic BadEscape(std::string_view text) {
  return Diagnostic(kBadRequest, fmt::format("`{}` is not percent-encoded UTF-8", text.substr(0, 100)));
}

}  // namespace

Result<Target> ParseTarget(std::string_view target) {
  if (!target.starts_with('/')) return Diagnostic(kBadRequest, "the target of a request begins with a slash");
  Target parsed;
  const size_t mark = target.find('?');
  const std::string_view path = target.substr(1, mark == std::string_view::npos ? mark : mark - 1);
  if (!path.empty())
    for (const std::string_view segment : Split(path, '/')) {
      auto decoded = Decode(segment, false);
      if (!decoded) return BadEscape(segment);
      parsed.path.push_back(*std::move(decoded));
    }
  if (mark == std::string_view::npos) return parsed;
  for (const std::string_view pair : Split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    auto name = Decode(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::string() : Decode(pair.substr(equals + 1), true);
    if (!name || !value) return BadEscape(pair);
    if (!parsed.query.emplace(*name, *std::move(value)).second)
      return Diagnostic(kBadRequest, fmt::format("the parameter `{}` is given twice", *name));
  }
  return parsed;
}

std::string EncodeSegment(std::string_view text) {
  std::string encoded;
  for (const char byte : text) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                       byte == '-' || byte == '.' || byte == '_' || byte == '~';
    if (plain)
      encoded += byte;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  }
  return encoded;
}

}  // namespace stir::server
