// Only what is set counts: an empty threshold is as good as none.
#include "project/freshness.h"

namespace stir::project {

namespace {

using jinja::Value;

Value Threshold(const Value& given) {
  Value threshold = Value::MakeDict();
  for (std::string_view key : {"count", "period"}) {
    const Value* value = given.IsDict() ? given.AsDict().Find(key) : nullptr;
    threshold.AsDict().Set(key, value ? *value : Value::None());
  }
  return threshold;
}

Value Joined(const Value& earlier, const Value* later) {
  if (!later) return earlier;
  if (later->IsNone()) return Value::None();
  Value joined = Threshold(*later);
  if (!earlier.IsDict()) return joined;
  for (const auto& [key, value] : earlier.AsDict().entries()) {
    if (const Value* own = joined.AsDict().Find(key); own && own->IsNone()) joined.AsDict().Set(key, value);
  }
  return joined;
}

}  // namespace

FreshnessSetting MergeFreshness(const FreshnessSetting& earlier, const Value& later) {
  if (!later.IsDict()) return FreshnessSetting{false, Value::None(), Value::None(), Value::None()};
  FreshnessSetting merged = earlier;
  merged.given = true;
  merged.warn_after = Joined(earlier.warn_after, later.AsDict().Find("warn_after"));
  merged.error_after = Joined(earlier.error_after, later.AsDict().Find("error_after"));
  if (const Value* filter = later.AsDict().Find("filter"); filter && !filter->IsNone()) merged.filter = *filter;
  return merged;
}

bool IsEmpty(const FreshnessSetting& setting) {
  auto counts = [](const Value& threshold) {
    const Value* count = threshold.IsDict() ? threshold.AsDict().Find("count") : nullptr;
    return count && !count->IsNone();
  };
  return setting.given && !counts(setting.warn_after) && !counts(setting.error_after);
}

Value FreshnessValue(const FreshnessSetting& setting) {
  if (!setting.given) return Value::None();
  auto threshold = [](const Value& value) { return value.IsNone() ? Value::None() : Threshold(value); };
  Value freshness = Value::MakeDict();
  freshness.AsDict().Set("warn_after", threshold(setting.warn_after));
  freshness.AsDict().Set("error_after", threshold(setting.error_after));
  freshness.AsDict().Set("filter", setting.filter.IsUndefined() ? Value::None() : setting.filter);
  return freshness;
}

}  // namespace stir::project
