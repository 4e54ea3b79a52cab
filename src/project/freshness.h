// The freshness of a source: source and table settings joined threshold by threshold; null switches it off.
#pragma once

#include "jinja/value.h"

namespace stir::project {

struct FreshnessSetting {
  bool given = true;                     // false: switched off by null
  jinja::Value warn_after, error_after;  // dicts of count and period; none: switched off; undefined: not set
  jinja::Value filter;
};

// `later` is the value as written: a dict, or none to switch off.
FreshnessSetting MergeFreshness(const FreshnessSetting& earlier, const jinja::Value& later);

// True when no threshold is set, and none is switched off: then dbt_project.yml's value counts.
bool IsEmpty(const FreshnessSetting& setting);

// As artifacts have it: {warn_after: {count, period}, error_after: {...}, filter}, or none when switched off.
jinja::Value FreshnessValue(const FreshnessSetting& setting);

}  // namespace stir::project
