// The routes of the API as data: what there is, who may ask for it, and the function that answers. api/openapi.json
// describes the same; a test holds them to each other.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "server/guard.h"
#include "server/http.h"
#include "server/target.h"

namespace stir::server {

class Api;
struct Route;

// A request that is understood, and may be answered.
struct Call {
  const Request& request;
  const Route& route;
  const std::map<std::string, std::string, std::less<>>& path;   // what stands for {run}, {pipeline}, ...
  const std::map<std::string, std::string, std::less<>>& query;  // only parameters that the route has
  const Caller& caller;

  // kBadRequest, or kNotFound for one of the path, for what is no number of this range.
  Result<int64_t> Number(std::string_view parameter) const;  // of the path
  Result<int64_t> Integer(std::string_view parameter, int64_t fallback, int64_t least, int64_t most) const;
  Result<std::optional<int64_t>> OptionalInteger(std::string_view parameter) const;
  Result<bool> Flag(std::string_view parameter) const;
  std::string Text(std::string_view parameter) const;  // empty: it is not given
  const std::string& Name(std::string_view parameter) const { return path.find(parameter)->second; }
  // The body: an object of these keys alone; an empty body is an empty object.
  Result<Json> Body(std::initializer_list<std::string_view> keys) const;
};

struct Route {
  std::string_view method;  // "GET" (HEAD too), "POST"
  std::string_view path;    // "/api/v1/runs/{run}"
  std::string_view query;   // its parameters, separated by spaces
  Role role = Role::kViewer;
  Result<Response> (*answer)(Api&, const Call&) = nullptr;
};

std::span<const Route> Routes();

// The route of a path and what stands for its parameters; `allowed`: the methods that the path has.
struct Match {
  const Route* route = nullptr;  // null: no such path, or not by this method
  std::map<std::string, std::string, std::less<>> path;
  std::vector<std::string_view> allowed;
};
Match FindRoute(std::string_view method, const std::vector<std::string>& path);

// kBadRequest for a parameter that the route does not have.
Status CheckQuery(const Route& route, const Target& target);

}  // namespace stir::server
