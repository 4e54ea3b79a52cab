// Finds records of a CSV file again: the engine says which of its rows were bad, but not on which line they stood nor
// how they were written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir::transfer {

struct CsvRecord {
  int64_t record = 0;  // 1-based, with the header and empty lines
  int64_t row = 0;     // 1-based among the rows that the engine read; 0: one that it could not read
  int64_t line = 0;    // 1-based, where the record begins
  std::string text;    // as written, without its line end
};

struct CsvSearch {
  char quote = '"';
  bool header = true;
  bool skip_empty = true;       // an empty line is no record
  std::vector<int64_t> broken;  // record numbers that the engine could not read, ascending
  std::vector<int64_t> rows;    // rows wanted, ascending; the broken records are wanted too
};

struct CsvFound {
  std::vector<CsvRecord> records;  // in the file's order
  int64_t rows = 0;                // how many rows the engine must have read, if both see the file alike
};

// The fields of one record, their quotes taken off.
std::vector<std::string> SplitCsvRecord(std::string_view record, std::string_view delimiter, std::string_view quote);

// One pass in bounded memory; bytes that are not UTF-8 are shown as \xNN.
Result<CsvFound> FindCsvRecords(const std::filesystem::path& path, const CsvSearch& search);

}  // namespace stir::transfer
