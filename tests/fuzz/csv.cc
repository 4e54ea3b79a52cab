// Any text as a seed and as the rows of a unit test: every cell is read, and reading ends.
#include <cstdint>
#include <cstdlib>

#include "project/csv_rows.h"
#include "runtime/seed_csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char delimiter : {',', ';', '\t'}) {
    stir::runtime::CsvReader reader(text, delimiter);
    std::vector<std::string_view> cells;
    size_t letters = 0, before = reader.at();
    while (reader.Next(cells)) {
      for (const std::string_view cell : cells) letters += cell.size();
      if (reader.at() <= before || letters > size) std::abort();
      before = reader.at();
    }
  }
  static_cast<void>(stir::project::CsvRows(text));
  return 0;
}
