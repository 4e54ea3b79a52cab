// A project with pipelines in a folder of its own, for tests that run the real binary on it and look at what is left.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tests/support/child.h"

namespace stir::testing_support {

using Words = std::vector<std::string>;

class PipelineProject : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void Write(const std::filesystem::path& path, std::string_view text) const;
  // stir/p.yml: connections, and pipelines as they stand.
  void Pipelines(std::string_view pipelines, std::string_view connections = "{}") const;
  // A pipeline p of these tasks.
  void Tasks(std::string_view tasks, std::string_view connections = "{}") const;

  std::unique_ptr<Child> Start(Words words);
  Ended Stir(Words words);
  Ended Run(const std::string& pipeline = "p", const std::string& date = "2026-01-01");
  // A command's table as JSON.
  Json Listed(Words words);
  Json Runs() { return Listed({"runs", "list", "--last", "1000"}); }
  // "name state(attempts)"
  Words States(int64_t run = 1);
  Words Lines(const std::filesystem::path& path) const;

  std::filesystem::path root_, project_;

 private:
  int started_ = 0;
};

}  // namespace stir::testing_support
