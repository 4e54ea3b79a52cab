// What the files of filters share.
#pragma once

#include <string>
#include <vector>

#include "jinja/builtins.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/methods.h"

namespace stir::jinja {

std::span<const FilterEntry> TextFilters();
std::span<const FilterEntry> NumberFilters();
std::span<const FilterEntry> SequenceFilters();
std::span<const FilterEntry> SelectionFilters();

// Calls a built-in test or filter by a name that is known only now.
bool ApplyTest(Evaluator& evaluator, std::string_view name, const Value& value, const Arguments& arguments);
Value ApplyFilter(Evaluator& evaluator, std::string_view name, const Value& value, const Arguments& arguments);

// What `attribute='a.b.0'` asks of each item: a path of names and indices; empty: the item itself.
class AttributePath {
 public:
  explicit AttributePath(const Value& attribute);
  Value Of(Evaluator& evaluator, Value item) const;

 private:
  std::vector<Value> parts_;
};

// Texts that differ in case are one, unless `case_sensitive`.
Value FoldCase(const Value& value, bool case_sensitive);
// A method that Python's functions look for (`__abs__`), called; nullopt when the object has none.
std::optional<Value> CallSpecial(Evaluator& evaluator, const Value& value, std::string_view name,
                                 std::vector<Value> arguments = {});

}  // namespace stir::jinja
