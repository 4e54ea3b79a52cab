#include "runtime/table_diff.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/table_pairs.h"

namespace stir::runtime {

namespace {

using DiffCell = std::optional<std::string>;

constexpr std::string_view kArrow = "→", kSpaceMark = "␣";
constexpr size_t kWidest = 130;  // a wider table is not aligned

std::string Shown(const DiffCell& cell) { return cell.value_or("None"); }
bool Same(const DiffCell& a, const DiffCell& b) { return Shown(a) == Shown(b); }

// A cell in "a->b": null is NULL, and a text that looks like it is told apart.
std::string InChange(const DiffCell& cell) {
  if (!cell || *cell == "None") return "NULL";
  const size_t letters = std::min(cell->find_first_not_of('_'), cell->size());
  return cell->substr(letters) == "NULL" ? "_" + *cell : *cell;
}

size_t Length(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// `text` where it has spaces that `other` lacks, when nothing else tells them apart.
std::string MarkSpaces(const std::string& text, const std::string& other) {
  if (text == other || ReplaceAll(text, " ", "") != ReplaceAll(other, " ", "")) return text;
  std::string marked;
  size_t at = 0, there = 0;
  while (at < text.size()) {
    const char next = there < other.size() ? other[there] : '\0';
    if (text[at] == next) {
      marked += text[at++];
      ++there;
    } else if (next == ' ') {
      ++there;
    } else {
      marked += kSpaceMark;
      ++at;
    }
  }
  return marked;
}

// As in a CSV file: quoted where spaces, quotes, commas or line breaks would mislead.
std::string Quoted(std::string_view text) {
  const bool edges = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!edges && text.find_first_of("\"\r\n\t,") == text.npos) return std::string(text);
  return fmt::format("\"{}\"", ReplaceAll(text, "\"", "\"\""));
}

enum class Mark : uint8_t { kNone, kHead, kGap, kAdded, kRemoved, kChanged };

struct Line {
  Mark mark = Mark::kNone;
  std::vector<DiffCell> cells;  // the mark first
};

// How a cell looks: without colours for measuring, with them for showing.
class Painter {
 public:
  Painter(std::string separator, bool colors) : separator_(std::move(separator)), colors_(colors) {}

  std::string Plain(const Line& line, size_t column) const {
    const DiffCell& cell = line.cells[column];
    if (!Changed(line, cell)) return cell ? Quoted(*cell) : "NULL";
    const auto [before, after] = Parts(*cell);
    return Quoted(before + std::string(kArrow) + after);
  }

  std::string Painted(const Line& line, size_t column) const {
    const DiffCell& cell = line.cells[column];
    if (!colors_) return Plain(line, column);
    if (Changed(line, cell)) {
      const auto [before, after] = Parts(*cell);
      return Quoted(fmt::format("\x1b[31;1m{}\x1b[34;1m{}\x1b[32;1m{}\x1b[0m", before, kArrow, after));
    }
    const std::string_view code = line.mark == Mark::kHead      ? "\x1b[0;1m"
                                  : line.mark == Mark::kAdded   ? "\x1b[32;1m"
                                  : line.mark == Mark::kRemoved ? "\x1b[31;1m"
                                                                : "";
    if (code.empty()) return cell ? Quoted(*cell) : "NULL";
    return Quoted(fmt::format("{}{}\x1b[0m", code, cell.value_or("null")));
  }

 private:
  bool Changed(const Line& line, const DiffCell& cell) const {
    return line.mark == Mark::kChanged && cell && cell->find(separator_) != cell->npos;
  }
  std::pair<std::string, std::string> Parts(const std::string& cell) const {
    const size_t at = cell.find(separator_);
    const std::string before = cell.substr(0, at), after = cell.substr(at + separator_.size());
    return {MarkSpaces(before, after), MarkSpaces(after, before)};
  }

  std::string separator_;
  bool colors_;
};

class Differ {
 public:
  Differ(const DiffTable& expected, const DiffTable& actual)
      : expected_(expected), actual_(actual), pairing_(PairRows(expected, actual)), shown_column_(pairing_.key) {
    Classify();
  }

