#include "project/builtin_macros.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/parallel.h"
#include "project/macro_files.h"

namespace stir::project {

namespace {

constexpr std::string_view kCommonPackage = "dbt";

std::string InternalPackage(std::string_view path) {
  const std::string_view folder = path.substr(0, path.find('/'));
  return folder == "default" ? std::string(kCommonPackage) : "dbt_" + std::string(folder);
}

}  // namespace

BuiltinMacros::BuiltinMacros(const std::vector<BuiltinFile>& files, SourceMap& sources) {
  for (const BuiltinFile& file : files) {
    if (!file.path.ends_with(".sql")) continue;
    const SourceId source = sources.Add("macros/" + std::string(file.path) + " (built in)", file.text, nullptr);
    files_.push_back({source, file.path, file.text, InternalPackage(file.path), {}, {}});
  }
}

void BuiltinMacros::Start() {
  read_ = std::async(std::launch::async, [this] {
    for (File& file : files_) {
      if (file.package == kCommonPackage) file.Read();
    }
  });
}

void BuiltinMacros::File::Read() { macros = ReadMacros(text, source, package, path, errors); }

std::vector<Macro> BuiltinMacros::Take(const std::vector<std::string>& packages, Diagnostics& errors,
                                       unsigned threads) {
  const auto wanted = [&](const File& file) { return std::ranges::find(packages, file.package) != packages.end(); };
  const bool started = read_.valid();
  ParallelFor(
      files_.size(),
      [&](size_t i) {
        if ((!started || files_[i].package != kCommonPackage) && wanted(files_[i])) files_[i].Read();
      },
      threads);
  if (started) read_.wait();
  std::vector<Macro> all;
  for (File& file : files_) {
    if (!wanted(file)) continue;
    std::ranges::move(file.macros, std::back_inserter(all));
    Append(errors, std::move(file.errors));
  }
  return all;
}

}  // namespace stir::project
