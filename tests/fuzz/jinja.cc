// Any text as a template: it parses and renders, or gives diagnostics that stand inside of it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "jinja/testing/render_case.h"

namespace {

using namespace stir;  // NOLINT(google-build-using-namespace): one short program
using jinja::Value;

// Names that dbt's templates use, and values of every kind to use them on.
jinja::testing::MapScope Names() {
  const Value list = Value::List({Value::Int(3), Value::Int(1), Value::String("b")});
  return {{"n", Value::Int(42)},
          {"x", Value::Float(0.5)},
          {"s", Value::String("größe <b>")},
          {"l", list},
          {"d", Value::MakeDict({{Value::String("a"), Value::Int(1)}, {Value::String("l"), list}})},
          {"t", Value::Tuple({Value::None(), Value::Bool(true)})}};
}

void Require(bool promise) {
  if (!promise) std::abort();
}

void StandInside(const Diagnostics& errors, size_t size) {
  Require(!errors.empty());
  for (const Diagnostic& error : errors) {
    if (error.span) Require(error.span.begin <= error.span.end && error.span.end <= size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto parsed = jinja::Template::Parse(text, {jinja::testing::kSource, 0, true, {}});
  if (!parsed.ok()) {
    StandInside(parsed.error(), size);
    return 0;
  }
  static_cast<void>((*parsed)->Calls());
  static_cast<void>((*parsed)->Literal());
  jinja::testing::MapScope scope = Names();
  jinja::RenderOptions options;
  options.limits = {.depth = 50, .output_bytes = 1 << 16, .range = 16};
  const auto rendered = jinja::Render(**parsed, scope, options);
  if (!rendered.ok()) StandInside(rendered.error(), size);
  static_cast<void>(jinja::RenderNative(**parsed, scope, options));
  return 0;
}
