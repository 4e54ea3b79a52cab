// What a cell of a seed may be: the rules of agate, the library that guesses for dbt, in the way dbt sets it up. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stir::runtime {

// In the order in which they are tried.
enum class SeedType : uint8_t { kNumber, kDate, kDateTime, kIsoDateTime, kBoolean, kText };

// How many digits a number has on each side of its point, without zeros that say nothing.
struct Places {
  int whole = 1;
  int decimals = 0;
};

// White space on both sides as Python's str.strip() knows it.
std::string_view StripSpace(std::string_view cell);

// Nothing, or the word `null`: no value of any type.
bool IsSeedNull(std::string_view cell);
// Each is empty for a cell that is not of the type. None of them is for nulls.
std::optional<Places> NumberPlaces(std::string_view cell);
std::optional<std::string> NumberText(std::string_view cell);                    // in Decimal's form: "-1.50"
std::optional<std::chrono::year_month_day> ReadSeedDate(std::string_view cell);  // 2024-01-31, also 2024-1-31
std::optional<Timestamp> ReadSeedDateTime(std::string_view cell);                // 2024-01-31 10:00:00
std::optional<Timestamp> ReadIsoDateTime(std::string_view cell);  // ISO 8601 with a T; its zone is passed over
std::optional<bool> ReadSeedBoolean(std::string_view cell);

// The first type that all cells of a column fit. A column of nulls, or without cells, is of numbers.
class ColumnGuess {
 public:
  static ColumnGuess Text();
  void See(std::string_view cell);
  // As if it had seen no value: the type stays, and no number has decimals.
  void Forget() { places_ = {}; }
  void Merge(const ColumnGuess& other);
  SeedType type() const;
  // Numbers only: some need a place behind the point. As agate counts, whose numbers have 28 digits.
  bool fractional() const;

 private:
  void SeeOther(std::string_view cell);
  bool Fits(SeedType type, std::string_view cell);
  void Widen(const Places& places);

  uint8_t fits_ = 0b111111;  // a bit a type
  Places places_;            // of all numbers
};

}  // namespace stir::runtime
