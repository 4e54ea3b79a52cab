// The methods that Python's own types have, as far as text templates use them.
#pragma once

#include <optional>
#include <string_view>

#include "jinja/ast.h"
#include "jinja/value.h"

namespace stir::jinja {

class Evaluator;

struct MethodEntry {
  std::string_view name;
  Value (*apply)(Evaluator& evaluator, const Value& self, const Arguments& arguments);
  int8_t most = -1;             // how many arguments it takes at most; < 0: it looks itself
  bool takes_keywords = false;  // most of Python's own methods take none
};

// Calls the method, after a look at how many arguments there are.
Value CallMethod(Evaluator& evaluator, const MethodEntry& method, const Value& self, const Arguments& arguments);

// Null when the type has no such method. Objects bring their own.
const MethodEntry* FindMethod(const Value& value, std::string_view name);
const MethodEntry* FindMethod(Type type, std::string_view name);
const MethodEntry* FindMarkupMethod(std::string_view name);  // of text that is HTML, beside those of text
MethodsOfName FindMethods(std::string_view name);
// x.method as a value that can be called later.
Value BindMethod(const Value& self, const MethodEntry& method);
// Attributes of numbers that are not methods: real, imag, numerator, denominator.
std::optional<Value> PropertyOf(const Value& value, std::string_view name);

std::span<const MethodEntry> StringMethods();
std::span<const MethodEntry> ListMethods();
std::span<const MethodEntry> TupleMethods();
std::span<const MethodEntry> DictMethods();
std::span<const MethodEntry> IntMethods();
std::span<const MethodEntry> FloatMethods();

std::string ReplaceText(std::string_view text, std::string_view from, std::string_view to,
                        int64_t limit);  // limit < 0: all
std::string CapitalizeText(std::string_view text);

// Reads a built-in callee's arguments as ArgumentReader does, throwing.
class Reader {
 public:
  Reader(std::string_view callee, const Arguments& arguments) : reader_(callee, arguments) {}
  Value Required(std::string_view name);
  Value Optional(std::string_view name, Value fallback = Value::None()) {
    return reader_.Optional(name, std::move(fallback));
  }
  std::string RequiredText(std::string_view name);  // must be a string
  int64_t OptionalInt(std::string_view name, int64_t fallback);
  bool OptionalBool(std::string_view name, bool fallback);
  std::span<const Value> RestPositional() { return reader_.RestPositional(); }
  std::vector<KeywordArgument> RestKeywords() { return reader_.RestKeywords(); }
  void Finish();

 private:
  ArgumentReader reader_;
};

// objects.cc
Value MakeSlice(Value start, Value stop, Value step);
Value MakeRange(int64_t start, int64_t stop, int64_t step);
// dict.keys(), .values(), .items(): live views.
enum class DictPart : uint8_t { kKeys, kValues, kItems };
Value MakeDictView(const Value& dict, DictPart part);
Value MakeNamespace(Ref<Dict> attributes);
// The attributes of a namespace; null for other values.
Dict* NamespaceDict(const Value& value);
// type(x), for printing.
Value MakeType(const Value& of);
// The type's name with its module, unless it is one of Python's built-in types: "jinja2.utils.Namespace".
std::string QualifiedTypeName(const Value& value);
Value IterableOf(std::vector<Value> items, std::string type_name = "generator");
// Pulls values from a function until it gives none.
Value IterableFrom(std::function<std::optional<Value>()> next, std::string type_name = "generator");

}  // namespace stir::jinja
