// Integers beyond 64 bits, as Python's int goes on where a machine's ends. Such a value is an object that calls itself
// "int"; whatever fits 64 bits is never one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jinja/value.h"

namespace stir::jinja {

bool IsBig(const Value& value);
// int or bool, of any size.
bool IsInteger(const Value& value);

// `a <op> b` for integers of any size; throws EvaluationError with Python's words. kDivide gives the nearest float.
Value IntegerArithmetic(BinaryOp op, const Value& a, const Value& b);
Value NegateInteger(const Value& value);
// Digits in a base (2, 8, 10, 16) without sign or prefix, and whether it is negative.
std::string IntegerDigits(const Value& value, int base);
bool IsNegativeInteger(const Value& value);
// From digits in a base up to 36, which must be valid; `negative` puts the sign.
Value IntegerFrom(std::string_view digits, int base, bool negative);
// The integer part of a finite float.
Value IntegerFrom(double value);
// The nearest float; "int too large to convert to float" when there is none.
double IntegerToReal(const Value& value);
size_t IntegerBits(const Value& value);  // int.bit_length
// round(value, -places): to tens, hundreds, ...; ties to even.
Value RoundInteger(const Value& value, int64_t places);

}  // namespace stir::jinja
