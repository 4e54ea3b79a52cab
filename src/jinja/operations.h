// Python's operators on values. All throw EvaluationError, with Python's words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "jinja/ast.h"
#include "jinja/value.h"

namespace stir::jinja {

class Evaluator;

Value Arithmetic(BinaryOp op, const Value& left, const Value& right);
Value Negate(const Value& value);
Value Plus(const Value& value);
bool Compare(CompareOp op, const Value& left, const Value& right);
bool Contains(const Value& container, const Value& item);
bool Less(const Value& left, const Value& right);
bool Truth(const Value& value);  // fails for strict undefined values

void RequireHashable(const Value& value);  // "unhashable type: 'list'"
void FailIfUndefined(const Value& value);  // using an undefined value is an error
std::string ToText(const Value& value);    // str(x)
void AppendText(std::string& out, const Value& value);
std::string ToRepr(const Value& value);

// iter(x); lists are read as they are, also while they grow.
std::unique_ptr<Iterator> Iterate(const Value& value);
bool IsIterable(const Value& value);
std::vector<Value> ToVector(const Value& value);  // list(x)
// The next value, or false at the end.
bool NextOf(Iterator& iterator, Value& value);
size_t LengthOf(const Value& value);  // len(x)

bool IsWhole(const Value& value);        // int or bool
int64_t WholeOf(const Value& value);     // of an int or bool
int64_t RequireInt(const Value& value);  // "'str' object cannot be interpreted as an integer"
bool IsNumber(const Value& value);
double RealOf(const Value& value);  // of int, bool, float

// x[start:stop:step]; None or undefined leaves a bound out.
Value TakeSlice(const Value& value, const Value& start, const Value& stop, const Value& step);
std::vector<size_t> SliceOf(size_t length, const Value& start, const Value& stop, const Value& step);

// format.cc: "..." % values, "...".format(...), format(value, spec)
Value FormatPercent(const Value& format, const Value& values);
Value FormatBraces(Evaluator& evaluator, const Value& format, const Arguments& arguments);
std::string FormatValue(const Value& value, std::string_view spec);

}  // namespace stir::jinja
