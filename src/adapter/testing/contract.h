// The promises of adapter/connection.h as tests, for every engine. An engine's own test program instantiates the suite:
//   INSTANTIATE_TEST_SUITE_P(DuckDb, AdapterContract, testing::Values(subject), ContractName);
#pragma once

#include <gtest/gtest.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapter/connection.h"

namespace stir::adapter {

// How the suite gets at an engine.
struct ContractSubject {
  std::string name;
  // An adapter on the database that belongs to `folder`, a new folder for each test: made when it is not there yet, the
  // same database when it is.
  std::function<Result<std::unique_ptr<Adapter>>(const std::string& folder)> open;
  // A query that runs for minutes if nobody stops it.
  std::string endless_query;
};

// Asked for by every program that instantiates the suite, so that the linker takes the suite from its archive.
std::string ContractName(const testing::TestParamInfo<ContractSubject>& subject);

class AdapterContract : public testing::TestWithParam<ContractSubject> {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::unique_ptr<Connection> Connect();
  // Fails the test on an error.
  static void Run(Connection& connection, const std::string& sql);
  // All rows, cells joined by `|`.
  static std::vector<std::string> Texts(Connection& connection, const std::string& sql);
  Relation Named(const std::string& schema, const std::string& identifier) const;

  std::string folder_;
  std::unique_ptr<Adapter> adapter_;
};

}  // namespace stir::adapter
