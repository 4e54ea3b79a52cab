// A model in the engine, an application's database on a real server, and publications from the one to the other.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "transfer/publish.h"
#include "transfer/testing/engine.h"

namespace stir::transfer {

class NoJournal final : public Journal {
 public:
  Status Record(const JournalEntry&) override { return {}; }
};

class PublishPostgresTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void As(const std::string& user);      // who publishes from now on
  void Model(const std::string& query);  // the rows of mart_orders
  std::string Sql(std::string_view sql) const;
  std::string Tables() const;  // in the schema public
  PublishRequest Request(const std::string& run = "r1") const;
  PublishOutcome Publishes(const std::string& run = "r1");
  std::string Fails(const Failpoints& steps = {});  // "kind: message | hint", a line an error
  void DieAt(const std::string& step);              // a process that publishes and dies when it reaches the step

  std::filesystem::path folder_;
  std::string database_;
  platform::Connection connection_, lake_;  // lake_: a folder of files, of `stage`
  platform::Publication publication_;
  NoJournal journal_;
  Duration patience_ = std::chrono::seconds(20);
  std::unique_ptr<adapter::Adapter> adapter_;
};

}  // namespace stir::transfer
