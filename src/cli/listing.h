// A list of things with texts in columns, printed as a table, JSON or CSV.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stir::cli {

class Listing {
 public:
  explicit Listing(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // To standard output; `form`: table, json or csv. JSON keys are the columns with underscores. Returns exit code 0.
  int Print(std::string_view form) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace stir::cli
