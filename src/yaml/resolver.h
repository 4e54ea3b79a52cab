// What type a plain scalar has: the implicit resolvers and constructors of PyYAML's safe loader, without regular
// expressions, because every scalar of every file passes here.
#pragma once

#include <string>
#include <string_view>

#include "yaml/node.h"

namespace stir::yaml {

// The type that a plain scalar's text stands for; kString when no rule fits. Looks at the form only.
Type TypeOfPlain(std::string_view text);

// Digits with an optional sign: an integer that may also be read as a float.
bool IsDecimal(std::string_view text);

// Fills type and value of a scalar from node.text as `type` (whose form it must have). Returns an empty string, or what
// is wrong with the value ("month 13 is not a month").
std::string SetValue(Node& node, Type type);

}  // namespace stir::yaml
