// .dbtignore: which files a project does not want read, in the patterns of .gitignore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stir::project {

class IgnoreRules {
 public:
  IgnoreRules() = default;  // ignores nothing
  explicit IgnoreRules(std::string_view text);
  // `path` is below the folder of the file, '/' separated. The last pattern that fits it or a folder above it decides.
  bool Ignores(std::string_view path) const;

 private:
  struct Rule {
    std::vector<std::string> segments;  // "**" spans any number of folders
    bool negated = false;               // !pattern: is read after all
    bool only_folders = false;          // pattern/
    bool Fits(const std::vector<std::string_view>& path, bool is_folder) const;
  };
  std::vector<Rule> rules_;
};

}  // namespace stir::project
