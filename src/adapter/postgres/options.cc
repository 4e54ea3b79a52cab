// Reads the output of profiles.yml for PostgreSQL.
#include "adapter/postgres/options.h"

#include <nlohmann/json.hpp>

namespace stir::adapter::postgres {

Result<Options> ReadOptions(const Profile& profile) {
  STIR_ASSIGN(pg::Settings settings,
              pg::ReadSettings(profile.settings == nullptr ? Json::object() : *profile.settings, "dbt"));
  Options options{.connect = std::move(settings.connect),
                  .database = profile.database.empty() ? settings.database : profile.database,
                  .schema = "public",
                  .role = std::move(settings.role)};
  if (!profile.schema.empty()) options.schema = profile.schema;
  return options;
}

}  // namespace stir::adapter::postgres
