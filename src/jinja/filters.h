// What the files of filters share.
#pragma once

#include <algorithm>
#include <functional>
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

// A built-in test or filter by a name that is known only now.
bool ApplyTest(Evaluator& evaluator, std::string_view name, const Value& value, const Arguments& arguments);
const FilterEntry& KnownFilter(std::string_view name);

// What `attribute='a.b.0'` asks of each item: a path of names and indices; empty: the item itself. A step that is
// undefined gives the fallback, unless that is None.
class AttributePath {
 public:
  explicit AttributePath(const Value& attribute, Value fallback = Value::None());
  Value Of(Evaluator& evaluator, Value item) const;

 private:
  std::vector<Value> parts_;
  Value fallback_;
};

// A generator: `next` gives one item after the other, then nothing. It runs while the render lives.
Value LazyIterable(Evaluator& evaluator, std::function<std::optional<Value>(Evaluator&)> next);
// lipsum.cc: the global function `lipsum`, words without meaning.
Value LoremIpsum(Evaluator& evaluator, const Arguments& arguments);
// For filters that are functions of one argument.
void RefuseArguments(std::string_view callee, const Arguments& arguments);

// escape(x): HTML of a value; a value that is HTML stays as it is.
Value EscapeValue(const Value& value);
bool IsHtml(const Value& value);
Value StripTagsOf(std::string_view html);
// urlize.cc: addresses in text become links.
Value Urlize(Evaluator& evaluator, const Value& input, const Arguments& arguments);

// Fails as x.items() does where x is no dict.
void RequireItems(Evaluator& evaluator, const Value& value);
// Texts that differ in case are one, unless `case_sensitive`.
Value FoldCase(const Value& value, bool case_sensitive);
// A method that Python's functions look for (`__abs__`), called; nullopt when the object has none.
std::optional<Value> CallSpecial(Evaluator& evaluator, const Value& value, std::string_view name,
                                 std::vector<Value> arguments = {});

}  // namespace stir::jinja
