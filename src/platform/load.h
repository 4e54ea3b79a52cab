// stir/*.yml of a project, read and joined to its manifest. All errors of all files are reported at once.
#pragma once

#include <filesystem>

#include "base/files.h"
#include "base/result.h"
#include "base/source_map.h"
#include "platform/definitions.h"
#include "platform/values.h"
#include "project/manifest.h"

namespace stir::platform {

struct LoadInput {
  Files& files;
  SourceMap& sources;
  std::filesystem::path project_dir;  // absolute
  std::string target_name;
  const project::Manifest& manifest;
  const ProjectValues& values;
};

// A project without the folder stir/ has only the connection `target`. References are checked: connections, sources,
// models, ingestions, publications, pools, tasks; so are the kinds of connection that an ingestion, publication or
// alert can use.
Result<Definitions> LoadDefinitions(const LoadInput& input);

}  // namespace stir::platform
