#include "server/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "server/kinds.h"

namespace stir::server {
namespace {

bool IsParameter(std::string_view segment) { return segment.starts_with('{'); }

// The pattern's parameters, if it fits.
bool Fits(std::string_view pattern, const std::vector<std::string>& path,
          std::map<std::string, std::string, std::less<>>& parameters) {
  const std::vector<std::string_view> segments = Split(pattern.substr(1), '/');
  if (segments.size() != path.size()) return false;
  for (size_t i = 0; i < segments.size(); ++i)
    if (IsParameter(segments[i]) ? path[i].empty() : path[i] != segments[i]) return false;
  for (size_t i = 0; i < segments.size(); ++i)
    if (IsParameter(segments[i])) parameters[std::string(segments[i].substr(1, segments[i].size() - 2))] = path[i];
  return true;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string Listed(const std::vector<std::string>& names) {
  return names.empty() ? "it takes none" : "it takes " + Join(names, ", ");
}

}  // namespace

Match FindRoute(std::string_view method, const std::vector<std::string>& path) {
  Match match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : Routes()) {
    std::map<std::string, std::string, std::less<>> parameters;
    if (!Fits(route.path, path, parameters)) continue;
    match.allowed.push_back(route.method);
    if (route.method == "GET") match.allowed.emplace_back("HEAD");
    if (route.method != wanted || match.route != nullptr) continue;
    match.route = &route;
    match.path = std::move(parameters);
  }
  return match;
}

Status CheckQuery(const Route& route, const Target& target) {
  std::vector<std::string> known;
  for (const std::string_view name : Split(route.query, ' '))
    if (!name.empty()) known.emplace_back(name);
  for (const auto& [name, value] : target.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string near = DidYouMean(name, known);
    return Diagnostic(kBadRequest, fmt::format("there is no parameter `{}`", name))
        .Hint(near.empty() ? Listed(known) : near);
  }
  return {};
}

Result<int64_t> Call::Number(std::string_view parameter) const {
  const std::string& text = Name(parameter);
  const auto number = ParseInteger(text);
  if (number && *number > 0) return *number;
  return Diagnostic(kNotFound, fmt::format("`{}` is not the number of a {}", text, parameter));
}

Result<int64_t> Call::Integer(std::string_view parameter, int64_t fallback, int64_t least, int64_t most) const {
  const auto given = query.find(parameter);
  if (given == query.end()) return fallback;
  const auto number = ParseInteger(given->second);
  if (number && *number >= least && *number <= most) return *number;
  const std::string range = most == std::numeric_limits<int64_t>::max() ? fmt::format("from {}", least)
                                                                        : fmt::format("{} to {}", least, most);
  return Diagnostic(kBadRequest,
                    fmt::format("`{}` is `{}`, and has to be a number {}", parameter, given->second, range));
}

Result<std::optional<int64_t>> Call::OptionalInteger(std::string_view parameter) const {
  if (!query.contains(parameter)) return std::optional<int64_t>();
  STIR_ASSIGN(const int64_t number, Integer(parameter, 0, 0, std::numeric_limits<int64_t>::max()));
  return std::optional(number);
}

Result<bool> Call::Flag(std::string_view parameter) const {
  const std::string text = Text(parameter);
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return Diagnostic(kBadRequest, fmt::format("`{}` is `{}`, and has to be true or false", parameter, text));
}

std::string Call::Text(std::string_view parameter) const {
  const auto given = query.find(parameter);
  return given == query.end() ? std::string() : given->second;
}

Result<Json> Call::Body(std::initializer_list<std::string_view> keys) const {
  if (Strip(request.body).empty()) return Json(Json::object());
  Json body = ReadJson(request.body);
  if (body.is_discarded()) return Diagnostic(kBadRequest, "the body is not JSON");
  if (!body.is_object()) return Diagnostic(kBadRequest, "the body has to be a JSON object");
  const std::vector<std::string> known(keys.begin(), keys.end());
  for (const auto& [key, value] : body.items()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string near = DidYouMean(key, known);
    return Diagnostic(kBadRequest, fmt::format("the body has no key `{}`", key))
        .Hint(near.empty() ? Listed(known) : near);
  }
  return body;
}

}  // namespace stir::server
