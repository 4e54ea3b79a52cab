// Which row of one table is which row of the other.
#pragma once

#include <vector>

#include "runtime/table_diff.h"

namespace stir::runtime {

struct RowPair {
  int expected = -1, actual = -1;  // -1: only in the other table
};

struct Pairing {
  std::vector<RowPair> rows;  // in the order in which they are shown
  std::vector<bool> key;      // per column: used to find out what belongs together
};

Pairing PairRows(const DiffTable& expected, const DiffTable& actual);

}  // namespace stir::runtime
