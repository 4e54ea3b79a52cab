// The macros that come with stir: those of dbt's own package, which every project needs, can be read on a thread of
// their own, while the project's files are found and read.
#pragma once

#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/macros.h"

namespace stir::project {

// "duckdb/table.sql" belongs to the internal package dbt_duckdb, "default/view.sql" to dbt.
struct BuiltinFile {
  std::string_view path, text;  // stay where they are as long as the manifest
};

class BuiltinMacros {
 public:
  // `sources` must outlive this.
  BuiltinMacros(const std::vector<BuiltinFile>& files, SourceMap& sources);

  void Start();  // for who knows that they will be taken
  // The macros of these internal packages, in the order of the files; once. The others are not read at all.
  std::vector<Macro> Take(const std::vector<std::string>& packages, Diagnostics& errors, unsigned threads);

 private:
  struct File {
    SourceId source;
    std::string_view path, text;
    std::string package;
    std::vector<Macro> macros;
    Diagnostics errors;

    void Read();
  };

  std::vector<File> files_;
  std::future<void> read_;  // last: it works on the files
};

}  // namespace stir::project
