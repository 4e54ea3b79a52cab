// Rows belong together when some columns of them, tried from few to all, are found exactly once on each side. What is
// left is paired with its neighbours' neighbours when all tried columns agree.
#include "runtime/table_pairs.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace stir::runtime {

namespace {

using Columns = std::vector<size_t>;
using Row = std::vector<std::optional<std::string>>;

constexpr size_t kMostKeyColumns = 5;
constexpr double kTooFrequent = 0.1;  // a key that so many rows share tells nothing

std::string KeyOf(const Row& row, const Columns& columns) {
  std::string key;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i) key += " // ";
    const auto& cell = row[columns[i]];
    if (cell && *cell != "null" && *cell != "undefined") key += *cell;
  }
  return key;
}

// The rows of one table by key.
class KeyIndex {
 public:
  KeyIndex(const DiffTable& table, const Columns& columns) {
    for (size_t i = 0; i < table.rows.size(); ++i) {
      keys_.push_back(KeyOf(table.rows[i], columns));
      std::vector<size_t>& rows = rows_[keys_.back()];
      rows.push_back(i);
      most_ = std::max(most_, rows.size());
    }
  }
  const std::string& key(size_t row) const { return keys_[row]; }
  // The only row with the key, or -1.
  int Only(const std::string& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() || found->second.size() != 1 ? -1 : static_cast<int>(found->second.front());
  }
  size_t most() const { return most_; }

 private:
  std::vector<std::string> keys_;
  std::unordered_map<std::string, std::vector<size_t>> rows_;
  size_t most_ = 1;  // the head is a row as well
};

// The columns that keys are made of: all, or the five with the most different values.
Columns KeyColumns(const DiffTable& expected, const DiffTable& actual) {
  Columns columns(expected.columns.size());
  std::iota(columns.begin(), columns.end(), 0);
  if (columns.size() <= kMostKeyColumns) return columns;
  std::vector<size_t> different;
  for (const size_t column : columns) {
    size_t count = 0;
    for (const DiffTable* table : {&expected, &actual}) {
      std::unordered_set<std::string> seen{table->columns[column]};
      for (const Row& row : table->rows) seen.insert(row[column].value_or(""));
      count += seen.size();
    }
    different.push_back(count);
  }
  std::ranges::stable_sort(columns, [&](size_t a, size_t b) { return different[a] > different[b]; });
  columns.resize(kMostKeyColumns);
  return columns;
}

class Pairer {
 public:
  Pairer(const DiffTable& expected, const DiffTable& actual)
      : expected_(expected),
        actual_(actual),
        to_actual_(expected.rows.size(), -1),
        to_expected_(actual.rows.size(), -1),
        key_(expected.columns.size(), false) {}

  Pairing Run() {
    const Columns columns = KeyColumns(expected_, actual_);
    const size_t sets = size_t{1} << columns.size();
    std::optional<std::pair<KeyIndex, KeyIndex>> all;  // of the set of all columns, when it is reached
    size_t used = 0;
    for (size_t set = 1; set < sets && open_ > 0; ++set) {
      Columns chosen;
      for (size_t i = 0; i < columns.size(); ++i)
        if (set >> i & 1) chosen.push_back(columns[i]);
      for (const size_t column : chosen) key_[column] = true;
      std::pair<KeyIndex, KeyIndex> index{KeyIndex(expected_, chosen), KeyIndex(actual_, chosen)};
      const bool last = set + 1 == sets;
      if (!TooFrequent(index) || (used == 0 && last)) {
        ++used;
        LinkOnly(index);
      }
      if (last) all.emplace(std::move(index));
    }
    if (all) {
      const Side mine{all->first, to_actual_}, theirs{all->second, to_expected_};
      for (const int step : {1, -1}) Follow(mine, theirs, step);
      for (const int step : {1, -1}) Follow(theirs, mine, step);
    }
    return {Order(), key_};
  }

 private:
  bool TooFrequent(const std::pair<KeyIndex, KeyIndex>& index) const {
    const auto height = static_cast<double>(std::max(expected_.rows.size(), actual_.rows.size()) + 1);
    const auto most = static_cast<double>(std::max(index.first.most(), index.second.most()));
    return most / (height + 20) >= kTooFrequent;
  }

  void Link(int expected, int actual) {
    to_actual_[static_cast<size_t>(expected)] = actual;
    to_expected_[static_cast<size_t>(actual)] = expected;
    --open_;
  }

  void LinkOnly(const std::pair<KeyIndex, KeyIndex>& index) {
    if (std::exchange(head_open_, false)) --open_;
    for (size_t row = 0; row < expected_.rows.size(); ++row) {
      const std::string& key = index.first.key(row);
      if (to_actual_[row] >= 0 || key.empty() || index.first.Only(key) < 0) continue;
      const int other = index.second.Only(key);
      if (other >= 0 && to_expected_[static_cast<size_t>(other)] < 0) Link(static_cast<int>(row), other);
    }
  }

  struct Side {
    const KeyIndex& index;
    std::vector<int>& links;
  };

  // Unpaired rows beside paired ones are paired when their keys agree; `step` says on which side to look.
  void Follow(Side from, Side to, int step) {
    const int height = static_cast<int>(from.links.size()), other_height = static_cast<int>(to.links.size());
    int other = step > 0 ? 0 : other_height - 1;
    for (int i = 0; i < height && other >= 0 && other < other_height; ++i) {
      const auto row = static_cast<size_t>(step > 0 ? i : height - 1 - i);
      if (from.links[row] >= 0) {
        other = from.links[row] + step;
        continue;
      }
      const auto beside = static_cast<size_t>(other);
      if (from.index.key(row) != to.index.key(beside) || to.links[beside] >= 0) continue;
      from.links[row] = other;
      to.links[beside] = static_cast<int>(row);
      --open_;
      other += step;
    }
  }

  // The actual order; what is missing there comes before the first row that it was before.
  std::vector<RowPair> Order() const {
    std::vector<RowPair> rows;
    int gone = 0;
    const auto missing_before = [&](int limit) {
      for (; gone < static_cast<int>(to_actual_.size()) && gone < limit; ++gone)
        if (to_actual_[static_cast<size_t>(gone)] < 0) rows.push_back({gone, -1});
    };
    for (size_t i = 0; i < to_expected_.size(); ++i) {
      if (to_expected_[i] >= 0) missing_before(to_expected_[i]);
      rows.push_back({to_expected_[i], static_cast<int>(i)});
    }
    missing_before(static_cast<int>(to_actual_.size()));
    return rows;
  }

  const DiffTable& expected_;
  const DiffTable& actual_;
  std::vector<int> to_actual_, to_expected_;
  std::vector<bool> key_;
  bool head_open_ = true;  // the heads are rows too, paired by the first keys that are any good
  int64_t open_ = static_cast<int64_t>(to_actual_.size()) + 1;
};

}  // namespace

Pairing PairRows(const DiffTable& expected, const DiffTable& actual) { return Pairer(expected, actual).Run(); }

}  // namespace stir::runtime
