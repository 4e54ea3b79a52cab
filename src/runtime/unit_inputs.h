// The rows that a unit test puts in place of its model's inputs: each becomes a common table expression of the model's
// query, as an ephemeral model would.
#pragma once

#include <string>
#include <vector>

#include "runtime/inject_ctes.h"
#include "runtime/node_run.h"

namespace stir::runtime {

// Lives as long as the run of one unit test; used by its thread.
class UnitInputs {
 public:
  UnitInputs(const project::Manifest& manifest, const project::Node& test);

  // What stands for `target`, noted as used; null when the test gives no rows for it.
  const std::string* Use(graph::NodeId target);
  // The used ones, in the order in which they were first used.
  Result<std::vector<NamedCte>> Ctes(RunState& state, Worker& worker) const;

 private:
  struct Input {
    const project::UnitTestFixture* fixture;
    std::string name;  // "__dbt__cte__orders"
  };
  Input* Find(graph::NodeId target);

  const project::Manifest& manifest_;
  const project::Node& test_;
  std::vector<Input> inputs_;
  std::vector<const Input*> used_;
};

}  // namespace stir::runtime
