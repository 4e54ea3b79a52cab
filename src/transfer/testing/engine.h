// The engine that the tests of this room load into and publish from, and what their definitions are made of.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "adapter/connection.h"
#include "base/clock.h"
#include "platform/placed.h"

namespace stir::transfer {

// DuckDB on a file; a failure to open it fails the test.
std::unique_ptr<adapter::Adapter> OpenDuckDb(const std::filesystem::path& file);
// Rows one a line, cells joined by `|`, in UTC, in a session of its own; the engine's words when it refuses the query.
std::string RowsOf(adapter::Adapter& adapter, const std::string& query);

// A value of a definition that no file holds.
template <typename T>
platform::Placed<T> At(T value) {
  return {std::move(value), {}};
}

Timestamp Day(int day);  // of November 2026

}  // namespace stir::transfer