  bool different() const {
    return std::ranges::any_of(marks_, [](Mark mark) { return mark != Mark::kNone; });
  }

  std::string Text(bool colors) {
    SpreadContext();
    separator_ = Separator();
    std::vector<Line> lines{Head()};
    for (size_t i = 0; i < pairing_.rows.size(); ++i) {
      if (row_use_[i] == Use::kHidden) continue;
      if (row_use_[i] == Use::kGap) {
        if (lines.back().mark != Mark::kGap) lines.push_back(Gap());
        continue;
      }
      lines.push_back(RowLine(i, colors));
    }
    Elide(lines);
    return Render(lines, Painter(separator_, colors), colors);
  }

 private:
  enum class Use : uint8_t { kHidden, kChanged, kContext, kGap };

  const DiffCell* ExpectedAt(size_t row, size_t column) const {
    const int index = pairing_.rows[row].expected;
    return index < 0 ? nullptr : &expected_.rows[static_cast<size_t>(index)][column];
  }
  const DiffCell* ActualAt(size_t row, size_t column) const {
    const int index = pairing_.rows[row].actual;
    return index < 0 ? nullptr : &actual_.rows[static_cast<size_t>(index)][column];
  }

  bool IsBoolean(size_t column) const { return column < actual_.booleans.size() && actual_.booleans[column]; }

  void Classify() {
    for (size_t i = 0; i < pairing_.rows.size(); ++i) {
      Mark mark = pairing_.rows[i].expected < 0 ? Mark::kAdded
                  : pairing_.rows[i].actual < 0 ? Mark::kRemoved
                                                : Mark::kNone;
      for (size_t column = 0; column < shown_column_.size(); ++column) {
        if (mark == Mark::kAdded) shown_column_[column] = true;
        const DiffCell *before = ExpectedAt(i, column), *after = ActualAt(i, column);
        if (!before || !after || Same(*before, *after)) continue;
        mark = Mark::kChanged;
        shown_column_[column] = true;
      }
      marks_.push_back(mark);
    }
  }

  // One row around each change is shown too; further ones are a gap. The head is a row here.
  void SpreadContext() {
    row_use_.assign(marks_.size(), Use::kHidden);
    for (size_t i = 0; i < marks_.size(); ++i)
      if (marks_[i] != Mark::kNone) row_use_[i] = Use::kChanged;
    Near(row_use_, false);
    Near(row_use_, true);
    std::vector<Use> columns;
    for (const bool shown : shown_column_) columns.push_back(shown ? Use::kChanged : Use::kHidden);
    Near(columns, false);
    Near(columns, true);
    for (size_t i = 0; i < columns.size(); ++i)
      shown_column_[i] = columns[i] == Use::kChanged || columns[i] == Use::kContext;
  }

  static void Near(std::vector<Use>& uses, bool backwards) {
    constexpr size_t kFar = 1000;
    size_t distance = kFar;
    for (size_t step = 0; step < uses.size(); ++step) {
      Use& use = uses[backwards ? uses.size() - 1 - step : step];
      distance = std::min(distance + 1, kFar);
      if (use == Use::kChanged) distance = 0;
      if (use != Use::kHidden && use != Use::kGap) continue;
      if (distance <= 1) use = Use::kContext;
      if (distance == 2) use = Use::kGap;
    }
  }

  // "->", with as many dashes as it takes for no cell to hold it.
  std::string Separator() const {
    std::string separator = "->";
    const auto grow = [&](std::string_view text) {
      while (text.find(separator) != text.npos) separator.insert(0, 1, '-');
    };
    for (const DiffTable* table : {&expected_, &actual_}) {
      for (const std::string& name : table->columns) grow(name);
      for (const auto& row : table->rows)
        for (const DiffCell& cell : row) grow(cell.value_or(""));
    }
    return separator;
  }

