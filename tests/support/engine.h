// The engine that a case is played on: the profile that its project has, and what stands in its databases afterwards.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/facts.h"

namespace stir::testing_support {

class Engine {
 public:
  virtual ~Engine() = default;
  // profiles.yml of a project that has none of its own; one thread, database `case`, schema `main`.
  virtual std::string Profiles() const = 0;
  // Before a case: nothing of the one before is left.
  virtual void Clear() const {}
  // What differs from machine to machine, by a name.
  virtual std::string WithoutPlace(std::string text) const { return text; }
  // Whether target/run is looked at.
  virtual bool ShowsRunSql() const { return false; }
  // Relations with their columns and rows, schemas.
  virtual void Look(const std::filesystem::path& project, Facts& facts) const = 0;
};

std::unique_ptr<Engine> DuckDbEngine();
// On the cluster of the tests, which is started with the first one.
std::unique_ptr<Engine> PostgresEngine();

// Cases named postgres/... are played on PostgreSQL, all others on DuckDB.
std::unique_ptr<Engine> EngineFor(std::string_view case_name);

}  // namespace stir::testing_support
