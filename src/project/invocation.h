// What every template of one invocation may ask, fixed at its start: id, time, environment, --vars, flags.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "base/source_map.h"
#include "jinja/value.h"

namespace stir::project {

// dbt's version whose behaviour, artifacts and context are kept; packages test it.
inline constexpr std::string_view kDbtVersion = "1.12.6";

using Environment = std::map<std::string, std::string>;

// Where templates' warnings go: told, kept quiet, or, as the user wants it, errors. Thread safe.
class WarningSink {
 public:
  virtual ~WarningSink() = default;
  // `code` and `name`: of dbt's event. `data`: a JSON object.
  virtual Status Warn(std::string_view code, std::string_view name, std::string_view text, std::string data) const = 0;
};

// Pointers outlive every phase that is given the invocation.
struct Invocation {
  std::string id;  // a uuid
  Timestamp started_at{};
  const Clock* clock = nullptr;
  const Environment* environment = nullptr;
  EventSink* events = nullptr;                  // log(), print()
  std::shared_ptr<const WarningSink> warnings;  // exceptions.warn(); null: nobody listens
  jinja::Value vars;                            // --vars, a dict, frozen; undefined: none
  std::vector<std::pair<std::string, jinja::Value>>
      flags;  // upper-case names as templates see them: FULL_REFRESH, WHICH, ...
};

// --vars (or another option that is given as one): the YAML text of a mapping. An empty text is an empty dict.
Result<jinja::Value> ParseVars(std::string_view yaml_text, SourceMap& sources, std::string_view option = "--vars");

}  // namespace stir::project
