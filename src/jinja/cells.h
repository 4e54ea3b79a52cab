// What values point at on the heap, and the engine's private way to it. Other rooms see Value only.
#pragma once

#include <string>
#include <vector>

#include "jinja/provenance.h"
#include "jinja/value.h"

namespace stir::jinja {

struct StringCell final : RefCounted {
  explicit StringCell(std::string value, bool safe = false) : text(std::move(value)), markup(safe) {}
  std::string text;
  bool markup;
  // Where the parts of a text that a macro or block wrote came from; set once, before the value is handed out.
  Ref<const Provenance> provenance;
};

struct SequenceCell final : RefCounted {
  explicit SequenceCell(std::vector<Value> values) : items(std::move(values)) {}
  std::vector<Value> items;
};

struct UndefinedCell final : RefCounted {
  Value name;          // a string: variable or attribute; else the item that was looked for
  std::string object;  // "dict object" when an attribute or item of something is missing, else empty
  std::string hint;    // the whole message, when it is known
  bool lenient = false;
  bool strict = false;
};

struct Cells {
  static Value Make(Type type, const RefCounted* cell) { return Value(type, cell); }
  static StringCell& Of(const Value& value) { return *static_cast<StringCell*>(Raw(value)); }
  static UndefinedCell* Undefined(const Value& value) { return static_cast<UndefinedCell*>(Raw(value)); }
  static bool IsMarkup(const Value& value) { return value.IsString() && Of(value).markup; }
  // A slot that nothing was assigned to: undefined, without a reason.
  static bool IsMissing(const Value& value) { return value.IsUndefined() && Raw(value) == nullptr; }
  static bool IsLenient(const Value& value) { return value.IsUndefined() && Raw(value) && Undefined(value)->lenient; }
  static bool IsStrict(const Value& value) { return value.IsUndefined() && Raw(value) && Undefined(value)->strict; }
  static RefCounted* Raw(const Value& value) { return const_cast<RefCounted*>(value.heap_); }
};

}  // namespace stir::jinja
