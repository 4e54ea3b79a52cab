// What values point at on the heap, and the engine's private way to it. Other rooms see Value only.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "jinja/kinds.h"
#include "jinja/provenance.h"
#include "jinja/template.h"
#include "jinja/value.h"

namespace stir::jinja {

// Ends the lives of values that may nest without limit, without using the stack without limit.
void DestroyDeeply(std::vector<Value> values);

struct StringCell final : RefCounted {
  explicit StringCell(std::string value, bool safe = false) : text(std::move(value)), markup(safe) {}
  size_t Hash() const {
    size_t known = hash.load(std::memory_order_relaxed);
    if (known == 0) hash.store(known = Dict::HashOf(text), std::memory_order_relaxed);
    return known;
  }

  std::string text;
  mutable std::atomic<size_t> hash{0};  // of the text, once it was asked for
  bool markup;
  // Where the parts of a text that a macro or block wrote came from; set once, before the value is handed out.
  Ref<const Provenance> provenance;
};

struct SequenceCell final : RefCounted {
  explicit SequenceCell(std::vector<Value> values) : items(std::move(values)) {}
  ~SequenceCell() override { DestroyDeeply(std::move(items)); }
  std::vector<Value> items;
};

struct UndefinedCell final : RefCounted {
  Value name;          // a string: variable or attribute; else the item that was looked for
  std::string object;  // "dict object" when an attribute or item of something is missing, else empty
  std::string hint;    // the whole message, when it is known
  UndefinedPolicy policy = UndefinedPolicy::kDefault;
  Kind kind = kTemplateUndefined;  // of the error when it is used
};

struct Cells {
  static Value Make(Type type, const RefCounted* cell) { return Value(type, cell); }
  static StringCell& Of(const Value& value) { return *static_cast<StringCell*>(Raw(value)); }
  static UndefinedCell* Undefined(const Value& value) { return static_cast<UndefinedCell*>(Raw(value)); }
  static bool IsMarkup(const Value& value) { return value.IsString() && Of(value).markup; }
  // A slot that nothing was assigned to: undefined, without a reason.
  static bool IsMissing(const Value& value) { return value.IsUndefined() && Raw(value) == nullptr; }
  static UndefinedPolicy PolicyOf(const Value& value) {
    return value.IsUndefined() && Raw(value) ? Undefined(value)->policy : UndefinedPolicy::kDefault;
  }
  static bool IsLenient(const Value& value) { return PolicyOf(value) == UndefinedPolicy::kLenient; }
  static bool IsStrict(const Value& value) { return PolicyOf(value) == UndefinedPolicy::kStrict; }
  static RefCounted* Raw(const Value& value) { return const_cast<RefCounted*>(value.heap_); }
};

}  // namespace stir::jinja
