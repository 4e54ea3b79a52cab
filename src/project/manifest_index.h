// The hash maps of a manifest.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "project/manifest.h"

namespace stir::project {

// Keys are views into the manifest's own texts; values are indexes of nodes() or, in `disabled_*`, of disabled().
struct Manifest::Index {
  std::unordered_map<std::string_view, uint32_t> unique_ids;
  std::unordered_map<std::string_view, std::vector<uint32_t>> refs, disabled_refs;        // by name
  std::unordered_map<std::string_view, std::vector<uint32_t>> sources, disabled_sources;  // by table
  std::unordered_map<std::string_view, std::vector<uint32_t>> named, disabled_named;      // functions, metrics: by name
  std::unordered_map<std::string_view, uint32_t> packages;

  void Fill(const Manifest& manifest);
};

}  // namespace stir::project
