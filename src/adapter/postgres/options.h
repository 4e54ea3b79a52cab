// What a profile of type postgres asks for, in dbt-postgres's words, as libpq's parameters.
#pragma once

#include <string>

#include "adapter/connection.h"
#include "pg/settings.h"

namespace stir::adapter::postgres {

struct Options {
  pg::ConnectSpec connect;
  std::string database;
  std::string schema = "public";
  std::string role;  // SET ROLE after connecting; empty: none
};

// dbt-postgres's keys, and beside them what libpq can do: the words of pg/settings.h.
Result<Options> ReadOptions(const Profile& profile);

}  // namespace stir::adapter::postgres