  Line Head() const {
    Line line{Mark::kHead, {"@@"}};
    for (const std::string& name : actual_.columns) line.cells.emplace_back(name);
    return line;
  }
  Line Gap() const { return {Mark::kGap, std::vector<DiffCell>(shown_column_.size() + 1, "...")}; }

  // With colours, truth values of whole rows are in small letters: what printed them first was no Python.
  Line RowLine(size_t row, bool colors) const {
    const Mark mark = marks_[row];
    Line line{mark,
              {mark == Mark::kAdded     ? "+++"
               : mark == Mark::kRemoved ? "---"
               : mark == Mark::kChanged ? separator_
                                        : std::string()}};
    for (size_t column = 0; column < shown_column_.size(); ++column) {
      const DiffCell *before = ExpectedAt(row, column), *after = ActualAt(row, column);
      if (before && after && !Same(*before, *after)) {
        line.cells.emplace_back(InChange(*before) + separator_ + InChange(*after));
      } else {
        line.cells.push_back(before ? *before : *after);
        const bool small = colors && (mark == Mark::kAdded || mark == Mark::kRemoved) && IsBoolean(column);
        if (small && line.cells.back()) line.cells.back() = ToLower(*line.cells.back());
      }
    }
    return line;
  }

  // Columns without a change, away from one, become dots; a run of them one column of dots.
  void Elide(std::vector<Line>& lines) const {
    for (Line& line : lines) {
      std::vector<DiffCell> kept{line.cells.front()};
      bool in_gap = false;
      for (size_t column = 0; column < shown_column_.size(); ++column) {
        if (shown_column_[column]) kept.push_back(std::move(line.cells[column + 1]));
        if (!shown_column_[column] && !in_gap) kept.emplace_back("...");
        in_gap = !shown_column_[column];
      }
      line.cells = std::move(kept);
    }
  }

  // A width that fits nearly all of a column's cells: outliers stick out.
  static size_t WidthOf(const std::vector<Line>& lines, size_t column, const Painter& painter) {
    double sum = 0, squares = 0;
    std::vector<size_t> lengths;
    for (const Line& line : lines) {
      lengths.push_back(Length(painter.Plain(line, column)));
      const auto length = static_cast<double>(lengths.back());
      sum += length;
      squares += length * length;
    }
    const auto count = static_cast<double>(lines.size());
    const double mean = sum / count, variance = squares / count - mean * mean;
    const auto most = variance < 0 ? size_t{0} : static_cast<size_t>(std::lround(mean + std::sqrt(variance) * 2));
    size_t width = lengths.front();
    for (const size_t length : lengths)
      if (length <= most) width = std::max(width, length);
    return width;
  }

  static std::string Render(const std::vector<Line>& lines, const Painter& painter, bool colors) {
    const size_t columns = lines.front().cells.size();
    std::vector<size_t> widths;
    size_t total = columns - 1;
    for (size_t column = 0; column < columns; ++column) {
      widths.push_back(WidthOf(lines, column, painter));
      total += widths.back();
    }
    const bool aligned = total <= kWidest;
    const std::string_view comma = colors ? "\x1b[33m,\x1b[0m" : ",";
    std::string text;
    for (const Line& line : lines) {
      size_t target = 0, at = 0;
      for (size_t column = 0; column < columns; ++column) {
        if (aligned && target > at) {
          text.append(target - at, ' ');
          at = target;
        }
        if (column) text += comma;
        text += painter.Painted(line, column);
        at += Length(painter.Plain(line, column));
        target += widths[column];
      }
      text += "\r\n";
    }
    return text;
  }

  const DiffTable& expected_;
  const DiffTable& actual_;
  Pairing pairing_;
  std::vector<Mark> marks_;         // of pairing_.rows
  std::vector<Use> row_use_;        // of pairing_.rows
  std::vector<bool> shown_column_;  // key columns, changed ones and their neighbours
  std::string separator_;
};

}  // namespace

TableDiff CompareTables(const DiffTable& expected, const DiffTable& actual, bool colors) {
  Differ differ(expected, actual);
  if (!differ.different()) return {};
  return {true, differ.Text(colors)};
}

}  // namespace stir::runtime
