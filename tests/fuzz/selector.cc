// Any text as --select (its first line) and --exclude (the rest): a selector, or diagnostics inside of the text.
#include <cstdint>
#include <cstdlib>

#include "graph/selector.h"

namespace {

using namespace stir;  // NOLINT(google-build-using-namespace): one short program

void Require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  SourceMap sources;
  const SourceId select = sources.Add("--select", std::string(text.substr(0, line)));
  const SourceId exclude =
      line == text.npos ? SourceId() : sources.Add("--exclude", std::string(text.substr(line + 1)));
  const auto selector = graph::Selector::Parse(sources, select, exclude);
  if (selector.ok()) return 0;
  Require(!selector.error().empty());
  for (const Diagnostic& error : selector.error())
    Require(!error.span || error.span.end <= sources.Text(error.span.source).size());
  return 0;
}
