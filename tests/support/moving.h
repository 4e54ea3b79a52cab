// Two projects on DuckDB, one that loads from a real PostgreSQL server and one that publishes to it, for tests that run
// the real binary on them and disturb what is between. Two, since a DuckDB file has one user at a time.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pg/testing/cluster.h"
#include "tests/support/child.h"

namespace stir::testing_support {

class MovingTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // What a project connects with: the cluster's socket, or another place. `rest`: ", word: value".
  static std::string Connection(const std::string& user, const std::string& rest = "");
  static std::string ConnectionTo(const std::string& host, const std::string& port, const std::string& user,
                                  const std::string& rest = "");
  // The project's ingestion of all rows of `source`; its publication `target`, with nothing older kept.
  void Ingestion(const std::string& project, const std::string& connection) const;
  void Publication(const std::string& project, const std::string& strategy, const std::string& connection,
                   const std::string& table = "target") const;
  // A project of its own, like `in` or `out`.
  void MakeProject(const std::string& project, bool publishes) const;

  void Write(const std::string& project, const std::filesystem::path& path, std::string_view text) const;
  std::unique_ptr<Child> Start(const std::string& project, std::vector<std::string> words);
  Ended Stir(const std::string& project, std::vector<std::string> words);
  // The model `target`: id from 0 on, part, v.
  void Builds(const std::string& project, const std::string& v, int rows = 120000);
  static std::string Sql(std::string_view sql);
  static constexpr int kSourceRows = 100000;
  // "rows,sum of id,different ids,least v" of what was loaded.
  std::string Loaded(const std::string& project);

  // A small file system of its own; false, and the test is to be skipped, where none may be mounted. `owner`: an
  // account.
  [[nodiscard]] bool Mount(const std::filesystem::path& folder, const std::string& size, const std::string& owner);

  std::filesystem::path root_;

 private:
  std::vector<std::filesystem::path> mounts_;
  int started_ = 0;
};

void ExpectSays(const Ended& ended, std::string_view text);

}  // namespace stir::testing_support
