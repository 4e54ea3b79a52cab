// A folder in which a case is played: its project, and a `bin` with the programs that its commands call. It goes when
// the test has passed, and stays to be looked at when it has not.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "tests/support/case_file.h"
#include "tests/support/engine.h"

namespace stir::testing_support {

class Workplace {
 public:
  // `programs`: what `bin` holds, by name, as links. `environment` is added to a plain one: UTC, no colours, its own
  // HOME. `name` says which engine it is for.
  Workplace(std::string_view name, const std::map<std::string, std::filesystem::path>& programs,
            std::map<std::string, std::string> environment = {});
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  std::filesystem::path root() const { return root_; }
  const Engine& engine() const { return *engine_; }
  std::filesystem::path project() const { return root_ / "project"; }

  // The case's files; a project named `case` and the engine's profile where it has none of its own.
  void Fill(const Case& shown) const;

  struct Said {
    int exit = 0;
    std::string out, err;
  };
  // Runs a line of shell in the project. One that does not end by itself is a failure of the test.
  Said Run(const std::string& line) const;

 private:
  const std::filesystem::path root_;
  const std::unique_ptr<Engine> engine_;
  std::map<std::string, std::string> environment_;
};

}  // namespace stir::testing_support
