#include "server/http.h"

#include <algorithm>

namespace stir::server {

std::string_view Request::Find(std::string_view name) const {
  if (Count(name) != 1) return {};
  return std::ranges::find(headers, name, &Header::name)->value;
}

size_t Request::Count(std::string_view name) const {
  return static_cast<size_t>(std::ranges::count(headers, name, &Header::name));
}

}  // namespace stir::server
