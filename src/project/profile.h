// profiles.yml: which target, and what it says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/files.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/source_map.h"
#include "jinja/value.h"
#include "project/invocation.h"

namespace stir::project {

struct ProfileRequest {
  std::filesystem::path directory{};  // holds profiles.yml (see FindProfilesDirectory)
  std::string profile{};              // --profile, else the project's own
  std::string target{};               // --target; empty: the profile's own, else "default"
  int threads = 0;                    // --threads; 0: the target's own, else 1
};

// The active target: where models are built.
struct Target {
  std::string profile_name, name;
  adapter::Profile profile;  // settings rendered, with the engine's defaults for database and schema
  Span type_span;            // of `type` in profiles.yml
  jinja::Value context;      // what templates see as `target`: no passwords; frozen dict
};

// dbt's search order: the --profiles-dir given, DBT_PROFILES_DIR, the current folder if it has a profiles.yml, ~/.dbt.
std::filesystem::path FindProfilesDirectory(Files& files, const std::filesystem::path& given,
                                            const std::filesystem::path& current, const Environment& environment);

// Only the chosen output is rendered. Values of DBT_ENV_SECRET_* variables that it uses are added to `redactor`.
Result<Target> ReadTarget(Files& files, const ProfileRequest& request, const Invocation& invocation, SourceMap& sources,
                          Redactor& redactor);
// The same for a profiles.yml that is already in `sources`.
Result<Target> ParseTarget(SourceId profiles, const ProfileRequest& request, const Invocation& invocation,
                           const SourceMap& sources, Redactor& redactor);

}  // namespace stir::project
